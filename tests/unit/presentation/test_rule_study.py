"""What is said of a rule that is being made: past calls, and what it newly lets through."""

from dataclasses import replace
from pathlib import Path

from keyturn.application.approval_request import PRACTICE_AGENT, PRACTICE_SERVER
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier
from keyturn.presentation.rule_study import past_calls, study_lines
from keyturn.presentation.words import Words
from tests.unit.presentation.recorded import Recorded

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
PUSH = Recorded(agent="coder", server="git", tool="push", tier="T1", arguments='{"branch":"main"}')
DENIED = replace(PUSH, outcome="denied_user")
MASKED = replace(PUSH, masked=True)
ALLOW = Rule(id="r", effect=Effect.ALLOW, agent="coder", server="git", tool="push")
MAIN = replace(ALLOW, when=(Condition(path="/branch", op=Operator.EQ, value="main"),))


def test_past_calls_keep_what_a_rule_looks_at() -> None:
    plain, denied, masked, list_ = past_calls(
        (PUSH, DENIED, MASKED, replace(PUSH, arguments="[]", tier="T9"))
    )
    assert (plain.kind, plain.agent, plain.tier) == (Kind.CALL, "coder", Tier.T1)
    assert (plain.arguments, plain.denied) == ({"branch": "main"}, False)
    assert denied.denied
    assert masked.arguments is None
    assert (list_.arguments, list_.tier) == (None, Tier.T3)


def test_what_was_no_request_of_an_agent_is_left_out() -> None:
    asked = replace(PUSH, method="sampling/createMessage")
    read = replace(PUSH, method="resources/read", tool="file:///a", arguments="{}")
    practice = replace(PUSH, agent=PRACTICE_AGENT, server=PRACTICE_SERVER)
    (call,) = past_calls((asked, read, practice))
    assert call.kind is Kind.READ


def test_a_rule_is_said_to_match_so_many_past_calls() -> None:
    lines = study_lines((), MAIN, past_calls((PUSH, PUSH, DENIED, MASKED)), WORDS)
    assert lines[0] == "It would have matched 3 of your last 4 calls; you denied 1 of them."
    assert lines[1].startswith("3 of them would have been decided otherwise")
    assert lines[2].startswith("Of 1 call nobody can tell")
    assert lines[3] == ('It newly allows, for example: coder: git / push {"branch":"main"}')


def test_a_rule_that_is_replaced_is_held_against_the_one_that_it_replaces() -> None:
    lines = study_lines((ALLOW,), MAIN, past_calls((PUSH,)), WORDS)
    assert lines[-1] == "It allows nothing that was not allowed before."


def test_without_a_history_only_what_is_newly_allowed_is_said() -> None:
    (line,) = study_lines((), ALLOW, (), WORDS)
    assert line.startswith("It newly allows")
    assert study_lines((), replace(ALLOW, effect=Effect.DENY), (), WORDS) == ()


def test_an_edit_that_loosens_without_allowing_says_so() -> None:
    deny = replace(ALLOW, effect=Effect.DENY)
    assert study_lines((ALLOW, deny), replace(deny, effect=Effect.DENY), (), WORDS) == ()
    standing = replace(ALLOW, id="standing")
    (line,) = study_lines((standing, deny), replace(deny, tool="push_all"), (), WORDS)
    assert line.startswith("It newly allows")


def test_a_limit_that_is_lifted_is_said() -> None:
    once = replace(ALLOW, limits=RuleLimits(uses=1))
    lines = study_lines((once,), ALLOW, (), WORDS)
    assert lines[-1].startswith("It allows more calls, or longer")
    assert len(study_lines((ALLOW,), once, (), WORDS)) == 1


def test_that_nothing_would_have_matched_is_a_sentence_of_its_own() -> None:
    other = replace(MAIN, tool="pull")
    assert study_lines((), other, past_calls((PUSH,)), WORDS)[0] == (
        "It would not have matched your only recorded call."
    )
    assert study_lines((), other, past_calls((PUSH, DENIED)), WORDS)[0] == (
        "It would have matched none of your last 2 calls."
    )
