"""Owns which results are kept for a requester that left, how long and how many; it has no clock.

A result is given once, to an identical call: same agent, session, server, launch, tool, definition,
arguments and bound params, which is what a call's digest says (architecture.md law 2).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Actor, Delivery

_SECOND = 1_000_000_000
_ENTRY_BYTES = 16 * 1024
"""Counted for each result beside its bytes, so that there are a few thousand of them at most."""


class Kept(msgspec.Struct, kw_only=True, eq=False):
    """What came of one sent call, in a form that another call can be answered with."""

    digest: str
    call: str
    """Id of the call that was sent; the records of both are linked by it."""
    agent: str
    session: str
    actor: Actor
    """Who allowed the call that was sent."""
    read: bool
    """A confirmed read: sent again rather than answered with what a change has made untrue."""
    delivery: Delivery
    line: bytes = b""
    """The answer's frame, under another call's id; empty where none may be seen."""
    withheld: str = ""
    owed: bool = True
    """False when its requester got it, so that it is kept for nobody else."""
    given: bool = False
    until_ns: int = 0
    """Until when it is kept; set once, so that giving it back does not lengthen that."""

    @property
    def size(self) -> int:
        """About how much memory it takes."""
        return len(self.line) + len(self.withheld) + _ENTRY_BYTES


@dataclass(slots=True)
class LateBook:
    """The results that are kept, oldest first."""

    limits: Limits
    _kept: dict[str, Kept] = field(default_factory=dict[str, Kept])
    """By digest."""

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._kept)

    def keep(self, kept: Kept, now_ns: int) -> None:
        """Keep a result in place of an earlier one of the same call."""
        kept.until_ns = kept.until_ns or now_ns + int(self.limits.late_seconds * _SECOND)
        self._kept.pop(kept.digest, None)
        self._kept[kept.digest] = kept
        self.purge(now_ns)
        own = [one for one in self._kept.values() if one.agent == kept.agent]
        self._drop(_beyond(own, self.limits.late_bytes_per_agent))
        self._drop(_beyond(list(self._kept.values()), self.limits.late_bytes))

    def take(self, digest: str, now_ns: int) -> Kept | None:
        """Give a result away, once; None when there is none whose time has not passed."""
        kept = self._kept.pop(digest, None)
        return kept if kept is not None and now_ns < kept.until_ns else None

    def forget(self, kept: Kept) -> None:
        """Drop exactly this result, if it is kept."""
        if self._kept.get(kept.digest) is kept:
            del self._kept[kept.digest]

    def changed(self, session: str) -> None:
        """Drop what the session has read: it sent a call that may change things since."""
        self._drop(one for one in self._kept.values() if one.read and one.session == session)

    def purge(self, now_ns: int) -> None:
        """Drop what nobody came back for in time."""
        self._drop(one for one in self._kept.values() if one.until_ns <= now_ns)

    def clear(self) -> None:
        """Drop everything."""
        self._kept.clear()

    def _drop(self, kept: Iterable[Kept]) -> None:
        for one in tuple(kept):
            self.forget(one)


def _beyond(kept: list[Kept], most: int) -> list[Kept]:
    """Return the oldest results that have to go, so that the others take no more than `most`."""
    size = sum(one.size for one in kept)
    gone: list[Kept] = []
    for one in kept:
        if size <= most:
            break
        size -= one.size
        gone.append(one)
    return gone
