"""What is odd about rules: each oddity is found where it is, and not where it is not."""

from dataclasses import replace

import pytest

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_life import RuleLimits, Window
from keyturn.domain.rule_lint import KnownTool, Oddity, lint, lint_rule, may_have
from keyturn.domain.tier import Tier

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "page": {"type": "integer"},
        "to": {"type": "array", "items": {"properties": {"name": {}}}},
        "free": {"type": "object"},
        "shut": {"type": "object", "additionalProperties": False},
        "other": {"$ref": "#/$defs/other"},
    },
}
READ = KnownTool(server="ship", name="read", tier=Tier.T0, labels=Lamps.NONE, schema=SCHEMA)
SEND = KnownTool(server="ship", name="send", tier=Tier.T2, labels=Lamps.NONE, schema=SCHEMA)
POST = KnownTool(server="ship", name="post", tier=Tier.T1, labels=Lamps.X, schema=SCHEMA)
TOOLS = (READ, SEND, POST)
ALLOW = Rule(id="r", effect=Effect.ALLOW, agent="a", server="ship", tool="read")
FREEZE = Window(begins="2026-12-24T18:00:00.000Z", ends="2027-01-02T07:00:00.000Z")


def at(path: str, op: Operator, value: JsonValue) -> Condition:
    """Make a condition."""
    return Condition(path=path, op=op, value=value)


def found(rule: Rule, *others: Rule, tools: tuple[KnownTool, ...] = TOOLS) -> list[Oddity]:
    """Return the oddities of a rule beside others."""
    return [finding.oddity for finding in lint_rule(rule, (rule, *others), tools)]


def test_an_ordinary_rule_is_not_odd() -> None:
    assert found(ALLOW) == []
    assert lint((ALLOW, replace(ALLOW, id="d", effect=Effect.DENY, agent="b")), TOOLS) == ()


def test_tests_that_no_call_can_pass_together_are_unreachable() -> None:
    tests = (at("/page", Operator.GT, 5), at("/page", Operator.LE, 5))
    assert found(replace(ALLOW, when=tests)) == [Oddity.UNREACHABLE]
    begins = (at("/page", Operator.PREFIX, "a"), at("/page", Operator.GLOB, "b*"))
    assert found(replace(ALLOW, when=begins)) == [Oddity.UNREACHABLE]
    assert found(replace(ALLOW, when=tests[:1])) == []


def test_a_stricter_rule_that_covers_every_call_is_named() -> None:
    deny = Rule(id="d", effect=Effect.DENY, server="sh*")
    ask = Rule(id="q", effect=Effect.ASK, tool="re?d")
    assert found(ALLOW, deny, ask) == [Oddity.DENIED]
    assert found(ALLOW, ask) == [Oddity.ASKED]
    assert found(ask, deny, tools=()) == []
    assert found(replace(ask, server="ship"), deny) == [Oddity.DENIED]
    (finding,) = lint_rule(ALLOW, (ask,), TOOLS)
    assert finding.by == ask


def test_conditions_count_when_a_rule_is_held_against_a_stricter_one() -> None:
    narrow = replace(ALLOW, when=(at("/page", Operator.LE, 3),))
    deny = Rule(id="d", effect=Effect.DENY, when=(at("/page", Operator.LT, 4),))
    assert found(narrow, deny) == [Oddity.DENIED]
    assert found(ALLOW, deny) == []
    assert found(narrow, replace(deny, enabled=False)) == []
    assert found(narrow, replace(deny, during=(FREEZE,))) == []


def test_rules_that_only_together_leave_nothing_are_found() -> None:
    low = Rule(id="l", effect=Effect.DENY, when=(at("/page", Operator.LT, 4),))
    rest = Rule(id="h", effect=Effect.ASK, when=(at("/page", Operator.GE, 4),))
    numbered = replace(ALLOW, when=(at("/page", Operator.GE, 0),))
    assert found(numbered, low, rest) == [Oddity.OUTWEIGHED]
    assert found(ALLOW, low, rest) == []


def test_the_same_rule_twice_is_a_duplicate_whatever_it_is_called() -> None:
    assert found(ALLOW, replace(ALLOW, id="s", name="Again")) == [Oddity.DUPLICATE]
    limited = replace(ALLOW, id="s", limits=RuleLimits(uses=3))
    assert found(ALLOW, limited) == []


def test_a_rule_for_no_tool_that_is_known_says_so_where_any_is_known() -> None:
    lost = replace(ALLOW, tool="raed")
    assert found(lost) == [Oddity.NO_TOOL]
    assert found(lost, tools=()) == []


@pytest.mark.parametrize("tool", ["send", "post", "*"])
def test_to_allow_what_reaches_out_needs_a_test_of_an_argument(tool: str) -> None:
    rule = replace(ALLOW, tool=tool)
    assert found(rule) == [Oddity.NO_TEST]
    assert found(replace(rule, when=(at("", Operator.TAINT_HAS, "U"),))) == [Oddity.NO_TEST]
    assert found(replace(rule, when=(at("/page", Operator.LE, 3),))) == []
    assert found(replace(rule, effect=Effect.ASK)) == []


def test_a_test_of_what_no_schema_has_is_found() -> None:
    rule = replace(ALLOW, when=(at("/pgae", Operator.LE, 3), at("/page", Operator.LE, 3)))
    (finding,) = lint_rule(rule, (), TOOLS)
    assert (finding.oddity, finding.names) == (Oddity.NO_PATH, ("/pgae",))


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/page", True),
        ("/pgae", False),
        ("/to/0/name", True),
        ("/to/0/nmae", False),
        ("/free/anything", True),
        ("/shut/anything", False),
        ("/other/anything", True),
    ],
)
def test_what_a_schema_says_of_a_path(path: str, may: bool) -> None:
    assert may_have(SCHEMA, path) is may


def test_to_allow_everything_is_said_to_be_that() -> None:
    everything = Rule(id="e", effect=Effect.ALLOW)
    assert Oddity.EVERYTHING in found(everything)
    assert found(replace(everything, effect=Effect.DENY)) == []


def test_a_rule_that_is_off_is_not_looked_at() -> None:
    assert found(Rule(id="e", effect=Effect.ALLOW, enabled=False)) == []
