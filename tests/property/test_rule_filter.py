"""Over generated rules and arguments: what the filter leaves out never changes a judgement."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.json_pointer import names_in
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.rule_filter import RuleFilter
from keyturn.domain.tier import Tier
from tests.examples import many

TEXTS: tuple[str, ...] = (
    *("/ßa", "x/ßa", "ßa", "ßab", "/srv/ß", "?", "a*", "*b", "a?b", "**", "x/*", "/*/b"),
    *("", "a", "A", "ab", "aB", "b", "ß", "ss", "SS", "İ", "i̇", "ﬀ", "ff", "a\0b", "a b"),
    *("/", "/a", "/a/b", "/A/b", "/a/../b", "/a/%2e", "a/b", "/a/b/c/d", "\\a", "//a"),
    *("https://a.test/", "https://A.test/x", "a.test", "x.a.test", "x.y.a.test", "A.TEST."),
    *("https://u@a.test/", "127.0.0.1", "::1", "https://b.test/../c", "0x7f.1", "http:\\a.test"),
)
NUMBERS: tuple[float, ...] = (-1, 0, 1, 1.0, 1.5, 2, 2**53 - 1, 1e300, float("nan"), float("inf"))
SCALARS: tuple[JsonValue, ...] = (None, True, False, *NUMBERS, *TEXTS)
FILLED: tuple[JsonValue, ...] = ([], ["a"], ["a", "b"], {}, {"a": "ab"}, {"A": "ab"}, [1, "a"])
VALUES = st.sampled_from((*SCALARS, *FILLED))
FORMS = st.sampled_from(TEXTS) | st.text("ab*?/.ß", max_size=5)
WANTED: st.SearchStrategy[JsonValue] = (
    FORMS
    | FORMS.map(lambda text: f"*.{text}")
    | VALUES
    | st.lists(FORMS | st.sampled_from(NUMBERS), max_size=3)
)
PATHS = st.sampled_from(["", "/a", "/a/a", "/b", "/A"])
CONDITIONS = st.builds(Condition, path=PATHS, op=st.sampled_from(Operator), value=WANTED)
RULES = st.builds(
    Rule,
    id=st.uuids().map(str),
    effect=st.sampled_from(Effect),
    when=st.lists(CONDITIONS, max_size=2).map(tuple),
)
ARGUMENTS: st.SearchStrategy[JsonObject] = st.dictionaries(
    st.sampled_from(["a", "b", "A"]), VALUES | FORMS, max_size=3
)


def subject(arguments: JsonObject) -> RuleSubject:
    return RuleSubject(
        kind=Kind.CALL, agent="a", server="s", tool="t", arguments=arguments, lamps=Lamps.U
    )


def speaks(rule: Rule, arguments: JsonObject) -> bool:
    try:
        return covers(rule, subject(arguments))
    except ConditionFault:
        return True


def one(op: Operator, value: JsonValue) -> Rule:
    return Rule(id="one", effect=Effect.DENY, when=(Condition(path="/a", op=op, value=value),))


NAMED: tuple[JsonValue, ...] = (
    *SCALARS,
    *FILLED,
    *(f"*.{text}" for text in TEXTS),
    *([one, other] for one in ("a", "/a", "a.test", 1) for other in ("b", "*.test", 2)),
)
ODD: tuple[JsonObject, ...] = (
    {"m~n": {}},
    {"m~n": {"X/Y": {"a": "a"}}},
    {},
    {"a": {}},
    {"a": 1},
    {"A": "a"},
    {"a": "", "A": ""},
    {"a": {"a": "", "A": ""}},
)

ADDRESSES = frozenset(
    {Operator.GLOB, Operator.PREFIX, Operator.SUFFIX, Operator.HOST_IN, Operator.PATH_UNDER}
)


def under(path: str, value: JsonValue) -> JsonObject:
    arguments: JsonObject = {}
    *above, last = names_in(path)
    inner = arguments
    for name in above:
        inside: JsonObject = {}
        inner[name], inner = inside, inside
    inner[last] = value
    return arguments


@pytest.mark.parametrize("path", ["/a", "/m~0n/x~1y/a"])
def test_no_rule_is_left_out_that_speaks_of_a_call_whatever_its_test_and_its_value(
    path: str,
) -> None:
    rules = [
        Rule(id=f"{op} {n}", effect=Effect.DENY, when=(Condition(path=path, op=op, value=value),))
        for op in Operator
        for n, value in enumerate(NAMED)
    ]
    ready = RuleFilter(rules)
    # What is found of these depends on the others: on how deep they are, and what they read.
    deep = [rule for rule in rules if rule.when[0].op in ADDRESSES]
    alone = [RuleFilter((rule,)) for rule in deep]
    for arguments in (*ODD, *(under(path, value) for value in (*SCALARS, *FILLED))):
        wanted = {rule.id for rule in rules if speaks(rule, arguments)}
        assert wanted <= {rule.id for rule in ready.narrowed(arguments)}, arguments
        single = {rule.id for one in alone for rule in one.narrowed(arguments)}
        assert wanted & {rule.id for rule in deep} <= single, arguments


@pytest.mark.requirement("I-32")
@settings(max_examples=many(4), deadline=None)
@given(st.lists(RULES, max_size=12), ARGUMENTS)
@example([one(Operator.PREFIX, "SS")], {"a": "ß"})
@example([one(Operator.LE, float("nan"))], {"a": 1})
@example([one(Operator.GE, 1)], {"a": float("nan")})
@example([one(Operator.HOST_IN, "*.y.a.test"), one(Operator.HOST_IN, "c")], {"a": "x.y.a.test"})
def test_what_is_left_out_covers_nothing_and_the_judgement_is_the_same(
    rules: list[Rule], arguments: JsonObject
) -> None:
    kept = RuleFilter(rules).narrowed(arguments)
    assert [rule for rule in rules if speaks(rule, arguments)] == [
        rule for rule in kept if speaks(rule, arguments)
    ]
    assert judged(kept, arguments) == judged(rules, arguments)


def judged(rules: Sequence[Rule], arguments: JsonObject) -> object:
    return judge(
        subject(arguments),
        tier=Tier.T1,
        labels=Lamps.NONE,
        rules=rules,
        posture=Posture.ASK_ALL,
    )


def filled(form: str | list[str], number: int) -> JsonValue:
    if isinstance(form, str):
        return form.format(number)
    return [one.format(number) for one in form]


@pytest.mark.parametrize(
    ("op", "form", "fits"),
    [
        (Operator.EQ, "{}", "7"),
        (Operator.IN, ["a{}", "{}"], "7"),
        (Operator.PREFIX, "{}-", "7-x"),
        (Operator.PREFIX, "/srv/{}/", "/srv/7/x"),
        (Operator.SUFFIX, "-{}", "x-7"),
        (Operator.SUFFIX, "://x/{}", "https://x/7"),
        (Operator.GLOB, "{}-*", "7-x"),
        (Operator.GLOB, "?-{}", "x-7"),
        (Operator.GLOB, "{}", "7"),
        (Operator.HOST_IN, "n{}.test", "https://n7.test/"),
        (Operator.HOST_IN, "*.n{}.test", "https://x.y.n7.test/"),
        (Operator.PATH_UNDER, "/srv/{}", "/srv/7/x"),
    ],
)
def test_of_a_thousand_rules_that_differ_one_is_tried(
    op: Operator, form: str | list[str], fits: str
) -> None:
    rules = [
        Rule(
            id=str(n),
            effect=Effect.DENY,
            when=(Condition(path="/a", op=op, value=filled(form, n)),),
        )
        for n in range(1_000)
    ]
    ready = RuleFilter(rules)
    assert [rule.id for rule in ready.narrowed({"a": fits})] == ["7"]
    others: tuple[JsonValue, ...] = ("", "nothing like it", 7, None, ["7"])
    for other in others:
        assert not ready.narrowed({"a": other})
    assert not ready.narrowed({})


@pytest.mark.parametrize(
    ("op", "value", "met"),
    [
        (Operator.LE, 3, range(3, 10)),
        (Operator.LT, 3.5, range(4, 10)),
        (Operator.GE, 3, range(4)),
        (Operator.GT, 3.5, range(4)),
    ],
)
def test_bounds_are_looked_up_in_order(op: Operator, value: float, met: range) -> None:
    rules = [
        Rule(id=str(n), effect=Effect.DENY, when=(Condition(path="/a", op=op, value=n),))
        for n in (5, 1, 9, 0, 3, 7, 2, 8, 6, 4)
    ]
    ready = RuleFilter(rules)
    kept = [rule.id for rule in ready.narrowed({"a": value})]
    assert sorted(kept) == [str(n) for n in met]
    assert kept == [rule.id for rule in rules if rule.id in kept]
    assert not ready.narrowed({"a": "3"})


def test_a_path_of_a_million_parts_and_a_host_of_a_million_labels_are_looked_up_at_once() -> None:
    rules = [one(Operator.PATH_UNDER, "/x/y"), one(Operator.HOST_IN, "*.x.test")]
    assert not RuleFilter(rules).narrowed({"a": "/a" * 1_000_000})
    assert not RuleFilter(rules[1:]).narrowed({"a": "a." * 1_000_000 + "b"})
