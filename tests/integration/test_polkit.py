"""An authority that is played: answers that prove nothing, that come late, or from another one."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.tasks import TaskOwner
from keyturn.desktop.polkit import PolkitAuthority, installing
from keyturn.domain.presence import PresenceAnswer, Readiness
from tests.contracts.test_presence import FILE, SAID, on_a_bus
from tests.polkit_server import (
    PlayedAuthority,
    address,
    started_of,
    system_bus,
    window_of,
)

pytestmark = pytest.mark.gui
"""With a bus daemon."""

NO_ANSWERS: list[Any] = [
    ("s", ("yes",)),
    ("b", (True,)),
    ("(bb)", ((True, True),)),
    ("(uua{ss})", ((1, 1, {}),)),
    ("a{ss}", ({"authorized": "true"},)),
]


def run(check: Any) -> Any:
    return asyncio.run(asyncio.wait_for(check, 30))


def test_the_command_that_installs_it_names_its_user_by_number(tmp_path: Path) -> None:
    """Whatever the folder is called that Keyturn is in; without the file there is none."""
    resources = tmp_path / "it's $(no) place"
    assert installing(resources) == ""
    shutil.copytree(FILE.parent, resources / "polkit")
    makes, _, puts = installing(resources).rpartition(" | ")
    made = subprocess.run(["sh", "-c", makes], check=True, capture_output=True, text=True).stdout
    assert f">unix-user:{os.getuid()}</annotate>" in made
    assert "OWNER" not in made
    assert puts == f"sudo tee /usr/share/polkit-1/actions/{FILE.name}"
    told = (FILE.parents[1] / "help" / "security-model.md").read_text(encoding="utf-8")
    assert f'sed "s/OWNER/$(id -u)/" resources/polkit/{FILE.name} | {puts}' in told


@pytest.mark.requirement("PRESENCE-1")
@pytest.mark.parametrize(
    ("says", "ready"),
    [
        ("echo ann NP 11/29/2026 0 99999 7 -1", Readiness.ASKS_NOBODY),
        ("echo ann P 11/29/2026 0 99999 7 -1", Readiness.READY),
        ("echo NP", Readiness.READY),
        ("exit 1", Readiness.READY),
    ],
)
def test_a_login_without_a_password_is_asked_by_nobody(
    tmp_path: Path, says: str, ready: Readiness
) -> None:
    """Any program could answer with an empty one; where nothing is said of it, nobody knows."""
    passwd = tmp_path / "passwd"
    passwd.write_text(f'#!/bin/sh\ntest "$1" = -S || exit 2\n{says}\n', encoding="utf-8")
    passwd.chmod(0o755)

    async def check() -> tuple[Readiness, PresenceAnswer]:
        played, tasks = PlayedAuthority(), TaskOwner()
        with system_bus(tmp_path) as bus, window_of(None) as pid:
            authority = PolkitAuthority(start=tasks.start, bus=bus, passwd=passwd)
            async with played.on(bus):
                came = await authority.readiness(pid), await authority.ask(pid, SAID)
            await tasks.close()
        return came

    confirms = ready is Readiness.READY
    came = PresenceAnswer.CONFIRMED if confirms else PresenceAnswer.UNAVAILABLE
    assert run(check()) == (ready, came)


@pytest.mark.requirement("PRESENCE-4")
@pytest.mark.parametrize("says", [b"", b"OK 0123456789abcdef0123456789abcdef\r\n"])
def test_a_bus_that_says_nothing_is_waited_for_no_longer_than_a_moment(
    tmp_path: Path, says: bytes
) -> None:
    """Whether it hangs at once, or after it let us in."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n")
        writer.write(says)
        await reader.read()
        writer.close()

    async def check() -> tuple[Readiness, PresenceAnswer]:
        tasks, bus = TaskOwner(), str(tmp_path / "bus")
        async with await asyncio.start_unix_server(hang, bus):
            with window_of(None) as pid:
                authority = PolkitAuthority(start=tasks.start, bus=bus, answer_seconds=0.02)
                came = await authority.readiness(pid), await authority.ask(pid, SAID)
            await tasks.close()
        return came

    assert run(check()) == (Readiness.NO_AUTHORITY, PresenceAnswer.UNAVAILABLE)


def of_played(folder: Path, played: PlayedAuthority) -> tuple[Readiness, PresenceAnswer]:
    """Ask what is played about a window."""

    async def check() -> tuple[Readiness, PresenceAnswer]:
        async with on_a_bus(folder) as (authority, bus, pid), played.on(bus):
            return await authority.readiness(pid), await authority.ask(pid, SAID)

    return run(check())


@pytest.mark.requirement("PRESENCE-1")
def test_one_that_may_not_be_told_what_it_is_for_is_not_used(tmp_path: Path) -> None:
    """A person would confirm they know not what."""
    played = PlayedAuthority(trusts=False)
    assert of_played(tmp_path, played) == (Readiness.NOT_OWNER, PresenceAnswer.UNAVAILABLE)
    assert not any(flags for *_, flags, _ticket in played.checks)


@pytest.mark.requirement("PRESENCE-1")
@pytest.mark.parametrize("body", NO_ANSWERS)
def test_what_is_no_answer_confirms_nothing(tmp_path: Path, body: Any) -> None:
    """Whatever has another shape than the one that is documented."""
    played = PlayedAuthority(body=body)
    assert of_played(tmp_path, played) == (Readiness.NO_AUTHORITY, PresenceAnswer.UNAVAILABLE)


