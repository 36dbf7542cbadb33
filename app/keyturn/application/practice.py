"""Owns the practice calls: they wait and are answered like any call, and there is no server.

Only the window asks for them. Nothing of them is ever sent: there is no connection and no
upstream here. Each is recorded as what it is, decided by a person and not sent. Their agent and
server have names that no real one can have, so that no rule about them could cover another call.
"""

from typing import Final

from keyturn.application.approval_request import (
    BECAUSE_PRACTICE,
    PRACTICE_AGENT,
    PRACTICE_SERVER,
    Answer,
    ApprovalRequest,
    AskedBy,
    RequestKind,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.practice_messages import EndPractice, PracticeIntent, PracticeStep
from keyturn.application.recording import answered
from keyturn.application.stop import StopSwitch
from keyturn.application.tasks import TaskOwner
from keyturn.application.waiting import Resolution
from keyturn.domain.attention import PRACTICE
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier

BURST: Final = 12
_SESSION: Final = "practice"
_TAIL: Final = (
    "ls notes                                                            "
    "                                                                    "
    "                                                                    "
    "                                                ; rm -rf notes"
)


class Practice:
    """The calls of one step at a time."""

    def __init__(
        self, *, approvals: Approvals, log: DecisionLog, clock: Clock, ids: Ids, stop: StopSwitch
    ) -> None:
        self._approvals = approvals
        self._log = log
        self._clock = clock
        self._ids = ids
        self._stop = stop
        self._tasks = TaskOwner()
        self._waiting: set[str] = set()

    async def carry_out(self, intent: PracticeIntent) -> None:
        """Send the calls of a step, or take back what waits; raises ConfigurationError."""
        self._take_back()
        if isinstance(intent, EndPractice):
            return
        if intent.step not in {step.value for step in PracticeStep}:
            raise ConfigurationError("There is no such practice.")
        if self._stop.engaged:
            raise ConfigurationError(
                "All agents are stopped, so that practice calls are refused too.",
                mend="Resume first.",
            )
        for request in self._requests(PracticeStep(intent.step)):
            self._waiting.add(request.id)
            self._tasks.start(self._follow(request), "practice call")

    async def close(self) -> None:
        """Take back what waits, and write down how it ended."""
        self._take_back()
        await self._tasks.settle(1.0)
        await self._tasks.close()

    async def _follow(self, request: ApprovalRequest) -> None:
        resolution = await self._approvals.ask(request, hold_seconds=None)
        self._waiting.discard(request.id)
        await self._log.commit(_decision(request, resolution))
        if resolution.outcome is Outcome.ALLOWED_ONCE:
            self._log.note(_not_sent(request))

    def _take_back(self) -> None:
        waiting, self._waiting = self._waiting, set()
        if waiting:
            self._approvals.refuse(
                lambda request: request.id in waiting,
                Outcome.CANCELLED_BY_CLIENT,
                WithdrawCause.CANCELLED,
            )

    def _requests(self, step: PracticeStep) -> list[ApprovalRequest]:
        match step:
            case PracticeStep.HARMLESS:
                path: JsonObject = {"path": "notes/shopping.txt"}
                return [self._request(step, "read_file", path, Tier.T1)]
            case PracticeStep.TAIL:
                return [self._request(step, "run_command", {"command": _TAIL}, Tier.T2)]
            case PracticeStep.BURST:
                return [
                    self._request(step, "write_file", _page(number), Tier.T1)
                    for number in range(1, BURST + 1)
                ]

    def _request(
        self, step: PracticeStep, tool: str, arguments: JsonObject, tier: Tier
    ) -> ApprovalRequest:
        text = canonical(arguments)
        id_ = self._ids.new(f"practice-{step.value}")
        return ApprovalRequest(
            id=id_,
            call=id_,
            kind=RequestKind.CALL,
            agent=PRACTICE_AGENT,
            session=_SESSION,
            server=PRACTICE_SERVER,
            tool=tool,
            arguments=text.decode(),
            digest=digest_of(text),
            tier=tier,
            because=BECAUSE_PRACTICE,
            asked_by=AskedBy(agent_enrolled=True),
            created_utc=self._clock.now_utc(),
            ticket=self._ids.ticket(),
        )


def _page(number: int) -> JsonObject:
    return {"path": f"notes/page-{number:02}.txt", "content": f"Page {number}"}


def _decision(request: ApprovalRequest, resolution: Resolution) -> Entry:
    answer: Answer | None = resolution.answer
    taken_back = resolution.outcome is Outcome.CANCELLED_BY_CLIENT
    return answered(
        request,
        resolution.outcome,
        answer,
        call=request.call,
        about=request.arguments.encode(),
        details={PRACTICE: True, **({"route": answer.route.value} if answer else {})},
        actor=Actor.KEYTURN if taken_back else None,
    )


def _not_sent(request: ApprovalRequest) -> Entry:
    return Entry(
        type=RecordType.DELIVERY,
        call=request.call,
        session=request.session,
        agent=request.agent,
        server=request.server,
        tool=request.tool or "",
        outcome=Delivery.NOT_SENT.value,
        details={PRACTICE: True},
    )
