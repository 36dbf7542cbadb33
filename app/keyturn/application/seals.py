"""Seals of what a person agreed to: their key, what another program changed, a person's answer.

The key and the number that each set had last are one entry of the keychain. What is not as it was
sealed is absent, so everything that rests on it asks; only a person at the window seals it again.
"""

import asyncio
import json
import logging
import secrets as random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from keyturn.application.console_state import ChangedRow, ChangedTable, SealState
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.seals import (
    DECIDING,
    SEALED_TABLES,
    SealedTables,
    TableChanged,
)
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.application.rulebook import RuleBook
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.seal import KEY_BYTES, Columns, Finding

_log = logging.getLogger(__name__)

ENTRY = ("seals", "key")
"""Of the keychain, in a namespace that no server's credentials are in."""
START_SECONDS = 3.0
AGAIN_SECONDS = 10.0
"""Between two looks at a keychain that was locked, or did not take what it was given."""
_OFTEN = frozenset({"rule_uses"})
ROWS_SHOWN = 50
_LOOKS = 3
"""How often what changes under the reading is read again."""
LONGEST_TEXT = 4000
_UNREADABLE = frozenset({"closures"})
"""Tables whose last column is for no reader; it is not shown, and they are not sealed as found."""
_TOPICS = (Topic.SEALS, Topic.RULES, Topic.SERVERS, Topic.AGENTS, Topic.SETTINGS, Topic.HEALTH)


class Sealing(StrEnum):
    """Whether the seals are there."""

    ON = "on"
    LOCKED = "locked"
    """There is a key, and the keychain does not give it: nothing that is sealed counts."""
    NONE = "none"
    """No keychain, and no trace of a seal: every row counts, whoever wrote it."""


