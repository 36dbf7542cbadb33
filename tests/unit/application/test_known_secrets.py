"""Credentials that are known again: by which forms, where in an answer, and what is not kept."""

import asyncio
import secrets

import pytest

from keyturn.application.known_secrets import (
    MOST_KNOWN,
    SHORTEST_TRIED,
    KnownSecrets,
    RememberedSecrets,
)
from keyturn.application.ports.secret_store import Secret
from keyturn.domain.canonical import JsonValue
from tests.fakes.secret_store import FakeSecretStore


def known(*values: str) -> KnownSecrets:
    found = KnownSecrets()
    for value in values:
        found.learn(Secret(value))
    return found


@pytest.mark.parametrize(
    "answer",
    ["SECRET", " SECRET\n", {"a": ["x", {"b": "SECRET"}]}, {"SECRET": 1}, [["k", "SECRET"]]],
)
def test_a_credential_is_found_wherever_it_stands_whole(answer: JsonValue) -> None:
    value = secrets.token_hex()
    assert known(value).held_in(_with(answer, value), freely=True)


@pytest.mark.parametrize("answer", ["x SECRET", "SECRETx", {"a": 1, "b": None, "c": True}, "", []])
def test_what_only_contains_it_is_another_text(answer: JsonValue) -> None:
    value = secrets.token_hex()
    assert not known(value, "").held_in(_with(answer, value), freely=False)


@pytest.mark.parametrize("scheme", ["Bearer", "basic", "TOKEN"])
def test_what_follows_the_name_of_a_scheme_is_the_credential(scheme: str) -> None:
    value = secrets.token_hex()
    found = known(f"{scheme} {value}")
    assert found.held_in([value], freely=True)
    assert found.held_in([f"{scheme} {value}"], freely=True)
    assert not found.held_in([scheme], freely=True)


def test_digits_are_a_number_too() -> None:
    assert known("4417123456789113").held_in({"card": 4417123456789113}, freely=True)
    assert not known("1").held_in({"yes": True}, freely=False)


def test_a_short_one_is_not_told_to_who_tries_for_nothing() -> None:
    found = known("1" * (SHORTEST_TRIED - 1))
    assert not found.held_in(["1" * (SHORTEST_TRIED - 1)], freely=True)
    assert found.held_in(["1" * (SHORTEST_TRIED - 1)], freely=False)


def test_the_oldest_are_forgotten_and_no_value_is_kept() -> None:
    value = secrets.token_hex()
    found = known(value, *map(str, range(MOST_KNOWN)))
    assert not found.held_in(value, freely=True)
    again = known(value)
    assert again.held_in(value, freely=True)
    assert value not in repr(vars(again))


@pytest.mark.requirement("CARD-MASK", "I-23")
def test_a_credential_is_known_by_its_name_and_kept_in_no_form() -> None:
    async def story() -> None:
        inner, found = FakeSecretStore(), KnownSecrets()
        value, token = secrets.token_hex(), secrets.token_hex()
        inner.secrets["s", "github"] = Secret(f"Bearer {value}")
        assert not found.anything
        await RememberedSecrets(inner, found).get("s", "github")
        found.learn(Secret(token))
        # What is learnt again without a name keeps the one that it had.
        found.learn(Secret(value))
        names = [found.name_of(text) for text in (value, f" Bearer {value} ", token, value[:-1])]
        assert names == ["github", "github", "", None]
        assert value not in repr(vars(found))

    asyncio.run(story())


@pytest.mark.requirement("I-23")
def test_what_passes_through_a_store_is_known_from_then() -> None:
    async def story() -> None:
        inner, found = FakeSecretStore(), KnownSecrets()
        store = RememberedSecrets(inner, found)
        stored, put, unread = (secrets.token_hex() for _ in range(3))
        inner.secrets["s", "a"], inner.secrets["s", "c"] = Secret(stored), Secret(unread)
        assert await store.get("s", "a") == Secret(stored)
        assert await store.get("s", "none") is None
        await store.put("s", "b", Secret(put))
        await store.delete("s", "b")
        held = [found.held_in(value, freely=True) for value in (stored, put, unread)]
        assert held == [True, True, False]

    asyncio.run(story())


def _with(answer: JsonValue, value: str) -> JsonValue:
    """Put a value in the place of the word."""
    if isinstance(answer, str):
        return answer.replace("SECRET", value)
    if isinstance(answer, list):
        return [_with(item, value) for item in answer]
    if isinstance(answer, dict):
        return {key.replace("SECRET", value): _with(item, value) for key, item in answer.items()}
    return answer
