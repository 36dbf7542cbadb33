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
