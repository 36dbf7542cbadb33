"""Over generated rules, limits, windows and times: the judge agrees with a plain reading."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Judgement, Posture, judge
from keyturn.domain.rule import Effect, Rule, RuleSubject
from keyturn.domain.rule_life import Moment, RuleLimits, Window, written
from keyturn.domain.tier import Tier
from tests.examples import many
from tests.property.test_policy import LAMPS, POSTURES, RULES, STRICTNESS, SUBJECTS, TIERS, expected

_START = datetime(2026, 11, 23, tzinfo=UTC)
_HOURS = st.integers(0, 9)


def hour(number: int) -> str:
    """Return an instant of the small day on which all of this happens."""
    return written(_START + timedelta(hours=number))


LIMITS = st.builds(
    RuleLimits,
    per_minute=st.none() | st.integers(1, 3),
    uses=st.none() | st.integers(1, 3),
    until=st.just("") | _HOURS.map(hour),
)


def window(begins: int, length: int) -> Window:
    """Make a window of so many hours."""
    return Window(begins=hour(begins), ends=hour(begins + length))


WINDOWS = st.builds(window, _HOURS, st.integers(1, 3))


@st.composite
def bounded_rules(draw: st.DrawFn) -> Rule:
    """Make a rule with what its effect may have, named by a small number."""
    rule = replace(draw(RULES), id=draw(st.sampled_from("abc")))
    if rule.effect is Effect.ALLOW:
        return replace(rule, limits=draw(LIMITS))
    during = tuple(draw(st.lists(WINDOWS, max_size=2)))
    never = rule.effect is Effect.DENY and draw(st.booleans())
    return replace(rule, during=during, never=never)


RULE_SETS = st.lists(bounded_rules(), max_size=5)
COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 4))
MOMENTS = st.builds(Moment, now=_HOURS.map(hour), seen=_HOURS.map(hour), uses=COUNTS, recent=COUNTS)


def acting(rules: list[Rule], moment: Moment) -> list[Rule]:
    """Leave out what does not hold, by the plainest reading."""
    kept: list[Rule] = []
    low, high = moment.now, max(moment.now, moment.seen)
    for rule in rules:
        shut = [w for w in rule.during if high < w.begins or low >= w.ends]
        limits = rule.limits
        ended = limits.until != "" and high >= limits.until
        spent = limits.uses is not None and moment.uses.get(rule.id, 0) >= limits.uses
        full = limits.per_minute is not None
        full = full and moment.recent.get(rule.id, 0) >= (limits.per_minute or 0)
        outside = bool(rule.during) and len(shut) == len(rule.during)
        if not (ended or spent or full or outside):
            kept.append(rule)
    return kept


def judged(
    subject: RuleSubject, tier: Tier, labels: Lamps, rules: list[Rule], moment: Moment
) -> Judgement:
    return judge(
        subject, tier=tier, labels=labels, rules=rules, posture=Posture.ASK_ALL, moment=moment
    )


@pytest.mark.requirement("I-32")
@settings(max_examples=many(3), deadline=None)
@given(SUBJECTS, TIERS, LAMPS, RULE_SETS, POSTURES, MOMENTS)
def test_the_judge_is_the_reference_of_the_rules_that_hold(
    subject: RuleSubject,
    tier: Tier,
    labels: Lamps,
    rules: list[Rule],
    posture: Posture,
    moment: Moment,
) -> None:
    # An ended rule that cannot be evaluated still asks: that errs on the side of asking.
    found = judge(
        subject, tier=tier, labels=labels, rules=rules, posture=posture, moment=moment
    ).verdict
    wanted = expected(subject, tier, labels, acting(rules, moment), posture)
    assert found is wanted or (found is Verdict.ASK and wanted is Verdict.ALLOW)


@settings(deadline=None)
@given(SUBJECTS, TIERS, LAMPS, RULE_SETS, MOMENTS, _HOURS)
def test_a_clock_that_is_set_back_never_loosens(
    subject: RuleSubject,
    tier: Tier,
    labels: Lamps,
    rules: list[Rule],
    moment: Moment,
    earlier: int,
) -> None:
    assume(hour(earlier) <= moment.latest)
    honest = Moment(now=moment.latest, seen=moment.latest, uses=moment.uses, recent=moment.recent)
    back = Moment(now=hour(earlier), seen=moment.latest, uses=moment.uses, recent=moment.recent)
    before = judged(subject, tier, labels, rules, honest).verdict
    after = judged(subject, tier, labels, rules, back).verdict
    assert STRICTNESS[after] >= STRICTNESS[before]


@settings(deadline=None)
@given(SUBJECTS, TIERS, LAMPS, RULE_SETS, MOMENTS)
def test_a_never_rule_beats_everything_and_is_the_one_that_is_named(
    subject: RuleSubject, tier: Tier, labels: Lamps, rules: list[Rule], moment: Moment
) -> None:
    never = Rule(id="never", effect=Effect.DENY, kind=subject.kind, never=True)
    found = judged(subject, tier, labels, [*rules, never], moment)
    assert found.verdict is Verdict.DENY
    assert found.rule is not None
    assert found.rule.never
