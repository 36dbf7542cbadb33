"""A value that stood in untrusted text only ever raises a verdict, and rules can vouch for it."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.origin import Origin, Trace, untrusted_paths
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, vouches
from keyturn.domain.tier import Tier

ALLOW = Rule(id="allow", effect=Effect.ALLOW)
SUBJECT = RuleSubject(
    kind=Kind.CALL,
    agent="analyst",
    server="mail",
    tool="add_note",
    arguments={"to": ["ann@example.org"], "text": "hello"},
    lamps=Lamps.U,
)


def fixing(path: str, op: Operator = Operator.EQ, value: JsonValue = None) -> Rule:
    return replace(ALLOW, id="fixing", when=(Condition(path=path, op=op, value=value),))


def verdict(
    *rules: Rule,
    untrusted: tuple[str, ...] = (),
    tier: Tier = Tier.T1,
    labels: Lamps = Lamps.NONE,
    posture: Posture = Posture.ASK_ALL,
) -> Judgement:
    subject = msgspec.structs.replace(SUBJECT, untrusted=untrusted)
    return judge(subject, tier=tier, labels=labels, rules=rules, posture=posture)


@pytest.mark.requirement("FLOW-VALUE")
def test_an_open_rule_lets_no_untrusted_value_change_anything() -> None:
    assert verdict(ALLOW).verdict is Verdict.ALLOW
    assert verdict(ALLOW, untrusted=("/text",)) == Judgement(
        verdict=Verdict.ASK, because=Because.UNTRUSTED_VALUE, rule=ALLOW
    )


@pytest.mark.requirement("FLOW-VALUE")
def test_a_rule_that_tests_the_value_vouches_for_it() -> None:
    by_value = fixing("/text", value="hello")
    assert verdict(by_value, untrusted=("/text",)).verdict is Verdict.ALLOW
    assert verdict(by_value, ALLOW, untrusted=("/text",)).rule is by_value
    assert verdict(by_value, untrusted=("/text", "/to/0")).verdict is Verdict.ASK
    whole = fixing("", value=SUBJECT.arguments)
    assert verdict(whole, untrusted=("", "/text", "/to/0")).verdict is Verdict.ALLOW
    of_list = fixing("/to", Operator.IN, [["ann@example.org"]])
    assert verdict(of_list, untrusted=("/to/0",)).verdict is Verdict.ALLOW


@pytest.mark.requirement("FLOW-VALUE")
@pytest.mark.parametrize(
    ("op", "value"),
    [(Operator.NE, "no"), (Operator.LEN_LE, 99), (Operator.HAS, True), (Operator.TAINT_HAS, "U")],
)
def test_a_test_that_bounds_nothing_does_not_vouch(op: Operator, value: JsonValue) -> None:
    assert verdict(fixing("/text", op, value)).verdict is Verdict.ALLOW
    assert verdict(fixing("/text", op, value), untrusted=("/text",)).verdict is Verdict.ASK


@pytest.mark.requirement("FLOW-VALUE")
def test_reads_go_on_unless_they_tell_somebody() -> None:
    reads = Posture.ASK_WRITES
    assert verdict(untrusted=("/text",), tier=Tier.T0, posture=reads).verdict is Verdict.ALLOW
    tells = verdict(untrusted=("/text",), tier=Tier.T0, labels=Lamps.X, posture=reads)
    assert tells.because is Because.UNTRUSTED_VALUE


@pytest.mark.requirement("FLOW-VALUE")
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CALL])
def test_what_calls_no_tool_changes_nothing(kind: Kind) -> None:
    rule = replace(ALLOW, kind=kind)
    subject = msgspec.structs.replace(SUBJECT, kind=kind, untrusted=("/text",))
    said = judge(subject, tier=Tier.T1, labels=Lamps.X, rules=(rule,), posture=Posture.ASK_ALL)
    assert said == Judgement(verdict=Verdict.ALLOW, because=Because.RULE, rule=rule)


@pytest.mark.requirement("FLOW-VALUE")
def test_of_rules_that_do_not_vouch_the_most_specific_is_named() -> None:
    narrow = replace(ALLOW, id="narrow", server="mail")
    assert verdict(ALLOW, narrow, untrusted=("/text",)).rule is narrow
    assert verdict(untrusted=("/text",), tier=Tier.T0, labels=Lamps.X).because is Because.NO_RULE


@pytest.mark.requirement("FLOW-VALUE")
def test_which_values_are_untrusted() -> None:
    origins = (origin("/to/0", untrusted=True), origin("/text", untrusted=False))
    trace = Trace(origins=origins)
    assert untrusted_paths(trace, untrusted_read=True) == ("/to/0",)
    assert untrusted_paths(trace, untrusted_read=False) == ()
    cut = Trace(origins=origins, incomplete=True)
    assert untrusted_paths(cut, untrusted_read=True) == ("", "/to/0")
    assert untrusted_paths(Trace(incomplete=True), untrusted_read=False) == ()


PATHS = st.sampled_from(["", "/text", "/to", "/to/0"])
OPS = st.sampled_from([None, Operator.EQ, Operator.NE, Operator.PREFIX])


def rule_with(effect: Effect, path: str, op: Operator | None) -> Rule:
    when = () if op is None else (Condition(path=path, op=op, value="hello"),)
    return Rule(id=f"{effect}{path}{op}", effect=effect, when=when)


RULES = st.builds(rule_with, st.sampled_from(list(Effect)), PATHS, OPS)


@pytest.mark.requirement("FLOW-VALUE")
@given(
    rules=st.lists(RULES, max_size=4),
    untrusted=st.lists(PATHS, max_size=3).map(tuple),
    tier=st.sampled_from(list(Tier)),
    labels=st.sampled_from([Lamps.NONE, Lamps.X, Lamps.U]),
    posture=st.sampled_from(list(Posture)),
)
def test_no_origin_ever_lowers_a_verdict(
    rules: list[Rule],
    untrusted: tuple[str, ...],
    tier: Tier,
    labels: Lamps,
    posture: Posture,
) -> None:
    strictness = [Verdict.ALLOW, Verdict.ASK, Verdict.DENY]
    without = verdict(*rules, tier=tier, labels=labels, posture=posture)
    traced = verdict(*rules, untrusted=untrusted, tier=tier, labels=labels, posture=posture)
    assert strictness.index(traced.verdict) >= strictness.index(without.verdict)
    if traced.verdict is Verdict.ALLOW and traced.rule is not None and tier is not Tier.T0:
        assert vouches(traced.rule, untrusted)


def origin(path: str, *, untrusted: bool) -> Origin:
    return Origin(
        path=path,
        value="value",
        result=1,
        server="mail",
        tool="read_inbox",
        offset=0,
        line=1,
        excerpt="value",
        excerpt_line=1,
        untrusted=untrusted,
    )
