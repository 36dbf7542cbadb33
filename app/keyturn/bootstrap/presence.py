"""What asks for a person's presence beside a click: the PIN, the second person, and step-up."""

from msgspec import structs

from keyturn.application.alerts import Alert, AlertKind
from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.call_levels import CallLevels
from keyturn.application.connection import Connection
from keyturn.application.events import Topic
from keyturn.application.pin_messages import PinState
from keyturn.application.pins import Pins
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.presence_checks import PresenceChecks
from keyturn.application.rejudging import judge_waiting
from keyturn.application.review_guard import ReviewGuard
from keyturn.application.seals import Seals
from keyturn.application.second_person import SecondPerson
from keyturn.application.seen_changes import SeenEnvironments, environment_seen, program_seen
from keyturn.application.step_ups import StepUps
from keyturn.application.tasks import TaskOwner
from keyturn.bootstrap.foundation import Foundation
from keyturn.desktop.polkit import PolkitAuthority, installing
from keyturn.desktop.resources import find_resources
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.presence import Readiness
from keyturn.storage.stores import SqliteStepUpStore

_INSTALLED_BY_ROOT = frozenset({Readiness.NO_ACTION, Readiness.NOT_OWNER})
_REVIEWS = frozenset({RequestKind.COMMAND, RequestKind.DEFINITION, RequestKind.CHANGE})


class Presence:
    """All of it, wired to a foundation."""

    def __init__(self, base: Foundation, keychain: SecretStore) -> None:
        self._base = base
        self.pins = Pins(
            keychain=keychain,
            settings=base.settings,
            log=base.log,
            clock=base.clock,
            observers=base.observers,
        )
        self.second = SecondPerson(
            pins=self.pins,
            keychain=keychain,
            log=base.log,
            clock=base.clock,
            observers=base.observers,
        )
        self.step_ups = StepUps(
            store=SqliteStepUpStore(base.tables),
            log=base.log,
            clock=base.clock,
            observers=base.observers,
        )
        self.checks = PresenceChecks(
            authority=PolkitAuthority(start=TaskOwner().start),
            approvals=base.approvals,
            observers=base.observers,
            pins=self.pins,
        )
        self.environments = SeenEnvironments()
        self.levels = CallLevels(pins=self.pins, second=self.second, step_ups=self.step_ups)
        self._connect()

    async def load(self, seals: Seals) -> None:
        """Read what is kept of it, once it is known which tables hold."""
        await self.pins.load(seals.sealing)
        await self.second.load(seals.sealing)
        await self.step_ups.load()

    def looked(self, seals: Seals) -> None:
        """Go by what was read, as far as it is as it was sealed."""
        self.step_ups.trust(seals.holds("step_ups"))

    async def close(self) -> None:
        """Keep what is to be kept."""
        await self.checks.close()
        await self.step_ups.close()

    def state(self) -> PinState:
        """Return what the window shows of PINs and of the system's dialog."""
        ready = self.checks.ready
        mends = installing(find_resources()) if ready in _INSTALLED_BY_ROOT else ""
        said = "" if ready is None else ready.value
        return structs.replace(self.second.state(), ready=said, mends=mends)

    def on_program(self, connection: Connection) -> None:
        """Take note of an agent that runs in another program."""
        host = connection.peer.host
        executable = host.executable if host is not None else ""
        seen = program_seen(connection.agent, executable, connection.program_sha256)
        self.step_ups.note(seen)

    def _connect(self) -> None:
        base = self._base
        base.approvals.levels = self.levels
        guard = ReviewGuard(covers=self.levels.covers, agreements=base.agreements)
        self.levels.reviews = guard.takes
        base.approvals.somebody_second = lambda: bool(self.second.name)
        base.rules.raised = self.step_ups.is_raised
        base.reviews.seen.tell = self.step_ups.note
        base.observers.subscribe(self._on_topic)
        base.approvals.asked.add(self._on_request)
        self.step_ups.on_raise = self._on_raise
        self.step_ups.on_lower = self._on_lower
        self.step_ups.unanswered = self._unanswered

    def _on_request(self, request: ApprovalRequest) -> None:
        if request.two_persons and not self.second.name:
            self._base.alerts.happened(Alert(AlertKind.NO_SECOND_PERSON, request.server))

    def _on_topic(self, topic: Topic) -> None:
        if topic is not Topic.SERVERS:
            return
        for server in self.environments.changed(self._base.registry.servers):
            self._on_environment(server)

    def _on_environment(self, server: ServerConfig) -> None:
        for agent in self._base.registry.agents:
            self.step_ups.note(environment_seen(agent.name, server))

    def _on_raise(self, agent: str) -> None:
        """End what was remembered of it: it was allowed before anything changed."""
        base = self._base
        if agent:
            base.rules.grants.end_agent(agent)
        else:
            base.rules.grants.clear()
        base.approvals.grants.clear()
        base.rules.disturbed()

    def _on_lower(self) -> None:
        base = self._base
        base.rules.disturbed()
        judge_waiting(base.approvals, base.rules, suspended=base.stop.careful)

    def _unanswered(self, agent: str, server: str) -> bool:
        def is_of_it(request: ApprovalRequest) -> bool:
            if request.kind is RequestKind.AGENT:
                return request.agent == agent
            return request.kind in _REVIEWS and request.server == server

        return any(is_of_it(waiting.request) for waiting in self._base.approvals.waiting())
