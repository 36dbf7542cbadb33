"""The top bar: a stop outweighs a problem, and a problem outweighs protection."""

from datetime import timedelta
from pathlib import Path

import pytest

from keyturn.application.console_state import AgentState, HealthState, StopState
from keyturn.application.sight_intents import SightState
from keyturn.presentation.relative_time import clock_text, local_time
from keyturn.presentation.topbar import ProtectionState, TopBarView
from keyturn.presentation.topbar_builder import profile_strips, top_bar_view
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
GOOD = HealthState(keychain="ready", recording=True)
BROKEN = HealthState(keychain="ready", recording=False)


def bar(
    *, stop: StopState | None = None, health: HealthState | None = GOOD, waiting: int = 0
) -> TopBarView:
    return top_bar_view(
        WORDS,
        stop=stop or StopState(engaged=False),
        health=health,
        agents=(AgentState(name="a", enrolled=True, connections=2),),
        waiting=waiting,
        oldest_ms=41_000,
    )


def said(view: TopBarView) -> str:
    return " ".join(f"{fact.before} {fact.strong} {fact.after}" for fact in view.facts)


def test_protecting_says_what_waits_and_since_when() -> None:
    view = bar(waiting=5)
    assert view.state is ProtectionState.PROTECTING
    assert "5 waiting" in said(view)
    assert "oldest 41 s" in said(view)
    assert "1 agent" in said(view)


def test_profiles_that_are_on_count_down_each_under_its_agents_name() -> None:
    end = "2026-11-23T14:07:52.123Z"
    agents = (
        AgentState(
            name="analyst",
            enrolled=True,
            connections=0,
            sight=SightState(profile="Release", until=end),
        ),
        AgentState(
            name="over",
            enrolled=True,
            connections=0,
            sight=SightState(profile="Release", until=end, over=True),
        ),
        AgentState(name="none", enrolled=True, connections=0),
    )
    now = local_time(end) - timedelta(seconds=702)
    (strip,) = profile_strips(agents, now, WORDS)
    assert (strip.grant_id, strip.text, strip.left) == ("analyst", "analyst: Release", "11:42")


def test_a_log_that_cannot_record_is_a_problem() -> None:
    assert bar(health=BROKEN).state is ProtectionState.PROBLEM


def test_a_stop_is_said_whatever_else_is_wrong() -> None:
    stop = StopState(engaged=True, since_utc="2026-11-23T14:07:52.123Z", refused_since=12, level=2)
    view = bar(stop=stop, health=BROKEN)
    assert view.state is ProtectionState.STOPPED
    assert "12 calls refused" in said(view)
    assert clock_text(local_time(stop.since_utc)) in said(view)
    assert (view.stop_level, bar().stop_level) == (2, 0)


def test_rules_that_are_suspended_are_said() -> None:
    assert "suspended" in said(bar(stop=StopState(engaged=False, careful=True)))


@pytest.mark.requirement("N3")
def test_a_desktop_without_notifications_is_a_problem_that_says_what_it_is() -> None:
    view = bar(health=HealthState(keychain="ready", recording=True, notifies=False), waiting=1)
    assert view.state is ProtectionState.PROBLEM
    assert "no notifications here" in said(view)


def test_a_profile_that_is_not_the_default_one_is_named_stopped_or_not() -> None:
    since = "2026-11-23T14:07:50.000Z"
    for stop in (StopState(engaged=False), StopState(engaged=True, since_utc=since)):
        plain, named = (
            top_bar_view(
                WORDS, stop=stop, health=GOOD, agents=(), waiting=0, oldest_ms=0, profile=profile
            )
            for profile in ("", "demo")
        )
        assert (named.facts[0].before, named.facts[0].strong) == ("profile", "demo")
        assert plain.facts == named.facts[1:]
