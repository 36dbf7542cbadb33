"""The judge on the cases that decide: order, tiers, lamps, postures, faulty rules."""

from itertools import permutations

import pytest

from keyturn.domain import policy, reading
from keyturn.domain.address import host_of
from keyturn.domain.canonical import JsonValue
from keyturn.domain.condition import Condition, Look, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.rule_life import Moment, RuleLimits
from keyturn.domain.tier import Tier
from keyturn.domain.touches import Touches

ALLOW = Rule(id="allow", effect=Effect.ALLOW, server="logistics")
ASK = Rule(id="ask", effect=Effect.ASK)
DENY = Rule(id="deny", effect=Effect.DENY)
BAD_TEST = (Condition(path="", op=Operator.MATCHES, value="("),)


def verdict(
    *rules: Rule,
    tier: Tier = Tier.T1,
    labels: Lamps = Lamps.NONE,
    lamps: Lamps = Lamps.NONE,
    posture: Posture = Posture.ASK_ALL,
) -> Judgement:
    subject = RuleSubject(
        kind=Kind.CALL,
        agent="analyst",
        server="logistics",
        tool="dispatch_order",
        arguments={"order_id": "SO-1"},
        lamps=lamps,
    )
    return judge(subject, tier=tier, labels=labels, rules=rules, posture=posture)


def test_without_a_rule_a_person_is_asked() -> None:
    assert verdict() == Judgement(verdict=Verdict.ASK, because=Because.NO_RULE)


@pytest.mark.parametrize("order", list(permutations([ALLOW, ASK, DENY])))
def test_the_most_restrictive_wins_in_any_order(order: tuple[Rule, ...]) -> None:
    assert verdict(*order) == Judgement(verdict=Verdict.DENY, because=Because.RULE, rule=DENY)
    without_deny = [rule for rule in order if rule is not DENY]
    assert verdict(*without_deny) == Judgement(verdict=Verdict.ASK, because=Because.RULE, rule=ASK)
    assert verdict(ALLOW) == Judgement(verdict=Verdict.ALLOW, because=Because.RULE, rule=ALLOW)


def test_the_most_specific_of_them_is_named() -> None:
    narrow = Rule(id="narrow", effect=Effect.ALLOW, server="logistics", tool="dispatch_order")
    assert verdict(ALLOW, narrow, ALLOW).rule is narrow


def test_no_rule_allows_what_nobody_confirmed() -> None:
    judgement = verdict(ALLOW, tier=Tier.T3)
    assert judgement == Judgement(verdict=Verdict.ASK, because=Because.NOT_CONFIRMED, rule=ALLOW)
    assert verdict(tier=Tier.T3, posture=Posture.ASK_WRITES).because is Because.NO_RULE


def test_no_rule_decides_a_call_with_reach_after_untrusted_and_private() -> None:
    lit = Lamps.U | Lamps.P
    assert verdict(ALLOW, lamps=lit, labels=Lamps.X).because is Because.THREE_LAMPS
    assert verdict(ALLOW, lamps=lit, labels=Lamps.P).verdict is Verdict.ALLOW
    assert verdict(DENY, lamps=lit, labels=Lamps.X).verdict is Verdict.DENY


def test_the_posture_allows_confirmed_reads_and_nothing_else() -> None:
    reads = Posture.ASK_WRITES
    assert verdict(tier=Tier.T0, posture=reads) == Judgement(
        verdict=Verdict.ALLOW, because=Because.POSTURE_READS
    )
    for tier in (Tier.T1, Tier.T2, Tier.T3):
        assert verdict(tier=tier, posture=reads).verdict is Verdict.ASK
    assert verdict(tier=Tier.T0).verdict is Verdict.ASK
    assert verdict(ASK, tier=Tier.T0, posture=reads).verdict is Verdict.ASK


def test_a_rule_that_cannot_be_tried_denies_or_asks() -> None:
    bad_deny = Rule(id="bad", effect=Effect.DENY, when=BAD_TEST)
    assert verdict(ALLOW, bad_deny) == Judgement(
        verdict=Verdict.DENY, because=Because.RULE, rule=bad_deny
    )
    for effect in (Effect.ASK, Effect.ALLOW):
        bad = Rule(id="bad", effect=effect, when=BAD_TEST)
        expected = Judgement(verdict=Verdict.ASK, because=Because.RULE_FAULT, rule=bad)
        assert verdict(ALLOW, bad) == expected
        assert verdict(bad, tier=Tier.T0, posture=Posture.ASK_WRITES) == expected
        assert verdict(bad, DENY).verdict is Verdict.DENY


def of_kind(kind: Kind, *rules: Rule, tier: Tier = Tier.T1, lamps: Lamps = Lamps.NONE) -> Judgement:
    subject = RuleSubject(
        kind=kind, agent="analyst", server="logistics", tool="a", arguments={}, lamps=lamps
    )
    return judge(subject, tier=tier, labels=Lamps.NONE, rules=rules, posture=Posture.ASK_ALL)


