"""The keychain fails, hangs or lies: each time a sentence, never a value that is not there."""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError

from keyturn.application.ports.secret_store import Secret
from keyturn.credentials.keychain import (
    KeychainSecretStore,
    headless_namespace,
    profile_namespace,
)
from keyturn.domain.errors import KeyturnError, SecretStoreUnavailable
from tests.memory_keyring import MemoryKeyring

Play = Callable[[KeychainSecretStore], Coroutine[Any, Any, None]]
MADE_UP = "made-up-secret"


def perform(
    play: Play,
    backend: MemoryKeyring,
    *,
    longest_value: int | None = None,
    timeout_seconds: float = 30,
) -> int:
    """Run a play and return how often a keychain was chosen."""
    chosen: list[None] = []

    async def run() -> None:
        def choose() -> Any:
            chosen.append(None)
            return backend.keychain(longest_value)

        store = KeychainSecretStore(
            profile_namespace("p"), choose=choose, timeout_seconds=timeout_seconds
        )
        try:
            async with asyncio.timeout(60):
                await play(store)
        finally:
            store.close()

    asyncio.run(run())
    return len(chosen)


async def refused(call: Coroutine[Any, Any, object]) -> SecretStoreUnavailable:
    with pytest.raises(SecretStoreUnavailable) as caught:
        await call
    assert caught.value.cause
    assert caught.value.mend
    assert MADE_UP not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("error", "sentence", "state", "chosen"),
    [
        (KeyringLocked("x"), "The keychain is locked.", "locked", 1),
        (NoKeyringError("x"), "There is no keychain that Keyturn may use.", "missing", 5),
        (InitError("x"), "There is no keychain that Keyturn may use.", "missing", 5),
        (PasswordDeleteError(MADE_UP), "The keychain failed.", "missing", 5),
        (ConnectionResetError(MADE_UP), "The keychain failed.", "missing", 5),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, MADE_UP), "The keychain failed.", "missing", 5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_failure_is_a_refusal(
    error: Exception, sentence: str, state: str, chosen: int
) -> None:
    async def play(store: KeychainSecretStore) -> None:
        for call in (
            store.get("shipments", "token"),
            store.put("shipments", "token", Secret(MADE_UP)),
            store.delete("shipments", "token"),
        ):
            assert (await refused(call)).sentence == sentence
        assert await store.status() == state
        backend.error = None
        assert await store.get("shipments", "token") is None
        assert await store.status() == "ready"

    backend = MemoryKeyring(error=error)
    assert perform(play, backend) == chosen


def test_a_keychain_that_hangs_is_given_up_after_its_time_and_then_served_again() -> None:
    async def play(store: KeychainSecretStore) -> None:
        backend.released.clear()
        error = await refused(store.get("shipments", "token"))
        assert error.sentence == "The keychain does not answer."
        assert "0.5 seconds" in error.cause
        assert await store.status() == "locked"
        backend.released.set()
        while await store.status() != "ready":
            pass
        await store.put("shipments", "token", Secret(MADE_UP))
        assert await store.get("shipments", "token") == Secret(MADE_UP)

    backend = MemoryKeyring()
    perform(play, backend, timeout_seconds=0.5)
    assert len(set(backend.threads)) >= 2


def test_nothing_runs_on_the_event_loops_thread() -> None:
    async def play(store: KeychainSecretStore) -> None:
        await store.put("shipments", "token", Secret(MADE_UP))
        await store.status()
        assert threading.get_ident() not in backend.threads
        assert len(set(backend.threads)) == 1

    backend = MemoryKeyring()
    perform(play, backend)


@pytest.mark.parametrize(
    ("value", "fits"),
    [("x" * 1_280, True), ("x" * 1_281, False), ("\U0001f511" * 640, True), ("ä" * 1_281, False)],
)
def test_a_value_that_the_keychain_cannot_hold_is_refused_with_its_length(
    value: str, fits: bool
) -> None:
    async def play(store: KeychainSecretStore) -> None:
        if fits:
            await store.put("shipments", "token", Secret(value))
            return
        with pytest.raises(KeyturnError, match="too long") as caught:
            await store.put("shipments", "token", Secret(value))
        assert "1281" in caught.value.cause
        assert backend.entries == {}

    backend = MemoryKeyring()
    perform(play, backend, longest_value=1_280)


def test_entries_are_named_for_their_namespace_server_and_name() -> None:
    async def play(store: KeychainSecretStore) -> None:
        await store.put("shop/eu", "token", Secret(MADE_UP))

    backend = MemoryKeyring()
    perform(play, backend)
    assert backend.entries == {("keyturn:p", "shop%2Feu/token"): MADE_UP}


def test_no_value_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def play(store: KeychainSecretStore) -> None:
        await store.put("shipments", "token", Secret(MADE_UP))
        backend.error = RuntimeError("x")
        await refused(store.get("shipments", "token"))
        await store.status()

    backend = MemoryKeyring()
    with caplog.at_level(logging.DEBUG):
        perform(play, backend)
    assert MADE_UP not in caplog.text


class TestHeadlessNamespace:
    """Another command under a known server's name gets nothing of it."""

    def test_it_is_bound_to_profile_server_and_launch(self) -> None:
        hashes = {"shipments": "a", "reports": "a"}
        namespace = headless_namespace("p", hashes.__getitem__)
        first = namespace("shipments")
        assert first.startswith("headless-")
        assert len(first) == len("headless-") + hashlib.sha256().digest_size * 2
        assert first == headless_namespace("p", hashes.__getitem__)("shipments")
        assert first != namespace("reports")
        assert first != headless_namespace("q", hashes.__getitem__)("shipments")
        hashes["shipments"] = "b"
        assert first != namespace("shipments")

    def test_its_parts_cannot_run_into_one_another(self) -> None:
        assert headless_namespace("p", lambda _: "b")('a","b') != headless_namespace(
            "p", lambda _: 'b","b'
        )("a")
