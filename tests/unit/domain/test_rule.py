"""Which calls a rule covers, and how specific it is."""

import dataclasses

import pytest

from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers

SUBJECT = RuleSubject(
    kind=Kind.CALL,
    agent="analyst",
    server="logistics",
    tool="dispatch_order",
    arguments={"page": 3},
    lamps=Lamps.U,
)


def rule(**fields: object) -> Rule:
    values: dict[str, object] = {"id": "r", "effect": Effect.ALLOW} | fields
    return Rule(**values)  # pyright: ignore[reportArgumentType]  # each test gives the right types


def when(op: Operator, value: object, path: str = "/page") -> tuple[Condition, ...]:
    return (Condition(path=path, op=op, value=value),)  # pyright: ignore[reportArgumentType]  # each is JSON


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({}, True),
        ({"agent": "analyst", "server": "log*", "tool": "dispatch_?????"}, True),
        ({"agent": "other"}, False),
        ({"server": "reports"}, False),
        ({"tool": "dispatch_*s"}, False),
        ({"kind": Kind.READ}, False),
        ({"enabled": False}, False),
        ({"when": when(Operator.LE, 5)}, True),
        ({"when": when(Operator.LE, 2)}, False),
        ({"when": when(Operator.LE, 5) + when(Operator.TAINT_HAS, "P")}, False),
        ({"when": when(Operator.LE, 5) + when(Operator.TAINT_HAS, "U")}, True),
    ],
    ids=str,
)
def test_a_rule_covers_what_all_of_it_fits(fields: dict[str, object], covered: bool) -> None:
    assert covers(rule(**fields), SUBJECT) is covered


def test_a_test_that_cannot_be_made_is_no_answer() -> None:
    with pytest.raises(ConditionFault):
        covers(rule(when=when(Operator.MATCHES, "(")), SUBJECT)


def test_a_disabled_rule_is_never_tried() -> None:
    assert not covers(rule(enabled=False, when=when(Operator.MATCHES, "(")), SUBJECT)


def test_exact_names_are_more_specific_than_patterns_and_tests() -> None:
    ladder = [
        rule(),
        rule(tool="d*"),
        rule(tool="dispatch_*"),
        dataclasses.replace(rule(tool="dispatch_*"), when=when(Operator.LE, 5)),
        rule(tool="x"),
        rule(tool="x", server="logistics"),
        rule(tool="x", server="logistics", agent="analyst"),
    ]
    steps = [one.specificity() for one in ladder]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize("kind", [Kind.READ, Kind.PROMPT, Kind.COMPLETE])
def test_a_name_that_an_agent_writes_is_read_in_every_spelling(kind: Kind) -> None:
    plain = RuleSubject(
        kind=kind,
        agent="analyst",
        server="logistics",
        tool="file:///srv/Data",
        arguments={},
        lamps=Lamps.NONE,
    )
    assert covers(rule(kind=kind, tool="file:///srv/Data"), plain)
    deny = rule(kind=kind, effect=Effect.DENY, tool="file:///srv/data")
    with pytest.raises(ConditionFault, match=r"^the name can be read in two ways$"):
        covers(deny, plain)
    assert not covers(rule(kind=kind, tool="file:///srv/data"), plain)
    assert not covers(rule(kind=kind, tool="https://other.example.com/x"), plain)
