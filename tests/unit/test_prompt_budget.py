"""The prompt budget's replay on shorter sessions; tests/bench/prompt_budget.py plays it whole."""

import asyncio

import pytest

from keyturn.domain.tier import Tier
from tests.bench.coding_session import CALLS_AN_HOUR, mix_of, session
from tests.bench.prompt_budget import (
    AFTER,
    AN_HOUR,
    CALLS,
    SHARE,
    Person,
    after_the_week,
    at_the_start,
    make_bench,
)


def test_a_session_is_the_same_whenever_it_is_made() -> None:
    made = session(CALLS)
    assert made == session(CALLS)
    assert len(made) == CALLS
    assert made[:100] == session(100)
    assert session(100) != session(100, 1)
    mix = mix_of(made)
    assert mix["read_text_file"] < CALLS / 2
    assert mix["edit_file"] + mix["write_file"] + mix["run_command"] > CALLS / 4


def test_a_rule_is_made_of_the_third_question_about_the_same_and_covers_no_more() -> None:
    bench = make_bench()
    person = Person(bench)
    calls = [timed.call for timed in session(CALLS)]
    commands = [call for call in calls if call.arguments.get("command") == "npm test"]
    made = [person.was_asked(call) for call in commands[: AFTER + 2]]
    assert [rule is not None for rule in made] == [False, False, True, False, False]
    (rule,) = person.rules.values()
    assert [(test.path, test.value) for test in rule.when] == [("/command", "npm test")]
    assert bench.tools["run_command"].tier is Tier.T2


@pytest.mark.requirement("P1")
def test_the_first_hours_ask_no_more_than_the_budget() -> None:
    told = asyncio.run(at_the_start(make_bench(), 2 * CALLS_AN_HOUR))
    assert 0 < max(told.hours) <= AN_HOUR


@pytest.mark.requirement("P1")
def test_a_week_of_rules_leaves_the_budget_where_the_files_are_the_persons_own() -> None:
    told = asyncio.run(after_the_week(make_bench(own_files=True), 300))
    assert told.rules > 0
    assert told.share <= SHARE
