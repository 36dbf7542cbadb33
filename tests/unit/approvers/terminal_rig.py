"""The real queue and the conversation at a terminal that only remembers."""

import asyncio
from collections.abc import Awaitable, Callable

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers
from keyturn.application.waiting import Resolution
from keyturn.approvers.terminal import TerminalApprover
from keyturn.approvers.terminal_stop import Resume, Review
from keyturn.domain.configuration import Limits
from keyturn.domain.tier import Tier
from tests.fakes.approval_requests import a_call
from tests.fakes.approver import HOLD_SECONDS, NoEndRecorder
from tests.fakes.approver_programs import CARDS, WORDS
from tests.fakes.clock import FakeClock


class FakeTerminal:
    """Remembers what was said; `hold` keeps texts from being written, as Ctrl+S does."""

    def __init__(self) -> None:
        self.text = ""
        self.hold = False
        self.is_open = False
        self.discarded = 0
        self._held: list[Callable[[], None]] = []
        self._said = asyncio.Event()

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def say(self, text: str, then: Callable[[], None] | None = None) -> None:
        self.text += text
        self._said.set()
        if then is not None and self.hold:
            self._held.append(then)
        elif then is not None:
            then()

    def discard_typed(self) -> None:
        self.discarded += 1

    def release(self) -> None:
        for then in self._held:
            then()

    async def reads(self, part: str) -> None:
        """Wait until the part is on the terminal."""
        async with asyncio.timeout(20):
            while part not in self.text:
                self._said.clear()
                await self._said.wait()

    def take(self) -> str:
        text, self.text = self.text, ""
        return text


class World:
    """The real queue and the conversation, with a clock that a test moves."""

    def __init__(self, resume: Resume | None = None, review: Review | None = None) -> None:
        self.clock = FakeClock()
        self.approvals = Approvals(
            clock=self.clock, limits=Limits(), observers=Observers(), recorder=NoEndRecorder()
        )
        self.terminal = FakeTerminal()
        self.approver = TerminalApprover(
            approvals=self.approvals,
            clock=self.clock,
            words=WORDS,
            cards=CARDS,
            resume=resume,
            review=review,
        )
        self.approver.open(self.terminal)
        self.approvals.attach(self.approver)

    def ask(self, request: ApprovalRequest) -> "asyncio.Future[Resolution]":
        return self.approvals.ask(request, hold_seconds=HOLD_SECONDS)

    def read_on(self) -> None:
        """Let the longest arming time pass."""
        self.clock.advance(1.3)

    def types(self, *lines: str) -> None:
        for line in lines:
            self.approver.typed(line)


def run(story: Callable[[World], Awaitable[None]], world: Callable[[], World] = World) -> None:
    async def whole() -> None:
        made = world()
        assert made.terminal.is_open
        await story(made)
        await made.approver.close()
        assert not made.terminal.is_open

    asyncio.run(asyncio.wait_for(whole(), 20))


def t1(number: int = 1) -> ApprovalRequest:
    return a_call(id=f"c-{number}", tier=Tier.T1, subject={"path": f"/srv/{number}"})
