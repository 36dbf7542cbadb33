"""A gate wired with fakes of every port, and a server that keeps what reached it."""

import asyncio
import json
from dataclasses import dataclass, field

from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.call import IncomingCall, Reply
from keyturn.application.connection import Connection
from keyturn.application.events import Observers
from keyturn.application.gate import Assessment, Gate
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.ports.upstream import Answered, Ready, UpstreamReply
from keyturn.application.receiving import Receiver
from keyturn.application.recording import Recorder
from keyturn.application.reviews import Reviews
from keyturn.application.rulebook import RuleBook
from keyturn.application.stop import StopSwitch
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.configuration import Limits
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.rule import Rule
from keyturn.inspection.results import BoundedResultInspector
from keyturn.inspection.schema import JsonSchemaValidator
from tests.factories import make_connection, make_tool
from tests.fakes.clock import FakeClock
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.ids import FakeIds
from tests.fakes.milestones import FakeMilestones
from tests.fakes.stop_sentinel import FakeStopSentinel
from tests.fakes.stores import FakeRuleStore, FakeServerStore


class NoMask:
    """Masks nothing."""

    def mask(self, text: str) -> str:
        return text


@dataclass(slots=True)
class WatchedApprover:
    """Keeps what it was shown; the test answers."""

    route: Route = Route.WINDOW
    present: bool = True
    shown: list[ApprovalRequest] = field(default_factory=list[ApprovalRequest])
    news: asyncio.Event = field(default_factory=asyncio.Event)
    detached: list[str] = field(default_factory=list[str])
    withdrawn: list[tuple[str, WithdrawCause, str]] = field(
        default_factory=list[tuple[str, WithdrawCause, str]]
    )

    def publish(self, request: ApprovalRequest, deadline_ms: int | None) -> None:
        self.shown.append(request)
        self.news.set()

    def detach(self, request_id: str, cause: str) -> None:
        self.detached.append(request_id)

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        self.withdrawn.append((request_id, cause, outcome))

    def alert(self, text: str) -> None:
        pass

    def stopped(self, facts: StopFacts) -> None:
        pass


@dataclass(slots=True)
class WatchedServer:
    """Implements Upstream; `log` is looked at the moment a call arrives."""

    log: FakeDecisionLog
    answer_with: JsonObject = field(
        default_factory=lambda: {"content": [{"type": "text", "text": "done"}]}
    )
    state: Ready = Ready.READY
    dead: bool = False
    silent: bool = False
    sent: list[JsonObject] = field(default_factory=list[JsonObject])
    recorded_before: list[list[str]] = field(default_factory=list[list[str]])
    """Outcomes that were committed when each call arrived."""
    pending: "list[asyncio.Future[UpstreamReply]]" = field(
        default_factory=list["asyncio.Future[UpstreamReply]"]
    )

    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def ready(self) -> Ready:
        return self.state

    def send(
        self, request_id: str | int, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        if self.dead:
            raise ServerUnavailable("The server has ended.")
        self.sent.append(json.loads(canonical(params)))
        self.recorded_before.append([r.entry.outcome for r in self.log.records])
        future: asyncio.Future[UpstreamReply] = asyncio.get_running_loop().create_future()
        self.pending.append(future)
        self.arrived.set()
        if not self.silent:
            raw = canonical(self.answer_with)
            line = b'{"id":1,"jsonrpc":"2.0","result":' + raw + b"}"
            future.set_result(Answered(line=line, result=raw))
        return future


class World:
    """Everything a call meets, with time that only the test moves."""

    def __init__(self, *rules: Rule, limits: Limits | None = None) -> None:
        self.clock = FakeClock()
        self.log = FakeDecisionLog()
        self.ids = FakeIds()
        self.sentinel = FakeStopSentinel()
        self.milestones = FakeMilestones()
        self.observers = Observers()
        self.limits = limits or Limits()
        self.recorder = Recorder(self.log, NoMask())
        self.approvals = Approvals(
            clock=self.clock,
            limits=self.limits,
            observers=self.observers,
            recorder=self.recorder,
        )
        self.approver = WatchedApprover()
        self.approvals.attach(self.approver)
        self.stop = StopSwitch(
            sentinel=self.sentinel,
            clock=self.clock,
            log=self.log,
            approvals=self.approvals,
            observers=self.observers,
        )
        self.rules = RuleBook(store=FakeRuleStore(*rules), log=self.log, observers=self.observers)
        self.rules.use(rules)
        self.server_store = FakeServerStore()
        self.agreements = Agreements(
            store=self.server_store, log=self.log, clock=self.clock, observers=self.observers
        )
        self.reviews = Reviews(
            agreements=self.agreements,
            approvals=self.approvals,
            clock=self.clock,
            ids=self.ids,
            observers=self.observers,
        )
        self.server = WatchedServer(self.log)
        self.validator = JsonSchemaValidator()
        self.gate = Gate(
            assessment=Assessment(
                stop=self.stop,
                agreements=self.agreements,
                rules=self.rules,
                validator=self.validator,
                limits=self.limits,
            ),
            stop=self.stop,
            rules=self.rules,
            approvals=self.approvals,
            recorder=self.recorder,
            log=self.log,
            receiver=Receiver(
                inspector=BoundedResultInspector(self.limits.result_bytes),
                recorder=self.recorder,
                observers=self.observers,
                milestones=self.milestones,
            ),
            clock=self.clock,
            ids=self.ids,
            observers=self.observers,
            milestones=self.milestones,
            limits=self.limits,
        )

    async def connect(
        self, connection: Connection | None = None, *tools: ToolDefinition
    ) -> Connection:
        """Let a connection's server list its tools."""
        made = connection or make_connection()
        await self.reviews.listed(made, tools or (make_tool(),))
        return made

    def start(self, incoming: IncomingCall) -> "asyncio.Task[Reply]":
        """Send a call through the gate."""
        return asyncio.get_running_loop().create_task(self.gate.handle(incoming, self.server))

    async def asked(self, count: int = 1) -> ApprovalRequest:
        """Wait until the person was shown so many requests and return the last."""
        async with asyncio.timeout(5):
            while len(self.approver.shown) < count:
                self.approver.news.clear()
                await self.approver.news.wait()
        return self.approver.shown[count - 1]

    def answer(
        self, request: ApprovalRequest, *, allow: bool, message: str = "", digest: str = ""
    ) -> AnswerEffect:
        """Answer as the person at the window."""
        return self.approvals.answer(
            Answer(
                id=request.id,
                digest=digest or request.digest,
                verdict=AnswerVerdict.ALLOW_ONCE if allow else AnswerVerdict.DENY,
                route=Route.WINDOW,
                message=message,
            )
        )

    def outcomes(self) -> list[str]:
        """Return the outcomes of all records, in order, reviews left out."""
        return [r.entry.outcome for r in self.log.records if r.entry.type.value != "review"]
