"""Reviews: a server's command before it starts, each tool at first sight, each tool that changed.

A tool is listed and callable only while a person's pin covers exactly the definition that its
server lists now; everything else is refused, never asked about as a call.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keyturn.application.approval_request import (
    Answer,
    ApprovalRequest,
    AskedBy,
    RequestKind,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.configuration import ReviewMode
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.stores import Consent, ServerStore
from keyturn.application.provenance import asked_by
from keyturn.application.tasks import TaskOwner
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.definition import (
    Pin,
    ReviewState,
    ToolDefinition,
    proposed_tier,
    review_state,
)
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier

_PinKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one tool stands for one connection."""

    state: ReviewState
    definition: ToolDefinition | None
    """As listed on this connection; None when the server does not list such a tool."""
    pin: Pin | None
    tier: Tier | None
    """Confirmed by a person: the operator's FILE, or a review in the window."""
    labels: Lamps


class Reviews:
    """What a person agreed to of servers and tools."""

    def __init__(
        self,
        *,
        store: ServerStore,
        log: DecisionLog,
        approvals: Approvals,
        clock: Clock,
        ids: Ids,
        observers: Observers,
    ) -> None:
        self._store = store
        self._log = log
        self._approvals = approvals
        self._clock = clock
        self._ids = ids
        self._observers = observers
        self._tasks = TaskOwner()
        self._pins: dict[_PinKey, Pin] = {}
        self._consents: set[tuple[str, str]] = set()
        self._open: dict[tuple[str, str, str, str], asyncio.Task[None]] = {}
        self._refused: set[tuple[str, str, str, str]] = set()
        self._listeners: list[Callable[[str, str], None]] = []

    async def load(self) -> None:
        """Read consents and pins of the profile."""
        for pin in await self._store.pins():
            self._pins[(pin.server, pin.launch_hash, pin.definition.name)] = pin
        self._consents = {(c.server, c.launch_hash) for c in await self._store.consents()}

    async def close(self) -> None:
        """End what waits for answers; nothing is pinned by that."""
        await self._tasks.close()

    def on_change(self, listener: Callable[[str, str], None]) -> Callable[[], None]:
        """Call back with (server, launch hash) when its visible tools changed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def pins(self) -> tuple[Pin, ...]:
        """Return every pin of the profile."""
        return tuple(self._pins.values())

    def consented(self, connection: Connection) -> bool:
        """Tell whether a person agreed to start exactly this command."""
        return (connection.server.name, connection.launch.launch_hash) in self._consents

    def consented_server(self, server: str) -> bool:
        """Tell whether some launch identity of the server was agreed to."""
        return any(name == server for name, _launch in self._consents)

    async def consent(self, connection: Connection, seconds: float) -> bool:
        """Get a person's agreement to a server's command, waiting at most so long.

        The request stays in the queue when time runs out, for the next connection.
        """
        if self.consented(connection):
            return True
        if connection.server.review is ReviewMode.ACCEPT:
            await self._agree(connection, Actor.KEYTURN, None)
            return True
        task = self._ask_once(
            connection, RequestKind.COMMAND, "", connection.launch.subject(), None
        )
        if task is not None:
            await asyncio.wait([task], timeout=seconds)
        return self.consented(connection)

    def ask_again(self, server: str) -> None:
        """Forget what was refused of a server, so that its next sight is asked about again."""
        self._refused = {key for key in self._refused if key[0] != server}

    async def listed(self, connection: Connection, tools: Iterable[ToolDefinition]) -> None:
        """Take over what a server lists now: pin, ask about or block each tool."""
        connection.catalogue = {tool.name: tool for tool in tools}
        accepted: list[ToolDefinition] = []
        for tool in connection.catalogue.values():
            pin = self._pins.get(_key(connection, tool.name))
            match review_state(pin, tool):
                case ReviewState.UNREVIEWED if connection.server.review is ReviewMode.ACCEPT:
                    accepted.append(tool)
                case ReviewState.UNREVIEWED:
                    self._ask_definition(connection, tool)
                case ReviewState.CHANGED:
                    self._block_changed(connection, tool, pin)
                case ReviewState.PINNED | ReviewState.HIDDEN:
                    pass
        if accepted:
            await self._pin_all(connection, accepted, Actor.KEYTURN, None)
        self._observers.changed(Topic.SERVERS)

    async def settle(self, connection: Connection, seconds: float) -> None:
        """Wait until no review of this server is open, at most so long."""
        prefix = (connection.server.name, connection.launch.launch_hash)
        tasks = [task for key, task in self._open.items() if key[:2] == prefix]
        if tasks and self._approvals.somebody_answers:
            await asyncio.wait(tasks, timeout=seconds)

    def standing(self, connection: Connection, tool: str) -> Standing:
        """Say where a tool stands on this connection, with its confirmed tier and labels."""
        definition = connection.catalogue.get(tool)
        pin = self._pins.get(_key(connection, tool))
        setting = connection.server.tool_setting(tool)
        tier = setting.tier if setting is not None else None
        labels = setting.labels if setting is not None else Lamps.NONE
        if pin is not None:
            tier = pin.tier if tier is None else tier
            labels |= pin.labels
        state = ReviewState.UNREVIEWED if definition is None else review_state(pin, definition)
        return Standing(state=state, definition=definition, pin=pin, tier=tier, labels=labels)

    async def set_tier(self, server: str, tool: str, tier: Tier | None, labels: Lamps) -> None:
        """Change what a person confirmed of a pinned tool; only the window calls this."""
        changed = [
            Pin(
                server=pin.server,
                launch_hash=pin.launch_hash,
                definition=pin.definition,
                tier=tier,
                labels=labels,
                pinned_at=pin.pinned_at,
                hidden=pin.hidden,
            )
            for pin in self._pins.values()
            if pin.server == server and pin.definition.name == tool
        ]
        await self._store_pins(changed, Actor.HUMAN, "tier")

    def _ask_definition(self, connection: Connection, tool: ToolDefinition) -> None:
        proposed = proposed_tier(tool)
        subject: JsonObject = {
            **tool.body,
            "proposed_tier": proposed.name if proposed is not None else None,
            "labels": list(self.standing(connection, tool.name).labels.letters()),
        }
        self._ask_once(connection, RequestKind.DEFINITION, tool.name, subject, tool)

    def _block_changed(self, connection: Connection, tool: ToolDefinition, pin: Pin | None) -> None:
        server = connection.server.name
        self._approvals.refuse(
            lambda r: r.kind is RequestKind.CALL and (r.server, r.tool) == (server, tool.name),
            Outcome.BLOCKED_DEFINITION_CHANGED,
            WithdrawCause.DRIFT,
        )
        before: JsonObject = pin.definition.body if pin is not None else {}
        self._ask_once(
            connection,
            RequestKind.CHANGE,
            tool.name,
            {"before": before, "after": tool.body},
            tool,
        )

    def _ask_once(
        self,
        connection: Connection,
        kind: RequestKind,
        name: str,
        subject: JsonObject,
        tool: ToolDefinition | None,
    ) -> "asyncio.Task[None] | None":
        """Ask about one subject once, however many connections would ask for it.

        None when nobody answers, or when a person refused this very subject before.
        """
        digest = digest_of(canonical(subject))
        key = (connection.server.name, connection.launch.launch_hash, name, digest)
        running = self._open.get(key)
        if running is None:
            if key in self._refused or not self._approvals.somebody_answers:
                return None
            self._withdraw_older(key, kind)
            request = self._request(connection, kind, name, subject)
            running = self._tasks.start(
                self._follow(connection, request, tool, key),
                f"review {connection.server.name} {name or 'command'}",
            )
            self._open[key] = running
            running.add_done_callback(lambda _task: self._open.pop(key, None))
        return running

    def _withdraw_older(self, key: tuple[str, str, str, str], kind: RequestKind) -> None:
        """A tool that changed again while its review waits is asked about as it is now."""
        self._approvals.refuse(
            lambda r: (
                r.kind is kind
                and (r.server, r.tool or "") == (key[0], key[2])
                and r.digest != key[3]
            ),
            Outcome.BLOCKED_DEFINITION_CHANGED,
            WithdrawCause.DRIFT,
        )

    def _request(
        self, connection: Connection, kind: RequestKind, name: str, subject: JsonObject
    ) -> ApprovalRequest:
        text = canonical(subject)
        pin = self._pins.get(_key(connection, name))
        tool = connection.catalogue.get(name)
        return ApprovalRequest(
            id=self._ids.new("v"),
            kind=kind,
            agent=connection.agent,
            session=connection.session.id,
            server=connection.server.name,
            tool=name or None,
            arguments=text.decode(),
            digest=digest_of(text),
            tier=Tier.T2,
            because=f"review_{kind.value}",
            definition=canonical(tool.body).decode() if tool is not None else "",
            asked_by=asked_by(connection) if kind is RequestKind.COMMAND else AskedBy(),
            credentials=connection.server.credential_names(),
            environment=connection.server.environment,
            pinned_at=pin.pinned_at if pin is not None else "",
            created_utc=self._clock.now_utc(),
            proposed_tier=pin.tier if pin is not None else None,
        )

    async def _follow(
        self,
        connection: Connection,
        request: ApprovalRequest,
        tool: ToolDefinition | None,
        key: tuple[str, str, str, str],
    ) -> None:
        resolution = await self._approvals.ask(request, hold_seconds=None)
        answer = resolution.answer
        if resolution.state is State.APPROVED and answer is not None:
            if tool is None:
                await self._agree(connection, Actor.HUMAN, answer)
            else:
                await self._pin_all(connection, [tool], Actor.HUMAN, answer)
            return
        if answer is not None and answer.hide and tool is not None:
            await self._pin_all(connection, [tool], Actor.HUMAN, answer)
            return
        if resolution.state is State.DENIED:
            self._refused.add(key)
        await self._log.commit(
            _review_entry(connection, "refused", Actor.HUMAN, tool, answer, request.digest)
        )

    async def _agree(self, connection: Connection, actor: Actor, answer: Answer | None) -> None:
        launch = connection.launch
        await self._log.commit(
            _review_entry(connection, "command_agreed", actor, None, answer, launch.launch_hash)
        )
        await self._store.put_consent(
            Consent(
                server=connection.server.name,
                launch_hash=launch.launch_hash,
                subject=canonical(launch.subject()).decode(),
                agreed_at=self._clock.now_utc(),
            )
        )
        self._consents.add((connection.server.name, launch.launch_hash))
        self._observers.changed(Topic.SERVERS)

    async def _pin_all(
        self,
        connection: Connection,
        tools: Iterable[ToolDefinition],
        actor: Actor,
        answer: Answer | None,
    ) -> None:
        pins = [
            Pin(
                server=connection.server.name,
                launch_hash=connection.launch.launch_hash,
                definition=tool,
                tier=answer.tier if answer is not None else None,
                labels=self.standing(connection, tool.name).labels,
                pinned_at=self._clock.now_utc(),
                hidden=answer is not None and answer.hide,
            )
            for tool in tools
        ]
        for tool in tools:
            await self._log.commit(
                _review_entry(connection, "pinned", actor, tool, answer, tool.def_hash)
            )
        await self._store_pins(pins, actor, "")
        for listener in tuple(self._listeners):
            listener(connection.server.name, connection.launch.launch_hash)

    async def _store_pins(self, pins: list[Pin], actor: Actor, what: str) -> None:
        if what:
            for pin in pins:
                await self._log.commit(
                    Entry(
                        type=RecordType.REVIEW,
                        server=pin.server,
                        tool=pin.definition.name,
                        def_hash=pin.definition.def_hash,
                        outcome=what,
                        actor=actor,
                        tier=pin.tier.name if pin.tier is not None else "T3",
                        details={"labels": pin.labels.letters()},
                    )
                )
        await self._store.put_pins(pins)
        for pin in pins:
            self._pins[(pin.server, pin.launch_hash, pin.definition.name)] = pin
        self._observers.changed(Topic.SERVERS)


def _key(connection: Connection, tool: str) -> _PinKey:
    return (connection.server.name, connection.launch.launch_hash, tool)


def _review_entry(
    connection: Connection,
    what: str,
    actor: Actor,
    tool: ToolDefinition | None,
    answer: Answer | None,
    digest: str,
) -> Entry:
    details: JsonObject = {"launch_hash": connection.launch.launch_hash}
    if answer is not None:
        details["route"] = answer.route.value
        details["hidden"] = answer.hide
    tier = answer.tier.name if answer is not None and answer.tier is not None else ""
    return Entry(
        type=RecordType.REVIEW,
        agent=connection.agent,
        session=connection.session.id,
        server=connection.server.name,
        tool=tool.name if tool is not None else "",
        def_hash=tool.def_hash if tool is not None else "",
        call_digest=digest,
        outcome=what,
        actor=actor,
        tier=tier,
        prompt_hash=answer.prompt_hash if answer is not None else "",
        shown_ms=answer.shown_ms if answer is not None else 0,
        details=details,
    )
