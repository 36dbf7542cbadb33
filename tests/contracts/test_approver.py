"""What every approver promises, asked of the fake, of a real program and of a real terminal."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import ApprovalRequest, Route
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers
from keyturn.application.ports.approver import Approver
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.waiting import Resolution
from keyturn.domain.approval import State
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.tier import Tier
from tests.factories import make_weighed
from tests.fakes.approval_requests import a_call, a_command
from tests.fakes.approver import HOLD_SECONDS, FakeApprover, NoEndRecorder
from tests.fakes.approver_programs import PATIENCE, relay
from tests.fakes.approver_terminal import at_a_terminal
from tests.fakes.clock import FakeClock

FACTS = StopFacts(since_utc="2026-11-23T14:07:52.123Z", trigger="command")


@dataclass(slots=True, kw_only=True)
class World:
    """The real queue, an approver, and its person's hand."""

    clock: FakeClock
    approvals: Approvals
    observers: Observers
    approver: Approver
    shown: Callable[[], Awaitable[Any]]
    """Waits until the next request is shown, and returns what the hand needs to answer it."""
    allow: Callable[[Any], None]
    deny: Callable[[Any, str], None]

    def ask(self, request: ApprovalRequest) -> "asyncio.Future[Resolution]":
        """Put a call into the queue."""
        return self.approvals.ask(request, hold_seconds=HOLD_SECONDS)

    async def nothing_waits(self) -> None:
        """Wait until every request has ended."""
        changed = asyncio.Event()
        forget = self.observers.subscribe(lambda _topic: changed.set())
        async with asyncio.timeout(PATIENCE):
            while self.approvals.waiting():
                await changed.wait()
                changed.clear()
        forget()


class Base:
    """A queue that nobody answers yet."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.observers = Observers()
        self.approvals = Approvals(
            clock=self.clock, limits=Limits(), observers=self.observers, recorder=NoEndRecorder()
        )

    def parts(self) -> dict[str, Any]:
        return {"clock": self.clock, "approvals": self.approvals, "observers": self.observers}


def call(number: int = 1) -> ApprovalRequest:
    return a_call(id=f"c-{number}", tier=Tier.T1, subject={"path": f"/srv/{number}"})


@asynccontextmanager
async def with_fake(_folder: Path, base: Base) -> AsyncGenerator[World]:
    fake = FakeApprover(base.approvals)
    base.approvals.attach(fake)

    async def shown() -> str:
        return next(iter(fake.shown))

    def allow(request_id: str) -> None:
        if request_id in fake.shown:
            fake.allow(request_id)

    def deny(request_id: str, message: str) -> None:
        fake.deny(request_id, message)

    yield World(**base.parts(), approver=fake, shown=shown, allow=allow, deny=deny)


@asynccontextmanager
async def with_program(folder: Path, base: Base) -> AsyncGenerator[World]:
    async with relay(folder, base.approvals, base.clock) as wire:

        async def shown() -> Any:
            while (message := await wire.hear())["type"] != "request":
                pass
            return message

        yield World(
            **base.parts(),
            approver=wire.approver,
            shown=shown,
            allow=lambda asked: wire.answer(asked, "allow_once"),
            deny=lambda asked, text: wire.answer(asked, "deny", message=text),
        )


@asynccontextmanager
async def with_terminal(_folder: Path, base: Base) -> AsyncGenerator[World]:
    async with at_a_terminal(base.approvals, base.clock) as person:
        yield World(
            **base.parts(),
            approver=person.approver,
            shown=person.waits_for_prompt,
            allow=lambda _: person.types("allow"),
            deny=lambda _, text: person.types(f"deny {text}"),
        )


KINDS = {"fake": with_fake, "exec": with_program, "terminal": with_terminal}
ROUTES = {"fake": Route.WINDOW, "exec": Route.EXEC, "terminal": Route.TERMINAL}


class Subject:
    """Runs a promise against one kind of approver."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.route = ROUTES[kind]
        self._kind = kind
        self._folder = folder

    def keeps(self, promise: Callable[[World], Awaitable[None]]) -> None:
        asyncio.run(asyncio.wait_for(self._run(promise), 3 * PATIENCE))

    async def _run(self, promise: Callable[[World], Awaitable[None]]) -> None:
        async with KINDS[self._kind](self._folder, Base()) as world:
            await promise(world)


