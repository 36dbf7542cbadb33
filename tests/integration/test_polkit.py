"""The authority attacked: answers that prove nothing, that come late, from somebody else, or twice.

Where the real polkitd can be run, the rules that an administrator may have written are its own.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.tasks import TaskOwner
from keyturn.desktop.polkit import PolkitAuthority
from keyturn.domain.presence import PresenceAnswer, Readiness
from tests.contracts.test_presence import FILE, SAID, on_a_bus
from tests.polkit_server import (
    NOBODY,
    PlayedAuthority,
    address,
    dialog,
    install,
    real_polkitd,
    rights_of,
    started_of,
    system_bus,
    until_owned,
    why_no_polkitd,
    window_of,
)

pytestmark = pytest.mark.gui
"""With a bus daemon."""
real = pytest.mark.skipif(bool(why_no_polkitd()), reason=why_no_polkitd() or "it can be run")
YES = "polkit.addRule(function(action, subject) { return polkit.Result.YES; });"
KEEP = "polkit.addRule(function(action, subject) { return polkit.Result.AUTH_SELF_KEEP; });"
NO = "polkit.addRule(function(action, subject) { return polkit.Result.NO; });"

NO_ANSWERS: list[Any] = [
    ("s", ("yes",)),
    ("b", (True,)),
    ("(bb)", ((True, True),)),
    ("(uua{ss})", ((1, 1, {}),)),
    ("a{ss}", ({"authorized": "true"},)),
]


def run(check: Any) -> Any:
    return asyncio.run(asyncio.wait_for(check, 30))


@real
@pytest.mark.requirement("PRESENCE-1")
@pytest.mark.parametrize(
    ("rule", "ready"),
    [(YES, Readiness.ASKS_NOBODY), (KEEP, Readiness.KEEPS), (NO, Readiness.REFUSES)],
)
def test_a_rule_that_asks_nobody_or_remembers_is_no_presence(
    tmp_path: Path, rule: str, ready: Readiness
) -> None:
    """A rule may say yes to everything: nobody was there, so nothing is allowed."""

    async def check() -> None:
        actions = install(tmp_path, FILE.read_text(encoding="utf-8"))
        async with on_a_bus(tmp_path, NOBODY) as (authority, bus, pid):
            with real_polkitd(tmp_path, bus, actions, rule):
                await until_owned(bus)
                async with dialog(bus, pid, says="yes") as shown:
                    assert await authority.readiness(pid) is ready
                    assert await authority.ask(pid, SAID) is PresenceAnswer.UNAVAILABLE
                    assert shown.messages == []

    run(check())


@real
@pytest.mark.requirement("PRESENCE-1")
def test_the_dialog_says_what_it_is_for_and_each_yes_is_for_one_call(tmp_path: Path) -> None:
    """The file that is shipped has the words; a second call asks a second time."""

    async def check() -> list[str]:
        actions = install(tmp_path, FILE.read_text(encoding="utf-8"))
        async with on_a_bus(tmp_path, NOBODY) as (authority, bus, pid):
            with real_polkitd(tmp_path, bus, actions):
                await until_owned(bus)
                async with dialog(bus, pid, says="yes") as shown:
                    for _ in range(2):
                        assert await authority.ask(pid, SAID) is PresenceAnswer.CONFIRMED
                    return shown.messages

    wanted = "Keyturn: allow the agent analyst this one call of orders / cancel? T2 Reaches out. 17"
    assert run(check()) == [wanted, wanted]


@real
@pytest.mark.requirement("PRESENCE-1")
def test_a_broker_without_rights_is_trusted_where_the_file_names_its_user(tmp_path: Path) -> None:
    """As it is installed: the file as it comes is of no use, one with the login name is."""

    async def check(name: str) -> tuple[Readiness, PresenceAnswer]:
        folder = tmp_path / name
        folder.mkdir()
        text = FILE.read_text(encoding="utf-8").replace("unix-user:OWNER", f"unix-user:{name}")
        actions = install(folder, text)
        async with on_a_bus(folder, NOBODY) as (authority, bus, pid):
            with real_polkitd(folder, bus, actions):
                await until_owned(bus)
                async with dialog(bus, pid, says="yes"):
                    with rights_of(NOBODY):
                        return await authority.readiness(pid), await authority.ask(pid, SAID)

    assert run(check("daemon")) == (Readiness.NOT_OWNER, PresenceAnswer.UNAVAILABLE)
    assert run(check("nobody")) == (Readiness.READY, PresenceAnswer.CONFIRMED)


@real
def test_without_a_dialog_on_the_desktop_nothing_is_confirmed(tmp_path: Path) -> None:
    async def check() -> PresenceAnswer:
        actions = install(tmp_path, FILE.read_text(encoding="utf-8"))
        async with on_a_bus(tmp_path, NOBODY) as (authority, bus, pid):
            with real_polkitd(tmp_path, bus, actions):
                await until_owned(bus)
                return await authority.ask(pid, SAID)

    assert run(check()) is PresenceAnswer.NO_DIALOG


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


def test_a_yes_that_was_kept_confirms_nothing(tmp_path: Path) -> None:
    kept = {"polkit.temporary_authorization_id": "tmpauthz1"}
    played = PlayedAuthority(person=(True, False, kept))
    assert of_played(tmp_path, played) == (Readiness.READY, PresenceAnswer.UNAVAILABLE)


@pytest.mark.requirement("PRESENCE-2")
@pytest.mark.parametrize("ends", ["gone", "other"])
def test_another_process_of_that_id_is_not_the_window(tmp_path: Path, ends: str) -> None:
    """The window ends while the dialog is open; its id is free or taken when the answer comes."""
    processes = tmp_path / "proc"

    async def check() -> tuple[PresenceAnswer, Any]:
        tasks, played = TaskOwner(), PlayedAuthority(person=None)
        with system_bus(tmp_path) as bus:
            authority = PolkitAuthority(start=tasks.start, bus=bus, processes=processes)
            async with played.on(bus):
                asked = tasks.start(authority.ask(7, SAID), "asked")
                await played.opened.wait()
                if ends == "gone":
                    (processes / "7" / "stat").unlink()
                else:
                    put(processes, 4001)
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


def put(processes: Path, started: int) -> None:
    """Play a process whose name would end the field early."""
    folder = processes / "7"
    folder.mkdir(parents=True, exist_ok=True)
    rest = " ".join(["S", *["0"] * 18, str(started), "0"])
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
            authority = PolkitAuthority(start=tasks.start, bus=bus, person_seconds=0.05)
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
