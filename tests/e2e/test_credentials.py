"""A credential in the real keychain: it reaches its server's environment, and nothing else."""

import contextlib
import hashlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected, text_of
from tests.e2e.desk import Folders, Keyturn, own_keyturn
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import SeededServer, seed
from tests.e2e.servers import PLAIN_SERVER
from tests.private_keychain import gnome_keyring
from tests.private_session import session_bus

pytestmark = pytest.mark.keychain

SERVER = str(PLAIN_SERVER)
COMMAND = (sys.executable, SERVER)
ALLOW = Rule(id="all", effect=Effect.ALLOW)
TOKEN = secrets.token_urlsafe(24)
REFUSED = "credential of this server cannot be read from the keychain"


@pytest.fixture
def bus(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A session bus without a keychain so far, whose files are not among Keyturn's."""
    monkeypatch.delenv("DISPLAY", raising=False)
    keyrings(folders).mkdir()
    with session_bus(keyrings(folders)) as env:
        yield env


@pytest.fixture
def keyturn(
    folders: Folders, bus: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Keyturn]:
    """A Keyturn with a stored credential, a server that needs it and one that does not."""
    address = bus["DBUS_SESSION_BUS_ADDRESS"]
    with own_keyturn(folders, DBUS_SESSION_BUS_ADDRESS=address) as made:
        with gnome_keyring(bus, monkeypatch, keyrings(folders)):
            # Before the server is set up a value is simply stored; later it would be proposed.
            stored = made.run("credential", "set", "shop", "token", stdin=TOKEN + "\n")
            assert (stored.returncode, stored.stdout) == (0, "Stored in the keychain.\n"), stored
        seed(
            folders,
            SeededServer(
                name="shop", command=COMMAND, tiers={"*": Tier.T0}, env={"TOKEN": "keychain:token"}
            ),
            SeededServer(name="other", command=COMMAND, tiers={"*": Tier.T0}),
            rules=(ALLOW,),
            secrets={("shop", "token"): TOKEN},
        )
        yield made


@pytest.mark.requirement("LAW-8", "I-23", "I-25")
def test_a_credential_reaches_its_server_only(
    folders: Folders, bus: dict[str, str], keyturn: Keyturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gnome_keyring(bus, monkeypatch, keyrings(folders)):
        keyturn.start("--platform", "offscreen")
        with connected(keyturn.env, "shop") as shop, connected(keyturn.env, "other") as other:
            assert text_of(shop.call("fingerprint", {}).result(20)) == fingerprint(TOKEN)
            assert text_of(other.call("fingerprint", {}).result(20)) == fingerprint("")
            # Of the broker's processes one has it, in its environment and not in its command.
            assert keyturn.process is not None
            broker = psutil.Process(keyturn.process.pid)
            family = [broker, *broker.children(recursive=True)]
            holders = [process for process in family if TOKEN in environment_of(process)]
            assert [SERVER in process.cmdline() for process in holders] == [True]
            assert not [process for process in psutil.process_iter() if shows(process, TOKEN)]
        assert keyturn.run("credential", "list").stdout == "shop  token  stored\n"
        assert files_with(TOKEN, folders.root) == []
        keyturn.end()
    assert files_with(TOKEN, folders.root) == []
    assert keyturn.verify().returncode == 0


@pytest.mark.requirement("I-24", "SEAL-3")
def test_behind_a_locked_keychain_no_server_counts(
    folders: Folders, bus: dict[str, str], keyturn: Keyturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = secrets.token_hex(8)
    with gnome_keyring(bus, monkeypatch, keyrings(folders), wrong):
        keyturn.start("--platform", "offscreen")
        for server in ("other", "shop"):
            with raw_client(keyturn.env, server, folders.root / "shim.log") as client:
                assert "error" in client.shake()
        keyturn.end()
    with gnome_keyring(bus, monkeypatch, keyrings(folders)):
        keyturn.start("--platform", "offscreen")
        with connected(keyturn.env, "shop") as shop:
            assert text_of(shop.call("fingerprint", {}).result(20)) == fingerprint(TOKEN)
        keyturn.end()


@pytest.mark.requirement("I-24")
def test_without_a_keychain_the_call_is_refused(
    folders: Folders, bus: dict[str, str], keyturn: Keyturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyturn.start("--platform", "offscreen")
    with connected(keyturn.env, "other") as other:
        assert not other.call("fingerprint", {}).result(20).is_error
    # The newer era has no handshake, so that the call itself comes this far.
    with connected(keyturn.env, "shop", mode="2026-07-28") as shop:
        refused = shop.call("fingerprint", {}).result(60)
        assert refused.is_error
        assert REFUSED in text_of(refused)
    with raw_client(keyturn.env, "shop", folders.root / "shim.log") as client:
        assert REFUSED in client.shake()["error"]["message"]
    newest = keyturn.history("server:shop")[0]
    assert (newest["outcome"], newest["delivery"]) == ("refused_keychain", "")
    # Once it is there and unlocked, the agent only has to connect again.
    with (
        gnome_keyring(bus, monkeypatch, keyrings(folders)),
        connected(keyturn.env, "shop") as shop,
    ):
        assert text_of(shop.call("fingerprint", {}).result(20)) == fingerprint(TOKEN)


def keyrings(folders: Folders) -> Path:
    """Return the keychain's folder."""
    return folders.root / "k"


def fingerprint(token: str) -> str:
    """Return what the server tells of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def environment_of(process: psutil.Process) -> str:
    """Return a process's environment as the system shows it, or nothing where it does not."""
    with contextlib.suppress(psutil.Error):
        return str(process.environ())
    return ""


def shows(process: psutil.Process, text: str) -> bool:
    """Tell whether a process shows a text in its command line or name."""
    with contextlib.suppress(psutil.Error):
        return text in " ".join((process.name(), *process.cmdline()))
    return False


def files_with(text: str, folder: Path) -> list[Path]:
    """Return the files below a folder, the keyrings among them, that hold a text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]
