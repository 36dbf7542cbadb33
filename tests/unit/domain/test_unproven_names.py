"""An agent that proved no name may be any that a rule stops, and none that a rule allows."""

from dataclasses import replace

import pytest

from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.tier import Tier

OTHERS = {
    effect: Rule(id=str(effect), effect=effect, agent="other")
    for effect in (Effect.DENY, Effect.ASK, Effect.ALLOW)
}
ALLOW = Rule(id="all", effect=Effect.ALLOW)
UNKNOWN = Judgement(verdict=Verdict.ASK, because=Because.UNKNOWN_AGENT)
NO_RULE = Judgement(verdict=Verdict.ASK, because=Because.NO_RULE)


def subject(kind: Kind = Kind.CALL, *, proven: bool = False) -> RuleSubject:
    return RuleSubject(
        kind=kind,
        agent="analyst",
        server="mail",
        tool="add_note",
        arguments={},
        lamps=Lamps.NONE,
        proven=proven,
    )


def verdict(
    *rules: Rule,
    tier: Tier = Tier.T0,
    posture: Posture = Posture.ASK_ALL,
    kind: Kind = Kind.CALL,
    proven: bool = False,
) -> Judgement:
    about = subject(kind, proven=proven)
    return judge(about, tier=tier, labels=Lamps.NONE, rules=rules, posture=posture)


@pytest.mark.parametrize("tier", [Tier.T0, Tier.T1, Tier.T2])
def test_no_rule_allows_who_proved_no_name_anything(tier: Tier) -> None:
    assert verdict(ALLOW, tier=tier) == UNKNOWN
    assert verdict(ALLOW, tier=tier, proven=True).rule is ALLOW
    assert verdict(OTHERS[Effect.ALLOW], tier=tier) == NO_RULE


def test_no_posture_allows_who_proved_no_name_anything() -> None:
    assert verdict(posture=Posture.ASK_WRITES) == UNKNOWN
    assert verdict(posture=Posture.ASK_WRITES, proven=True).verdict is Verdict.ALLOW
    assert verdict(posture=Posture.ASK_WRITES, tier=Tier.T1) == NO_RULE


@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.TASK])
def test_what_everybody_may_ask_for_changes_nothing(kind: Kind) -> None:
    allowed = Judgement(verdict=Verdict.ALLOW, because=Because.BUILT_IN)
    assert verdict(kind=kind) == allowed
    assert verdict(kind=kind, tier=Tier.T1) == UNKNOWN
    assert verdict(kind=kind, tier=Tier.T1, proven=True) == allowed
    assert verdict(replace(ALLOW, kind=kind), kind=kind) == UNKNOWN


@pytest.mark.parametrize(
    ("effect", "said"), [(Effect.DENY, Verdict.DENY), (Effect.ASK, Verdict.ASK)]
)
def test_a_rule_that_stops_another_agent_stops_who_may_be_that(
    effect: Effect, said: Verdict
) -> None:
    rule = OTHERS[effect]
    assert verdict(rule, ALLOW) == Judgement(verdict=said, because=Because.RULE, rule=rule)
    assert verdict(rule, ALLOW, proven=True).verdict is Verdict.ALLOW
    assert covers(rule, subject())
    assert not covers(rule, subject(proven=True))
    assert covers(replace(rule, agent="*"), subject(proven=True))


def test_a_rule_that_allows_another_agent_covers_it_alone_and_asks_where_it_fails() -> None:
    rule = OTHERS[Effect.ALLOW]
    assert not covers(rule, subject())
    assert covers(replace(rule, agent="analyst"), subject())
    unsound = replace(rule, when=(Condition(path="", op=Operator.MATCHES, value="("),))
    with pytest.raises(ConditionFault):
        covers(unsound, subject())
    assert verdict(unsound).because is Because.RULE_FAULT
    assert verdict(unsound, proven=True) == NO_RULE
