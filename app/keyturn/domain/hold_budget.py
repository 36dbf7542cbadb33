"""Owns how long an agent's call is held for a person, learned from when its client gave up.

A client tells nobody its time limit; it only cancels. One cancellation may be a person's; two of
the last three that agree are a limit. The budget only gets shorter that way: an agent can have
itself told earlier that nothing is decided, and nothing else.

A client of 2026-07-28 is held over several rounds: shortly before the budget ends it is had to make
the call again with a state, and its next request waits on for the same answer.
"""

from collections.abc import Sequence
from itertools import combinations

LEAST_SECONDS = 10.0
"""No budget is shorter: nobody could look at a card."""
SEEN = 3
"""How many of the latest cancellations are looked at."""
AGREE_SECONDS = 4.0
MARGIN_SECONDS = 2.0
"""How much earlier than its client gives up a call is answered."""

ROUND = 0.9
"""Which part of the budget a round has: its answer must be there before the client gives up."""


def noted(seen: Sequence[float], after: float) -> tuple[float, ...]:
    """Add when a client gave up; what came sooner than any budget is no time limit."""
    if after < LEAST_SECONDS - 1:
        return tuple(seen)
    return (*seen, after)[-SEEN:]


def learned_seconds(seen: Sequence[float]) -> float | None:
    """Return the budget that was learned; None while too few cancellations agree."""
    agreeing = [pair for pair in combinations(seen, 2) if abs(pair[0] - pair[1]) <= AGREE_SECONDS]
    if not agreeing:
        return None
    return max(LEAST_SECONDS, min(agreeing[-1]) - MARGIN_SECONDS)


def round_seconds(hold_seconds: float) -> float:
    """Return after how long a client is had to ask again."""
    return ROUND * hold_seconds


def held_seconds(hold_seconds: float, rounds: int) -> float:
    """Return how long a call is held in all, when its client can be had to ask so often again."""
    return rounds * round_seconds(hold_seconds) + hold_seconds
