"""The real keychain: gnome-keyring on a session bus and in folders of the test's own."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Coroutine, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import keyring
import pytest

from keyturn.application.ports.secret_store import Secret
from keyturn.credentials.keychain import KeychainSecretStore, profile_namespace
from keyturn.domain.errors import SecretStoreUnavailable
from tests.private_keychain import PASSWORD, gnome_keyring
from tests.private_session import WAIT_SECONDS, display, program, session_bus, wait_for_owner

pytestmark = pytest.mark.keychain

Result = TypeVar("Result")
Play = Callable[[KeychainSecretStore], Coroutine[Any, Any, Result]]
PROMPTER = Path("/usr/libexec/gcr-prompter")
MADE_UP = Secret("made up, and long enough to be found: 5f1c")


def with_store(play: Play[Result], namespace: str = "p") -> Result:
    """Run a play with a store of its own, as a broker that has just started would."""

    async def run() -> Result:
        store = KeychainSecretStore(profile_namespace(namespace))
        try:
            async with asyncio.timeout(60):
                return await play(store)
        finally:
            store.close()

    return asyncio.run(run())


async def put(store: KeychainSecretStore) -> None:
    await store.put("shipments", "token", MADE_UP)


async def get(store: KeychainSecretStore) -> Secret | None:
    return await store.get("shipments", "token")


async def status(store: KeychainSecretStore) -> str:
    return await store.status()


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[dict[str, str]]:
    monkeypatch.delenv("DISPLAY", raising=False)
    with session_bus(tmp_path) as env:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
        yield env


def test_a_secret_survives_a_restart_and_is_in_no_file(
    bus: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gnome_keyring(bus, monkeypatch, tmp_path):
        with_store(put)
        assert with_store(get) == MADE_UP
    assert with_store(status) == "missing"
    with gnome_keyring(bus, monkeypatch, tmp_path):
        assert with_store(get) == MADE_UP
        assert with_store(get, namespace="another profile") is None
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".keyring" for path in files)
    assert not [path for path in files if MADE_UP.value.encode() in path.read_bytes()]


def test_a_locked_one_refuses_everything_and_nothing_hangs(
    bus: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gnome_keyring(bus, monkeypatch, tmp_path):
        with_store(put)
    with gnome_keyring(bus, monkeypatch, tmp_path, password="another"):
        assert with_store(status) == "locked"
        started = time.monotonic()
        for play in (get, put):
            with pytest.raises(SecretStoreUnavailable, match="locked") as caught:
                with_store(play)
            assert "Unlock" in caught.value.mend
        assert time.monotonic() - started < 10
    with gnome_keyring(bus, monkeypatch, tmp_path):
        assert with_store(get) == MADE_UP


@pytest.mark.usefixtures("bus")
def test_a_bus_without_a_keychain_is_none() -> None:
    assert with_store(status) == "missing"
    with pytest.raises(SecretStoreUnavailable, match="no keychain"):
        with_store(get)


@pytest.mark.parametrize("address", [None, "unix:path={0}/nobody", "garbage"])
def test_without_a_bus_there_is_none(
    address: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if address is None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    else:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address.format(tmp_path))
    assert with_store(status) == "missing"
    with pytest.raises(SecretStoreUnavailable, match="no keychain"):
        with_store(put)


def test_one_that_vanishes_and_comes_back_is_found_again(
    bus: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(store: KeychainSecretStore) -> None:
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, gnome_keyring(bus, monkeypatch, tmp_path))
            await put(store)
            await asyncio.to_thread(stack.close)
            with pytest.raises(SecretStoreUnavailable):
                await get(store)
            assert await store.status() == "missing"
            await asyncio.to_thread(stack.enter_context, gnome_keyring(bus, monkeypatch, tmp_path))
            assert await get(store) == MADE_UP
            await asyncio.to_thread(stack.close)

    with_store(play)


def test_no_setting_of_the_environment_chooses_another(
    bus: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = tmp_path / "config" / "python_keyring"
    settings.mkdir()
    chosen = "[backend]\ndefault-keyring=keyring.backends.null.Keyring\n"
    (settings / "keyringrc.cfg").write_text(chosen, encoding="utf-8")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "KeePassXC")
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/org/freedesktop/secrets/x")
    with gnome_keyring(bus, monkeypatch, tmp_path):
        with_store(put)
        assert with_store(get) == MADE_UP
        # A library that asks keyring itself gets the pinned one.
        assert keyring.get_password("keyturn:p", "shipments/token") == MADE_UP.value


@pytest.mark.gui
def test_a_question_for_the_password_is_asked_once_and_holds_nobody_up(
    bus: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gnome_keyring(bus, monkeypatch, tmp_path):
        with_store(put)
    with display(tmp_path) as screen, program([str(PROMPTER)], {**bus, "DISPLAY": screen}):
        asyncio.run(wait_for_owner("org.gnome.keyring.SystemPrompter"))
        with gnome_keyring({**bus, "DISPLAY": screen}, monkeypatch, tmp_path, password="another"):
            asyncio.run(ask_and_answer({**bus, "DISPLAY": screen}))


async def ask_and_answer(env: dict[str, str]) -> None:
    """Ask for a secret, let the question stand, then type the password as a person would."""
    store = KeychainSecretStore(profile_namespace("p"), timeout_seconds=2)
    with pytest.raises(SecretStoreUnavailable, match="does not answer"):
        await get(store)
    for _ in range(3):
        with pytest.raises(SecretStoreUnavailable, match="is locked"):
            await get(store)
        assert await store.status() == "locked"
    for arguments in (
        ("search", "--sync", "--name", "Unlock"),
        ("type", PASSWORD),
        ("key", "Return"),
    ):
        await asyncio.to_thread(
            subprocess.run,
            ["xdotool", *arguments],
            env=env,
            stdout=subprocess.DEVNULL,
            timeout=WAIT_SECONDS,
            check=True,
        )
    async with asyncio.timeout(WAIT_SECONDS):
        while await store.status() != "ready":
            pass
    assert await get(store) == MADE_UP
    store.close()