@pytest.mark.requirement("PRESENCE-1")
def test_a_yes_that_nobody_vouches_for_confirms_nothing(tmp_path: Path) -> None:
    """It comes from one whose name another has taken meanwhile."""
    played = PlayedAuthority(replaced=True)
    assert of_played(tmp_path, played) == (Readiness.READY, PresenceAnswer.UNAVAILABLE)


@pytest.mark.requirement("PRESENCE-1", "LAW-4")
def test_nobody_is_asked_where_another_program_shows_the_dialogs(tmp_path: Path) -> None:
    played = PlayedAuthority(taken=True)
    assert of_played(tmp_path, played) == (Readiness.READY, PresenceAnswer.TAKEN)
    assert not any(flags for *_, flags, _ticket in played.checks)


def test_a_dialog_that_comes_back_here_is_shown_by_nobody(tmp_path: Path) -> None:
    """The place is taken so that no other program has it; there is nothing in it."""
    played = PlayedAuthority(calls_back=True, person=(False, False, {}))
    assert of_played(tmp_path, played) == (Readiness.READY, PresenceAnswer.NO_DIALOG)


def test_a_yes_that_was_kept_confirms_nothing(tmp_path: Path) -> None:
    kept = {"polkit.temporary_authorization_id": "tmpauthz1"}
    played = PlayedAuthority(person=(True, False, kept))
    assert of_played(tmp_path, played) == (Readiness.READY, PresenceAnswer.UNAVAILABLE)


@pytest.mark.requirement("PRESENCE-2")
@pytest.mark.parametrize("ends", ["gone", "other", "zombie"])
def test_another_process_of_that_id_is_not_the_window(tmp_path: Path, ends: str) -> None:
    """The window ends while the dialog is open; its id is free or taken when the answer comes."""
    processes = tmp_path / "proc"

    async def check() -> tuple[PresenceAnswer, Any]:
        tasks, played = TaskOwner(), PlayedAuthority(person=None)
        with system_bus(tmp_path) as bus:
            authority = PolkitAuthority(
                start=tasks.start, bus=bus, processes=processes, passwd=tmp_path
            )
            async with played.on(bus):
                asked = tasks.start(authority.ask(7, SAID), "asked")
                await played.opened.wait()
                match ends:
                    case "gone":
                        (processes / "7" / "stat").unlink()
                    case "other":
                        put(processes, 4001)
                    case _:
                        put(processes, 4000, "Z")
                await played.answer((True, False, {}))
                came = await asked
            await tasks.close()
        return came, played.checks[-1][0]

    put(processes, 4000)
    came, subject = run(check())
    assert came is PresenceAnswer.VOID
    assert subject == (
        "unix-process",
        {"pid": ("u", 7), "start-time": ("t", 4000), "uid": ("i", 1000)},
    )


def put(processes: Path, started: int, state: str = "S") -> None:
    """Play a process whose name would end the field early."""
    folder = processes / "7"
    folder.mkdir(parents=True, exist_ok=True)
    rest = " ".join([state, *["0"] * 18, str(started), "0"])
    (folder / "stat").write_text(f"7 (a) R 1 ) {rest}\n", encoding="utf-8")
    (folder / "status").write_text("Name:\ta) R 1\nUid:\t1000\t0\t0\t0\n", encoding="utf-8")


def test_the_start_of_a_process_is_read_as_polkit_reads_it(tmp_path: Path) -> None:
    """Of this system's processes, too."""
    played = PlayedAuthority()
    with window_of(None) as pid:
        wanted = started_of(pid)

        async def check() -> None:
            tasks = TaskOwner()
            with system_bus(tmp_path) as bus:
                async with played.on(bus):
                    await PolkitAuthority(start=tasks.start, bus=bus).readiness(pid)
                await tasks.close()

        run(check())
    assert played.checks[0][0][1]["start-time"] == ("t", wanted)


@pytest.mark.requirement("PRESENCE-2")
def test_a_dialog_that_nobody_answers_is_taken_away(tmp_path: Path) -> None:
    """By its own ticket, which is another one each time."""
    played = PlayedAuthority(person=None)

    async def check() -> list[PresenceAnswer]:
        tasks = TaskOwner()
        with system_bus(tmp_path) as bus, window_of(None) as pid:
            authority = PolkitAuthority(
                start=tasks.start, bus=bus, person_seconds=0.05, passwd=tmp_path
            )
            async with played.on(bus):
                came = [await authority.ask(pid, SAID) for _ in range(2)]
                await played.gone.wait()
            await tasks.close()
        return came

    assert run(check()) == [PresenceAnswer.TIMED_OUT] * 2
    tickets = [ticket for *_, flags, ticket in played.checks if flags]
    assert len(set(tickets)) == 2
    assert played.cancelled == tickets[: len(played.cancelled)] != []


@pytest.mark.requirement("PRESENCE-2")
def test_nobody_answers_for_it_on_another_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent owns the name on the session's bus, and has the environment say that that is it."""
    played = PlayedAuthority()

    async def check() -> None:
        tasks = TaskOwner()
        with system_bus(tmp_path) as bus, window_of(None) as pid:
            for name in ("DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"):
                monkeypatch.setenv(name, address(bus))
            async with played.on(bus):
                came = await PolkitAuthority(start=tasks.start).ask(pid, SAID)
            await tasks.close()
        assert came is not PresenceAnswer.CONFIRMED

    run(check())
    assert played.checks == []
