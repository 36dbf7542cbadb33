"""A gate wired with fakes of every port, and a server that keeps what reached it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sized
from dataclasses import dataclass, field

from keyturn.application.agreements import Agreements, PinShown
from keyturn.application.alerts import Alert, Alerts
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.asked_within import AskedWithin
from keyturn.application.assessment import Assessment
from keyturn.application.call import Handled, IncomingCall
from keyturn.application.connection import Connection
from keyturn.application.controlling import Controlling
from keyturn.application.edit_told import ToldOfEdits
from keyturn.application.environments import Environments
from keyturn.application.events import Observers
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.gate import Gate
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.inputs import Inputs
from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.late_calls import LateCalls
from keyturn.application.ports.commands import CommandReader
from keyturn.application.ports.inspection import ResultInspector, SchemaValidator
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.ports.upstream import Answered, Ready, UpstreamReply
from keyturn.application.receiving import Receiver
from keyturn.application.recording import Recorder
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.reviews import Reviews
from keyturn.application.rulebook import RuleBook
from keyturn.application.sights import Sights
from keyturn.application.stop import StopSwitch
from keyturn.bootstrap.reading_signs import frame_signs
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.client_request import name_in
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.domain.rule import Rule
from keyturn.domain.tier import Tier
from keyturn.inspection.carried_values import ArgumentValues
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.results import BoundedResultInspector
from keyturn.inspection.schema import JsonSchemaValidator
from tests.factories import ENVIRONMENT_WORDS, make_connection, make_tool
from tests.fakes.clock import FakeClock
from tests.fakes.commands import ReaderInPlace
from tests.fakes.decision_log import FakeDecisionLog, Recorded
from tests.fakes.ids import FakeIds
from tests.fakes.inspection import FakeInputCheck, FakeSecretMask
from tests.fakes.milestones import FakeMilestones
from tests.fakes.stop_reviews import FakeStopReviews
from tests.fakes.stop_sentinel import FakeStopSentinel
from tests.fakes.stores import (
    FakeFlowStore,
    FakeRuleStore,
    FakeServerStore,
    FakeSettingStore,
    FakeSightStore,
)


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

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        self.shown.append(request)
        self.news.set()

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        self.detached.append(request_id)

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        self.withdrawn.append((request_id, cause, outcome))

    def alert(self, text: str) -> None:
        pass

    def stopped(self, facts: StopFacts) -> None:
        pass


def play(story: Callable[[], Awaitable[None]]) -> None:
    """Run one story within a bound."""

    async def bounded() -> None:
        async with asyncio.timeout(10):
            await story()

    asyncio.run(bounded())


async def settle(steps: int = 30) -> None:
    """Let everything that can run without time or a person run."""
    # Turns in which nothing is left to do are most of what a model test would take.
    ready: Sized = getattr(asyncio.get_running_loop(), "_ready")  # noqa: B009  # no stub has it
    for _ in range(steps):
        await asyncio.sleep(0)
        if not ready:
            return


class LateClock(FakeClock):
    """A clock whose timers can be late, as on a busy loop or after a machine slept."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ns = 0

    def monotonic_ns(self) -> int:
        """Return the time that no timer has noticed yet."""
        return super().monotonic_ns() + self.late_ns


