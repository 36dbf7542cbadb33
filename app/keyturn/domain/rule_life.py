"""How long a rule holds: its limits, its windows, and the moment that they are held against.

What loosens holds while it surely holds, what tightens holds while it may: so a clock that was set
back revives no rule that has ended, and opens no window before its time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

import msgspec

from keyturn.domain.errors import filled
from keyturn.domain.touches import ONE, Touches

_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})"
)


class Life(Enum):
    """Whether a rule holds now, and if not why."""

    ACTS = auto()
    ENDED = auto()
    """Its time is over."""
    SPENT = auto()
    """It allowed as many calls as it may in all."""
    OVER_RATE = auto()
    """It allowed as many calls as it may in a minute; it will allow more."""
    OUTSIDE = auto()
    """No window of it is open."""
    TOO_MANY = auto()
    """The call touches more at once than it may allow."""
    OVER_HOUR = auto()
    """With the call it would touch more within an hour than it may allow."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What the life of rules depends on, handed in by whoever judges."""

    now: str = ""
    """Wall time as `instant` writes it; empty where nobody knows it."""
    seen: str = ""
    """The latest wall time that was ever seen."""
    uses: Mapping[str, int] = {}
    """How often a rule allowed in all, by its id."""
    recent: Mapping[str, int] = {}
    """How often it did within the last minute."""
    touched: Mapping[str, int] = {}
    """How many things those calls touched that it allowed within the last hour."""

    @property
    def latest(self) -> str:
        """Return the time that has surely come."""
        return max(self.now, self.seen)


AT_NO_TIME = Moment()
"""Nobody knows the time: no limited rule allows, every window is open."""


AT_ANY_TIME = Moment(now="0001-01-01T00:00:00.000Z")
"""Before every end, with nothing used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLimits:
    """When a rule that allows stops doing so."""

    per_minute: int | None = None
    uses: int | None = None
    """How often it may allow in all."""
    until: str = ""
    """As `instant` writes it; empty for no end."""
    touches_per_call: int | None = None
    """How many things one call may touch that it allows."""
    touches_per_hour: int | None = None
    """How many all calls may that it allows."""

    @property
    def count_touches(self) -> bool:
        """Tell whether it has to be known how much a call touches."""
        return self.touches_per_call is not None or self.touches_per_hour is not None

    @property
    def are_set(self) -> bool:
        """Tell whether there is any limit."""
        return self != NO_LIMITS

    def may_allow_more_than(self, other: "RuleLimits") -> bool:
        """Tell whether any limit is wider than another rule's."""
        return (
            _is_wider(self.per_minute, other.per_minute)
            or _is_wider(self.uses, other.uses)
            or _is_wider(self.touches_per_call, other.touches_per_call)
            or _is_wider(self.touches_per_hour, other.touches_per_hour)
            or (bool(other.until) and (not self.until or self.until > other.until))
        )

    def life(self, rule_id: str, moment: Moment, touches: Touches | None = ONE) -> Life:
        """Say whether the rule still allows at a moment; None: nobody counted what is touched."""
        if not self.are_set:
            return Life.ACTS
        if not moment.now or (self.until and moment.latest >= self.until):
            return Life.ENDED
        if self.uses is not None and moment.uses.get(rule_id, 0) >= self.uses:
            return Life.SPENT
        if self.per_minute is not None and moment.recent.get(rule_id, 0) >= self.per_minute:
            return Life.OVER_RATE
        return self._life_by_touches(moment.touched.get(rule_id, 0), touches)

    def _life_by_touches(self, touched: int, touches: Touches | None) -> Life:
        per_call, per_hour = self.touches_per_call, self.touches_per_hour
        if per_call is not None and (touches is None or touches.over(per_call)):
            return Life.TOO_MANY
        if per_hour is not None and (touches is None or touches.over(per_hour - touched)):
            return Life.OVER_HOUR
        return Life.ACTS


def _is_wider(limit: int | None, other: int | None) -> bool:
    return other is not None and (limit is None or limit > other)


NO_LIMITS = RuleLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time within which a rule holds that denies or asks: a change freeze."""

    begins: str
    ends: str
    """The first instant at which it holds no more."""

    def may_be_open(self, moment: Moment) -> bool:
        """Tell whether it is open, as far as that can be known.

        With a clock that was set back nobody can say what time it is: all between is meant.
        """
        return not moment.now or (moment.now < self.ends and moment.latest >= self.begins)


def instant(text: str) -> str:
    """Read a time of RFC 3339; the one form that comes out compares as text.

    Raises ValueError for anything else, a time without its offset included.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError(filled("{text!r} is no time like 2026-12-24T18:00:00Z", text=text))
    try:
        read = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(filled("{text!r} is no time", text=text)) from None
    return written(read)


def written(moment: datetime) -> str:
    """Write an instant as the clock of Keyturn does."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def seconds_between(earlier: str, later: str) -> float:
    """Return how long it is from one instant to another; negative where they are the other way."""
    start, end = datetime.fromisoformat(earlier), datetime.fromisoformat(later)
    return (end - start).total_seconds()
