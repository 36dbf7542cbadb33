"""The figures on how a person decides, by their definitions, and where the warnings begin."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.attention import (
    KIND_LEAST,
    QUICK_LEAST,
    RULE_LEAST,
    AskedCall,
    Attention,
    ToolKey,
    attention_of,
)
from keyturn.domain.tier import Tier

START: Final = datetime(2026, 11, 23, tzinfo=UTC)
MIDNIGHTS: Final = tuple(START + timedelta(days=day) for day in range(8))
TOOL: Final = ToolKey("shipments", "read_page", "")
QUICK: Final = AskedCall(
    at=START + timedelta(hours=5),
    what=TOOL,
    tier=Tier.T1,
    allowed=True,
    decide_ms=2_000,
    timed=True,
    after_arming_ms=999,
)
SLOW: Final = replace(QUICK, after_arming_ms=1_000)
DENIED: Final = replace(SLOW, allowed=False)
UNANSWERED: Final = replace(SLOW, allowed=None, timed=False, after_arming_ms=None, decide_ms=0)


def figures(*calls: AskedCall) -> Attention:
    return attention_of(calls, MIDNIGHTS)


def test_nothing_asked_is_no_share_and_no_warning() -> None:
    none = figures()
    assert (none.prompts, none.days, none.prompts_a_day) == (0, (0,) * 7, 0.0)
    assert (none.approval_share, none.quick_share, none.median_ms) == (None, None, None)
    assert not none.too_quick
    assert not none.too_kind


def test_each_figure_counts_what_its_words_say() -> None:
    later = replace(DENIED, at=MIDNIGHTS[6], decide_ms=9_000)
    before_arming = replace(DENIED, after_arming_ms=None, decide_ms=0)
    at_a_terminal = replace(SLOW, timed=False, after_arming_ms=None, decide_ms=4_000)
    made = figures(QUICK, later, before_arming, at_a_terminal, UNANSWERED)
    assert made.days == (4, 0, 0, 0, 0, 0, 1)
    assert (made.allowed, made.denied, made.unanswered) == (2, 2, 1)
    assert made.prompts_a_day == pytest.approx(5 / 7)
    assert made.approval_share == 0.5
    assert made.median_ms == 4_000
    assert (made.quick, made.timed) == (1, 3)


def test_what_lies_outside_the_days_counts_nowhere() -> None:
    outside = [replace(QUICK, at=moment) for moment in (START - timedelta(1), MIDNIGHTS[-1])]
    assert figures(*outside).prompts == 0


@pytest.mark.requirement("P4")
def test_quick_decisions_warn_over_thirty_percent_and_not_at_it() -> None:
    assert not figures(*[QUICK] * 30, *[SLOW] * 70).too_quick
    assert figures(*[QUICK] * 31, *[SLOW] * 69).too_quick
    assert figures(*[QUICK] * QUICK_LEAST).too_quick
    assert not figures(*[QUICK] * (QUICK_LEAST - 1)).too_quick


@pytest.mark.requirement("P4")
def test_approvals_warn_over_ninety_eight_percent_of_fifty_prompts() -> None:
    assert not figures(*[SLOW] * (KIND_LEAST - 1)).too_kind
    assert figures(*[SLOW] * KIND_LEAST).too_kind
    assert not figures(*[SLOW] * 49, DENIED).too_kind
    assert figures(*[SLOW] * 99, DENIED).too_kind
    assert not figures(*[SLOW] * 98, *[DENIED] * 2).too_kind
    # Silence is no approval and no denial, but it was a prompt.
    assert figures(*[SLOW] * 40, *[UNANSWERED] * 10).too_kind
    assert not figures(*[UNANSWERED] * 50).too_kind


@pytest.mark.parametrize(
    ("calls", "suggested"),
    [
        ([SLOW] * RULE_LEAST, True),
        ([SLOW] * (RULE_LEAST - 1), False),
        ([SLOW] * (RULE_LEAST - 1) + [UNANSWERED] * 5, False),
        ([SLOW] * RULE_LEAST + [DENIED], False),
        ([SLOW] * RULE_LEAST + [replace(SLOW, tier=Tier.T2)], False),
        ([SLOW] * RULE_LEAST + [replace(UNANSWERED, tier=Tier.T3)], False),
        ([replace(SLOW, what=TOOL._replace(method="resources/read"))] * RULE_LEAST, False),
    ],
)
def test_a_rule_is_suggested_for_harmless_tools_alone(
    calls: list[AskedCall], suggested: bool
) -> None:
    (tool,) = figures(*calls).tools
    assert tool.suggests_rule is suggested


CALLS = st.builds(
    AskedCall,
    at=st.datetimes(
        min_value=datetime(2026, 11, 22), max_value=datetime(2026, 12, 1), timezones=st.just(UTC)
    ),
    what=st.builds(
        ToolKey, st.sampled_from("ab"), st.sampled_from("cdef"), st.sampled_from(["", "x"])
    ),
    tier=st.sampled_from(Tier),
    allowed=st.sampled_from([True, False, None]),
    decide_ms=st.integers(0, 10_000),
    timed=st.booleans(),
    after_arming_ms=st.none() | st.integers(0, 3_000),
)


@given(st.lists(CALLS, max_size=60), st.randoms())
def test_the_figures_add_up_in_any_order(calls: list[AskedCall], dice: random.Random) -> None:
    made = figures(*calls)
    assert sum(made.days) == made.prompts == made.allowed + made.denied + made.unanswered
    assert 0 <= made.quick <= made.timed <= made.decided
    assert len(made.tools) <= 5
    assert [t.prompts for t in made.tools] == sorted((t.prompts for t in made.tools), reverse=True)
    assert sum(tool.prompts for tool in made.tools) <= made.prompts
    dice.shuffle(calls)
    assert figures(*calls) == made
