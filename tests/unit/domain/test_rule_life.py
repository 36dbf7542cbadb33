"""How long a rule holds: to the instant, and never longer because a clock was set back."""

import time
from dataclasses import replace

import pytest

from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_life import (
    AT_NO_TIME,
    Life,
    Moment,
    RuleLimits,
    Window,
    instant,
    seconds_between,
)
from keyturn.domain.tier import Tier
from keyturn.domain.touches import Touches

NINE, NOON, TEN_PM = (f"2026-12-24T{hour}:00:00.000Z" for hour in ("09", "12", "22"))
CALL = RuleSubject(kind=Kind.CALL, agent="a", server="s", tool="t", arguments={}, lamps=Lamps.NONE)
ALLOW = Rule(id="r", effect=Effect.ALLOW)
UNTIL_NOON = replace(ALLOW, limits=RuleLimits(until=NOON))
TWICE = replace(ALLOW, limits=RuleLimits(uses=2))
ONE_A_MINUTE = replace(ALLOW, limits=RuleLimits(per_minute=1))
FREEZE = Rule(id="f", effect=Effect.DENY, during=(Window(begins=NOON, ends=TEN_PM),))

HOURS = [(0, 10, Life.ACTS), (8, 2, Life.ACTS), (8, 3, Life.OVER_HOUR), (10, 1, Life.OVER_HOUR)]


