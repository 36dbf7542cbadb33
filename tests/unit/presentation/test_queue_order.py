"""The orders of the queue: total, stable by arrival, and kept as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.window_setting_names import LONGEST_VALUE, OF_THE_WINDOW, QUEUE_VIEW
from keyturn.domain.tier import Tier
from keyturn.presentation.queue_order import (
    QueueLook,
    QueueOrder,
    Sortable,
    is_sorted,
    look_text,
    read_look,
    sort_key,
)

pytestmark = pytest.mark.requirement("W4")
ONES = st.lists(
    st.builds(
        Sortable,
        arrival=st.integers(0, 1_000),
        tier=st.sampled_from(Tier),
        agent=st.text("abAB", max_size=3),
        ends_ms=st.none() | st.integers(-1_000, 100_000),
    ),
    unique_by=lambda one: one.arrival,
    max_size=12,
)


@given(ONES, st.sampled_from(QueueOrder))
def test_sorted_rows_are_sorted_however_they_came(ones: list[Sortable], order: QueueOrder) -> None:
    once = sorted(ones, key=lambda one: sort_key(one, order))
    turned = ones[::-1]
    again = sorted(turned, key=lambda one: sort_key(one, order))
    assert once == again
    assert is_sorted(once, order)
    assert is_sorted(ones, order) is (ones == once)


@given(ONES)
def test_what_is_equal_keeps_the_order_of_arrival(ones: list[Sortable]) -> None:
    for order in QueueOrder:
        found = sorted(ones, key=lambda one, by=order: sort_key(one, by))
        pairs = zip(found, found[1:], strict=False)
        for one, other in pairs:
            if (one.tier, one.agent, one.ends_ms) == (other.tier, other.agent, other.ends_ms):
                assert one.arrival < other.arrival


def test_each_order_puts_first_what_it_says() -> None:
    calm = Sortable(arrival=0, tier=Tier.T0, agent="writer", ends_ms=None)
    risky = Sortable(arrival=1, tier=Tier.T2, agent="coder", ends_ms=9_000)
    soon = Sortable(arrival=2, tier=Tier.T1, agent="scribe", ends_ms=1_000)
    first = {
        order: min((calm, risky, soon), key=lambda one, by=order: sort_key(one, by))
        for order in QueueOrder
    }
    assert first == {
        QueueOrder.ARRIVAL: calm,
        QueueOrder.TIER: risky,
        QueueOrder.TIME_LEFT: soon,
        QueueOrder.AGENT: risky,
    }


@given(st.builds(QueueLook, st.sampled_from(QueueOrder), st.booleans()))
def test_it_is_read_back_as_it_was_written(look: QueueLook) -> None:
    assert read_look(look_text(look)) == look
    assert len(look_text(look)) <= LONGEST_VALUE


@given(st.text())
def test_anything_else_is_what_a_new_window_has(text: str) -> None:
    assert read_look(text) == QueueLook() or look_text(read_look(text)) == text.rstrip(",")


def test_it_is_a_setting_that_decides_about_nothing() -> None:
    assert QUEUE_VIEW in OF_THE_WINDOW
