"""A link with its real use cases and a real server; stores, log and the client in memory."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keyturn.application.agreements import Agreements
from keyturn.application.alerts import Alert, Alerts
from keyturn.application.approval_request import (
    Answer,
    AnswerVerdict,
    ApprovalRequest,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.asked_within import AskedWithin
from keyturn.application.assessment import Assessment
from keyturn.application.connection import Connection
from keyturn.application.controlling import Controlling
from keyturn.application.edit_told import ToldOfEdits
from keyturn.application.environments import Environments
from keyturn.application.events import Observers
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.gate import Gate
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.inputs import Inputs
from keyturn.application.known_secrets import KnownSecrets, RememberedSecrets
from keyturn.application.late_calls import LateCalls
from keyturn.application.notices import NoticeInspector
from keyturn.application.ports.inspection import Controlled, ControlOrder, SecretMask
from keyturn.application.ports.milestones import Milestone
from keyturn.application.ports.payloads import NotInspected, Parts, T, Workers
from keyturn.application.ports.processes import ObservedPeer
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.receiving import Receiver
from keyturn.application.recording import Recorder
from keyturn.application.result_budgets import ResultBudgets
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.reviews import Reviews
from keyturn.application.rulebook import RuleBook
from keyturn.application.sessions import Sessions
from keyturn.application.sights import Sights
from keyturn.application.stop import StopSwitch
from keyturn.bootstrap.inspecting import PooledArguments, PooledCalls, PooledFrames, PooledResults
from keyturn.bootstrap.reading_signs import frame_signs
from keyturn.broker.ends import LinkServices
from keyturn.broker.link import Link
from keyturn.broker.oauth_sign_in import SignIns
from keyturn.broker.server_environment import server_environment, server_folder
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.desktop import process_tree
from keyturn.desktop.clock import SystemClock
from keyturn.desktop.executables import ExecutableHashes, find_executable
from keyturn.domain.configuration import Limits, ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.launch import LaunchIdentity, remote_identity
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.inspection.carried_values import ArgumentValues
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.effort import IN_A_WORKER
from keyturn.inspection.input_check import QuickTextCheck
from keyturn.inspection.profiles.dispatch import masked_text
from keyturn.inspection.results import BoundedResultInspector
from keyturn.inspection.schema import JsonSchemaValidator
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from tests.factories import ENVIRONMENT_WORDS
from tests.fakes.commands import ReaderInPlace
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.ids import FakeIds
from tests.fakes.milestones import FakeMilestones
from tests.fakes.processes import FakeProcesses
from tests.fakes.secret_store import FakeSecretStore, search_of
from tests.fakes.stop_reviews import FakeStopReviews
from tests.fakes.stop_sentinel import FakeStopSentinel
from tests.fakes.stores import (
    FakeFlowStore,
    FakeRuleStore,
    FakeServerStore,
    FakeSettingStore,
    FakeSightStore,
)
from tests.integration.client_end import SECONDS, ClientEnd

RAW_SERVER = Path(__file__).parent / "servers" / "raw_server.py"


class NoMask:
    """Finds no secret."""

    def mask(self, text: str) -> str:
        """Return the text."""
        return text

    def mask_each(self, texts: Sequence[str]) -> list[str]:
        """Return the texts."""
        return list(texts)


class RealCommands(FakeProcesses):
    """Peers as a test wrote them, commands as this system finds them."""

    def launch_identity(
        self, argv: Sequence[str], env_names: Sequence[str], cwd: str, search: Mapping[str, str]
    ) -> LaunchIdentity:
        """Resolve for real."""
        return identity_of(argv, env_names, cwd, search)


class ScriptedApprover:
    """Answers each request as `decide` says; None leaves it waiting."""

    route = Route.EXEC
    present = True

    def __init__(self, approvals: Approvals) -> None:
        self.approvals = approvals
        self.seen: list[ApprovalRequest] = []
        self.withdrawn: list[tuple[str, WithdrawCause]] = []
        self.detached: list[str] = []
        self.decide: Callable[[ApprovalRequest], AnswerVerdict | None] = lambda _: None
        self.arrived = asyncio.Event()

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        """Remember it, and answer in the next step."""
        self.seen.append(request)
        self.arrived.set()
        verdict = self.decide(request)
        if verdict is not None:
            asyncio.get_running_loop().call_soon(self.answer, request, verdict)

    def answer(self, request: ApprovalRequest, verdict: AnswerVerdict) -> None:
        """Answer now."""
        self.approvals.answer(
            Answer(id=request.id, digest=request.digest, verdict=verdict, route=Route.EXEC)
        )

    async def asked(self, count: int = 1) -> list[ApprovalRequest]:
        """Return what was asked, once it is so many."""
        async with asyncio.timeout(SECONDS):
            while len(self.seen) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.seen

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        """Remember it."""
        self.detached.append(request_id)

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        """Remember it."""
        self.withdrawn.append((request_id, cause))

    def alert(self, text: str) -> None:
        """Ignore it."""

    def stopped(self, facts: StopFacts) -> None:
        """Ignore it."""


@dataclass
class World:
    """Use cases over memory, and the links made with them."""

    folder: Path
    limits: Limits = field(default_factory=Limits)
    posture_rules: tuple[Rule, ...] = ()
    workers: Workers | None = None
    """Read what is large; None to have it read on the loop."""
    mask: SecretMask = field(default_factory=NoMask)
    """Of what is recorded."""
    indexes: MemoryTraceIndexes = field(default_factory=MemoryTraceIndexes)
    links: list[Link] = field(default_factory=list[Link])
    server_log: list[bytes] = field(default_factory=list[bytes])
    known: KnownSecrets = field(default_factory=KnownSecrets)
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)
    given: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Servers and the secrets that they were given."""
    sign_ins: Callable[[], SignIns] | None = None
    """Of servers that want to know who asks."""
    told: list[Alert] = field(default_factory=list[Alert])
    """What a person was told of beside cards."""
    says: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the raw server says beside its tools, from its start on."""

    def __post_init__(self) -> None:
        """Wire the use cases as the composition root does."""
        clock, self.ids, observers = SystemClock(), FakeIds(), Observers()
        self.log = FakeDecisionLog()
        self.store = FakeServerStore()
        self.milestones = FakeMilestones()
        self.written = asyncio.Event()
        """A judged call was written to its server."""
        self.milestones.on(Milestone.WRITTEN, self.written.set)
        self.sentinel, self.processes = FakeStopSentinel(), RealCommands()
        recorder = Recorder(self.log, self.mask)
        self.approvals = Approvals(
            clock=clock, limits=self.limits, observers=observers, recorder=recorder
        )
        self.approver = ScriptedApprover(self.approvals)
        self.approvals.attach(self.approver)
        self.stop = StopSwitch(
            sentinel=self.sentinel,
            clock=clock,
            log=self.log,
            mask=NoMask(),
            reviews=FakeStopReviews(),
            approvals=self.approvals,
            observers=observers,
        )
        self.rules = self._rules(clock, observers)
        self.rules.use(self.posture_rules)
        self.agreements = Agreements(
            store=self.store, log=self.log, clock=clock, observers=observers
        )
        self.reviews = Reviews(
            agreements=self.agreements,
            approvals=self.approvals,
            clock=clock,
            ids=self.ids,
            observers=observers,
        )
        self.sights = self._sights(clock, observers)
        self.sessions = Sessions(self.ids, self.indexes)
        self.holds = self._holds(observers)
        inputs = self._inputs(clock, observers, recorder)
        self.services = LinkServices(
            gate=self._gate(clock, observers, recorder, inputs),
            inputs=inputs,
            notices=NoticeInspector(BoundedResultInspector(), self.controlling, recorder),
            agreements=self.agreements,
            sights=self.sights,
            reviews=self.reviews,
            approvals=self.approvals,
            holds=self.holds,
            stop=self.stop,
            rules=self.rules,
            recorder=recorder,
            sessions=self.sessions,
            processes=self.processes,
            ids=self.ids,
            clock=clock,
            observers=observers,
            limits=self.limits,
        )

    def use(self, workers: Workers) -> None:
        """Have what is large read by workers, on connections from now on."""
        self.workers = workers
        self.services = replace(self.services, large=PooledCalls(workers))

    async def control(
        self, line: bytes, order: ControlOrder, agent: str
    ) -> Controlled | NotInspected:
        """Control a large frame by the workers of now; in place where there are none."""
        if self.workers is not None:
            return await PooledResults(self.workers).control(line, order, agent)
        here = FrameControl(JsonSchemaValidator(), IN_A_WORKER, masked_text, frame_signs())
        return here.control(line, order) or NotInspected("it is too much for a worker")

    async def ask(
        self, job: bytes, payload: bytes | memoryview, read: Callable[[Parts], T], agent: str
    ) -> "T | NotInspected":
        """Have the workers of now do a job, for use cases that were wired before they came."""
        assert self.workers is not None
        return await self.workers.ask(job, payload, read, agent)

    def _rules(self, clock: SystemClock, observers: Observers) -> RuleBook:
        return RuleBook(
            store=FakeRuleStore(), log=self.log, mask=NoMask(), observers=observers, clock=clock
        )

    def _sights(self, clock: SystemClock, observers: Observers) -> Sights:
        return Sights(store=FakeSightStore(), log=self.log, clock=clock, observers=observers)

    def _holds(self, observers: Observers) -> HoldBudgets:
        self.settings = FakeSettingStore()
        return HoldBudgets(
            store=self.settings, log=self.log, observers=observers, limits=self.limits
        )

    def _inputs(self, clock: SystemClock, observers: Observers, recorder: Recorder) -> Inputs:
        self.flows = FlowLedger(store=FakeFlowStore(), carried=ArgumentValues(), clock=clock)
        here = FrameControl(JsonSchemaValidator(), mask_as=masked_text, signs=frame_signs())
        budgets, tools = ResultBudgets(clock, self.limits), ControlsOfTools(observers)
        self.controlling = Controlling(here, tools, self.flows, self, budgets=budgets)
        self.alerts = Alerts(clock)
        self.alerts.attach(self.told.append)
        return Inputs(
            stop=self.stop,
            rules=self.rules,
            known=self.known,
            approvals=self.approvals,
            recorder=recorder,
            log=self.log,
            clock=clock,
            ids=self.ids,
            observers=observers,
            alerts=self.alerts,
            limits=self.limits,
            check=QuickTextCheck(),
            controlling=self.controlling,
        )

    def _gate(
        self, clock: SystemClock, observers: Observers, recorder: Recorder, inputs: Inputs
    ) -> Gate:
        assessment = Assessment(
            stop=self.stop,
            agreements=self.agreements,
            sights=self.sights,
            rules=self.rules,
            known=self.known,
            validator=JsonSchemaValidator(),
            alerts=self.alerts,
            limits=self.limits,
            environments=Environments(words=ENVIRONMENT_WORDS, observers=observers),
            flows=self.flows,
            large=PooledArguments(self),
            commands=ReaderInPlace(),
            check=QuickTextCheck(),
            secrets=search_of(self.known),
        )
        return Gate(
            assessment=assessment,
            stop=self.stop,
            rules=self.rules,
            approvals=self.approvals,
            recorder=recorder,
            log=self.log,
            receiver=Receiver(
                inspector=BoundedResultInspector(),
                controlling=self.controlling,
                recorder=recorder,
                observers=observers,
                milestones=self.milestones,
                edits=ToldOfEdits(),
            ),
            within=AskedWithin(inputs, recorder, self.ids),
            holds=self.holds,
            late=LateCalls(
                assessment=assessment,
                stop=self.stop,
                recorder=recorder,
                observers=observers,
                clock=clock,
                limits=self.limits,
            ),
            clock=clock,
            ids=self.ids,
            observers=observers,
            milestones=self.milestones,
            limits=self.limits,
        )

    @property
    def means(self) -> ServerMeans:
        """What servers are started with."""
        large = None
        if self.workers is not None:
            most = self.limits.result_bytes
            large = PooledFrames(self.workers, key=self.indexes.key, result_bytes=most)
        return ServerMeans(
            tree=process_tree,
            processes=self.processes,
            secrets=RememberedSecrets(self.secrets, self.known),
            milestones=self.milestones,
            limits=self.limits,
            large=large,
            sign_ins=self.sign_ins,
            alert=self.alerts.happened,
            credential_used=lambda server, name: self.given.append((server, name)),
        )

    @property
    def seen(self) -> list[bytes]:
        """Lines that the raw server has read."""
        path = self.folder / "seen"
        return path.read_bytes().splitlines(keepends=True) if path.exists() else []

    def raw_server(self, **changes: Any) -> ServerConfig:
        """Configure the raw server, its tools T0 and its review accepted."""
        return raw_server(self.folder, self.says, **changes)

    def link(
        self,
        server: ServerConfig,
        peer: ObservedPeer | None = None,
        *,
        agent: str = "analyst",
        enrolled: bool = True,
    ) -> "Wire":
        """Open a connection of an agent, which is enrolled unless told otherwise."""
        peer = peer or ObservedPeer(process=None, parents=(), host=None)
        environment = server_environment(server, os.environ, {})
        session = self.sessions.join(agent, peer)
        connection = Connection(
            id=self.ids.new("n"),
            agent=agent,
            agent_enrolled=enrolled,
            server=server,
            session=session,
            peer=peer,
            launch=launch_of(server, environment),
            cwd=str(self.folder),
            opened_after=session.calls,
        )
        client = ClientEnd()
        link = Link(
            connection=connection,
            downstream=client,
            start=ServerStart(
                server=server,
                launch=connection.launch,
                environment=environment,
                agent=connection.shares_as,
            ),
            means=self.means,
            services=self.services,
            log_line=self.server_log.append,
            closed=lambda _link: None,
        )
        self.links.append(link)
        return Wire(link=link, client=client)

    async def close(self) -> None:
        """End every link and what the use cases still do."""
        async with asyncio.timeout(SECONDS):
            for link in self.links:
                await link.end()
            await self.holds.close()
            await self.reviews.close()


@dataclass
class Wire:
    """One connection as a test uses it."""

    link: Link
    client: ClientEnd

    def say(self, frame: dict[str, Any] | bytes) -> None:
        """Send one frame."""
        self.link.from_client(frame if isinstance(frame, bytes) else line_of(frame))

    async def ask(self, request_id: str | int, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self.say(request(request_id, method, params))
        return await self.client.answer_to(request_id)

    async def call(self, request_id: str | int, tool: str, text: str = "") -> dict[str, Any]:
        """Call a tool and wait for the answer."""
        params = {"name": tool, "arguments": {"text": text}}
        return await self.ask(request_id, "tools/call", params)

    async def raw(self, lines: bytes, request_id: str | int) -> dict[str, Any]:
        """Send bytes and wait for the answer to a request in them."""
        for line in lines.splitlines(keepends=True):
            self.say(line)
        return await self.client.answer_to(request_id)

    async def shake(self, version: str = "2025-11-25") -> None:
        """Do the handshake of the legacy era."""
        params = {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "tester", "version": "1"},
        }
        await self.ask("init", "initialize", params)
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})


def request(request_id: str | int, method: str, params: Any = None) -> dict[str, Any]:
    """Build a request."""
    frame: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id, "method": method}
    if params is not None:
        frame["params"] = params
    return frame


def line_of(frame: dict[str, Any]) -> bytes:
    """Encode a frame."""
    return json.dumps(frame, separators=(",", ":")).encode() + b"\n"


def raw_server(folder: Path, says: Mapping[str, Any] | None = None, **changes: Any) -> ServerConfig:
    """Configure the raw server, which `says` more than what its tools are."""
    more = (json.dumps(says),) if says else ()
    settings: dict[str, Any] = {
        "name": "raw",
        "command": (sys.executable, str(RAW_SERVER), str(folder / "seen"), *more),
        "review": ReviewMode.ACCEPT,
        "cwd_path": str(folder),
        "tools": (ToolSetting(pattern="*", tier=Tier.T0),),
    }
    return ServerConfig(**(settings | changes))


def launch_of(server: ServerConfig, environment: Mapping[str, str]) -> LaunchIdentity:
    """Resolve a server's command as the hub does."""
    if server.url:
        return remote_identity(server)
    folder = server_folder(server, "")
    return identity_of(server.command, server.env_names(), folder, environment)


def identity_of(
    argv: Sequence[str], env_names: Sequence[str], cwd: str, search: Mapping[str, str]
) -> LaunchIdentity:
    """Resolve a command as the broker's processes adapter does."""
    found = find_executable(argv[0], cwd, search)
    executable = os.path.realpath(found) if found else ""
    return LaunchIdentity(
        argv=tuple(argv),
        executable=executable,
        sha256=ExecutableHashes().sha256(executable) if executable else "",
        cwd=cwd,
        env=tuple(env_names),
    )


ALLOW_ALL = (Rule(id="r1", effect=Effect.ALLOW),)
