"""Owns what the queue's list says: waiting requests, what was just decided, counts by tier."""

from dataclasses import dataclass

from keyturn.domain.tier import Tier
from keyturn.presentation.marks import Icon, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """A word on the quiet line of a row, with an icon where one helps."""

    text: str
    icon: Icon | None = None
    role: Role = Role.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One waiting request, or a group of like ones."""

    request_id: str
    revision: int
    digest: str
    tier: Tier
    verb: str
    """What is wanted, as a phrase: "Dispatch 41 open orders"."""
    decisive: str
    notes: tuple[RowNote, ...]
    """Tier in words, agent, server, state."""
    age: str
    group_size: int = 1
    members: tuple[str, ...] = ()
    """Ids of all requests of the row, where it stands for several."""
    spoken: str = ""
    """The row as one sentence for a screen reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRow:
    """One of the last decisions, at the foot of the list."""

    icon: Icon
    role: Role
    text: str
    age: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """The numbers in the list's header."""

    waiting: int
    high_risk: int
    """T2 and T3."""
