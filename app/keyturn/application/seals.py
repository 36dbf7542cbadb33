"""Seals of what a person agreed to: their key, what another program changed, a person's answer.

The key and the number that each set had last are one entry of the keychain. What is not as it was
sealed is absent, so everything that rests on it asks; only a person at the window seals it again.
"""

import asyncio
import json
import logging
import secrets as random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

from keyturn.application.console_state import ChangedRow, ChangedTable, SealState
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.seals import SEALED_TABLES, SealedTables, TableChanged
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.application.rulebook import RuleBook
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.seal import KEY_BYTES, Finding

_log = logging.getLogger(__name__)

ENTRY = ("seals", "key")
"""Of the keychain, in a namespace that no server's credentials are in."""
START_SECONDS = 3.0
ROWS_SHOWN = 50
LONGEST_TEXT = 400
_TOPICS = (Topic.SEALS, Topic.RULES, Topic.SERVERS, Topic.AGENTS, Topic.SETTINGS, Topic.HEALTH)


class Sealing(StrEnum):
    """Whether the seals are there."""

    ON = "on"
    LOCKED = "locked"
    """There is a key, and the keychain does not give it: nothing that is sealed counts."""
    NONE = "none"
    """Never sealed, for want of a keychain: every row counts, whoever wrote it."""


class Seals:
    """Opens the sealed tables at the start, and carries out what a person wants of them."""

    def __init__(
        self,
        *,
        tables: SealedTables,
        keychain: SecretStore,
        log: DecisionLog,
        rules: RuleBook,
        observers: Observers,
        load: Callable[[], Awaitable[None]],
    ) -> None:
        """Own the seals of a profile; `load` reads the agreements that count into memory."""
        self._tables = tables
        self._keychain = keychain
        self._log = log
        self._rules = rules
        self._observers = observers
        self._load = load
        self._tasks = TaskOwner()
        self._sealing = Sealing.LOCKED
        self._key = b""
        self._changed: tuple[TableChanged, ...] = ()
        self._marked: dict[str, int] = {}
        self._marking = False

    async def start(self) -> None:
        """Take the key where the keychain gives it at once, and load what counts."""
        status = await self._status()
        if status != "ready" and not await self._tables.sealed():
            # Nothing was sealed yet, so only what needs a credential waits for the keychain.
            self._sealing = Sealing.NONE
            self._tables.leave_open()
        elif status == "ready":
            try:
                await self._take_key()
            except SecretStoreUnavailable as error:
                _log.warning("the key of the seals is not there cause=%s", error)
        await self._look()
        if self._changed:
            await self._log.commit(_found_entry(self._changed))
        if status == "locked":
            # It asks the person for the keychain's password, which may take hours.
            self._tasks.start(self._wait_for_key(), "key of the seals")

    async def unlock(self) -> None:
        """Ask the keychain again; raises SecretStoreUnavailable when it still does not give it."""
        if self._sealing is not Sealing.ON:
            await self._take_key()
            await self._look()

    async def settle(self, table: str, shown: str, *, accept: bool) -> None:
        """Seal a table as a person saw it, or without what they saw that was not sealed.

        Raises ConfigurationError when it is another one by now.
        """
        change = next((c for c in self._changed if (c.table, c.shown) == (table, shown)), None)
        if change is None:
            raise _changed_again()
        outcome = "accepted" if accept else "dropped"
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
        locked = self._sealing is Sealing.LOCKED
        return not locked and all(change.table != table for change in self._changed)

    def state(self) -> SealState:
        """Return what the window shows."""
        return SealState(
            state=self._sealing.value, changed=tuple(_shown(change) for change in self._changed)
        )

    def table_changed(self) -> None:
        """Take note that a set has another number; the keychain is told soon, off every path."""
        if not self._marking and self._key:
            self._marking = True
            self._tasks.start(self._mark(), "mark of the seals")

    async def close(self) -> None:
        """Leave the numbers of all sets in the keychain."""
        await self._tasks.close()
        if self._key and self._tables.numbers() != self._marked:
            await self._mark()

    async def _status(self) -> str:
        """Ask how the keychain is, for no longer than a start may take: agents wait for it."""
        try:
            async with asyncio.timeout(START_SECONDS):
                return await self._keychain.status()
        except TimeoutError:
            return "locked"

    async def _wait_for_key(self) -> None:
        try:
            await self.unlock()
        except SecretStoreUnavailable as error:
            _log.warning("the keychain stays locked cause=%s", error)

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

    async def _look(self) -> None:
        """Compare the tables with their seals, and load what counts."""
        self._changed = await self._tables.changed()
        await self._load()
        self._rules.distrusted = self._sealing is Sealing.LOCKED or any(
            change.table in {"rules", "settings"} for change in self._changed
        )
        for topic in _TOPICS:
            self._observers.changed(topic)

    async def _mark(self) -> None:
        self._marking = False
        numbers = self._tables.numbers()
        try:
            await self._keychain.put(*ENTRY, Secret(_text(self._key, numbers)))
        except SecretStoreUnavailable as error:
            # Until it takes one, an old copy of what was changed since would not be seen.
            _log.warning("the keychain does not take the seals' numbers cause=%s", error)
        else:
            self._marked = numbers


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
    return ChangedTable(
        table=change.table,
        whole=change.whole,
        shown=change.shown,
        rows=tuple(_row(finding) for finding in listed),
        more=len(change.findings) - len(listed),
    )


def _row(finding: Finding) -> ChangedRow:
    return ChangedRow(
        difference=finding.difference.value,
        key=b" / ".join(finding.key).decode(errors="replace")[:LONGEST_TEXT],
        text=finding.row[-1].decode(errors="replace")[:LONGEST_TEXT] if finding.row else "",
    )