def judged(moment: Moment, *rules: Rule) -> Judgement:
    return judge(
        CALL,
        tier=Tier.T0,
        labels=Lamps.NONE,
        rules=rules,
        posture=Posture.ASK_ALL,
        moment=moment,
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00.000Z"),
        ("2026-12-24t18:00:00.5z", "2026-12-24T18:00:00.500Z"),
        ("2026-12-24T18:00:00+05:30", "2026-12-24T12:30:00.000Z"),
        ("0044-03-15T12:00:00Z", "0044-03-15T12:00:00.000Z"),
    ],
)
def test_a_time_has_one_form_that_compares_as_text(text: str, read: str) -> None:
    assert instant(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-12-24",
        "2026-12-24T18:00:00",
        "2026-12-24 18:00:00Z",
        "2026-13-24T18:00:00Z",
        "2026-12-24T18:00:60Z",
        "0001-01-01T00:00:00+05:00",
        " 2026-12-24T18:00:00Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        instant(text)


def test_the_time_between_two_instants() -> None:
    assert seconds_between(NINE, NOON) == 3 * 3600
    assert seconds_between(NOON, NINE) == -3 * 3600


def test_a_rule_ends_at_its_instant_and_asks_from_then_on() -> None:
    assert judged(Moment(now=NINE), UNTIL_NOON).verdict is Verdict.ALLOW
    ended = judged(Moment(now=NOON), UNTIL_NOON)
    assert (ended.verdict, ended.because) == (Verdict.ASK, Because.RULE_ENDED)
    assert ended.rule == UNTIL_NOON


def test_a_clock_that_was_set_back_revives_no_ended_rule() -> None:
    set_back = Moment(now=NINE, seen=TEN_PM)
    assert judged(set_back, UNTIL_NOON).because is Because.RULE_ENDED


def test_a_rule_allows_so_many_calls_in_all() -> None:
    assert judged(Moment(now=NINE, uses={"r": 1}), TWICE).verdict is Verdict.ALLOW
    spent = judged(Moment(now=NINE, uses={"r": 2}), TWICE)
    assert (spent.verdict, spent.because) == (Verdict.ASK, Because.RULE_SPENT)


def test_a_rule_allows_so_many_calls_in_a_minute() -> None:
    assert judged(Moment(now=NINE, recent={"r": 0}), ONE_A_MINUTE).verdict is Verdict.ALLOW
    full = judged(Moment(now=NINE, recent={"r": 1}), ONE_A_MINUTE)
    assert (full.verdict, full.because) == (Verdict.ASK, Because.RULE_RATE)


@pytest.mark.parametrize("rule", [UNTIL_NOON, TWICE, ONE_A_MINUTE])
def test_where_nobody_knows_the_time_no_limited_rule_allows(rule: Rule) -> None:
    assert judged(AT_NO_TIME, rule).verdict is Verdict.ASK


def test_another_rule_goes_on_where_a_limited_one_rests() -> None:
    spent = Moment(now=NINE, uses={"r": 2})
    assert judged(spent, TWICE, replace(ALLOW, id="other")).verdict is Verdict.ALLOW
    assert judged(spent, TWICE, Rule(id="q", effect=Effect.ASK)).because is Because.RULE
    assert judged(spent, TWICE, Rule(id="d", effect=Effect.DENY)).verdict is Verdict.DENY
    elsewhere = replace(TWICE, tool="other")
    assert judged(spent, elsewhere).because is Because.NO_RULE


def test_a_freeze_denies_within_its_window_and_not_outside() -> None:
    for now, verdict in ((NINE, Verdict.ALLOW), (NOON, Verdict.DENY), (TEN_PM, Verdict.ALLOW)):
        assert judged(Moment(now=now), ALLOW, FREEZE).verdict is verdict


def test_a_freeze_holds_wherever_a_clock_that_was_set_back_leaves_it_open() -> None:
    assert judged(Moment(now=NINE, seen=TEN_PM), ALLOW, FREEZE).verdict is Verdict.DENY
    assert judged(Moment(now=NINE, seen=NOON), ALLOW, FREEZE).verdict is Verdict.DENY
    assert judged(AT_NO_TIME, ALLOW, FREEZE).verdict is Verdict.DENY
    assert FREEZE.life(Moment(now=NINE)) is Life.OUTSIDE


def test_a_time_means_the_same_wherever_the_machine_stands(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(time.tzset)
    request.addfinalizer(monkeypatch.undo)
    for zone in ("Asia/Kolkata", "America/St_Johns", "UTC0"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert instant("2026-12-24T18:00:00+05:30") == "2026-12-24T12:30:00.000Z"


def test_a_refusal_names_the_rule_that_no_approval_can_overrule() -> None:
    never = Rule(id="n", effect=Effect.DENY, never=True)
    exact = Rule(id="d", effect=Effect.DENY, agent="a", server="s", tool="t")
    assert judged(Moment(now=NINE), exact, ALLOW, never).rule == never


def test_a_limit_is_wider_where_it_is_gone_larger_or_later() -> None:
    tight = RuleLimits(per_minute=2, uses=2, until=NOON)
    assert not tight.may_allow_more_than(tight)
    assert not tight.may_allow_more_than(RuleLimits())
    later = NOON.replace("2026", "2027")
    for wider in (
        RuleLimits(uses=2, until=NOON),
        replace(tight, per_minute=3),
        replace(tight, uses=3),
        replace(tight, until=later),
        replace(tight, until=""),
    ):
        assert wider.may_allow_more_than(tight)
        assert wider == RuleLimits(uses=2, until=NOON) or not tight.may_allow_more_than(wider)


@pytest.mark.parametrize(
    ("two", "three"),
    [
        (RuleLimits(per_minute=2), RuleLimits(per_minute=3)),
        (RuleLimits(uses=2), RuleLimits(uses=3)),
        (RuleLimits(touches_per_call=2), RuleLimits(touches_per_call=3)),
        (RuleLimits(touches_per_hour=2), RuleLimits(touches_per_hour=3)),
    ],
    ids=str,
)
def test_each_limit_alone_is_wider_where_it_is_gone_or_larger(
    two: RuleLimits, three: RuleLimits
) -> None:
    for wider, tighter in ((three, two), (RuleLimits(), two)):
        assert wider.may_allow_more_than(tighter)
        assert not tighter.may_allow_more_than(wider)
    assert not two.may_allow_more_than(two)


@pytest.mark.parametrize(("before", "count", "life"), HOURS)
def test_what_was_touched_within_the_hour_counts(before: int, count: int, life: Life) -> None:
    limits = RuleLimits(touches_per_hour=10)
    moment = Moment(now=NINE, touched={"r": before, "other": 9})
    assert limits.life("r", moment, Touches(count=count)) is life
    assert limits.life("new", moment, Touches(count=10)) is Life.ACTS
    assert limits.life("new", moment, Touches(count=11)) is Life.OVER_HOUR
    assert limits.life("r", moment, None) is Life.OVER_HOUR


def test_one_call_may_touch_so_much() -> None:
    limits = RuleLimits(touches_per_call=3)
    moment = Moment(now=NINE)
    assert limits.life("r", moment, Touches(count=3)) is Life.ACTS
    assert limits.life("r", moment, Touches(count=4)) is Life.TOO_MANY
    assert limits.life("r", moment, None) is Life.TOO_MANY


def test_what_was_never_counted_was_used_no_time() -> None:
    moment = Moment(now=NINE, seen=NINE)
    once = replace(ALLOW, limits=RuleLimits(uses=1, per_minute=1))
    assert once.life(moment) is Life.ACTS
    assert once.life(replace_uses(moment, {"r": 1}, {})) is Life.SPENT
    assert once.life(replace_uses(moment, {}, {"r": 1})) is Life.OVER_RATE


def replace_uses(moment: Moment, uses: dict[str, int], recent: dict[str, int]) -> Moment:
    return Moment(now=moment.now, seen=moment.seen, uses=uses, recent=recent)
