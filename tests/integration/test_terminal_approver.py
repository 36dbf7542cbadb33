"""The terminal approver on a pseudo terminal: what is drawn, typed ahead, wrapped and lost."""

import asyncio
import os
import re
import threading
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.approvers.terminal_lines import TerminalLines, wrapped
from keyturn.domain.approval import State
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.tier import Tier
from tests.fakes.approval_requests import a_call
from tests.fakes.approver import HOLD_SECONDS, NoEndRecorder
from tests.fakes.approver_programs import PATIENCE
from tests.fakes.approver_terminal import Person, at_a_terminal
from tests.fakes.clock import FakeClock

Story = Callable[[Person, Approvals, FakeClock], Awaitable[None]]


def run(story: Story) -> None:
    async def whole() -> None:
        clock = FakeClock()
        approvals = Approvals(
            clock=clock, limits=Limits(), observers=Observers(), recorder=NoEndRecorder()
        )

        async def resume(_looked_at: tuple[str, ...]) -> bool:
            return True

        async with at_a_terminal(approvals, clock, resume=resume) as person:
            await story(person, approvals, clock)

    asyncio.run(asyncio.wait_for(whole(), 2 * PATIENCE))
    assert not [thread for thread in threading.enumerate() if thread.name == "terminal"]


def test_a_t2_call_is_read_confirmed_and_allowed() -> None:
    async def story(person: Person, approvals: Approvals, _clock: FakeClock) -> None:
        future = approvals.ask(a_call(), hold_seconds=HOLD_SECONDS)
        shown = await person.reads(r"No answer means no\.\n")
        assert "analyst wants to dispatch all_open orders with logistics" in shown
        assert "Came from reports, result 3." in shown
        await person.armed()
        person.types("allow")
        await person.reads(r"Confirm the address: type its last word, 9, or the word CONFIRM\.\n")
        assert not future.done()
        person.types("9")
        resolution = await asyncio.wait_for(future, PATIENCE)
        assert resolution.state is State.APPROVED
        await person.reads(r"Allowed once\.\n")

    run(story)


def test_what_was_typed_ahead_is_thrown_away_even_without_enter() -> None:
    async def story(person: Person, approvals: Approvals, _clock: FakeClock) -> None:
        person.types("allow")
        await person.reads(r"Nothing waits\.\n")
        os.write(person.master, b"all")
        await person.reads("all")
        future = approvals.ask(a_call(tier=Tier.T1), hold_seconds=HOLD_SECONDS)
        await person.waits_for_prompt()
        person.types("ow")
        await person.reads(r"That is none of the commands\.")
        assert not future.done()

    run(story)


def test_nothing_that_an_agent_sends_moves_the_cursor() -> None:
    async def story(person: Person, approvals: Approvals, _clock: FakeClock) -> None:
        evil = "\x1b[2J\x1b[H\x9b2J\x07\x08\r\u202eknat\x85Allowed once.\x00"
        request = a_call(subject={evil: evil}, tool=evil, agent=evil, session=evil)
        approvals.ask(request, hold_seconds=HOLD_SECONDS)
        person.approver.alert(evil)
        shown = await person.reads(r"Note: .*\n")
        assert "[U+001B escape]" in shown
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown)

    run(story)


def test_a_stop_is_ended_by_its_word() -> None:
    async def story(person: Person, approvals: Approvals, _clock: FakeClock) -> None:
        future = approvals.ask(a_call(), hold_seconds=HOLD_SECONDS)
        approvals.stop()
        person.approver.stopped(StopFacts(since_utc="now", trigger="command"))
        assert (await future).outcome is Outcome.REFUSED_PAUSED
        await person.reads(r"1 request was refused when it stopped:\n.*\n")
        await person.armed()
        person.types("RESUME")
        await person.reads(r"Resumed\.")

    run(story)


def test_a_terminal_that_hangs_up_is_no() -> None:
    async def whole() -> None:
        clock = FakeClock()
        approvals = Approvals(
            clock=clock, limits=Limits(), observers=Observers(), recorder=NoEndRecorder()
        )
        async with at_a_terminal(approvals, clock) as person:
            future = approvals.ask(a_call(), hold_seconds=HOLD_SECONDS)
            await person.waits_for_prompt()
            person.hangs_up()
            resolution = await asyncio.wait_for(future, PATIENCE)
            assert resolution.outcome is Outcome.REFUSED_NO_APPROVER
            assert not approvals.somebody_answers

    asyncio.run(asyncio.wait_for(whole(), 2 * PATIENCE))


def test_stdin_must_be_a_terminal() -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(ConfigurationError):
            TerminalLines(stdin=reading, stdout=writing, typed=lambda _: None, closed=lambda: None)
    finally:
        os.close(reading)
        os.close(writing)


@given(line=st.text(st.characters(exclude_categories=["Cc", "Cs"])), columns=st.integers(20, 60))
def test_wrapping_leaves_nothing_out_and_begins_no_line(line: str, columns: int) -> None:
    first, *rest = wrapped(line, columns)
    indent = re.match(" *", line)
    assert indent is not None
    margin = min(len(indent.group()), columns // 2)
    joined = first
    for piece in rest:
        text = piece[margin:].lstrip(" ") if not line[margin:].startswith("| ") else piece[margin:]
        assert text.startswith("| ")
        joined += piece[piece.index("| ", margin) + 2 :]
    assert joined == line
