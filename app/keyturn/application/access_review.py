"""The access review: since when each thing stands, when a person last kept it, what is overdue.

What is new or was changed stands since then; what a person keeps, since they looked. Both are in a
sealed table, and where another program changed that, what it says no more counts as overdue.
"""

import asyncio
import logging
from collections.abc import Iterable

from keyturn.application.access_entries import AccessEntries, AccessEntry
from keyturn.application.access_messages import AccessIntent, AccessState, EndGrant
from keyturn.application.events import Observers, Topic
from keyturn.application.last_uses import LastUses
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.stores import LastUse, LookStore, Used
from keyturn.application.rulebook import RuleBook
from keyturn.application.tasks import TaskOwner
from keyturn.domain.access import AccessKey, AccessKind, Looked, is_overdue, long_ago
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, KeyturnError
from keyturn.domain.record import Entry, RecordType

_log = logging.getLogger(__name__)

_BRINGS_NEW = frozenset({Topic.RULES, Topic.AGENTS, Topic.SERVERS})
_NEVER = LastUse(count=0, last="")


class AccessReview:
    """Answers from `load` on; before that nothing is noted."""

    def __init__(
        self,
        *,
        entries: AccessEntries,
        store: LookStore,
        uses: LastUses,
        log: DecisionLog,
        clock: Clock,
        observers: Observers,
    ) -> None:
        self._entries = entries
        self._store = store
        self._uses = uses
        uses.on_kept = lambda: observers.changed(Topic.ACCESS)
        self._log = log
        self._clock = clock
        self._observers = observers
        self._looked: dict[AccessKey, Looked] = {}
        self._trusted = False
        """Whether all that stands is known: what another program changed is read as absent."""
        self._forgotten = False
        """What was known is gone: of what is not known now, nobody knows since when it stands."""
        self._loaded = False
        self._writing = asyncio.Lock()
        self._noting = False
        self._tasks = TaskOwner()
        self._unsubscribe = observers.subscribe(self._on_topic)

    async def load(self) -> None:
        """Read what counts of what was noted before."""
        async with self._writing:
            kept = await self._store.looks()
            self._looked = {(look.kind, look.name): look for look in kept.looks}
            self._forgotten = kept.forgotten
            self._loaded = True
        self._observers.changed(Topic.ACCESS)

    def trust(self, trusted: bool) -> None:
        """Note what is new, or nothing while somebody else may have changed what stands."""
        self._trusted = trusted
        self._note_soon()

    async def close(self) -> None:
        """Note nothing any more."""
        self._unsubscribe()
        await self._tasks.settle(1.0)
        await self._tasks.close()

    def states(self) -> tuple[AccessState, ...]:
        """Return everything that stands, as the window lists it."""
        by = long_ago(self._clock.now_utc())
        return tuple(self._state(entry, by) for entry in self._entries.all())

    def overdue(self) -> int:
        """Return how many things nobody looked at for too long."""
        by = long_ago(self._clock.now_utc())
        return sum(_is_overdue(entry, self._since(entry), by) for entry in self._entries.all())

    async def keep(self, kind: str, name: str, digest: str) -> None:
        """Write down that a person looked at something and lets it stand.

        Raises ConfigurationError where it is not what was on screen any more.
        """
        async with self._writing:
            entry = self._find(kind, name)
            if entry is None or entry.kind is AccessKind.GRANT or entry.digest != digest:
                raise ConfigurationError(
                    "It is not what was on screen any more, so nothing was written down.",
                    mend="Look at it as it is now.",
                )
            await self._log.commit(_kept(entry))
            await self._put((_look_at(entry, self._clock.now_utc(), kept=True),))
        self._observers.changed(Topic.ACCESS)

    # ---------------------------------------------------------------- inside

    def _find(self, kind: str, name: str) -> AccessEntry | None:
        found = (e for e in self._entries.all() if (e.kind.value, e.name) == (kind, name))
        return next(found, None)

    def _on_topic(self, topic: Topic) -> None:
        if topic in _BRINGS_NEW:
            self._note_soon()
            self._observers.changed(Topic.ACCESS)

    def _note_soon(self) -> None:
        if self._loaded and self._trusted and not self._noting:
            self._noting = True
            self._tasks.start(self._note(), "access review")

    async def _note(self) -> None:
        """Write down since when what is new stands; what cannot be written is tried again."""
        try:
            async with self._writing:
                self._noting = False
                new = tuple(self._new()) if self._trusted else ()
                if new or (self._forgotten and self._trusted):
                    await self._put(new)
        except KeyturnError as error:
            _log.warning("the access review could not be written cause=%s", error)
            return
        if new:
            self._observers.changed(Topic.ACCESS)

    def _new(self) -> Iterable[Looked]:
        now = "" if self._forgotten else self._clock.now_utc()
        for entry in self._entries.all():
            known = self._looked.get(entry.key)
            if entry.kind is AccessKind.GRANT or (known is not None and not known.at):
                continue
            if known is None:
                yield _look_at(entry, now)
            elif known.digest != entry.digest:
                yield _look_at(entry, self._clock.now_utc())

    async def _put(self, looks: tuple[Looked, ...]) -> None:
        standing = {entry.key for entry in self._entries.all()}
        gone = tuple(key for key in self._looked if key not in standing and self._trusted)
        await self._store.put_looks(looks, gone=gone)
        self._forgotten = False
        for key in gone:
            self._looked.pop(key, None)
        self._looked |= {(look.kind, look.name): look for look in looks}

    def _since(self, entry: AccessEntry) -> Looked | None:
        known = self._looked.get(entry.key)
        return known if known is not None and known.digest == entry.digest else None

    def _state(self, entry: AccessEntry, by: str) -> AccessState:
        since = self._since(entry)
        use = self._uses.of(*entry.used) if entry.used is not None else _NEVER
        is_rule = entry.kind in (AccessKind.RULE, AccessKind.GRANT)
        is_agent = entry.kind is AccessKind.AGENT
        return AccessState(
            kind=entry.kind.value,
            name=entry.name,
            digest="" if entry.kind is AccessKind.GRANT else entry.digest,
            agent=entry.agent,
            server=entry.server,
            environment=entry.environment,
            created=entry.created,
            since=since.at if since is not None else "",
            kept=since is not None and since.kept,
            overdue=_is_overdue(entry, since, by),
            uses=use.count,
            last_used=use.last,
            last_connected=self._uses.of(Used.TOKEN, entry.name).last if is_agent else "",
            http=entry.http,
            rows=entry.rows,
            rule=entry.text if is_rule else "",
            seconds_left=entry.seconds_left,
        )