@pytest.fixture(params=sorted(KINDS))
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    return Subject(str(request.param), tmp_path)


async def done(future: "asyncio.Future[Resolution]") -> Resolution:
    return await asyncio.wait_for(future, PATIENCE)


def test_an_allowed_request_is_allowed_once_with_what_was_shown(subject: Subject) -> None:
    async def promise(world: World) -> None:
        request = call()
        future = world.ask(request)
        world.allow(await world.shown())
        resolution = await done(future)
        assert (resolution.state, resolution.outcome) == (State.APPROVED, Outcome.ALLOWED_ONCE)
        answer = resolution.answer
        assert answer is not None
        assert (answer.id, answer.digest) == (request.id, request.digest)
        assert answer.route is world.approver.route is subject.route
        assert len(answer.prompt_hash) == 64
        assert answer.shown_ms >= 0
        assert (answer.tier, answer.hide) == (None, False)

    subject.keeps(promise)


def test_a_denial_carries_its_message(subject: Subject) -> None:
    async def promise(world: World) -> None:
        future = world.ask(call())
        world.deny(await world.shown(), "Use the staging warehouse.")
        resolution = await done(future)
        assert (resolution.state, resolution.outcome) == (State.DENIED, Outcome.DENIED_USER)
        assert resolution.answer is not None
        assert resolution.answer.message == "Use the staging warehouse."

    subject.keeps(promise)


def test_what_waits_is_shown_to_an_approver_that_comes_later(subject: Subject) -> None:
    async def promise(world: World) -> None:
        world.approvals.attach(None)
        future = world.ask(call())
        world.approvals.attach(world.approver)
        world.allow(await world.shown())
        assert (await done(future)).state is State.APPROVED

    subject.keeps(promise)


def test_an_answer_decides_exactly_one_request(subject: Subject) -> None:
    async def promise(world: World) -> None:
        first, second = world.ask(call(1)), world.ask(call(2))
        world.allow(await world.shown())
        assert (await done(first)).state is State.APPROVED
        assert not second.done()
        world.deny(await world.shown(), "")
        assert (await done(second)).state is State.DENIED

    subject.keeps(promise)


def test_a_late_allow_is_one_retry(subject: Subject) -> None:
    async def promise(world: World) -> None:
        request = call()
        future = world.ask(request)
        hand = await world.shown()
        world.clock.advance(HOLD_SECONDS + 1)
        assert (await done(future)).state is State.DETACHED
        world.allow(hand)
        await world.nothing_waits()
        assert world.approvals.take_retry_grant(request.digest, make_weighed())
        assert not world.approvals.take_retry_grant(request.digest, make_weighed())

    subject.keeps(promise)


def test_an_answer_to_what_ended_decides_nothing(subject: Subject) -> None:
    async def promise(world: World) -> None:
        first = world.ask(call(1))
        hand = await world.shown()
        world.approvals.client_left("c-1", host_gone=True)
        assert (await done(first)).state is State.WITHDRAWN
        world.allow(hand)
        second = world.ask(call(2))
        later = await world.shown()
        assert not second.done()
        world.deny(later, "")
        assert (await done(second)).state is State.DENIED

    subject.keeps(promise)


def test_alerts_and_the_stop_answer_nothing(subject: Subject) -> None:
    async def promise(world: World) -> None:
        review = world.approvals.ask(a_command(), hold_seconds=None)
        await world.shown()
        world.approver.alert("a tool changed\x1b[2J")
        world.approvals.stop()
        world.approver.stopped(FACTS)
        await asyncio.sleep(0)
        assert not review.done()
        assert world.approver.present

    subject.keeps(promise)


def test_the_stop_takes_every_call_away(subject: Subject) -> None:
    async def promise(world: World) -> None:
        futures = [world.ask(call(number)) for number in range(3)]
        await world.shown()
        assert world.approvals.stop() == 3
        world.approver.stopped(FACTS)
        for future in futures:
            assert (await done(future)).outcome is Outcome.REFUSED_PAUSED

    subject.keeps(promise)
