"""Rules as closed data: read back as written, and nothing unknown is passed over."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_data import rule_from_data, rule_set_hash, rule_to_data, says_the_same
from keyturn.domain.rule_life import RuleLimits, Window

NAMES = st.text(max_size=8)
CONDITIONS = st.one_of(
    st.builds(
        Condition,
        path=st.sampled_from(["", "/a", "/a/0"]),
        op=st.sampled_from([Operator.EQ, Operator.NE]),
        value=st.none() | st.booleans() | st.integers(-5, 5) | st.lists(NAMES, max_size=2),
    ),
    st.builds(Condition, path=st.just("/n"), op=st.just(Operator.LE), value=st.integers(0, 9)),
)
WINDOW: JsonObject = {"from": "2026-12-24T18:00:00Z", "until": "2027-01-02T08:00:00+01:00"}
RULES = st.builds(
    Rule,
    id=st.text(min_size=1, max_size=8),
    effect=st.sampled_from(Effect),
    kind=st.sampled_from(Kind),
    agent=NAMES,
    server=NAMES,
    tool=NAMES,
    when=st.lists(CONDITIONS, max_size=3).map(tuple),
    name=NAMES,
    enabled=st.booleans(),
)


@settings(deadline=None)
@given(RULES)
def test_a_rule_is_read_back_as_it_was_written(rule: Rule) -> None:
    assert rule_from_data(rule_to_data(rule)) == rule


def test_only_the_effect_must_be_said() -> None:
    rule = rule_from_data({"effect": "ask"}, default_id="file-1")
    assert rule == Rule(id="file-1", effect=Effect.ASK)


def test_a_rule_without_an_id_is_named_by_its_content() -> None:
    one, same = rule_from_data({"effect": "ask"}), rule_from_data({"effect": "ask"})
    assert one.id == same.id != rule_from_data({"effect": "deny"}).id
    assert one.id.startswith("r-")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "`effect`"),
        ({"effect": "permit"}, "`effect`"),
        ({"effect": 5}, "`effect`"),
        ({"effect": "ask", "cel": "true"}, "'cel'"),
        ({"effect": "ask", "kind": "shell"}, "`kind`"),
        ({"effect": "ask", "tool": 5}, "`tool`"),
        ({"effect": "ask", "enabled": 1}, "`enabled`"),
        ({"effect": "ask", "when": {}}, "`when`"),
        ({"effect": "ask", "when": ["x"]}, "path, op, value"),
        ({"effect": "ask", "when": [{"op": "eq", "not": 1}]}, "path, op, value"),
        ({"effect": "ask", "when": [{"op": "like"}]}, "`op`"),
        ({"effect": "ask", "when": [{"path": "a", "op": "eq"}]}, "JSON Pointer"),
        ({"effect": "ask", "when": [{"path": "/a", "op": "in", "value": 1}]}, "/a"),
        ({"effect": "ask", "when": [{"op": "matches", "value": "("}]}, "the arguments"),
        ({"effect": "deny", "limits": {"uses": 1}}, "weaken"),
        ({"effect": "ask", "limits": {"per_minute": 1}}, "weaken"),
        ({"effect": "allow", "limits": []}, "`limits`"),
        ({"effect": "allow", "limits": {"per_hour": 1}}, "`limits`"),
        ({"effect": "allow", "limits": {"uses": 0}}, "`uses`"),
        ({"effect": "allow", "limits": {"uses": True}}, "`uses`"),
        ({"effect": "allow", "limits": {"uses": None}}, "`uses`"),
        ({"effect": "allow", "limits": {"per_minute": 1.5}}, "`per_minute`"),
        ({"effect": "allow", "limits": {"until": "tomorrow"}}, "`until`"),
        ({"effect": "allow", "limits": {"until": "2026-12-24T18:00:00"}}, "`until`"),
        ({"effect": "allow", "limits": {"until": 5}}, "`until`"),
        ({"effect": "deny", "during": {}}, "`during`"),
        ({"effect": "deny", "during": [{"from": "2026-12-24T18:00:00Z"}]}, "from and until"),
        ({"effect": "allow", "during": [WINDOW]}, "allows has windows"),
        ({"effect": "deny", "during": [WINDOW | {"until": WINDOW["from"]}]}, "before it begins"),
        ({"effect": "ask", "never": True}, "`never`"),
        ({"effect": "allow", "never": True}, "`never`"),
        ({"effect": "deny", "never": 1}, "`never`"),
    ],
    ids=str,
)
def test_anything_else_is_refused_with_a_sentence(data: JsonObject, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rule_from_data(data)
    assert says in caught.value.sentence
    assert caught.value.mend


@pytest.mark.parametrize("key", ["agent", "server", "tool"])
def test_a_pattern_that_no_name_could_be_held_against_is_refused(key: str) -> None:
    for sound in ("?" * 100, "*" * 100_000, "x" * 100_000):
        assert rule_to_data(rule_from_data({"effect": "deny", key: sound}))[key] == sound
    with pytest.raises(ConfigurationError, match="too long for a pattern"):
        rule_from_data({"effect": "deny", key: "?" * 100_000})


def test_the_hash_of_a_set_follows_its_content_and_not_its_order() -> None:
    one, other = Rule(id="a", effect=Effect.ASK), Rule(id="b", effect=Effect.DENY)
    assert rule_set_hash((one, other)) == rule_set_hash((other, one))
    assert rule_set_hash((one,)) != rule_set_hash((one, other))


def test_what_bounds_a_rule_is_read_back_in_one_time_zone() -> None:
    allow = rule_from_data(
        {
            "effect": "allow",
            "limits": {"per_minute": 3, "uses": 10, "until": "2026-12-01T01:00:00+01:00"},
        }
    )
    assert allow.limits == RuleLimits(per_minute=3, uses=10, until="2026-12-01T00:00:00.000Z")
    deny = rule_from_data({"effect": "deny", "never": True, "during": [WINDOW]})
    assert deny.during == (
        Window(begins="2026-12-24T18:00:00.000Z", ends="2027-01-02T07:00:00.000Z"),
    )
    assert deny.never
    for rule in (allow, deny):
        assert rule_from_data(rule_to_data(rule)) == rule


def test_a_rule_without_bounds_is_written_as_before_there_were_any() -> None:
    written = rule_to_data(Rule(id="r-1", effect=Effect.ALLOW))
    assert not {"limits", "during", "never"} & written.keys()


def test_uses_are_counted_under_the_content_of_a_rule_and_not_its_place_in_a_file() -> None:
    counted: JsonObject = {"effect": "allow", "limits": {"uses": 3}}
    one = rule_from_data(counted, default_id="file-1")
    assert one.id == rule_from_data(counted, default_id="file-7").id != "file-1"
    assert one.id != rule_from_data({**counted, "tool": "a"}, default_id="file-1").id
    endless: JsonObject = {"effect": "allow", "limits": {"per_minute": 3}}
    assert rule_from_data(endless, default_id="file-1").id == "file-1"


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (1, 1.5), ("a", "A"), ([1], [True]), (0, False)]
)
def test_only_the_name_of_a_rule_says_nothing(one: JsonValue, other: JsonValue) -> None:
    def rule(value: JsonValue, name: str = "") -> Rule:
        test = Condition(path="/a", op=Operator.EQ, value=value)
        return Rule(id="a", effect=Effect.ALLOW, when=(test,), name=name)

    assert says_the_same(rule(one), rule(one, "said otherwise"))
    assert says_the_same(rule(one, "a"), rule(one, "b"))
    assert not says_the_same(rule(one), rule(other))
    assert not says_the_same(rule(one), replace(rule(one), enabled=False))