async def carry_out_access(
    intent: AccessIntent, review: AccessReview | None, rules: RuleBook
) -> None:
    """Do what the person asked for; raises KeyturnError with a sentence when it cannot."""
    if isinstance(intent, EndGrant):
        if not await rules.end_grant(intent.id):
            raise ConfigurationError("It has ended already.")
    elif review is None:
        raise ConfigurationError("Nothing is reviewed here.")
    else:
        await review.keep(intent.kind, intent.name, intent.digest)


def _is_overdue(entry: AccessEntry, since: Looked | None, by: str) -> bool:
    kept_by_itself = entry.kind is AccessKind.GRANT
    return not kept_by_itself and is_overdue(since.at if since is not None else "", by)


def _look_at(entry: AccessEntry, at: str, *, kept: bool = False) -> Looked:
    return Looked(kind=entry.kind, name=entry.name, digest=entry.digest, at=at, kept=kept)


def _kept(entry: AccessEntry) -> Entry:
    return Entry(
        type=RecordType.ACCESS,
        outcome="kept",
        actor=Actor.HUMAN,
        agent=entry.agent if entry.kind in (AccessKind.AGENT, AccessKind.SIGHT) else "",
        server=entry.server if entry.kind is AccessKind.CREDENTIAL else "",
        details={"kind": entry.kind.value, "name": entry.name, "digest": entry.digest},
    )
