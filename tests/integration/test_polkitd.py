"""The real polkitd attacked: rules that ask nobody, programs that answer themselves, its end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.tasks import TaskOwner
from keyturn.desktop.polkit import ACTION, PolkitAuthority
from keyturn.domain.presence import PresenceAnswer, Readiness
from tests.contracts.test_presence import FILE, SAID, on_a_bus
from tests.polkit_server import (
    NOBODY,
    another_question,
    dialog,
    install,
    real_polkitd,
    rights_of,
    until_owned,
    why_no_polkitd,
)

pytestmark = [
    pytest.mark.gui,
    pytest.mark.skipif(bool(why_no_polkitd()), reason=why_no_polkitd() or "it can be run"),
]
"""With a bus daemon."""
YES = "polkit.addRule(function(action, subject) { return polkit.Result.YES; });"
KEEP = "polkit.addRule(function(action, subject) { return polkit.Result.AUTH_SELF_KEEP; });"
NO = "polkit.addRule(function(action, subject) { return polkit.Result.NO; });"
SOON_YES = (
    "var asked = 0; polkit.addRule(function(action, subject) {"
    " asked += 1; return asked > 2 ? polkit.Result.YES : polkit.Result.AUTH_SELF; });"
)


def run(check: Any) -> Any:
    return asyncio.run(asyncio.wait_for(check, 30))


@asynccontextmanager
async def polkitd(
    folder: Path, rule: str = "", *, owner: str = "nobody", active: bool = True
) -> AsyncGenerator[tuple[PolkitAuthority, str, int]]:
    """Run it with the file that is shipped; yield what asks it, its bus and a window."""
    text = FILE.read_text(encoding="utf-8").replace("unix-user:OWNER", f"unix-user:{owner}")
    actions = install(folder, text)
    async with on_a_bus(folder, NOBODY) as (authority, bus, pid):
        with real_polkitd(folder, bus, actions, pid, rule, active=active):
            await until_owned(bus)
            yield authority, bus, pid


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
        async with (
            polkitd(tmp_path, rule) as (authority, bus, pid),
            dialog(bus, says="yes") as shown,
        ):
            assert await authority.readiness(pid) is ready
            assert await authority.ask(pid, SAID) is PresenceAnswer.UNAVAILABLE
            assert shown.messages == []

    run(check())


@pytest.mark.requirement("PRESENCE-1")
def test_a_rule_that_begins_to_ask_nobody_in_between_is_no_presence(tmp_path: Path) -> None:
    """It would have asked a moment ago: so that it is looked at after the yes once more."""

    async def check() -> tuple[PresenceAnswer, list[str]]:
        async with (
            polkitd(tmp_path, SOON_YES) as (authority, bus, pid),
            dialog(bus, says="yes") as shown,
        ):
            return await authority.ask(pid, SAID), shown.messages

    assert run(check()) == (PresenceAnswer.UNAVAILABLE, [])


@pytest.mark.requirement("PRESENCE-1")
def test_the_dialog_says_what_it_is_for_and_each_yes_is_for_one_call(tmp_path: Path) -> None:
    """The file that is shipped has the words; a second call asks a second time."""

    async def check() -> list[str]:
        async with (
            polkitd(tmp_path) as (authority, bus, pid),
            dialog(bus, says="yes") as shown,
        ):
            for _ in range(2):
                assert await authority.ask(pid, SAID) is PresenceAnswer.CONFIRMED
            return shown.messages

    wanted = "Keyturn: allow the agent analyst this one call of orders / cancel? T2 Reaches out. 17"
    assert run(check()) == [wanted, wanted]


@pytest.mark.requirement("PRESENCE-1")
@pytest.mark.parametrize(
    ("owner", "ready"),
    [
        ("daemon", Readiness.NOT_OWNER),
        ("nobody", Readiness.READY),
        (str(NOBODY), Readiness.READY),
        (f"daemon unix-user:{NOBODY}", Readiness.READY),
    ],
)
def test_a_broker_without_rights_is_trusted_where_the_file_names_its_user(
    tmp_path: Path, owner: str, ready: Readiness
) -> None:
    """As it is installed, by number: of several users each; the file as it comes is of no use."""

    async def check() -> tuple[Readiness, PresenceAnswer]:
        async with (
            polkitd(tmp_path, owner=owner) as (authority, bus, pid),
            dialog(bus, says="yes"),
        ):
            with rights_of(NOBODY):
                return await authority.readiness(pid), await authority.ask(pid, SAID)

    confirms = ready is Readiness.READY
    came = PresenceAnswer.CONFIRMED if confirms else PresenceAnswer.UNAVAILABLE
    assert run(check()) == (ready, came)


@pytest.mark.requirement("PRESENCE-1", "LAW-4")
def test_no_program_takes_the_dialog_from_the_desktop(tmp_path: Path) -> None:
    """It would be answered where a person sees nothing, as by a finger that was meant for sudo."""

    async def check() -> None:
        async with (
            polkitd(tmp_path) as (authority, bus, pid),
            dialog(bus, says="yes") as desktop,
        ):
            async with dialog(bus, says="yes", user=NOBODY, pid=pid) as theirs:
                assert await authority.ask(pid, SAID) is PresenceAnswer.TAKEN
                assert (theirs.messages, desktop.messages) == ([], [])
            assert await authority.ask(pid, SAID) is PresenceAnswer.CONFIRMED
            assert len(desktop.messages) == 1

    run(check())


@pytest.mark.requirement("PRESENCE-1", "LAW-4")
def test_a_program_that_shows_the_dialogs_itself_cannot_say_yes(tmp_path: Path) -> None:
    """Whoever is the window's user may show them in the desktop's place; the yes is root's."""

    async def check() -> PresenceAnswer:
        async with (
            polkitd(tmp_path) as (authority, bus, pid),
            dialog(bus, says="yes", user=NOBODY) as shown,
        ):
            came = await authority.ask(pid, SAID)
            assert len(shown.messages) == 1
            return came

    assert run(check()) is PresenceAnswer.DENIED


