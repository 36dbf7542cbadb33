"""The state of things as a window shows it, gathered topic by topic from the use cases."""

from collections.abc import Callable
from datetime import UTC, datetime

from keyturn.application.access_review import AccessReview
from keyturn.application.agent_messages import FloodState
from keyturn.application.agreed_values import changed_values, shown_subject
from keyturn.application.agreements import Agreements, confirmed_of
from keyturn.application.connection import Connection
from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import (
    AgentState,
    CredentialState,
    HealthState,
    RuleState,
    ServerState,
    StopState,
    ToolState,
)
from keyturn.application.environments import Environments
from keyturn.application.events import Topic
from keyturn.application.floods import Floods
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.last_uses import LastUses
from keyturn.application.live import LiveConnections
from keyturn.application.log_watch import LogWatch
from keyturn.application.pin_messages import PinState
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.ports.sign_in_desk import SignInDesk, SignInState
from keyturn.application.ports.stores import Used
from keyturn.application.registry import Registry
from keyturn.application.result_budgets import ResultBudgets
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.rulebook import RuleBook
from keyturn.application.seals import Seals
from keyturn.application.sight_intents import profile_states, sight_state
from keyturn.application.sights import Sights
from keyturn.application.step_ups import StepUps, raised_state
from keyturn.application.stop import StopSwitch, StopView
from keyturn.domain.canonical import canonical
from keyturn.domain.configuration import KEYCHAIN_PREFIX, ServerConfig
from keyturn.domain.definition import Pin, ReviewState, review_state
from keyturn.domain.errors import SecretStoreUnavailable
from keyturn.domain.finding import Finding
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_to_data

ALL_TOPICS = frozenset(Topic)


