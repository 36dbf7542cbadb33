"""Keys that only a careless reader takes for others: no way round a rule."""

import pytest

from keyturn.domain.alike import imitates, resembles
from keyturn.domain.canonical import JsonObject
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.tier import Tier

METHODS = frozenset({"tools/call", "tools/list"})


@pytest.mark.parametrize("key", ["Method", "METHOD", "method\0", "Method\0x"])
def test_case_and_nul_make_a_key_alike(key: str) -> None:
    assert imitates(["id", key], ["id", "method"])


@pytest.mark.parametrize("key", ["param\u017f", "PARAMS"])
def test_letters_that_fold_to_others_are_alike(key: str) -> None:
    assert imitates([key], ["params"])


@pytest.mark.parametrize("key", ["method", "methods", "_method", "x", ""])
def test_other_keys_are_not(key: str) -> None:
    assert not imitates([key], ["method"])


@pytest.mark.parametrize(
    "word",
    [
        "tools/call\0",
        "tools/call\0anything",
        "Tools/Call",
        "TOOLS/CALL",
        " tools/call",
        "tools/call\n",
        "tools/call" + " " * 1000,
        "\0\0tools/call",
        "tools/call\u00a0",
        "tools\u200b/call",
        "tools/ca\u00adll",
        "tools/c\u00e1ll",
        "t\u043eols/call",
        "tool\u017f/call",
        "tools\u2215call",
        "\uff54\uff4f\uff4f\uff4c\uff53\uff0f\uff43\uff41\uff4c\uff4c",
    ],
)
def test_a_method_can_be_taken_for_another(word: str) -> None:
    assert resembles(word, METHODS)


@pytest.mark.parametrize(
    "word",
    [
        *("tools/call", "tools/list", "tools/calls", "tool/call", "x/tools/call", "tools", ""),
        "notifications/cancelled",
        "\u30c4\u30fc\u30eb\u3092\u547c\u3073\u51fa\u3059\u306e\u3060",
        "tools/call" + "x" * 1000,
    ],
)
def test_a_method_of_its_own_is_left_alone(word: str) -> None:
    assert not resembles(word, METHODS)


def verdict(
    effect: Effect, arguments: JsonObject, path: str = "/amount"
) -> tuple[Verdict, Because]:
    subject = RuleSubject(
        kind=Kind.CALL,
        agent="a",
        server="s",
        tool="pay",
        arguments=arguments,
        lamps=Lamps.NONE,
    )
    operator = Operator.GE if effect is Effect.DENY else Operator.LE
    rule = Rule(id="r", effect=effect, when=(Condition(path=path, op=operator, value=5),))
    found = judge(subject, tier=Tier.T1, labels=Lamps.NONE, rules=(rule,), posture=Posture.ASK_ALL)
    return found.verdict, found.because


def test_a_second_key_in_other_letters_is_not_allowed_by_a_limit_on_the_first() -> None:
    assert verdict(Effect.ALLOW, {"amount": 1})[0] is Verdict.ALLOW
    found = verdict(Effect.ALLOW, {"amount": 1, "Amount": 1000})
    assert found == (Verdict.ASK, Because.RULE_FAULT)


def test_a_key_in_other_letters_does_not_pass_round_a_rule_that_denies() -> None:
    assert verdict(Effect.DENY, {"Amount": 1000})[0] is Verdict.DENY


def test_an_alike_key_above_the_value_counts_too() -> None:
    arguments: JsonObject = {"pay": {"amount": 1}, "PAY": {"amount": 1000}}
    assert verdict(Effect.ALLOW, arguments, "/pay/amount")[0] is Verdict.ASK