@pytest.mark.requirement("PRESENCE-2", "LAW-4")
def test_a_yes_to_somebody_elses_question_is_none_to_this_one(tmp_path: Path) -> None:
    """Any program of the user may ask about the window, with words of its own."""

    async def check() -> None:
        tasks = TaskOwner()
        async with polkitd(tmp_path) as (authority, bus, pid), dialog(bus, says="") as shown:
            asked = tasks.start(authority.ask(pid, SAID), "asked")
            await shown.opened.wait()
            shown.says = "yes"
            lies = {**SAID, "value": "nothing at all"}
            assert await another_question(bus, pid, ACTION, lies)
            assert "nothing at all" in shown.messages[1]
            assert await authority.readiness(pid) is Readiness.READY
            assert not asked.done()
            await tasks.close()
            await shown.gone.wait()

    run(check())


@pytest.mark.requirement("PRESENCE-1")
def test_a_session_that_is_not_in_front_is_refused(tmp_path: Path) -> None:
    """By the file as it comes: nobody is asked where nobody sits."""

    async def check() -> tuple[Readiness, PresenceAnswer]:
        async with (
            polkitd(tmp_path, active=False) as (authority, bus, pid),
            dialog(bus, says="yes"),
        ):
            return await authority.readiness(pid), await authority.ask(pid, SAID)

    assert run(check()) == (Readiness.REFUSES, PresenceAnswer.UNAVAILABLE)


@pytest.mark.requirement("PRESENCE-2")
def test_an_authority_that_ends_in_between_confirms_nothing(tmp_path: Path) -> None:
    """As on an update: what is open at the next one's is another question."""

    async def check() -> PresenceAnswer:
        tasks = TaskOwner()
        async with on_a_bus(tmp_path, NOBODY) as (authority, bus, pid):
            actions = install(tmp_path, FILE.read_text(encoding="utf-8"))
            with real_polkitd(tmp_path, bus, actions, pid):
                await until_owned(bus)
                async with dialog(bus, says="") as shown:
                    asked = tasks.start(authority.ask(pid, SAID), "asked")
                    await shown.opened.wait()
            return await asked

    assert run(check()) is PresenceAnswer.UNAVAILABLE


def test_without_a_dialog_on_the_desktop_nothing_is_confirmed(tmp_path: Path) -> None:
    async def check() -> PresenceAnswer:
        async with polkitd(tmp_path) as (authority, _bus, pid):
            return await authority.ask(pid, SAID)

    assert run(check()) is PresenceAnswer.NO_DIALOG
