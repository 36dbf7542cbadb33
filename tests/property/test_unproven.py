"""Over generated rules and calls: leaving out the token lets nothing more through."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from keyturn.domain.condition import Condition, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_index import RuleIndex
from keyturn.domain.tier import Tier
from tests.examples import many
from tests.property.test_policy import (
    LAMPS,
    POSTURES,
    RULE_SETS,
    STRICTNESS,
    SUBJECTS,
    TIERS,
)

KINDS = st.sampled_from(Kind)
NAMES = st.sampled_from(["a", "b", "ab", "a (not proven)", "somebody", "*", ""])


@pytest.mark.requirement("LAW-6", "I-32")
@settings(max_examples=many(6), deadline=None)
@given(
    SUBJECTS, KINDS, st.lists(KINDS, max_size=2), NAMES, NAMES, TIERS, LAMPS, RULE_SETS, POSTURES
)
def test_leaving_out_the_token_never_loosens(
    subject: RuleSubject,
    kind: Kind,
    others: list[Kind],
    claimed: str,
    enrolled_as: str,
    tier: Tier,
    labels: Lamps,
    rules: list[Rule],
    posture: Posture,
) -> None:
    kinds = [kind, *others]
    rules = [replace(rule, kind=kinds[n % len(kinds)]) for n, rule in enumerate(rules)]
    index = RuleIndex(rules)
    proven = structs.replace(subject, kind=kind, agent=enrolled_as)
    unproven = structs.replace(proven, agent=claimed, proven=False)
    # In this order, so that what the index remembers of the one is not taken for the other.
    was, now = (
        judge(one, tier=tier, labels=labels, rules=index.covering(one), posture=posture)
        for one in (proven, unproven)
    )
    assert STRICTNESS[now.verdict] >= STRICTNESS[was.verdict]
    allowed = STRICTNESS[now.verdict] == 0
    assert not allowed or (now.because is Because.BUILT_IN and tier is Tier.T0)


def test_a_faulty_rule_that_allows_an_agent_asks_about_who_proved_no_name() -> None:
    broken = Condition(path="/a", op=Operator.LE, value="x")
    rule = Rule(id="r", effect=Effect.ALLOW, kind=Kind.COMPLETE, agent="a", when=(broken,))
    call = RuleSubject(
        kind=Kind.COMPLETE, agent="a", server="s", tool="t", arguments={"a": 1}, lamps=Lamps.NONE
    )
    both = (call, structs.replace(call, agent="b", proven=False))
    judged = [
        judge(one, tier=Tier.T0, labels=Lamps.NONE, rules=[rule], posture=Posture.ASK_ALL)
        for one in both
    ]
    assert [one.because for one in judged] == [Because.RULE_FAULT, Because.RULE_FAULT]