class Seals:
    """Opens the sealed tables at the start, and carries out what a person wants of them."""

    def __init__(
        self,
        *,
        tables: SealedTables,
        keychain: SecretStore,
        log: DecisionLog,
        clock: Clock,
        rules: RuleBook,
        observers: Observers,
        load: Callable[[], Awaitable[None]],
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        """Own the seals of a profile; `load` reads the agreements that count into memory.

        `looked` is called after each look, when it is known which tables hold.
        """
        self._tables = tables
        self._keychain = keychain
        self._log = log
        self._clock = clock
        self._rules = rules
        self._observers = observers
        self._load = load
        self._looked = looked
        self._tasks = TaskOwner()
        self._sealing = Sealing.LOCKED
        self._key = b""
        self._changed: tuple[TableChanged, ...] = ()
        self._unsure = frozenset(SEALED_TABLES)
        self._opening = asyncio.Lock()
        """One at a time: two that found no key would each make one."""
        self._marked: dict[str, int] = {}
        self._marking = asyncio.Lock()
        self._unmarked = False
        self._timers: dict[str, Timer] = {}

    async def start(self) -> None:
        """Take the key where the keychain gives it at once, and load what counts."""
        status = await self._status()
        if status != "ready" and await self._may_stay_open(status):
            self._sealing = Sealing.NONE
            self._tables.leave_open()
        elif status == "ready":
            try:
                await self._take_key()
            except SecretStoreUnavailable as error:
                _log.warning("the key of the seals is not there cause=%s", error)
        await self._look()
        if status == "locked":
            # It asks the person for the keychain's password.
            self._tasks.start(self._try_to_unlock(), "key of the seals")
        elif self._sealing is Sealing.LOCKED:
            self._later("key", self._look_for_key)

    async def unlock(self) -> None:
        """Ask the keychain again; raises SecretStoreUnavailable when it still does not give it."""
        async with self._opening:
            if self._sealing is not Sealing.ON:
                await self._take_key()
                await self._look()
        if self._unmarked:
            await self._mark()
        if self._unmarked:
            raise SecretStoreUnavailable(
                "The keychain did not take note of your last change.", mend="Unlock it."
            )

    async def settle(self, table: str, shown: str, *, accept: bool) -> None:
        """Seal a table as a person saw it, or without what they saw that was not sealed.

        Raises ConfigurationError when it is another one by now.
        """
        change = next((c for c in self._changed if (c.table, c.shown) == (table, shown)), None)
        if change is None:
            raise _changed_again()
        if accept and not _shown(change).whole_shown:
            raise ConfigurationError(
                "Not all of it can be shown, so it is not sealed as it is.",
                mend="Leave it out, then agree to it where Keyturn asks.",
            )
        outcome = "accepted" if accept else "dropped"
        async with self._opening:
            await self._log.commit(_entry(outcome, Actor.HUMAN, (change,)))
            done = await self._tables.settle(table, shown, accept=accept)
            await self._look()
        if not done:
            raise _changed_again()

    @property
    def sealing(self) -> Sealing:
        """Return whether the seals are there."""
        return self._sealing

    def holds(self, table: str) -> bool:
        """Tell whether a table is as it was sealed, as far as anybody can say."""
        return self._sealing is not Sealing.LOCKED and table not in self._unsure

    def state(self) -> SealState:
        """Return what the window shows."""
        return SealState(
            state=self._sealing.value,
            changed=tuple(_shown(change) for change in self._changed),
            unmarked=self._unmarked,
        )

    def table_changed(self) -> None:
        """Take note that a set has another number; the keychain is told soon, off every path.

        Of uses, which a call may change, it is told in a while: it may write a file each time.
        """
        if not self._key or self._marking.locked():
            return
        numbers = self._tables.numbers()
        if {name for name in numbers if numbers[name] != self._marked.get(name)} <= _OFTEN:
            self._later("mark", self._mark)
        else:
            self._tasks.start(self._mark(), "mark of the seals")

    async def close(self) -> None:
        """Leave the numbers of all sets in the keychain."""
        for timer in self._timers.values():
            timer.cancel()
        await self._tasks.close()
        if self._key:
            await self._mark()

    async def _status(self) -> str:
        """Ask how the keychain is, for no longer than a start may take: agents wait for it."""
        try:
            async with asyncio.timeout(START_SECONDS):
                return await self._keychain.status()
        except TimeoutError:
            return "locked"

    async def _may_stay_open(self, status: str) -> bool:
        """Tell whether rows may count that no seal vouches for.

        The database alone cannot show that it was never sealed: who can write it takes the traces
        away, and any program may lock a keychain. So behind a locked one nothing that stood in the
        file counts; only a system without any keeps what it has, as long as no trace says else.
        """
        if await self._tables.sealed():
            return False
        return status == "missing" or not await self._tables.filled()

    async def _try_to_unlock(self) -> None:
        try:
            await self.unlock()
        except SecretStoreUnavailable as error:
            _log.warning("the keychain stays locked cause=%s", error)
            self._later("key", self._look_for_key)

    async def _look_for_key(self) -> None:
        """See whether the keychain was opened meanwhile; nobody is asked for its password."""
        if self._sealing is Sealing.ON:
            return
        if await self._status() == "ready":
            await self._try_to_unlock()
        else:
            self._later("key", self._look_for_key)

    def _later(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something after a while, once, however often it is asked for meanwhile."""
        if name in self._timers:
            return

        def begin() -> None:
            del self._timers[name]
            self._tasks.start(work(), f"{name} of the seals")

        when = self._clock.monotonic_ns() + round(AGAIN_SECONDS * 1e9)
        self._timers[name] = self._clock.call_at(when, begin)

    async def _take_key(self) -> None:
        """Take the key from the keychain, or make it; the first seals all that is there."""
        kept = await self._keychain.get(*ENTRY)
        entry = _read(kept.value) if kept is not None else None
        if entry is None:
            # Rows that a key sealed which is gone have to be looked at, not sealed again unseen.
            new = not await self._tables.sealed()
            entry = (random.token_bytes(KEY_BYTES), {} if new else dict.fromkeys(SEALED_TABLES, 0))
            await self._keychain.put(*ENTRY, Secret(_text(*entry)))
        key, numbers = entry
        self._tables.use(key, numbers)
        self._key = key
        # All of them at first; later those of a newer version, which no key has sealed yet.
        unsealed = [name for name in SEALED_TABLES if name not in numbers]
        if unsealed:
            await self._log.commit(_sealed_entry(unsealed))
            await self._tables.seal_all(unsealed)
            await self._mark()
        else:
            self._marked = numbers
        self._sealing = Sealing.ON

    def derived_key(self, purpose: bytes) -> bytes | None:
        """Return a key for something else than seals; None while there is no key of theirs."""
        if self._sealing is not Sealing.ON:
            return None
        return blake2b(purpose, key=self._key, digest_size=KEY_BYTES).digest()

    async def _look(self) -> None:
        """Load what counts, and compare the tables with their seals.

        Until both is done nothing allows. The very read that the rules come from says whether it
        left any out: between two reads a row can be taken away and put back.
        """
        self._rules.distrusted = True
        changed: tuple[TableChanged, ...] = ()
        doubted = frozenset[str]()
        for _ in range(_LOOKS):
            self._tables.doubted()
            await self._load()
            changed = await self._tables.changed()
            doubted = self._tables.doubted()
            if doubted <= {change.table for change in changed}:
                break
            _log.warning("sealed tables changed while they were read tables=%s", sorted(doubted))
        await self._take_note(changed)
        self._unsure = doubted | {change.table for change in changed}
        self._rules.distrusted = self._sealing is Sealing.LOCKED or bool(self._unsure & DECIDING)
        self._looked()
        for topic in _TOPICS:
            self._observers.changed(topic)

    async def _take_note(self, changed: tuple[TableChanged, ...]) -> None:
        """Record what was found changed, once for each finding, whenever it was found."""
        known = {(change.table, change.shown) for change in self._changed}
        self._changed = changed
        new = tuple(change for change in changed if (change.table, change.shown) not in known)
        if new:
            await self._log.commit(_found_entry(new))

    async def _mark(self) -> None:
        """Tell the keychain the numbers, one put after the other, until it has the newest."""
        before = self._unmarked
        async with self._marking:
            try:
                while (numbers := self._tables.numbers()) != self._marked:
                    await self._keychain.put(*ENTRY, Secret(_text(self._key, numbers)))
                    self._marked = numbers
                self._unmarked = False
            except SecretStoreUnavailable as error:
                # Until it takes them, an old copy of what was changed since would not be seen.
                _log.warning("the keychain does not take the seals' numbers cause=%s", error)
                self._unmarked = True
                self._later("mark", self._mark)
        if self._unmarked is not before:
            self._observers.changed(Topic.SEALS)


def _changed_again() -> ConfigurationError:
    return ConfigurationError(
        "It is not what was on screen any more, so nothing was sealed.",
        mend="Look at it as it is now.",
    )


def read_entry(text: str) -> tuple[bytes, dict[str, int]] | None:
    """Read the keychain's entry, for who only looks; None for what is none."""
    return _read(text)


def _text(key: bytes, numbers: Mapping[str, int]) -> str:
    return json.dumps({"key": key.hex(), "numbers": dict(numbers)}, sort_keys=True)


def _read(text: str) -> tuple[bytes, dict[str, int]] | None:
    parsed = parse_strict(text)
    value = parsed.value if isinstance(parsed, Parsed) else None
    match value:
        case {"key": str(key), "numbers": dict(numbers)}:
            whole = {name: n for name, n in numbers.items() if type(n) is int}
        case _:
            return None
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        return None
    return (raw, whole) if len(raw) == KEY_BYTES else None


def _sealed_entry(tables: Sequence[str]) -> Entry:
    return Entry(
        type=RecordType.SEAL,
        outcome="sealed",
        actor=Actor.KEYTURN,
        details={"tables": [*tables]},
    )


def _found_entry(changed: tuple[TableChanged, ...]) -> Entry:
    return _entry("found_changed", Actor.KEYTURN, changed)


def _entry(outcome: str, actor: Actor, changed: tuple[TableChanged, ...]) -> Entry:
    return Entry(
        type=RecordType.SEAL,
        outcome=outcome,
        actor=actor,
        details={
            "tables": [
                {"table": c.table, "whole": c.whole, "rows": len(c.findings), "shown": c.shown}
                for c in changed
            ]
        },
    )


def _shown(change: TableChanged) -> ChangedTable:
    listed = change.findings[:ROWS_SHOWN]
    rows = tuple(_row(finding) for finding in listed)
    more = len(change.findings) - len(listed)
    return ChangedTable(
        table=change.table,
        whole=change.whole,
        shown=change.shown,
        rows=rows,
        more=more,
        whole_shown=not more and not any(row.cut for row in rows),
    )


def _row(finding: Finding) -> ChangedRow:
    """Show a row whole, or as much as can be read; what is too long is cut before it is decoded."""
    unreadable = finding.table in _UNREADABLE and bool(finding.row)
    columns = finding.row[len(finding.key) : -1 if unreadable else None]
    key, key_cut = _text_of(finding.key)
    text, text_cut = _text_of(columns)
    return ChangedRow(
        difference=finding.difference.value,
        key=key,
        text=text,
        cut=unreadable or key_cut or text_cut,
    )


def _text_of(columns: Columns) -> tuple[str, bool]:
    parts = [column[: 4 * LONGEST_TEXT] for column in columns]
    text = b" / ".join(parts).decode(errors="replace")
    cut = len(text) > LONGEST_TEXT or any(len(column) > 4 * LONGEST_TEXT for column in columns)
    return text[:LONGEST_TEXT], cut
