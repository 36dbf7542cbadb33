"""How a call's tier follows from what a person confirmed."""

import pytest

from keyturn.domain.tier import CONFIRMABLE, LARGE_ARGUMENTS_BYTES, Tier, effective_tier


@pytest.mark.parametrize(
    ("confirmed", "raises", "size", "tier"),
    [
        (Tier.T0, False, 10, Tier.T0),
        (Tier.T1, False, 10, Tier.T1),
        (Tier.T2, False, 10, Tier.T2),
        (None, False, 10, Tier.T3),
        (None, True, 10, Tier.T3),
        (Tier.T0, True, 10, Tier.T1),
        (Tier.T1, True, 10, Tier.T2),
        (Tier.T2, True, 10, Tier.T2),
        (Tier.T0, False, LARGE_ARGUMENTS_BYTES, Tier.T0),
        (Tier.T0, False, LARGE_ARGUMENTS_BYTES + 1, Tier.T3),
    ],
)
def test_the_tier_of_a_call(confirmed: Tier | None, raises: bool, size: int, tier: Tier) -> None:
    assert effective_tier(confirmed, environment_raises=raises, arguments_bytes=size) is tier


def test_t3_can_only_be_left() -> None:
    assert Tier.T3 not in CONFIRMABLE
    assert max(Tier.T0, Tier.T3) is Tier.T3