@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.TASK])
def test_what_is_not_asked_about_passes_until_a_rule_speaks_of_it(kind: Kind) -> None:
    free = Judgement(verdict=Verdict.ALLOW, because=Because.BUILT_IN)
    assert of_kind(kind) == free
    ask, deny, allow = (
        Rule(id=e.value, effect=e, kind=kind) for e in (ASK.effect, DENY.effect, ALLOW.effect)
    )
    assert of_kind(kind, ask) == Judgement(verdict=Verdict.ASK, because=Because.RULE, rule=ask)
    assert of_kind(kind, deny).verdict is Verdict.DENY
    assert of_kind(kind, allow) == Judgement(
        verdict=Verdict.ALLOW, because=Because.RULE, rule=allow
    )
    assert of_kind(kind, tier=Tier.T3).because is Because.NOT_CONFIRMED
    assert of_kind(kind, ALLOW) == free


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.COMPLETE, Kind.TASK}))
def test_everything_else_is_asked_about(kind: Kind) -> None:
    assert of_kind(kind).verdict is Verdict.ASK


def test_a_single_rule_is_named_by_itself() -> None:
    assert verdict(DENY).rule is DENY
    assert verdict(ALLOW, tier=Tier.T3).rule is ALLOW
    assert verdict(tier=Tier.T3, posture=Posture.ASK_WRITES).rule is None


def test_of_rules_that_rest_the_most_specific_is_named() -> None:
    spent = RuleLimits(until="2026-01-01T00:00:00.000Z")
    wide = Rule(id="wide", effect=Effect.ALLOW, limits=spent)
    narrow = Rule(id="narrow", effect=Effect.ALLOW, tool="dispatch_order", limits=spent)
    for rules in ((wide, narrow), (narrow, wide)):
        assert verdict(*rules) == Judgement(
            verdict=Verdict.ASK, because=Because.RULE_ENDED, rule=narrow
        )


def test_a_stricter_rule_that_comes_later_still_wins_over_one_that_cannot_be_tried() -> None:
    bad = Rule(id="bad", effect=Effect.ALLOW, when=BAD_TEST)
    assert verdict(ASK, bad) == Judgement(verdict=Verdict.ASK, because=Because.RULE, rule=ASK)
    assert verdict(bad, ASK).rule is ASK
    assert verdict(ASK, bad, DENY).rule is DENY
    bad_ask = Rule(id="bad-ask", effect=Effect.ASK, when=BAD_TEST)
    assert verdict(bad_ask, ALLOW).because is Because.RULE_FAULT


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.ASK])
def test_of_rules_of_one_effect_the_most_specific_is_named_in_any_order(effect: Effect) -> None:
    wide = Rule(id="wide", effect=effect)
    narrow = Rule(id="narrow", effect=effect, tool="dispatch_order")
    for rules in ((wide, narrow), (narrow, wide)):
        assert verdict(*rules).rule is narrow


def test_what_a_stricter_rule_outweighs_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def noting(rule: Rule, subject: RuleSubject, look: Look | None = None) -> bool:
        tried.append(rule.id)
        return covers(rule, subject, look)

    monkeypatch.setattr(policy, "covers", noting)
    for rules, needed in (
        ((DENY, ASK, ALLOW), ["deny"]),
        ((ASK, ALLOW), ["ask"]),
        ((ASK, DENY, ALLOW), ["ask", "deny"]),
        ((ALLOW, ASK, DENY), ["allow", "ask", "deny"]),
    ):
        tried.clear()
        verdict(*rules)
        assert tried == needed


def test_a_value_is_read_once_for_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def noting(text: str) -> str:
        read.append(text)
        return host_of(text)

    monkeypatch.setattr(reading, "host_of", noting)
    hosts: tuple[JsonValue, ...] = ("a.example", "b.example", "c.example")
    tests = (Condition(path="/order_id", op=Operator.HOST_IN, value=host) for host in hosts)
    verdict(*(Rule(id="r", effect=Effect.DENY, when=(test,)) for test in tests))
    assert read == ["SO-1"]


def test_how_much_a_call_touches_is_held_against_the_limit_and_said() -> None:
    at_most_3 = Rule(id="r", effect=Effect.ALLOW, limits=RuleLimits(touches_per_call=3))

    def touching(touches: Touches | None, rule: Rule = at_most_3) -> Judgement:
        subject = RuleSubject(
            kind=Kind.CALL,
            agent="a",
            server="s",
            tool="t",
            arguments={},
            lamps=Lamps.NONE,
            touches=touches,
        )
        return judge(
            subject,
            tier=Tier.T1,
            labels=Lamps.NONE,
            rules=(rule,),
            posture=Posture.ASK_ALL,
            moment=Moment(now="2026-01-01T00:00:00.000Z"),
        )

    three = Touches(count=3)
    assert touching(three) == Judgement(
        verdict=Verdict.ALLOW, because=Because.RULE, rule=at_most_3, touches=three
    )
    for more in (Touches(count=4), None):
        assert touching(more) == Judgement(
            verdict=Verdict.ASK, because=Because.RULE_TOO_MANY, rule=at_most_3
        )
