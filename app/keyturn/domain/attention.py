"""Owns the figures on how a person decides: what counts, over which time, and when it is a warning.

Every figure is made from the calls that were put before a person in a period, which is the week
that the window shows: today and the six days before. They are told to that person alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median_low
from typing import Final, NamedTuple

from keyturn.domain.decision import Outcome
from keyturn.domain.tier import Tier

AFTER_ARMING: Final = "after_arming_ms"
"""In a decision's details: milliseconds from the end of the arming time to the press.

Null where the press, a denial, came before that; absent where nothing was armed, as at a terminal.
"""
PRACTICE: Final = "practice"
"""In a decision's details: true of a practice call, which no figure counts."""
ALLOWED: Final = frozenset(
    {Outcome.ALLOWED_ONCE, Outcome.ALLOWED_MODIFIED, Outcome.ALLOWED_RETRY_GRANT}
)
"""How a person's approval is recorded, where its record names the way that it came."""
DENIED: Final = frozenset({Outcome.DENIED_USER})
UNANSWERED: Final = frozenset({Outcome.EXPIRED_NO_ANSWER, Outcome.CANCELLED_BY_CLIENT})
"""How a question ends that nobody answered."""
QUICK_MS: Final = 1_000
"""A decision before this much has passed since the arming time ran out is a quick one."""
QUICK_SHARE: Final = 0.30
"""Over this share of quick decisions there is a warning (console.md P4)."""
QUICK_LEAST: Final = 10
"""Of fewer timed decisions no share is taken for a habit."""
KIND_SHARE: Final = 0.98
"""Over this share of approvals there is a warning (console.md P4)."""
KIND_LEAST: Final = 50
"""Of fewer prompts there is none."""
RULE_LEAST: Final = 20
"""Decisions on a tool from which on a rule is suggested, with no denial among them."""
TOP_TOOLS: Final = 5


class ToolKey(NamedTuple):
    """What was asked for; `method` is empty for a tool's call."""

    server: str
    tool: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCall:
    """One call that was put before a person, as the log has it."""

    at: datetime
    """When it was decided, or ended without an answer; aware."""
    what: ToolKey
    tier: Tier
    allowed: bool | None
    """None: nobody answered."""
    decide_ms: int = 0
    """From the question to the answer; 0 where that is not known, as after the agent left."""
    timed: bool = False
    """The record says how the press lay to the arming."""
    after_arming_ms: int | None = None
    """See `AFTER_ARMING`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAttention:
    """How one tool's calls were decided."""

    what: ToolKey
    prompts: int
    """Calls of it that were put before the person."""
    allowed: int
    denied: int
    highest: Tier
    """The highest tier that any of them had."""

    @property
    def suggests_rule(self) -> bool:
        """At least 20 decisions, none of them a denial, and T0 or T1 each time."""
        enough = self.allowed + self.denied >= RULE_LEAST
        return enough and not self.denied and self.highest <= Tier.T1 and not self.what.method


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """How a person decided in a period."""

    days: tuple[int, ...]
    """Prompts of each day, the oldest first."""
    allowed: int
    denied: int
    unanswered: int
    median_ms: int | None
    """Median time from question to answer, of the decisions that have one."""
    timed: int
    """Decisions of which it is known how they lay to the arming: those of the window."""
    quick: int
    """Of these, the ones less than a second after the arming time ran out."""
    tools: tuple[ToolAttention, ...]
    """The five tools with most prompts, most first."""
    complete: bool
    """False when not all could be read: the newest are there."""

    @property
    def decided(self) -> int:
        """Return how many a person answered."""
        return self.allowed + self.denied

    @property
    def prompts(self) -> int:
        """Return how many were put before the person: answered or not."""
        return self.decided + self.unanswered

    @property
    def prompts_a_day(self) -> float:
        """Return the mean of the period's days, of those without any as well."""
        return self.prompts / len(self.days) if self.days else 0.0

    @property
    def approval_share(self) -> float | None:
        """Return which share of the answers was an approval; None where there was no answer."""
        return self.allowed / self.decided if self.decided else None

    @property
    def quick_share(self) -> float | None:
        """Return which share of the timed decisions was quick; None where none was timed."""
        return self.quick / self.timed if self.timed else None

    @property
    def too_quick(self) -> bool:
        """Over 30 % of the week's decisions came within a second of the arming."""
        return self.timed >= QUICK_LEAST and self.quick > QUICK_SHARE * self.timed

    @property
    def too_kind(self) -> bool:
        """Over 98 % of the answers were approvals, over at least 50 prompts."""
        return self.prompts >= KIND_LEAST and self.allowed > KIND_SHARE * self.decided


def attention_of(
    calls: Iterable[AskedCall], midnights: Sequence[datetime], *, complete: bool = True
) -> Attention:
    """Make the figures of the days between `midnights`, aware and ascending; the rest is left out.

    `midnights` has one more than there are days: the last one is the end of the last day.
    """
    counted = [call for call in calls if midnights[0] <= call.at < midnights[-1]]
    answered = [call for call in counted if call.allowed is not None]
    times = [call.decide_ms for call in answered if call.decide_ms > 0]
    timed = [call for call in answered if call.timed]
    allowed = sum(call.allowed is True for call in answered)
    return Attention(
        days=tuple(
            sum(start <= call.at < end for call in counted) for start, end in pairwise(midnights)
        ),
        allowed=allowed,
        denied=len(answered) - allowed,
        unanswered=len(counted) - len(answered),
        median_ms=median_low(times) if times else None,
        timed=len(timed),
        quick=sum(_is_quick(call) for call in timed),
        tools=_tools(counted)[:TOP_TOOLS],
        complete=complete,
    )


def _is_quick(call: AskedCall) -> bool:
    return call.after_arming_ms is not None and call.after_arming_ms < QUICK_MS


def _tools(calls: Sequence[AskedCall]) -> tuple[ToolAttention, ...]:
    by_tool: dict[ToolKey, list[AskedCall]] = {}
    for call in calls:
        by_tool.setdefault(call.what, []).append(call)
    tools = [_tool(what, of_it) for what, of_it in by_tool.items()]
    return tuple(sorted(tools, key=lambda tool: (-tool.prompts, tool.what)))


def _tool(what: ToolKey, calls: Sequence[AskedCall]) -> ToolAttention:
    return ToolAttention(
        what=what,
        prompts=len(calls),
        allowed=sum(call.allowed is True for call in calls),
        denied=sum(call.allowed is False for call in calls),
        highest=max(call.tier for call in calls),
    )
