"""A gate's world with what a person and the command line can have done to it."""

from keyturn.application.access_review import AccessReview
from keyturn.application.answer_levels import Clicks
from keyturn.application.approval_request import Answer, ApprovalRequest
from keyturn.application.connection import Connection
from keyturn.application.control import Control
from keyturn.application.events import Topic
from keyturn.application.floods import Floods
from keyturn.application.intents import Intents
from keyturn.application.labelling import Labelling
from keyturn.application.last_uses import LastUses, counting
from keyturn.application.new_tasks import NewTasks
from keyturn.application.overview import Overview
from keyturn.application.pauses import Pauses
from keyturn.application.pin_guard import PinGuard
from keyturn.application.ports.stores import Used
from keyturn.application.registry import Registry
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.review_guard import Covers, ReviewGuard
from keyturn.application.sessions import Sessions
from keyturn.application.typed_input import TypedInput
from keyturn.application.weakening import Weakening
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.pin import PinUse
from keyturn.domain.rule import Rule
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from tests.fakes.inspection import FakeInputCheck
from tests.fakes.processes import FakeProcesses
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.sign_in_desk import FakeSignInDesk
from tests.fakes.stores import FakeAgentStore, FakeServerStore, FakeUseStore
from tests.unit.application.gate_world import World


class FakeTokens:
    """Token files in memory; tokens count."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.made = 0

    def write(self, agent: str, token: str) -> None:
        self.files[agent] = token

    def remove(self, agent: str) -> None:
        self.files.pop(agent, None)

    def new_token(self) -> str:
        self.made += 1
        return f"token-{self.made}"


class FakeLive:
    """Connections that a test puts in; remembers what it was told to use and to review."""

    def __init__(self) -> None:
        self.open: list[Connection] = []
        self.servers: tuple[ServerConfig, ...] = ()
        self.agents: tuple[AgentConfig, ...] = ()
        self.reviewed: list[str] = []
        self.failing: ServerUnavailable | None = None

    def connections(self) -> tuple[Connection, ...]:
        return tuple(self.open)

    def running(self, server: str) -> int:
        return sum(1 for connection in self.open if connection.server.name == server)

    def use(self, servers: tuple[ServerConfig, ...], agents: tuple[AgentConfig, ...]) -> None:
        self.servers, self.agents = servers, agents

    async def review(self, server: str) -> None:
        if self.failing is not None:
            raise self.failing
        self.reviewed.append(server)


class ByCard(Clicks):
    """What answers take: of calls a click, of reviews what these loosen."""

    def __init__(self, guard: ReviewGuard) -> None:
        self._guard = guard

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what an answer to a review takes."""
        return self._guard.takes(request, answer)


class BrokerWorld(World):
    """Everything of one broker but its wires and its window."""

    def __init__(
        self,
        *rules: Rule,
        servers: tuple[ServerConfig, ...] = (),
        secrets: FakeSecretStore | None = None,
    ) -> None:
        super().__init__(*rules)
        self.live = FakeLive()
        self.pin_use = PinUse.NEVER
        """When the PIN is asked."""
        self.tokens = FakeTokens()
        self.secrets = secrets or FakeSecretStore()
        self.server_configs = FakeServerStore(*servers)
        self.agent_store = FakeAgentStore()
        self.use_store = FakeUseStore()
        self.uses = LastUses(store=self.use_store, clock=self.clock)
        self.rules.on_hit = counting(self.uses, Used.RULE)
        self.topics: list[Topic] = []
        self.sign_ins = FakeSignInDesk()
        self.raised = 0
        self.quits = 0
        self.registry = Registry(
            servers=self.server_configs,
            agents=self.agent_store,
            settings=self.setting_store,
            secrets=self.secrets,
            tokens=self.tokens,
            log=self.log,
            mask=self.mask,
            clock=self.clock,
            observers=self.observers,
        )
        self.registry.use(servers, ())
        self.registry.attach(self.live)
        self.observers.subscribe(self.topics.append)
        self.approvals.levels = ByCard(ReviewGuard(covers=self.covers, agreements=self.agreements))
        self.labelling = Labelling(registry=self.registry, environments=self.environments)
        self.sessions = Sessions(self.ids, MemoryTraceIndexes())
        self.processes = FakeProcesses()
        self.typed = self._make_typed()
        self.control = self._make_control()
        self.controls = ControlsOfTools(self.observers)
        self.controls.attach(self.registry)
        self.floods = self._make_floods()
        self.intents = self._make_intents()
        self.overview = Overview(
            stop=self.stop,
            rules=self.rules,
            agreements=self.agreements,
            registry=self.registry,
            sights=self.sights,
            uses=self.uses,
            live=self.live,
            secrets=self.secrets,
            holds=self.holds,
            sign_ins=self.sign_ins,
            environments=self.environments,
            controls=self.controls,
        )

    def _make_typed(self) -> TypedInput:
        return TypedInput(
            check=FakeInputCheck(),
            sessions=self.sessions,
            processes=self.processes,
            log=self.log,
            clock=self.clock,
        )

    def _make_control(self) -> Control:
        return Control(
            stop=self.stop,
            approvals=self.approvals,
            registry=self.registry,
            rules=self.rules,
            live=self.live,
            observers=self.observers,
            raise_window=self._raise,
            facts={"version": "1.2.3"},
            home="/srv/home",
            typed=self.typed,
        )

    def _make_floods(self) -> Floods:
        floods = Floods(
            approvals=self.approvals,
            log=self.log,
            clock=self.clock,
            observers=self.observers,
            pauses=self.make_pauses(),
        )
        self.stop.paused = floods.is_paused
        return floods

    def make_pauses(self) -> Pauses:
        """Make what keeps pauses, of which none was restored."""
        return Pauses(
            log=self.log,
            clock=self.clock,
            keep=self.registry.put_setting,
            agents=lambda: self.registry.agents,
        )

    def _make_intents(self, access: AccessReview | None = None) -> Intents:
        return Intents(
            stop=self.stop,
            rules=self.rules,
            agreements=self.agreements,
            reviews=self.reviews,
            registry=self.registry,
            sights=self.sights,
            approvals=self.approvals,
            live=self.live,
            sign_ins=self.sign_ins,
            labelling=self.labelling,
            access=access,
            controls=self.controls,
            observers=self.observers,
            home="/srv/home",
            quit_broker=self._quit,
            guard=self.make_guard(),
            new_tasks=NewTasks(
                sessions=self.sessions, rules=self.rules, log=self.log, observers=self.observers
            ),
            floods=self.floods,
            weakening=self.make_weakening(),
        )

    def make_weakening(self) -> Weakening:
        """Make what writes weakenings down, whatever takes the PIN."""
        return Weakening(
            guard=self.make_guard(lambda _tier: True),
            rules=self.rules,
            registry=self.registry,
            agreements=self.agreements,
            reach=lambda: self.environments.reach,
            pin_use=lambda: self.pin_use.value,
            log=self.log,
        )

    def make_guard(self, covers: Covers | None = None) -> PinGuard:
        """Make what says which intents take the PIN, by `pin_use` as it is then."""
        return PinGuard(
            covers=covers or self.covers,
            approvals=self.approvals,
            rules=self.rules,
            agreements=self.agreements,
            registry=self.registry,
            controls=self.controls,
        )

    def covers(self, tier: Tier) -> bool:
        """Tell whether calls of a tier take the PIN now."""
        return self.pin_use.covers(tier)

    def _raise(self) -> bool:
        self.raised += 1
        return True

    def _quit(self) -> None:
        self.quits += 1
