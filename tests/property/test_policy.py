"""Over generated rules and calls: the judge agrees with a reference model of a few lines."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.tier import Tier
from tests.examples import many

PATTERNS = st.sampled_from(["*", "a", "b", "a*", "?"])
PLAIN = st.sampled_from(["a", "b", "ab"])
VALUES: st.SearchStrategy[JsonValue] = st.sampled_from(
    [None, True, 0, 2.5, "a", "(", "https://a/", "http:\\a", "/a/../b", "UP", ["a"], {"a": 1}]
)
CONDITIONS = st.builds(
    Condition, path=st.sampled_from(["", "/a", "/a/0"]), op=st.sampled_from(Operator), value=VALUES
)
RULES = st.builds(
    Rule,
    id=st.uuids().map(str),
    effect=st.sampled_from(Effect),
    kind=st.sampled_from([Kind.CALL, Kind.READ]),
    agent=PATTERNS,
    server=PATTERNS,
    tool=PATTERNS,
    when=st.lists(CONDITIONS, max_size=2).map(tuple),
    enabled=st.booleans(),
)
ARGUMENTS: st.SearchStrategy[JsonObject] = st.dictionaries(st.just("a"), VALUES, max_size=1)
LAMPS = st.builds(Lamps, st.integers(0, 7))


@st.composite
def subjects(draw: st.DrawFn) -> RuleSubject:
    """Make what a call asks for."""
    return RuleSubject(
        kind=draw(st.sampled_from([Kind.CALL, Kind.READ])),
        agent=draw(PLAIN),
        server=draw(PLAIN),
        tool=draw(PLAIN),
        arguments=draw(ARGUMENTS),
        lamps=draw(LAMPS),
    )


SUBJECTS = subjects()
RULE_SETS = st.lists(RULES, max_size=5)
TIERS, POSTURES = st.sampled_from(Tier), st.sampled_from(Posture)

STRICTNESS = {Verdict.ALLOW: 0, Verdict.ASK: 1, Verdict.DENY: 2}


def expected(
    subject: RuleSubject, tier: Tier, labels: Lamps, rules: list[Rule], posture: Posture
) -> Verdict:
    """Judge by the plainest reading of architecture.md sections 6 and 7."""
    says: set[str] = set()
    for rule in rules:
        try:
            says.add(rule.effect.value if covers(rule, subject) else "")
        except ConditionFault:
            says.add("deny" if rule.effect is Effect.DENY else "ask")
    if "deny" in says:
        return Verdict.DENY
    lit = subject.lamps
    by_person = Lamps.U in lit and Lamps.P in lit and Lamps.X in labels
    if "ask" in says or tier is Tier.T3 or by_person:
        return Verdict.ASK
    reads = posture is Posture.ASK_WRITES and tier is Tier.T0
    return Verdict.ALLOW if reads or "allow" in says else Verdict.ASK


def judged(
    subject: RuleSubject, tier: Tier, labels: Lamps, rules: list[Rule], posture: Posture
) -> Judgement:
    return judge(subject, tier=tier, labels=labels, rules=rules, posture=posture)


@pytest.mark.requirement("I-32")
@settings(max_examples=many(4), deadline=None)
@given(SUBJECTS, TIERS, LAMPS, RULE_SETS, POSTURES)
def test_the_judge_is_the_reference(
    subject: RuleSubject, tier: Tier, labels: Lamps, rules: list[Rule], posture: Posture
) -> None:
    judgement = judged(subject, tier, labels, rules, posture)
    assert judgement.verdict is expected(subject, tier, labels, rules, posture)
    assert judgement == judged(subject, tier, labels, rules, posture)


@settings(deadline=None)
@given(SUBJECTS, TIERS, LAMPS, RULE_SETS, POSTURES, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_never_counts(
    subject: RuleSubject,
    tier: Tier,
    labels: Lamps,
    rules: list[Rule],
    posture: Posture,
    chance: Random,
) -> None:
    shuffled = [*rules]
    chance.shuffle(shuffled)
    verdict = judged(subject, tier, labels, rules, posture).verdict
    assert judged(subject, tier, labels, shuffled, posture).verdict is verdict


@settings(deadline=None)
@given(SUBJECTS, TIERS, LAMPS, RULE_SETS, RULES, POSTURES)
def test_one_more_denial_or_question_never_loosens(
    subject: RuleSubject,
    tier: Tier,
    labels: Lamps,
    rules: list[Rule],
    more: Rule,
    posture: Posture,
) -> None:
    before = judged(subject, tier, labels, rules, posture).verdict
    after = judged(subject, tier, labels, [*rules, more], posture).verdict
    if more.effect is not Effect.ALLOW:
        assert STRICTNESS[after] >= STRICTNESS[before]
    assert not (before is Verdict.DENY and after is not Verdict.DENY)


@settings(deadline=None)
@given(SUBJECTS, LAMPS, RULE_SETS, POSTURES)
def test_what_nobody_confirmed_is_never_allowed(
    subject: RuleSubject, labels: Lamps, rules: list[Rule], posture: Posture
) -> None:
    assert judged(subject, Tier.T3, labels, rules, posture).verdict is not Verdict.ALLOW


@settings(deadline=None)
@given(SUBJECTS, TIERS, LAMPS, LAMPS, RULE_SETS, POSTURES)
def test_a_lamp_that_lights_up_never_allows_more_without_a_rule_that_says_so(
    subject: RuleSubject,
    tier: Tier,
    labels: Lamps,
    more: Lamps,
    rules: list[Rule],
    posture: Posture,
) -> None:
    plain = [rule for rule in rules if all(c.op is not Operator.TAINT_HAS for c in rule.when)]
    before = judged(subject, tier, labels, plain, posture).verdict
    after = judged(subject, tier, labels | more, plain, posture).verdict
    assert STRICTNESS[after] >= STRICTNESS[before]