class HeldLog(FakeDecisionLog):
    """A log whose disk a test can make slow: while held, commits wait and nothing is in the log."""

    def __init__(self) -> None:
        super().__init__()
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def held(self) -> bool:
        """Whether commits wait now."""
        return not self._flowing.is_set()

    def hold(self) -> None:
        """Let commits wait from now on."""
        self._flowing.clear()

    def release(self) -> None:
        """Let them all go on."""
        self._flowing.set()

    async def commit(self, entry: Entry, durability: Durability = Durability.FULL) -> int:
        """Wait while held, then append or fail as the log does by then."""
        await self._flowing.wait()
        return await super().commit(entry, durability)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One call as it reached the server, and how much of the log was committed by then."""

    request_id: str | int
    method: str
    params: JsonObject
    committed: int


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
    arrivals: list[Arrival] = field(default_factory=list[Arrival])
    sent: list[JsonObject] = field(default_factory=list[JsonObject])
    pending: "list[asyncio.Future[UpstreamReply]]" = field(
        default_factory=list["asyncio.Future[UpstreamReply]"]
    )

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event | None = None
    """Put in to let `ready` wait until it is set, as for a server that starts."""
    looks: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    on_look: Callable[[], Awaitable[None]] | None = None
    """What happens while the tools are listed again."""

    @property
    def recorded_before(self) -> list[list[str]]:
        """Outcomes that were committed when each call arrived."""
        outcomes = [record.entry.outcome for record in self.log.records]
        return [outcomes[: arrival.committed] for arrival in self.arrivals]

    @property
    def running(self) -> bool:
        return self.started is None and self.state is Ready.READY

    async def ready(self) -> Ready:
        if self.started is not None:
            await self.started.wait()
        return self.state

    async def look_again(self, *, older_than: float, at_most: float) -> None:
        self.looks.append((older_than, at_most))
        if self.on_look is not None:
            await self.on_look()

    def send(
        self, request_id: str | int, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        if self.dead:
            raise ServerUnavailable("The server has ended.")
        arrived: JsonObject = json.loads(canonical(params))
        self.sent.append(arrived)
        self.arrivals.append(
            Arrival(
                request_id=request_id,
                method=method,
                params=arrived,
                committed=len(self.log.records),
            )
        )
        future: asyncio.Future[UpstreamReply] = asyncio.get_running_loop().create_future()
        self.pending.append(future)
        self.arrived.set()
        if not self.silent:
            raw = canonical(self.answer_with)
            line = b'{"id":1,"jsonrpc":"2.0","result":' + raw + b"}"
            future.set_result(Answered(line=line, result=raw))
        return future


def controlling_here(
    validator: SchemaValidator, observers: Observers, flows: FlowLedger
) -> Controlling:
    """Control all results in place."""
    here = FrameControl(validator, signs=frame_signs())
    return Controlling(here, ControlsOfTools(observers), flows)


class World:
    """Everything a call meets, with time that only the test moves."""

    def __init__(self, *rules: Rule, limits: Limits | None = None, gate: type[Gate] = Gate) -> None:
        self.clock = LateClock()
        self.log = HeldLog()
        self.gate_type, self.ids = gate, FakeIds()
        self.sentinel, self.milestones = FakeStopSentinel(), FakeMilestones()
        self.observers = Observers()
        self.told: list[Alert] = []
        self.alerts = Alerts(self.clock)
        self.alerts.attach(self.told.append)
        self.limits = limits or Limits()
        self.mask, self.input_check = FakeSecretMask(), FakeInputCheck()
        self.known = KnownSecrets()
        self.stop_reviews = FakeStopReviews()
        self.recorder = Recorder(self.log, self.mask)
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
            mask=self.mask,
            reviews=self.stop_reviews,
            approvals=self.approvals,
            observers=self.observers,
        )
        self.rule_store = FakeRuleStore(*rules)
        self.rules = self.make_rules()
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
        self.sight_store = FakeSightStore()
        self.sights = self.make_sights()
        self.server = WatchedServer(self.log)
        self.validator = JsonSchemaValidator()
        self.inspector: ResultInspector = BoundedResultInspector(self.limits.result_bytes)
        self.inputs = self.make_inputs()
        self.setting_store = FakeSettingStore()
        self.holds = HoldBudgets(
            store=self.setting_store, log=self.log, observers=self.observers, limits=self.limits
        )
        self.environments = Environments(words=ENVIRONMENT_WORDS, observers=self.observers)
        self.commands: CommandReader = ReaderInPlace()
        self.flow_store = FakeFlowStore()
        self.flows = self.make_flows()
        self.gate = self.make_gate()

    def make_flows(self) -> FlowLedger:
        """Make what knows secrets again, of a broker on the profile of this world."""
        return FlowLedger(store=self.flow_store, carried=ArgumentValues(), clock=self.clock)

    def make_rules(self) -> RuleBook:
        """Make the rule book of a broker on the profile of this world."""
        return RuleBook(
            store=self.rule_store,
            log=self.log,
            mask=self.mask,
            observers=self.observers,
            clock=self.clock,
        )

    def make_sights(self) -> Sights:
        """Make what says what agents see, of a broker on the profile of this world."""
        return Sights(
            store=self.sight_store, log=self.log, clock=self.clock, observers=self.observers
        )

    def make_inputs(self) -> Inputs:
        """Wire what servers ask of the world."""
        return Inputs(
            stop=self.stop,
            rules=self.rules,
            known=self.known,
            approvals=self.approvals,
            recorder=self.recorder,
            log=self.log,
            clock=self.clock,
            ids=self.ids,
            observers=self.observers,
            alerts=self.alerts,
            limits=self.limits,
            check=self.input_check,
        )

    def make_gate(self) -> Gate:
        """Wire a gate of what the world holds now."""
        self.controlling = controlling_here(self.validator, self.observers, self.flows)
        assessment = Assessment(
            stop=self.stop,
            agreements=self.agreements,
            sights=self.sights,
            rules=self.rules,
            known=self.known,
            validator=self.validator,
            alerts=self.alerts,
            limits=self.limits,
            environments=self.environments,
            flows=self.flows,
            commands=self.commands,
            check=self.input_check,
        )
        return self.gate_type(
            assessment=assessment,
            stop=self.stop,
            rules=self.rules,
            approvals=self.approvals,
            recorder=self.recorder,
            log=self.log,
            receiver=Receiver(
                inspector=self.inspector,
                controlling=self.controlling,
                recorder=self.recorder,
                observers=self.observers,
                milestones=self.milestones,
                edits=ToldOfEdits(),
            ),
            within=AskedWithin(self.inputs, self.recorder, self.ids),
            holds=self.holds,
            late=LateCalls(
                assessment=assessment,
                stop=self.stop,
                recorder=self.recorder,
                observers=self.observers,
                clock=self.clock,
                limits=self.limits,
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

    def start(self, incoming: IncomingCall) -> "asyncio.Task[Handled]":
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

    def pin_shown(self, tool: str = "dispatch_order") -> PinShown:
        """Name the pin of a tool as the window does that shows it."""
        (pin,) = (pin for pin in self.agreements.pins() if pin.definition.name == tool)
        return PinShown(
            server=pin.server,
            launch_hash=pin.launch_hash,
            tool=tool,
            def_hash=pin.definition.def_hash,
        )

    def outcomes(self) -> list[str]:
        """Return the outcomes of all records, in order, reviews left out."""
        return [r.entry.outcome for r in self.log.records if r.entry.type.value != "review"]


def broken_law_1(world: World, connection: Connection) -> list[str]:
    """Name each call that reached the server without its own earlier committed ALLOW (law 1).

    The digest is made anew from what arrived, so a call that was changed on the way shows as well;
    each decision covers one arrival, so a second send of the same call shows as well (I-05).
    """
    broken: list[str] = []
    used: set[int] = set()
    for arrival in world.server.arrivals:
        covering = [
            record.seq
            for record in world.log.records[: arrival.committed]
            if record.seq not in used and _allows(record, arrival, connection)
        ]
        if covering:
            used.add(covering[0])
        else:
            broken.append(f"request {arrival.request_id} reached the server unrecorded")
    return broken


def _allows(record: Recorded, arrival: Arrival, connection: Connection) -> bool:
    entry = record.entry
    if entry.type is not RecordType.DECISION or not record.awaited:
        return False
    name = name_in(arrival.method, arrival.params)
    call = ToolCall(
        agent=connection.agent,
        session=connection.session.id,
        server=connection.server.name,
        launch_hash=connection.launch.launch_hash,
        tool=name if isinstance(name, str) else "",
        def_hash=entry.def_hash,
        params=arrival.params,
        method=arrival.method,
    )
    if "first" in entry.details:
        return False
    read_by_rule = entry.outcome == Outcome.ALLOWED_RULE.value and entry.tier == Tier.T0.name
    return (
        Outcome(entry.outcome).allows
        and entry.call_digest == call.digest()
        and (record.durability is Durability.FULL or read_by_rule)
    )