class Overview:
    """Reads; changes nothing."""

    def __init__(
        self,
        *,
        stop: StopSwitch,
        rules: RuleBook,
        agreements: Agreements,
        registry: Registry,
        sights: Sights,
        uses: LastUses,
        live: LiveConnections,
        secrets: SecretStore,
        holds: HoldBudgets,
        sign_ins: SignInDesk,
        environments: Environments,
        controls: ControlsOfTools,
        seals: Seals | None = None,
        access: AccessReview | None = None,
    ) -> None:
        self._stop, self._rules = stop, rules
        self._agreements, self._registry = agreements, registry
        self._sights, self._uses, self._live = sights, uses, live
        self._secrets = secrets
        self._holds, self._sign_ins, self._environments = holds, sign_ins, environments
        self._seals, self._access = seals, access
        self._controls, self._history = controls, 0
        self.pin: Callable[[], PinState] | None = None
        """Set where there is a PIN to speak of."""
        self.step_ups: StepUps | None = None
        """Set where agents are raised."""
        self.budgets: ResultBudgets | None = None
        self.floods: Floods | None = None
        """Both set where it is counted what agents are given, and what they ask."""
        self.noticed_of: Callable[[ServerConfig], tuple[Finding, ...]] = lambda _server: ()
        self.log_watch: LogWatch | None = None
        """Set where it is watched that decisions can be recorded."""
        self.problem, self.notifies = "", True
        self.http_port = 0
        """Where agents may ask over HTTP; 0 while that is not known."""
        self.http_listens = False

    async def state(self, topics: frozenset[Topic]) -> StateChanged:
        """Gather the named topics; the keychain may make this slow, the rest is immediate."""
        if Topic.HISTORY in topics:
            self._history += 1
        health = await self._health() if Topic.HEALTH in topics else None
        credentials = await self._credentials() if Topic.CREDENTIALS in topics else None
        rules = Topic.RULES in topics
        return StateChanged(
            stop=self.stop_state() if Topic.STOP in topics else None,
            agents=self._agents() if Topic.AGENTS in topics else None,
            profiles=profile_states(self._sights) if Topic.AGENTS in topics else None,
            servers=self._servers() if Topic.SERVERS in topics else None,
            rules=self._rule_states() if rules else None,
            proposed_rules=self._rules.proposed.texts() if rules else None,
            hits=self._uses.counts(Used.RULE) if Topic.HISTORY in topics else None,
            posture=self._rules.posture.value if rules else None,
            reach=self._environments.reach if rules else None,
            credentials=credentials,
            settings=self._registry.settings if Topic.SETTINGS in topics else None,
            health=health,
            pin=self.pin() if self.pin and Topic.SETTINGS in topics else None,
            seals=self._seals.state()
            if self._seals is not None and Topic.SEALS in topics
            else None,
            access=self._access.states()
            if self._access is not None and Topic.ACCESS in topics
            else None,
            history=self._history if Topic.HISTORY in topics else None,
        )

    def stop_state(self) -> StopState:
        """Return the stop as the window shows it."""
        return _stop_state(self._stop.view())

    def rule(self, rule_id: str) -> Rule | None:
        """Return a rule that is in force; None for none of that id."""
        return next((rule for rule in self._rules.rules if rule.id == rule_id), None)

    def _agents(self) -> tuple[AgentState, ...]:
        connections = self._live.connections()
        enrolled = {agent.name: agent for agent in self._registry.agents}
        others = {c.agent for c in connections} | set(self._registry.proposed_agents)
        names = [*enrolled, *sorted(others - set(enrolled))]
        return tuple(
            self._agent(name, [c for c in connections if c.agent == name], name in enrolled)
            for name in names
        )

    def _agent(self, name: str, connections: list[Connection], enrolled: bool) -> AgentState:
        sessions = {c.session.id: c.session for c in connections}.values()
        lamps = Lamps.NONE
        for session in sessions:
            lamps |= session.lamps
        last = connections[-1] if connections else None
        host = last.peer.host if last is not None else None
        config = next((a for a in self._registry.agents if a.name == name), None)
        return AgentState(
            name=name,
            enrolled=enrolled,
            connections=len(connections),
            servers=tuple(sorted({c.server.name for c in connections})),
            calls=sum(session.calls for session in sessions),
            lamps=lamps.letters(),
            host_name=host.name if host is not None else "",
            host_executable=host.executable if host is not None else "",
            client=_client_of(last),
            enrolled_at=config.enrolled_at if config is not None else "",
            hold_ms=round(1000 * self._holds.of(name)),
            program_changed=any(c.program_changed for c in connections),
            hold_learned=self._holds.learned(name) is not None,
            http=config is not None and config.http,
            http_port=self.http_port,
            http_listens=self.http_listens,
            environment=config.environment if config is not None else "",
            raised=raised_state(self.step_ups, name),
            proposed_list=self._registry.proposed_agents.get(name),
            sight=sight_state(self._sights.of(name)),
            given=self._controls.of_agent(name),
            given_today=self.budgets.used_by(name) if self.budgets and enrolled else 0,
            flood=_flood(self.floods, name, connections, enrolled),
        )

    def _servers(self) -> tuple[ServerState, ...]:
        return tuple(self._server(server) for server in self._registry.servers)

    def _server(self, server: ServerConfig) -> ServerState:
        connections = [c for c in self._live.connections() if c.server.name == server.name]
        # Of a proposal nothing was agreed to, whatever had its name before.
        consent = self._agreements.latest_consent(server.name) if server.confirmed else None
        sign_in = self._sign_ins.state_of(server) if server.url else SignInState()
        return ServerState(
            name=server.name,
            command=server.command,
            url=server.url,
            transport=server.transport.value if server.url else "",
            headers=dict(server.headers),
            env=server.env_names(),
            environment=server.environment,
            proposed_environments=self._environments.proposed(server),
            credentials=tuple(dict.fromkeys(server.credential_names())),
            credential_environments=dict(server.credential_environments),
            env_values=dict(server.env),
            noticed=self.noticed_of(server),
            confirmed=server.confirmed,
            consented=consent is not None and not changed_values(server, consent.subject),
            running=self._live.running(server.name),
            tools=self._tools(server, connections),
            removal_proposed=server.name in self._registry.proposed_removals,
            launch=shown_subject(consent.subject) if consent is not None else "",
            agreed_at=consent.agreed_at if consent is not None else "",
            sign_in_at=sign_in.host,
            signing_in=sign_in.under_way,
            sign_in_failed=sign_in.failed,
            signed_in=sign_in.signed_in,
            signed_in_at=sign_in.at,
            signed_in_as=sign_in.client,
            signed_in_since=_moment(sign_in.since),
        )

    def _tools(self, server: ServerConfig, connections: list[Connection]) -> tuple[ToolState, ...]:
        """Join what is pinned with what live connections list; the newest connection wins.

        A tool that is listed stands by the pin of that connection's own launch identity.
        """
        pins: dict[str, Pin | None] = {
            p.definition.name: p for p in self._agreements.pins() if p.server == server.name
        }
        lists = {name: connection for connection in connections for name in connection.catalogue}
        pins |= {name: self._agreements.pin(c, name) for name, c in lists.items()}
        seen = {name: connection.catalogue[name] for name, connection in lists.items()}
        states: list[ToolState] = []
        for name in sorted(pins):
            pin, definition = pins.get(name), seen.get(name)
            tier, labels = confirmed_of(server, name, pin)
            state = review_state(pin, definition)
            same = state is ReviewState.PINNED
            states.append(
                ToolState(
                    name=name,
                    state=state.value,
                    tier=tier,
                    labels=labels.letters(),
                    pinned=pin.definition.text if pin is not None else "",
                    launch_hash=pin.launch_hash if pin is not None else "",
                    def_hash=pin.definition.def_hash if pin is not None else "",
                    seen=definition.text if definition is not None and not same else "",
                    pinned_at=pin.pinned_at if pin is not None else "",
                    two_persons=any(
                        p.two_persons for p in self._agreements.named(server.name, name)
                    ),
                    controls=self._controls.of(server.name, name),
                    used=() if self.budgets is None else self.budgets.used_today(server.name, name),
                )
            )
        return tuple(states)

    def _rule_states(self) -> tuple[RuleState, ...]:
        return tuple(
            RuleState(
                data=canonical(rule_to_data(rule)).decode(),
                hits=self._uses.of(Used.RULE, rule.id).count,
                last_hit=self._uses.of(Used.RULE, rule.id).last,
                life=self._rules.counts.life(rule).name.lower(),
                uses=self._rules.counts.uses(rule.id),
            )
            for rule in self._rules.rules
        )

    async def _credentials(self) -> tuple[CredentialState, ...]:
        states: list[CredentialState] = []
        for server in self._registry.servers:
            for name in dict.fromkeys(server.credential_names()):
                carried = {**server.env, **server.headers}
                variables = tuple(
                    key for key, value in carried.items() if value == KEYCHAIN_PREFIX + name
                )
                states.append(
                    CredentialState(
                        server=server.name,
                        name=name,
                        stored=await self._stored(server.name, name),
                        used_by=variables,
                        proposed=(server.name, name) in self._registry.proposed_credentials,
                    )
                )
        return tuple(states)

    async def _stored(self, server: str, name: str) -> bool:
        try:
            return await self._secrets.get(server, name) is not None
        except SecretStoreUnavailable:
            return False

    async def _health(self) -> HealthState:
        watch = self.log_watch
        fault = watch.fault if watch is not None else None
        return HealthState(
            keychain=await self._secrets.status(),
            recording=fault is None,
            fault=fault.value if fault is not None else "",
            fault_since=watch.since if watch is not None else "",
            problem=self.problem,
            notifies=self.notifies,
        )


def _stop_state(view: StopView) -> StopState:
    facts = view.facts
    return StopState(
        engaged=view.engaged,
        level=view.level,
        since_utc=facts.since_utc if facts is not None else "",
        found_utc=view.found_utc,
        trigger=facts.trigger if facts is not None else "",
        reason=facts.reason if facts is not None else "",
        refused_since=view.refused_since,
        cards_refused=view.cards_refused,
        careful=view.careful,
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else ""


def _client_of(last: Connection | None) -> str:
    """Return what the client of a connection says that it is."""
    if last is None:
        return ""
    return " ".join(filter(None, (last.claims.name, last.claims.version)))


def _flood(
    floods: Floods | None, name: str, connections: list[Connection], enrolled: bool
) -> FloodState | None:
    if floods is None:
        return None
    return floods.state(name, enrolled=enrolled, connections=connections)
