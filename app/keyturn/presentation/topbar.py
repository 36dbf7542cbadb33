"""Owns what the top bar and the rail say on every screen: state, counts, timed grants."""

from dataclasses import dataclass
from enum import Enum


class ProtectionState(Enum):
    """What the window says of the broker."""

    PROTECTING = "protecting"
    STOPPED = "stopped"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A number with its words: one of the two is set strong."""

    before: str = ""
    strong: str
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantStrip:
    """A timed grant that is running."""

    grant_id: str
    text: str
    left: str
    """Countdown, "11:42"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopBarView:
    """The top bar at one moment."""

    state: ProtectionState
    state_text: str
    problem: str = ""
    """What is wrong, in full, of `PROBLEM`."""
    check: str = ""
    """On a button that leads to where notifications are tried; empty where they are seen."""
    facts: tuple[Fact, ...] = ()
    grants: tuple[GrantStrip, ...] = ()
    waiting: int = 0
    """The number on the rail's Queue item."""
    stop_level: int = 0
    """How far the stop goes, a `StopLevel`; 0 while agents are not stopped."""
