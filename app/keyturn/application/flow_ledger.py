"""Knows sensitive values again that any agent read, over sessions, agents and restarts.

What was found to be secret in a result is kept as a fingerprint under a key that is derived from
the one in the keychain. Without a keychain, and until its key is there, fingerprints are under a
key of this process and end with it: a value read meanwhile is linked until then only.

Nothing here allows anything; rows that are taken away take a warning away, no more.
"""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.inspection import CarriedValues
from keyturn.application.ports.stores import FlowStore
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import KeyturnError
from keyturn.domain.flow import (
    LONGEST,
    NO_FLOWS,
    SHORTEST,
    Flow,
    Flows,
    ReadIn,
    Reading,
    SensitiveValue,
    fingerprint,
    told_form,
)

_log = logging.getLogger(__name__)

MOST_KEPT = 50_000
"""Values; the ones that were read first are forgotten first."""
MOST_FLOWS = 20
"""That are told of one call."""


class _Book:
    """Fingerprints under one key."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.readings: OrderedDict[bytes, Reading] = OrderedDict()
        self.lengths: set[int] = set()
        """Of the values' told forms: most texts are told from all of them by theirs."""

    def add(self, known: bytes, length: int, reading: Reading) -> bool:
        """Keep a value's first reading; return whether it was new."""
        if known in self.readings:
            return False
        self.readings[known] = reading
        self.lengths.add(length)
        while len(self.readings) > MOST_KEPT:
            self.readings.popitem(last=False)
        return True

    def find(self, form: str) -> Reading | None:
        """Return where a value was read first."""
        if len(form) not in self.lengths:
            return None
        return self.readings.get(fingerprint(form, self.key))


class FlowLedger:
    """Learns from results, and tells of a call what it would carry on."""

    def __init__(self, *, store: FlowStore, carried: CarriedValues, clock: Clock) -> None:
        self._store = store
        self._carried = carried
        self._clock = clock
        self._passing = _Book(secrets.token_bytes(32))
        """Under a key of this process."""
        self._lasting: _Book | None = None
        """Under the key that the keychain gave."""
        self._tasks = TaskOwner()
        self._changing = asyncio.Lock()
        self.version = 0
        """Grows with each value that is new."""

    async def use_key(self, key: bytes) -> None:
        """Read what earlier brokers learnt under this key, and keep what is learnt from now on."""
        async with self._changing:
            if self._lasting is not None and self._lasting.key == key:
                return
            book = _Book(key)
            for known, length, reading in await self._store.readings():
                book.add(known, length, reading)
            self._lasting = book
            self.version += 1

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._tasks.settle(5.0)
        await self._tasks.close()

    def learn(self, values: Iterable[SensitiveValue], where: ReadIn) -> None:
        """Know what was found secret in a result from now on."""
        book = self._lasting or self._passing
        new: list[tuple[bytes, int, Reading]] = []
        for kind, value in values:
            form = told_form(value)
            if SHORTEST <= len(form) <= LONGEST:
                reading = _reading(kind, where, self._clock.now_utc())
                known = fingerprint(form, book.key)
                if book.add(known, len(form), reading):
                    new.append((known, len(form), reading))
        if new:
            self.version += 1
        if new and book is self._lasting:
            self._tasks.start(self._keep(new), "sensitive values")

    def flows(self, arguments: JsonObject, session: str) -> Flows:
        """Tell what of the arguments was read as a secret, by whomever and whenever."""
        books = [book for book in (self._passing, self._lasting) if book and book.readings]
        if not books:
            return NO_FLOWS
        lengths = frozenset[int]().union(*(book.lengths for book in books))
        carried = self._carried.read(arguments, lengths)
        found = [_flow(path, reading, session) for path, reading in _found(carried.values, books)]
        if not found and not carried.incomplete:
            return NO_FLOWS
        return Flows(
            found=tuple(found[:MOST_FLOWS]),
            incomplete=carried.incomplete or len(found) > MOST_FLOWS,
        )

    async def _keep(self, new: list[tuple[bytes, int, Reading]]) -> None:
        try:
            await self._store.keep(new, most=MOST_KEPT)
        except KeyturnError as error:
            # It is known until this broker ends; nothing is allowed by its being forgotten.
            _log.warning("sensitive values could not be kept count=%d error=%s", len(new), error)


def _found(
    values: Iterable[tuple[str, str]], books: Iterable[_Book]
) -> Iterator[tuple[str, Reading]]:
    """Yield each place where a value stands that is known, once a place and reading."""
    seen: set[tuple[str, Reading]] = set()
    for path, form in values:
        reading = next(filter(None, (book.find(form) for book in books)), None)
        if reading is not None and (path, reading) not in seen:
            seen.add((path, reading))
            yield path, reading


def _reading(kind: str, where: ReadIn, at: str) -> Reading:
    return Reading(
        kind=kind,
        server=where.server,
        tool=where.tool,
        agent=where.agent,
        session=where.session,
        result=where.result,
        at=at,
    )


def _flow(path: str, reading: Reading, session: str) -> Flow:
    return Flow(
        path=path,
        kind=reading.kind,
        server=reading.server,
        tool=reading.tool,
        agent=reading.agent,
        result=reading.result if reading.session == session else 0,
        at=reading.at,
    )
