"""Rules that bound how much one call, and all of an hour, may touch; and what is proved of them."""

from dataclasses import replace

import pytest

from keyturn.domain.back_test import PastCall, back_test
from keyturn.domain.canonical import JsonObject
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_data import rule_from_data, rule_to_data
from keyturn.domain.rule_life import Moment, RuleLimits
from keyturn.domain.rule_proof import Never, Possible, Question, Unproved, can_ever, newly_allowed
from keyturn.domain.tier import Tier
from keyturn.domain.touches import Touches, touches_of

ALLOW = Rule(id="r", effect=Effect.ALLOW)
AT_MOST_3 = replace(ALLOW, limits=RuleLimits(touches_per_call=3))
IN_AN_HOUR_10 = replace(ALLOW, limits=RuleLimits(touches_per_hour=10))
NOW = Moment(now="2026-12-24T09:00:00.000Z")


def judged(rule: Rule, touches: Touches | None, moment: Moment = NOW) -> Judgement:
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
        moment=moment,
    )


@pytest.mark.requirement("REACH-LIMIT")
@pytest.mark.parametrize(("count", "allowed"), [(1, True), (3, True), (4, False), (None, False)])
def test_a_call_that_touches_more_is_asked_about(count: int | None, allowed: bool) -> None:
    found = judged(AT_MOST_3, Touches(count=count))
    assert found.verdict is (Verdict.ALLOW if allowed else Verdict.ASK)
    assert found.because is (Because.RULE if allowed else Because.RULE_TOO_MANY)


def test_what_nobody_counted_is_within_no_limit() -> None:
    assert judged(AT_MOST_3, None).because is Because.RULE_TOO_MANY
    assert judged(IN_AN_HOUR_10, None).because is Because.RULE_HOUR
    assert judged(ALLOW, None).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("before", "count", "allowed"), [(0, 10, True), (8, 2, True), (8, 3, False)]
)
def test_an_hour_has_so_much_in_all(before: int, count: int, allowed: bool) -> None:
    moment = Moment(now=NOW.now, touched={"r": before})
    found = judged(IN_AN_HOUR_10, Touches(count=count), moment)
    assert found.verdict is (Verdict.ALLOW if allowed else Verdict.ASK)


def test_the_limits_are_read_as_they_were_written() -> None:
    for rule in (AT_MOST_3, IN_AN_HOUR_10):
        assert rule_from_data(rule_to_data(rule)) == rule
    for value in (0, -1, 1.5, True, "3", None):
        data: JsonObject = {"effect": "allow", "limits": {"touches_per_call": value}}
        with pytest.raises(ConfigurationError):
            rule_from_data(data)
    with pytest.raises(ConfigurationError):
        rule_from_data({"effect": "deny", "limits": {"touches_per_hour": 3}})


MANY = (Condition(path="/ids", op=Operator.EQ, value=["a", "b", "c", "d"]),)


@pytest.mark.requirement("REACH-PROOF")
def test_the_prover_says_nothing_wrong_of_them() -> None:
    found = can_ever(Question(), (AT_MOST_3,))
    assert isinstance(found, Possible)
    assert not touches_of(found.call.arguments).over(3)
    # Four are touched: no call within the question is allowed, and that is not proved.
    assert can_ever(Question(when=MANY), (AT_MOST_3,)) == Unproved()
    assert isinstance(can_ever(Question(when=MANY), (ALLOW,)), Possible)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (AT_MOST_3, replace(AT_MOST_3, limits=RuleLimits(touches_per_call=300))),
        (AT_MOST_3, ALLOW),
        (IN_AN_HOUR_10, replace(ALLOW, limits=RuleLimits(touches_per_hour=11))),
    ],
)
def test_a_limit_that_is_raised_is_not_called_the_same(before: Rule, after: Rule) -> None:
    assert newly_allowed((before,), (after,)) == Unproved()
    assert newly_allowed((before,), (before, replace(after, id="other"))) == Unproved()


def test_what_stays_as_it_was_allows_nothing_new() -> None:
    assert newly_allowed((AT_MOST_3,), (AT_MOST_3,)) == Never()
    assert newly_allowed((ALLOW,), (AT_MOST_3,)) == Never()
    found = newly_allowed((), (AT_MOST_3,))
    assert isinstance(found, Possible) and not touches_of(found.call.arguments).over(3)


def test_past_calls_are_counted_too() -> None:
    def past(arguments: JsonObject | None) -> PastCall:
        return PastCall(
            kind=Kind.CALL,
            agent="a",
            server="s",
            tool="t",
            tier=Tier.T1,
            arguments=arguments,
            denied=False,
        )

    calls = [past({"ids": ["a"]}), past({"ids": ["a", "b", "c", "d"]}), past(None)]
    told = back_test((), (AT_MOST_3,), calls, AT_MOST_3)
    assert (told.looked, told.unclear, told.loosened, told.tightened) == (3, 1, 1, 0)
