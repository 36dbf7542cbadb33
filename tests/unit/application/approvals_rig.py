"""The queue with an approver that remembers, and time that only the test moves."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers, Topic
from keyturn.application.waiting import Resolution
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from tests.factories import make_request
from tests.fakes.approver import FakeApprover
from tests.unit.application.gate_world import LateClock


@dataclass(slots=True)
class Ends:
    """Keeps what would be recorded of detached requests."""

    detached_ids: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    ended_ids: list[tuple[str, Outcome, bool]] = field(
        default_factory=list[tuple[str, Outcome, bool]]
    )

    def detached(self, request: ApprovalRequest, cause: str, masked: bytes) -> bytes:
        self.detached_ids.append((request.id, cause))
        return masked

    def ended(
        self,
        request: ApprovalRequest,
        outcome: Outcome,
        answer: Answer | None,
        masked: bytes,
        *,
        grant: bool,
    ) -> None:
        self.ended_ids.append((request.id, outcome, grant))


class Queue:
    """Approvals with an approver that remembers and time that only the test moves."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = LateClock()
        self.ends = Ends()
        self.topics: list[Topic] = []
        self.observers = observers = Observers()
        observers.subscribe(self.topics.append)
        self.approvals = Approvals(
            clock=self.clock,
            limits=limits or Limits(),
            observers=observers,
            recorder=self.ends,
        )
        self.approver = FakeApprover(self.approvals)
        self.approvals.attach(self.approver)

    def ask(self, id_: str = "call-1", **facts: Any) -> "asyncio.Future[Resolution]":
        """Let one call ask for 50 seconds."""
        request = replace(make_request(id_), **facts)
        return self.approvals.ask(request, hold_seconds=50)

    def review(self, id_: str = "v-1") -> "asyncio.Future[Resolution]":
        """Let one review ask, for as long as it takes."""
        request = make_request(id_, kind=RequestKind.DEFINITION)
        return self.approvals.ask(request, hold_seconds=None)

    def answer(
        self, id_: str, verdict: AnswerVerdict = AnswerVerdict.ALLOW_ONCE, digest: str = ""
    ) -> AnswerEffect:
        """Answer under an id, whether or not anything is shown under it."""
        return self.approvals.answer(
            Answer(
                id=id_,
                digest=digest or make_request().digest,
                verdict=verdict,
                route=Route.WINDOW,
            )
        )

    def ids(self) -> list[str]:
        """Return what waits, in order."""
        return [waiting.request.id for waiting in self.approvals.waiting()]
