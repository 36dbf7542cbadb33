"""Agreements: which commands and which tool definitions a person agreed to, and what follows.

A tool is listed and callable only while a person's pin covers exactly the definition that its
server lists now. Asking for agreements is the work of `reviews`.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from keyturn.application.agreed_values import agreed_compiled, agreed_subject, changed_values
from keyturn.application.approval_request import Answer
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.pin_set import PinSet
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.stores import Consent, ServerStore
from keyturn.application.review_entries import mark_entry, review_entry, tier_entry
from keyturn.domain.closure import NOT_AGREED, Closure, touched_between
from keyturn.domain.closure_change import ClosureChange, change_between, only_fetched
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.definition import Pin, ReviewState, ToolDefinition, review_state
from keyturn.domain.lamps import Lamps, lamps_from_letters, lamps_within
from keyturn.domain.tier import Tier

_STANDINGS_KEPT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PinShown:
    """Which pin a person looked at: one definition of one tool of one launch identity."""

    server: str
    launch_hash: str
    tool: str
    def_hash: str


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

    @property
    def two_persons(self) -> bool:
        """Tell whether its calls are allowed by two persons together only."""
        return self.pin is not None and self.pin.two_persons

    def reaches_beyond(self, shown: "Standing") -> bool:
        """Tell whether it takes more by now than what was decided about took."""
        more = self.two_persons and not shown.two_persons
        return more or not lamps_within(self.labels, shown.labels)

    @property
    def refused(self) -> Outcome | None:
        """Return the outcome of every call while the tool stands like this; None when callable."""
        match self.state:
            case ReviewState.PINNED:
                return None
            case ReviewState.UNREVIEWED:
                return Outcome.REFUSED_UNREVIEWED
            case ReviewState.CHANGED:
                return Outcome.BLOCKED_DEFINITION_CHANGED
            case ReviewState.HIDDEN:
                return Outcome.REFUSED_HIDDEN


class Agreements:
    """What a person agreed to of servers and tools."""

    def __init__(
        self, *, store: ServerStore, log: DecisionLog, clock: Clock, observers: Observers
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._observers = observers
        self._changing = asyncio.Lock()
        """Held while pins change: each change rests on the pin that the one before it left."""
        self._pins = PinSet()
        self._consents: dict[tuple[str, str], Consent] = {}
        self._listeners: list[Callable[[str, str], None]] = []
        self._standings: dict[tuple[str, str], tuple[ServerConfig, Standing]] = {}
        """By connection and tool, as last worked out; each call looks twice."""

    async def load(self, *, tiers: bool = True) -> None:
        """Read consents and pins of the profile; without `tiers` none that a pin has counts.

        Where the operator's FILE says how far tools reach, no row of an unsealed table may.
        """
        async with self._changing:
            pins = await self._store.pins()
            pins = pins if tiers else tuple(replace(pin, tier=None) for pin in pins)
            self._pins = PinSet(pins)
            self._consents = {(c.server, c.launch_hash): c for c in await self._store.consents()}
        for launched in {(pin.server, pin.launch_hash) for pin in pins}:
            self._tell(*launched)
        self._observers.changed(Topic.SERVERS)

    def on_change(self, listener: Callable[[str, str], None]) -> Callable[[], None]:
        """Call back with (server, launch hash) when its visible tools changed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def pins(self) -> tuple[Pin, ...]:
        """Return every pin of the profile."""
        return self._pins.all()

    def named(self, server: str, tool: str) -> tuple[Pin, ...]:
        """Return the pins of one tool, of whatever launch identity."""
        return self._pins.named(server, tool)

    def pin(self, connection: Connection, tool: str) -> Pin | None:
        """Return the pin of one tool of a connection's launch identity."""
        return self._pins.get(_key(connection, tool))

    def consented(self, connection: Connection) -> bool:
        """Tell whether a person agreed to start exactly this command, with exactly these values."""
        consent = self._consents.get(connection.launched)
        if consent is None or consent.closure_hash != connection.closure.closure_hash:
            return False
        return not changed_values(connection.server, consent.subject)

    def closure_changed(self, connection: Connection) -> bool:
        """Tell whether this command was agreed to while it loaded other files, or none.

        Whoever takes away what was kept of the files must not make them ones that nobody knew.
        """
        consent = self._consents.get(connection.launched)
        if consent is None:
            return False
        return consent.closure_hash != connection.closure.closure_hash

    async def change_of(self, connection: Connection) -> ClosureChange:
        """Return which files are others than those that were agreed to."""
        agreed = await self._store.agreed_closure(*connection.launched)
        return await asyncio.to_thread(change_between, agreed, connection.closure)

    def changed_values(self, connection: Connection) -> tuple[str, ...]:
        """Name the values that are others than those that a person agreed to of this command."""
        consent = self._consents.get(connection.launched)
        return () if consent is None else changed_values(connection.server, consent.subject)

    def removed(self, server: str) -> None:
        """Take it that a server is gone, and what was agreed to start with it."""
        self._consents = {key: one for key, one in self._consents.items() if key[0] != server}
        self._observers.changed(Topic.SERVERS)

    def latest_consent(self, server: str, launch_hash: str = "") -> Consent | None:
        """Return what was agreed to of a launch identity, else of the last of its server's."""
        exactly = self._consents.get((server, launch_hash))
        given = [consent for consent in self._consents.values() if consent.server == server]
        return exactly or max(given, key=lambda consent: consent.agreed_at, default=None)

    def standing(self, connection: Connection, tool: str) -> Standing:
        """Say where a tool stands on this connection, with its confirmed tier and labels."""
        definition = connection.catalogue.get(tool)
        pin = self._pins.get(_key(connection, tool))
        key = (connection.id, tool)
        known = self._standings.get(key)
        if known is not None:
            server, standing = known
            same = standing.definition is definition and standing.pin is pin
            if same and server is connection.server:
                return standing
        standing = _standing(connection, tool, definition, pin)
        if len(self._standings) >= _STANDINGS_KEPT:
            self._standings.clear()
        self._standings[key] = (connection.server, standing)
        return standing

    async def agree(self, connection: Connection, actor: Actor, answer: Answer | None) -> None:
        """Record and remember that a server's command may be started."""
        await self._consent(connection, "command_agreed", actor, answer)

    def reads_compiled(self, connection: Connection, compiled: str) -> bool:
        """Tell whether a server may read the compiled files there are, being those agreed to."""
        consent = self._consents.get(connection.launched)
        same = consent is not None and agreed_compiled(consent.subject) == compiled
        known = compiled != NOT_AGREED
        connection.reads_compiled = known and same and compiled == connection.closure.compiled
        return connection.reads_compiled

    async def loaded(self, connection: Connection, found: Closure) -> bool:
        """Take over what a start has fetched; False when anything else changed meanwhile.

        A file that was another one for a while may have been loaded, though it is as it was again.
        """
        agreed = connection.closure
        of_compiled = agreed.compiled, agreed.compiled_stamps
        if connection.reads_compiled and (found.compiled, found.compiled_stamps) != of_compiled:
            return False
        if found.closure_hash == agreed.closure_hash:
            return not await asyncio.to_thread(touched_between, agreed, found)
        if not await asyncio.to_thread(only_fetched, agreed, found):
            return False
        await self.learn(connection, found)
        return True

    async def learn(self, connection: Connection, closure: Closure) -> None:
        """Take over what a command that a person agreed to has put on disk by its own start.

        From now on that is what is agreed to: another one is asked about. What was compiled
        meanwhile was so by nobody knows whom.
        """
        connection.closure = replace(closure, compiled=closure.compiled and NOT_AGREED)
        await self._consent(connection, "closure_seen", Actor.KEYTURN, None)

    async def _consent(
        self, connection: Connection, what: str, actor: Actor, answer: Answer | None
    ) -> None:
        launch, closure = connection.launch, connection.closure
        await self._log.commit(
            review_entry(connection, what, actor, None, answer, launch.launch_hash)
        )
        consent = Consent(
            server=connection.server.name,
            launch_hash=launch.launch_hash,
            subject=agreed_subject(launch, connection.server, closure),
            agreed_at=self._clock.now_utc(),
            closure_hash=closure.closure_hash,
        )
        await self._store.put_consent(consent, closure)
        self._consents[(consent.server, consent.launch_hash)] = consent
        self._observers.changed(Topic.SERVERS)

    async def refuse(
        self,
        connection: Connection,
        tool: ToolDefinition | None,
        answer: Answer | None,
        digest: str,
    ) -> None:
        """Record that a person did not agree, or, with no answer, that nobody was asked further.

        Silence is not a denial: a review that was withdrawn is not written down as a person's.
        """
        what, actor = ("withdrawn", Actor.KEYTURN) if answer is None else ("refused", Actor.HUMAN)
        await self._log.commit(review_entry(connection, what, actor, tool, answer, digest))

    async def pin_all(
        self,
        connection: Connection,
        tools: Iterable[ToolDefinition],
        actor: Actor,
        answer: Answer | None,
    ) -> None:
        """Record and remember a person's agreement to definitions, and tell the listeners."""
        async with self._changing:
            await self._pin(connection, tuple(tools), actor, answer)
        self._tell(*connection.launched)

    async def _pin(
        self,
        connection: Connection,
        tools: tuple[ToolDefinition, ...],
        actor: Actor,
        answer: Answer | None,
    ) -> None:
        given, server = _labels_of(answer), connection.server.name
        pins = [
            Pin(
                server=server,
                launch_hash=connection.launch.launch_hash,
                definition=tool,
                tier=answer.tier if answer is not None else None,
                labels=self.standing(connection, tool.name).labels if given is None else given,
                pinned_at=self._clock.now_utc(),
                hidden=answer is not None and answer.hide,
                two_persons=any(p.two_persons for p in self.named(server, tool.name)),
            )
            for tool in tools
        ]
        # One by one, a server of many tools would keep its first caller waiting for the disk.
        said = (connection, "pinned", actor)
        await self._log.commit_all([review_entry(*said, t, answer, t.def_hash) for t in tools])
        await self._keep(pins)

    async def set_tier(
        self, shown: PinShown, tier: Tier | None, labels: Lamps, *, hidden: bool | None = None
    ) -> bool:
        """Change what a person confirmed of exactly the pin that they were shown.

        `hidden` removes it from agents or shows it to them again; None leaves that as it is.
        False when there is no such pin any more; nothing has changed then.
        """
        async with self._changing:
            pin = self._pins.get((shown.server, shown.launch_hash, shown.tool))
            if pin is None or pin.definition.def_hash != shown.def_hash:
                return False
            changed = replace(
                pin, tier=tier, labels=labels, hidden=pin.hidden if hidden is None else hidden
            )
            await self._log.commit(tier_entry(changed))
            await self._keep([changed])
        if hidden is not None:
            self._tell(shown.server, shown.launch_hash)
        return True

    async def mark_two(self, server: str, tool: str, *, on: bool) -> bool:
        """Let a tool take two persons, or one again; False when no pin has that name."""
        async with self._changing:
            if pins := self.named(server, tool):
                await self._log.commit(mark_entry(pins, on=on))
                await self._keep([replace(pin, two_persons=on) for pin in pins])
            return bool(pins)

    def _tell(self, server: str, launch_hash: str) -> None:
        for listener in tuple(self._listeners):
            listener(server, launch_hash)

    async def _keep(self, pins: list[Pin]) -> None:
        await self._store.put_pins(pins)
        self._pins.put(pins)
        self._observers.changed(Topic.SERVERS)


def _labels_of(answer: Answer | None) -> Lamps | None:
    """Return the labels that a review gave; None for none, and for what are no labels."""
    if answer is None or answer.labels is None:
        return None
    try:
        return lamps_from_letters(answer.labels)
    except KeyError:
        return None


def confirmed_of(server: ServerConfig, tool: str, pin: Pin | None) -> tuple[Tier | None, Lamps]:
    """Return a tool's confirmed tier and its labels: FILE's tier first, labels from both."""
    setting = server.tool_setting(tool)
    tier = setting.tier if setting is not None else None
    labels = setting.labels if setting is not None else Lamps.NONE
    if pin is not None:
        tier = pin.tier if tier is None else tier
        labels |= pin.labels
    return tier, labels


def _standing(
    connection: Connection, tool: str, definition: ToolDefinition | None, pin: Pin | None
) -> Standing:
    tier, labels = confirmed_of(connection.server, tool, pin)
    state = ReviewState.UNREVIEWED if definition is None else review_state(pin, definition)
    return Standing(state=state, definition=definition, pin=pin, tier=tier, labels=labels)


def _key(connection: Connection, tool: str) -> tuple[str, str, str]:
    return (*connection.launched, tool)
