"""What every broker stands on: the profile, the log, the stores and the use cases over them."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyturn.application.agreements import Agreements
from keyturn.application.alerts import Alerts
from keyturn.application.approvals import Approvals
from keyturn.application.asked_within import AskedWithin
from keyturn.application.edit_told import ToldOfEdits
from keyturn.application.events import Observers
from keyturn.application.floods import Floods
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.gate import Assessment, Gate
from keyturn.application.grants import Grants
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.inputs import Inputs
from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.labelling import Labelling
from keyturn.application.last_uses import LastUses, counting
from keyturn.application.late_calls import LateCalls
from keyturn.application.log_watch import LogWatch
from keyturn.application.new_tasks import NewTasks
from keyturn.application.notices import NoticeInspector
from keyturn.application.noticing import Noticing
from keyturn.application.pauses import Pauses
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.milestones import Milestones
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.ports.stores import SettingStore, Used
from keyturn.application.receiving import Receiver
from keyturn.application.recording import Recorder
from keyturn.application.registry import Registry
from keyturn.application.rejudging import judge_waiting
from keyturn.application.reviews import Reviews
from keyturn.application.rulebook import RuleBook
from keyturn.application.sessions import Sessions
from keyturn.application.sights import Sights
from keyturn.application.stop import StopSwitch
from keyturn.bootstrap.checking_input import LateTextCheck
from keyturn.bootstrap.ground import Ground, lay_ground
from keyturn.bootstrap.inspecting import PooledArguments, PooledEdits
from keyturn.bootstrap.read_resources import definition_scrutiny, labelling_of
from keyturn.bootstrap.reading_commands import PooledCommands
from keyturn.desktop.paths import Profile, stop_path
from keyturn.desktop.stop_sentinel import FileStopSentinel
from keyturn.desktop.token_files import AgentTokenFiles
from keyturn.desktop.worker_pool import WorkerPool
from keyturn.domain.configuration import Limits
from keyturn.inspection.input_check import QuickTextCheck
from keyturn.inspection.results import BoundedResultInspector
from keyturn.inspection.schema import JsonSchemaValidator
from keyturn.storage.decision_log import SqliteDecisionLog
from keyturn.storage.pauses import standing_pauses
from keyturn.storage.sealing import SqliteSeals
from keyturn.storage.stop_reviews import SqliteStopReviews
from keyturn.storage.stores import (
    SqliteAgentStore,
    SqliteRuleStore,
    SqliteSightStore,
    SqliteUseStore,
)
from keyturn.storage.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """The use cases of one profile, wired; connections and an approver come on top."""

    profile: Profile
    made: bool
    """There was no database in the profile before this start."""
    env: Mapping[str, str]
    """As the broker was started with; cleaned of what could steer it."""
    clock: Clock
    ids: Ids
    observers: Observers
    alerts: Alerts
    limits: Limits
    writer: Writer
    log: SqliteDecisionLog
    log_watch: LogWatch
    tables: SqliteSeals
    """Closed until somebody gives them a key or leaves them open."""
    settings: SettingStore
    secrets: SecretStore
    known: KnownSecrets
    mask: SecretMask
    recorder: Recorder
    approvals: Approvals
    stop: StopSwitch
    rules: RuleBook
    agreements: Agreements
    sights: Sights
    uses: LastUses
    flows: FlowLedger
    reviews: Reviews
    registry: Registry
    labelling: Labelling
    sessions: Sessions
    new_tasks: NewTasks
    trace_key: bytes
    """Under which the trace indexes hash."""
    workers: WorkerPool
    gate: Gate
    inputs: Inputs
    notices: NoticeInspector
    holds: HoldBudgets
    floods: Floods
    milestones: Milestones

    async def close(self) -> None:
        """End what runs, writing what is waiting to be written."""
        await self.workers.close()
        await self.reviews.close()
        await self.holds.close()
        await self.sights.close()
        await self.uses.close()
        await self.flows.close()
        await self.log_watch.close()
        await self.writer.close()


async def lay_foundation(
    profile: Profile,
    env: Mapping[str, str],
    *,
    limits: Limits,
    secrets: SecretStore,
    milestones: Milestones,
) -> Foundation:
    """Open the profile and wire the use cases; raises KeyturnError when it cannot be used."""
    return _build(lay_ground(profile, env, limits=limits, secrets=secrets, milestones=milestones))


def _reviews(ground: Ground, agreements: Agreements, approvals: Approvals) -> Reviews:
    return Reviews(
        agreements=agreements,
        approvals=approvals,
        clock=ground.clock,
        ids=ground.ids,
        observers=ground.observers,
        noticing=Noticing(agreements, definition_scrutiny()),
    )


def _build(ground: Ground) -> Foundation:
    recorder = Recorder(ground.log, ground.mask)
    approvals = Approvals(
        clock=ground.clock, limits=ground.limits, observers=ground.observers, recorder=recorder
    )
    stop = _stop(ground, approvals)
    rules = _rules(ground, approvals, stop)
    agreements = Agreements(
        store=ground.servers, log=ground.log, clock=ground.clock, observers=ground.observers
    )
    sights = _sights(ground)
    registry = _registry(ground)
    labelling = labelling_of(registry, ground.observers)
    reviews = _reviews(ground, agreements, approvals)
    _end_grants(rules.grants, stop, reviews, registry)
    inputs = _inputs(ground, recorder, approvals, stop, rules)
    holds = _holds(ground)
    sessions = Sessions(ground.ids, ground.indexes)
    return Foundation(
        profile=ground.profile,
        made=ground.made,
        env=ground.env,
        clock=ground.clock,
        ids=ground.ids,
        observers=ground.observers,
        alerts=ground.alerts,
        limits=ground.limits,
        writer=ground.writer,
        log=ground.log,
        log_watch=ground.log_watch,
        tables=ground.tables,
        settings=ground.settings,
        secrets=ground.secrets,
        known=ground.known,
        mask=ground.mask,
        recorder=recorder,
        approvals=approvals,
        stop=stop,
        rules=rules,
        agreements=agreements,
        sights=sights,
        uses=_uses(ground, rules),
        flows=ground.flows,
        reviews=reviews,
        registry=registry,
        labelling=labelling,
        sessions=sessions,
        new_tasks=_new_tasks(ground, sessions, rules),
        trace_key=ground.indexes.key,
        workers=ground.workers,
        gate=_gate(
            ground, recorder, approvals, stop, rules, agreements, sights, inputs, holds, labelling
        ),
        inputs=inputs,
        notices=NoticeInspector(BoundedResultInspector(), ground.controlling, recorder),
        holds=holds,
        floods=_floods(ground, approvals, stop, registry),
        milestones=ground.milestones,
    )


def _holds(ground: Ground) -> HoldBudgets:
    return HoldBudgets(
        store=ground.settings, log=ground.log, observers=ground.observers, limits=ground.limits
    )


def _stop(ground: Ground, approvals: Approvals) -> StopSwitch:
    return StopSwitch(
        sentinel=FileStopSentinel(stop_path(ground.env)),
        clock=ground.clock,
        log=ground.log,
        mask=ground.mask,
        reviews=SqliteStopReviews(ground.profile.database),
        approvals=approvals,
        observers=ground.observers,
    )


def _floods(ground: Ground, approvals: Approvals, stop: StopSwitch, registry: Registry) -> Floods:
    pauses = Pauses(
        log=ground.log,
        clock=ground.clock,
        keep=registry.put_setting,
        agents=lambda: registry.agents,
    )
    pauses.restore(standing_pauses(ground.profile.database))
    floods = Floods(
        approvals=approvals,
        log=ground.log,
        clock=ground.clock,
        observers=ground.observers,
        pauses=pauses,
    )
    stop.paused = floods.is_paused
    return floods


def _new_tasks(ground: Ground, sessions: Sessions, rules: RuleBook) -> NewTasks:
    return NewTasks(sessions=sessions, rules=rules, log=ground.log, observers=ground.observers)


def _rules(ground: Ground, approvals: Approvals, stop: StopSwitch) -> RuleBook:
    rules = RuleBook(
        store=SqliteRuleStore(ground.tables),
        log=ground.log,
        mask=ground.mask,
        observers=ground.observers,
        clock=ground.clock,
    )
    rules.on_turn(lambda: judge_waiting(approvals, rules, suspended=stop.careful))
    return rules


def _end_grants(grants: Grants, stop: StopSwitch, reviews: Reviews, registry: Registry) -> None:
    """Let no remembered approval outlive what it rests on."""
    stop.on_engage(lambda _facts: grants.clear())
    reviews.on_drift(grants.end_server)
    reviews.agreements.on_change(lambda server, _launch: grants.end_server(server))
    registry.on_agent = grants.end_agent


def _uses(ground: Ground, rules: RuleBook) -> LastUses:
    uses = LastUses(store=SqliteUseStore(ground.writer), clock=ground.clock)
    rules.on_hit = counting(uses, Used.RULE)
    return uses


def _sights(ground: Ground) -> Sights:
    return Sights(
        store=SqliteSightStore(ground.tables),
        log=ground.log,
        clock=ground.clock,
        observers=ground.observers,
    )


def _registry(ground: Ground) -> Registry:
    registry = Registry(
        servers=ground.servers,
        agents=SqliteAgentStore(ground.tables),
        settings=ground.settings,
        secrets=ground.secrets,
        tokens=AgentTokenFiles(ground.profile),
        log=ground.log,
        mask=ground.mask,
        clock=ground.clock,
        observers=ground.observers,
    )
    ground.controlling.tools.attach(registry)
    return registry


def _inputs(
    ground: Ground, recorder: Recorder, approvals: Approvals, stop: StopSwitch, rules: RuleBook
) -> Inputs:
    return Inputs(
        stop=stop,
        rules=rules,
        known=ground.known,
        approvals=approvals,
        recorder=recorder,
        log=ground.log,
        clock=ground.clock,
        ids=ground.ids,
        observers=ground.observers,
        alerts=ground.alerts,
        limits=ground.limits,
        check=QuickTextCheck(),
        controlling=ground.controlling,
    )


def _gate(
    ground: Ground,
    recorder: Recorder,
    approvals: Approvals,
    stop: StopSwitch,
    rules: RuleBook,
    agreements: Agreements,
    sights: Sights,
    inputs: Inputs,
    holds: HoldBudgets,
    labelling: Labelling,
) -> Gate:
    assessment = Assessment(
        stop=stop,
        agreements=agreements,
        sights=sights,
        rules=rules,
        known=ground.known,
        validator=JsonSchemaValidator(),
        alerts=ground.alerts,
        limits=ground.limits,
        environments=labelling.environments,
        flows=ground.flows,
        large=PooledArguments(ground.workers),
        commands=PooledCommands(ground.workers),
        check=LateTextCheck(),
    )
    return Gate(
        assessment=assessment,
        stop=stop,
        rules=rules,
        approvals=approvals,
        recorder=recorder,
        log=ground.log,
        receiver=Receiver(
            inspector=BoundedResultInspector(ground.limits.result_bytes),
            controlling=ground.controlling,
            recorder=recorder,
            observers=ground.observers,
            milestones=ground.milestones,
            edits=ToldOfEdits(PooledEdits(ground.workers)),
        ),
        within=AskedWithin(inputs, recorder, ground.ids),
        late=LateCalls(
            assessment=assessment,
            stop=stop,
            recorder=recorder,
            observers=ground.observers,
            clock=ground.clock,
            limits=ground.limits,
        ),
        holds=holds,
        clock=ground.clock,
        ids=ground.ids,
        observers=ground.observers,
        milestones=ground.milestones,
        limits=ground.limits,
    )
