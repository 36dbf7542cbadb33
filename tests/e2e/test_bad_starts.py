"""What Keyturn cannot start from: each ends in a sentence with cause and mend, exit code 1."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import Folders, own_keyturn, promised, wait_until
from tests.e2e.headless import Headless
from tests.e2e.seeding import seed
from tests.e2e.servers import raw_server


@pytest.fixture
def headless(folders: Folders) -> Iterator[Headless]:
    """A headless broker that is not started yet."""
    with own_keyturn(folders) as keyturn:
        yield Headless(
            folders=folders, keyturn=keyturn, servers={"raw": raw_server(folders).command}
        )


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the one line that a command ended with."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("keyturn: ")
    return lines[0].removeprefix("keyturn: ")


def serve(headless: Headless, *words: str) -> str:
    """Start the broker in vain and return the sentence that it ended with."""
    return refusal(
        headless.keyturn.run("serve", "--headless", "--config", str(headless.file), *words)
    )


def test_a_profile_that_cannot_be_made(folders: Folders) -> None:
    (folders.root / "p").write_text("a file where the folder should be")
    with own_keyturn(folders) as keyturn:
        sentence = refusal(keyturn.run("--platform", "offscreen"))
    assert sentence.startswith(f"The folder {folders.root / 'p'} cannot be used. ")
    assert sentence.endswith(
        "Choose a folder that you can write to, for example with KEYTURN_HOME."
    )


def test_a_profile_that_others_can_write_to(folders: Folders) -> None:
    folders.profile.folder.mkdir()
    folders.profile.folder.chmod(0o777)
    with own_keyturn(folders) as keyturn:
        sentence = refusal(keyturn.run("--platform", "offscreen"))
    assert "can be written to by others." in sentence
    assert f"chmod 700 {folders.profile.folder}" in sentence


def test_a_damaged_database(folders: Folders) -> None:
    seed(folders, raw_server(folders))
    content = bytearray(folders.profile.database.read_bytes())
    content[100:6000] = bytes(5900)
    folders.profile.database.write_bytes(content)
    with own_keyturn(folders) as keyturn:
        sentence = refusal(keyturn.run("--platform", "offscreen"))
        assert sentence.startswith("The database keyturn.db is damaged, so every call is refused.")
        assert "Put a backup of the profile in its place" in sentence
        assert keyturn.status() is None
    assert folders.profile.database.read_bytes() == content


@pytest.mark.parametrize("which", ["FILE", "token"])
def test_a_file_that_others_can_write_to(which: str, headless: Headless) -> None:
    file = headless.write()
    target = file if which == "FILE" else headless.folders.root / "analyst.token"
    target.chmod(0o666)
    sentence = serve(headless)
    assert sentence.startswith(f"The file {target} can be written to by others. Its mode is 0666.")
    assert sentence.endswith(f"chmod go-w {target}")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[policy", "keyturn.toml is no TOML."),
        ("[limits]\nhold_second = 5", "hold_second"),
        ('[policy]\nposture = "ask_nothing"', "posture"),
    ],
)
def test_a_file_that_says_something_else(line: str, says: str, headless: Headless) -> None:
    headless.write().write_text(line + "\n")
    assert says in serve(headless)


def test_an_approver_that_is_no_terminal_and_one_that_is_not_named(headless: Headless) -> None:
    headless.write().write_text('[policy]\nposture = "ask_all"\n')
    assert serve(headless, "--approver", "terminal") == (
        "The terminal approver needs a terminal, and stdin is none. "
        "Run it at a terminal, or name a program with --approver exec."
    )
    assert serve(headless, "--approver", "exec") == (
        "--approver exec needs `[approver] command` in keyturn.toml. Name the program there."
    )


@pytest.mark.alone
@pytest.mark.requirement("I-28")
def test_a_second_broker_is_refused_at_once_and_a_stale_lock_is_not(headless: Headless) -> None:
    keyturn = headless.start(approver=False)
    began = time.monotonic()
    sentence = serve(headless)
    assert time.monotonic() - began < promised(1.0)
    assert "already" in sentence
    assert keyturn.status() is not None
    keyturn.kill()
    assert Path(headless.folders.profile.lock).exists()
    headless.start(approver=False)
    assert wait_until(keyturn.status, "a broker in the place of the killed one")["ok"] is True


def test_a_profile_that_belongs_to_the_window(headless: Headless, folders: Folders) -> None:
    with own_keyturn(folders) as keyturn:
        keyturn.start("--platform", "offscreen")
        keyturn.end()
    headless.write()
    assert serve(headless).startswith("This profile belongs to Keyturn's window.")
