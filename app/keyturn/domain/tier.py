"""How far a tool call reaches: the four tiers, and what raises one."""

from enum import IntEnum

LARGE_ARGUMENTS_BYTES = 256 * 1024
"""Arguments beyond this size are T3 whatever the tool (architecture.md section 7)."""


class Tier(IntEnum):
    """Ordered by caution, so that `max` of two tiers is the stricter one."""

    T0 = 0
    """Reads."""
    T1 = 1
    """Reversible local writes."""
    T2 = 2
    """External or irreversible effects, money, credentials, code."""
    T3 = 3
    """Pinned but not confirmed by a person, or arguments too large to read at a glance."""


CONFIRMABLE = (Tier.T0, Tier.T1, Tier.T2)
"""T3 cannot be configured, only left."""


PRODUCTION = "production"
UNCLEAR = "unclear"
"""It may reach production: not all of it could be looked at."""
COMMANDS = "commands"
WRITTEN = "written"
"""It runs a file that an earlier call of the session wrote."""
SIZE = "size"
CAUSES = (PRODUCTION, UNCLEAR, COMMANDS, WRITTEN, SIZE)
RAISED_FROM = "raised_from"
"""In a decision's details: the tier that was confirmed of its tool, where the call's is higher."""
RAISED_BY = "raised_by"
"""Beside it: `CAUSES`, each a reason why."""


def effective_tier(
    confirmed: Tier | None, *, environment_raises: bool, arguments_bytes: int
) -> Tier:
    """Return the tier of one call from what a person confirmed of its tool.

    `environment_raises` lifts by one step, at most to T2; a tool that nobody confirmed stays T3.
    """
    if confirmed is None or arguments_bytes > LARGE_ARGUMENTS_BYTES:
        return Tier.T3
    if environment_raises and confirmed < Tier.T2:
        return Tier(confirmed + 1)
    return confirmed
