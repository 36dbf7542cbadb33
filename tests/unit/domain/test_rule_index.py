"""Which rules of a set are held against a call, and that asking is remembered within bounds."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from keyturn.domain import rule_index
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_index import RuleIndex

ALLOW, ASK, DENY = (Rule(id=effect.value, effect=effect) for effect in reversed(Effect))


def call(
    tool: str = "read_page",
    *,
    kind: Kind = Kind.CALL,
    agent: str = "analyst",
    server: str = "notes",
    arguments: JsonObject | None = None,
) -> RuleSubject:
    return RuleSubject(
        kind=kind,
        agent=agent,
        server=server,
        tool=tool,
        arguments=arguments or {},
        lamps=Lamps.NONE,
    )


def on(rule_id: str, op: Operator, value: JsonValue, path: str = "/page") -> Rule:
    return Rule(id=rule_id, effect=Effect.DENY, when=(Condition(path=path, op=op, value=value),))


def ids(rules: Iterable[Rule]) -> list[str]:
    return [rule.id for rule in rules]


def test_the_strictest_come_first_and_what_is_off_is_left_out() -> None:
    off = Rule(id="off", effect=Effect.DENY, enabled=False)
    assert ids(RuleIndex((ALLOW, off, ASK, DENY)).about(call())) == ["deny", "ask", "allow"]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(id="r", effect=Effect.DENY, agent="other"),
        Rule(id="r", effect=Effect.DENY, server="other*"),
        Rule(id="r", effect=Effect.DENY, tool="write_*"),
        Rule(id="r", effect=Effect.DENY, kind=Kind.READ),
    ],
    ids=str,
)
def test_a_rule_of_other_names_is_left_out(rule: Rule) -> None:
    assert ids(RuleIndex((rule, ASK)).about(call())) == ["ask"]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(id="r", effect=Effect.DENY, agent="analyst"),
        Rule(id="r", effect=Effect.DENY, agent="an*", server="notes", tool="read_????"),
        Rule(id="r", effect=Effect.DENY, agent="*", server="n?tes"),
    ],
    ids=str,
)
def test_a_rule_of_its_names_is_kept(rule: Rule) -> None:
    assert ids(RuleIndex((rule, ASK)).about(call())) == ["r", "ask"]


@pytest.mark.parametrize("kind", [Kind.READ, Kind.PROMPT, Kind.COMPLETE])
def test_of_a_name_that_an_agent_writes_the_rules_are_kept_that_may_name_it(kind: Kind) -> None:
    rules = tuple(
        Rule(id=str(n), effect=Effect.DENY, kind=kind, tool=f"file:///{n}/*") for n in range(99)
    )
    index = RuleIndex((*rules, DENY))
    for subject in (call("file:///%37/x", kind=kind), call("file:///x/../7/x", kind=kind)):
        assert list(index.about(subject)) == list(rules)
        assert ids(index.covering(subject)) == ["7"]
    assert list(index.covering(call("file:///7\x00", kind=kind))) == list(rules)
    assert ids(RuleIndex(rules[:3]).covering(call("x", kind=kind))) == ["0", "1", "2"]


def test_what_is_remembered_of_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_index, "_MOST_REMEMBERED", 2)
    index = RuleIndex((ASK, DENY))
    first = index.about(call("a"))
    assert index.about(call("a")) is first
    index.about(call("b"))
    assert index.about(call("a")) is first
    index.about(call("c"))
    assert index.about(call("a")) is not first
    assert index.about(call("a")) == first


MANY = tuple(on(str(n), Operator.EQ, f"page {n}") for n in range(100))


def test_of_many_rules_those_are_left_out_that_the_arguments_cannot_fit() -> None:
    index = RuleIndex(MANY)
    assert ids(index.covering(call(arguments={"page": "page 7"}))) == ["7"]
    assert ids(index.covering(call(arguments={"page": 7}))) == []
    assert ids(index.covering(call())) == []
    assert list(index.about(call())) == list(MANY)
    # Of a key that is alike nobody knows which of the two is meant: every rule says so itself.
    assert list(index.covering(call(arguments={"Page": "page 7"}))) == list(MANY)


def test_the_filters_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Counted(rule_index.RuleFilter):
        def __init__(self, rules: tuple[Rule, ...]) -> None:
            made.append(len(rules))
            super().__init__(rules)

    monkeypatch.setattr(rule_index, "RuleFilter", Counted)
    monkeypatch.setattr(rule_index, "_MOST_FILTERS", 2)
    index = RuleIndex(MANY)
    for tool in ("a", "b", "a", "b", "c", "a"):
        index.covering(call(tool))
    assert made == [100, 100, 100, 100]


def test_names_are_looked_up_for_each_kind_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Counted(rule_index.NameFilter):
        def __init__(self, patterns: Iterable[str]) -> None:
            made.append(1)
            super().__init__(patterns)

    monkeypatch.setattr(rule_index, "NameFilter", Counted)
    kinds = (Kind.READ, Kind.PROMPT)
    index = RuleIndex([replace(rule, kind=kind) for kind in kinds for rule in MANY])
    for kind in (*kinds, *kinds):
        index.covering(call(kind=kind))
    assert len(made) == 2


def test_few_rules_are_tried_as_they_are() -> None:
    few = MANY[:3]
    assert list(RuleIndex(few).covering(call())) == list(few)
