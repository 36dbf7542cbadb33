"""What past calls say of a change of rules, and of what they cannot tell."""

from dataclasses import replace

from keyturn.domain.back_test import BackTest, PastCall, back_test
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier

CALL = PastCall(
    kind=Kind.CALL,
    agent="coder",
    server="git",
    tool="push",
    tier=Tier.T1,
    arguments={"branch": "main"},
    denied=False,
)
DENIED = replace(CALL, arguments={"branch": "release"}, denied=True)
GONE = replace(CALL, arguments=None)
OTHER = replace(CALL, tool="status")
CALLS = (CALL, CALL, DENIED, GONE, OTHER)
ALLOW = Rule(id="a", effect=Effect.ALLOW, tool="push")
MAIN = replace(ALLOW, when=(Condition(path="/branch", op=Operator.EQ, value="main"),))


def test_a_new_rule_counts_what_it_would_have_matched_and_what_was_denied_of_it() -> None:
    assert back_test((), (ALLOW,), CALLS, ALLOW) == BackTest(
        looked=5, unclear=0, loosened=4, tightened=0, matched=4, matched_denied=1
    )


def test_a_test_of_values_that_are_gone_says_nothing_of_the_call() -> None:
    found = back_test((), (MAIN,), CALLS, MAIN)
    assert (found.unclear, found.loosened, found.matched, found.matched_denied) == (1, 2, 2, 0)


def test_a_rule_that_is_gone_tightens_and_one_that_is_narrowed_too() -> None:
    assert back_test((ALLOW,), (), CALLS, None).tightened == 4
    narrowed = back_test((ALLOW,), (MAIN,), CALLS, MAIN)
    assert (narrowed.tightened, narrowed.loosened, narrowed.unclear) == (1, 0, 1)


def test_a_denial_beside_it_keeps_what_it_denies() -> None:
    deny = Rule(id="d", effect=Effect.DENY, server="git")
    assert back_test((deny,), (deny, ALLOW), CALLS, ALLOW).loosened == 0
    assert back_test((), (deny,), CALLS, deny).tightened == 5


def test_what_nobody_confirmed_is_asked_about_then_and_now() -> None:
    unconfirmed = replace(CALL, tier=Tier.T3)
    assert back_test((), (ALLOW,), (unconfirmed,), ALLOW).loosened == 0


def test_lamps_are_not_kept_so_a_rule_that_looks_at_them_says_nothing() -> None:
    lit = replace(ALLOW, when=(Condition(path="", op=Operator.TAINT_HAS, value="U"),))
    assert back_test((), (lit,), CALLS, lit).unclear == 4


def test_limits_are_taken_as_not_reached_and_a_rule_that_is_off_as_absent() -> None:
    limited = replace(ALLOW, limits=RuleLimits(uses=1))
    assert back_test((), (limited,), CALLS, limited).loosened == 4
    off = replace(ALLOW, enabled=False)
    assert back_test((), (off,), CALLS, off).matched == 0


def test_what_the_posture_allows_passes_before_and_after() -> None:
    read = replace(CALLS[0], tier=Tier.T0)
    ask = Rule(id="ask", effect=Effect.ASK)
    reads = Posture.ASK_WRITES
    assert back_test((), (ALLOW,), (read,), ALLOW, reads).loosened == 0
    assert back_test((), (ask,), (read,), ask, reads).tightened == 1
