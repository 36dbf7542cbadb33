"""What every secret store promises, asked of the fake, the keychain and the one that refuses."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from keyring.errors import KeyringLocked

from keyturn.application.known_secrets import KnownSecrets, RememberedSecrets
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.credentials.keychain import KeychainSecretStore, profile_namespace
from keyturn.credentials.refusing import RefusingSecretStore
from keyturn.domain.errors import SecretStoreUnavailable
from tests.fakes.secret_store import FakeSecretStore
from tests.memory_keyring import MemoryKeyring
from tests.private_keychain import gnome_keyring
from tests.private_session import session_bus

Promise = Callable[[SecretStore], Coroutine[Any, Any, None]]


def run(promise: Promise, store: SecretStore) -> None:
    asyncio.run(asyncio.wait_for(promise(store), 60))


@contextmanager
def keychain_in_memory(*, locked: bool = False) -> Generator[SecretStore]:
    backend = MemoryKeyring(error=KeyringLocked("locked") if locked else None)
    store = KeychainSecretStore(profile_namespace("p"), choose=backend.keychain)
    yield store
    store.close()


@pytest.fixture(
    params=["fake", "memory", "remembered", pytest.param("real", marks=pytest.mark.keychain)]
)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[SecretStore]:
    match request.param:
        case "fake":
            yield FakeSecretStore()
        case "memory":
            with keychain_in_memory() as store:
                yield store
        case "remembered":
            yield RememberedSecrets(FakeSecretStore(), KnownSecrets())
        case _:
            with session_bus(tmp_path) as env, gnome_keyring(env, monkeypatch, tmp_path):
                store = KeychainSecretStore(profile_namespace("p"))
                yield store
                store.close()


@pytest.fixture(params=["fake", "memory", "refusing"])
def unusable(request: pytest.FixtureRequest) -> Generator[SecretStore]:
    match request.param:
        case "fake":
            yield FakeSecretStore(state="locked")
        case "memory":
            with keychain_in_memory(locked=True) as store:
                yield store
        case _:
            yield RefusingSecretStore()


class TestUsableStore:
    """Values go in and come out, each for its server only."""

    def test_it_is_ready_and_empty(self, store: SecretStore) -> None:
        async def promise(store: SecretStore) -> None:
            assert await store.status() == "ready"
            assert await store.get("shipments", "token") is None

        run(promise, store)

    def test_what_is_put_is_got_until_it_is_replaced(self, store: SecretStore) -> None:
        async def promise(store: SecretStore) -> None:
            for value in (secrets.token_hex(), "", "déjà vu \U0001f511\nline", "x" * 1_280):
                await store.put("shipments", "token", Secret(value))
                assert await store.get("shipments", "token") == Secret(value)

        run(promise, store)

    def test_servers_and_names_are_kept_apart(self, store: SecretStore) -> None:
        async def promise(store: SecretStore) -> None:
            places = [("a", "b/c"), ("a/b", "c"), ("a%2Fb", "c"), ("a", "b"), ("b", "a")]
            for number, (server, name) in enumerate(places):
                await store.put(server, name, Secret(str(number)))
            for number, (server, name) in enumerate(places):
                assert await store.get(server, name) == Secret(str(number))

        run(promise, store)

    def test_deleting_says_whether_there_was_something(self, store: SecretStore) -> None:
        async def promise(store: SecretStore) -> None:
            await store.put("shipments", "token", Secret("made up"))
            assert await store.delete("shipments", "token") is True
            assert await store.delete("shipments", "token") is False
            assert await store.get("shipments", "token") is None

        run(promise, store)


class TestUnusableStore:
    """It refuses with a sentence, its cause and its mend; it never pretends."""

    def test_every_call_is_refused(self, unusable: SecretStore) -> None:
        async def promise(store: SecretStore) -> None:
            calls: list[Coroutine[Any, Any, object]] = [
                store.get("shipments", "token"),
                store.put("shipments", "token", Secret("made up")),
                store.delete("shipments", "token"),
            ]
            for call in calls:
                with pytest.raises(SecretStoreUnavailable) as caught:
                    await call
                assert caught.value.sentence
                assert caught.value.cause
                assert caught.value.mend
                assert "made up" not in str(caught.value)

        run(promise, unusable)

    def test_its_status_is_not_ready(self, unusable: SecretStore) -> None:
        async def promise(store: SecretStore) -> None:
            assert await store.status() in ("locked", "missing")

        run(promise, unusable)
