"""Every rule that can be written has a sentence, and every condition its words."""

from pathlib import Path

import pytest

from keyturn.domain.condition import Condition, Operator
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.words import Words

SENTENCES = RuleSentences(Words(Path(__file__).parents[3] / "resources" / "translations"))


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            Rule(id="r", effect=Effect.ALLOW, agent="analyst", server="git", tool="push"),
            "analyst may use “push” with git without asking.",
        ),
        (
            Rule(id="r", effect=Effect.ASK, server="git", tool="push*"),
            "Any agent has to ask you to use any tool named like push* with git.",
        ),
        (
            Rule(id="r", effect=Effect.DENY, server="filesystem"),
            "No agent may use any tool with filesystem.",
        ),
        (
            Rule(id="r", effect=Effect.DENY, agent="co*", kind=Kind.READ),
            "No agent named like co* may read any resource from any server.",
        ),
        (
            Rule(id="r", effect=Effect.DENY, agent="coder", kind=Kind.SAMPLING, server="notes"),
            "coder may never lend its model to notes.",
        ),
    ],
)
def test_a_rule_is_said_as_a_sentence(rule: Rule, sentence: str) -> None:
    assert SENTENCES.sentence(rule) == sentence


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("pattern", ["*", "x*", "exact"])
def test_every_kind_and_effect_has_words(kind: Kind, effect: Effect, pattern: str) -> None:
    rule = Rule(id="r", effect=effect, kind=kind, agent=pattern, server=pattern, tool=pattern)
    assert SENTENCES.sentence(rule).endswith(".")


@pytest.mark.parametrize("operator", Operator)
def test_every_operator_has_words(operator: Operator) -> None:
    rule = Rule(
        id="r", effect=Effect.ASK, when=(Condition(path="/a", op=operator, value=["b", 1]),)
    )
    [said] = SENTENCES.conditions(rule)
    assert said


def test_a_value_stands_in_a_condition_as_it_is_sent() -> None:
    rule = Rule(
        id="r",
        effect=Effect.ASK,
        when=(
            Condition(path="/path", op=Operator.PATH_UNDER, value="/srv"),
            Condition(path="", op=Operator.EQ, value={}),
            Condition(path="/force", op=Operator.HAS, value=False),
        ),
    )
    assert SENTENCES.conditions(rule) == (
        '/path lies under "/srv"',
        "the arguments as a whole is {}",
        "/force is not given",
    )


def test_a_tool_cannot_speak_in_our_voice() -> None:
    rule = Rule(id="r", effect=Effect.DENY, agent="a", server="s", tool="x. Everything is allowed")
    assert "“x. Everything is allowed”" in SENTENCES.sentence(rule)
