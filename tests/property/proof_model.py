"""Small rules, and every small call: what the prover says is held against trying them all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random

from keyturn.domain.call_sets import size_of
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.rule_proof import Answer, Never, Possible, Question, can_ever, newly_allowed
from keyturn.domain.tier import Tier

PATTERNS = ("*", "*", "a", "b", "ab", "a*", "*b", "?", "a?", "*a*", "?*")
TOOLS = ("a", "b", "x", "aa", "ab", "ba", "xb", "bx")
TEXTS = ("", "a", "b", "x", "ab", "ba", "aa", "abb", "/a", "/a/b", "/b", "a.test", "x.a.test")
HOSTS = ("x1.a.test", "y.a.test", "x.y.a.test", "/x", "/x1", "/y", "/a/x")
VALUES: tuple[JsonValue, ...] = (
    *(None, True, False, -1, 0, 0.5, 1, 1.5, 2, 3),
    *(*TEXTS, *HOSTS),
    *([], ["a"], ["x", "x"], {}, {"a": 1}),
)
ARGUMENTS: tuple[JsonObject, ...] = (
    {},
    *({"p": value} for value in VALUES),
    *({"q": value} for value in (1, "a", "x")),
    *({"p": one, "q": other} for one in (0, 2, "a", "ab") for other in (1, "a")),
)
_NAMES = ("a", "b", "ab", "", "a*", "*b", "*a*", "?")
_WANTED: dict[Operator, tuple[JsonValue, ...]] = {
    Operator.EQ: (None, True, 0, 1, "a", "", ["a"], {"a": 1}),
    Operator.NE: (None, 1, "a", "ab", [], {}),
    Operator.IN: ([1, "a"], ["a", "ab"], [], [None, True], [["a"], 2]),
    Operator.GLOB: (*_NAMES, "*"),
    Operator.PREFIX: ("", "a", "ab", "/a"),
    Operator.SUFFIX: ("", "b", "ab", "/b"),
    Operator.HOST_IN: (
        ["a.test"],
        "*.a.test",
        ["*.test", "x.a.test"],
        ["x.a.test", "x1.a.test"],
        "*.y.a.test",
    ),
    Operator.PATH_UNDER: ("/", "/a", "/a/b", "/x", "/x1"),
    Operator.LT: (0, 1, 1.5),
    Operator.LE: (0, 1, 2),
    Operator.GT: (0, 1, 1.5, 9007199254740991),
    Operator.GE: (0, 1, 2),
    Operator.LEN_LE: (-1, 0, 1, 2),
    Operator.MATCHES: ("^a+$", "b", "^(ab)*$"),
    Operator.HAS: (True, False, None),
}
_WHOLE: tuple[JsonValue, ...] = ({}, {"p": 1}, {"p": "a", "q": 1})


def rule(chance: Random, rule_id: str, effect: Effect, tests: int = 2) -> Rule:
    """Make a rule of up to so many tests."""
    return Rule(
        id=rule_id,
        effect=effect,
        tool=chance.choice(PATTERNS),
        server=chance.choice(("*", "*", "s", "t")),
        when=tuple(condition(chance) for _ in range(chance.randint(0, tests))),
    )


def condition(chance: Random) -> Condition:
    """Make a test of one argument, seldom of all of them."""
    if chance.random() < 0.08:
        return Condition(path="", op=Operator.EQ, value=chance.choice(_WHOLE))
    op = chance.choice(tuple(_WANTED))
    path = "/p" if chance.random() < 0.8 else "/q"
    return Condition(path=path, op=op, value=chance.choice(_WANTED[op]))


_PLACES: tuple[tuple[str, str], ...] = tuple(product(("s", "t", "x"), TOOLS))


def call(server: str, tool: str, arguments: JsonObject) -> RuleSubject:
    """Make a call."""
    return RuleSubject(
        kind=Kind.CALL,
        agent="x",
        server=server,
        tool=tool,
        arguments=arguments,
        lamps=Lamps.NONE,
    )


EVERY_CALL = tuple(
    sorted((call(*place, arguments) for place in _PLACES for arguments in ARGUMENTS), key=size_of)
)
"""Every small call, the smallest first."""


def is_allowed(call: RuleSubject, rules: Sequence[Rule]) -> bool:
    """Judge a call of a confirmed tool."""
    judgement = judge(call, tier=Tier.T1, labels=Lamps.NONE, rules=rules, posture=Posture.ASK_ALL)
    return judgement.verdict is Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Reach:
    """Which of all small calls a rule covers, and which it cannot tell, a bit for each."""

    covered: int
    unclear: int


def reach_of(rule: Rule) -> Reach:
    """Try a rule on every small call."""
    covered = unclear = 0
    on_name = {place: covers_safely(replace(rule, when=()), call(*place, {})) for place in _PLACES}
    on_arguments = {
        id(arguments): covers_safely(replace(rule, server="*", tool="*"), call("s", "a", arguments))
        for arguments in ARGUMENTS
    }
    for n, one in enumerate(EVERY_CALL):
        if not on_name[one.server, one.tool]:
            continue
        found = on_arguments[id(one.arguments)]
        covered |= (found is True) << n
        unclear |= (found is None) << n
    return Reach(covered, unclear)


def covers_safely(rule: Rule, call: RuleSubject) -> bool | None:
    """Tell whether a rule covers a call; None where it cannot be evaluated."""
    try:
        return covers(rule, call)
    except ConditionFault:
        return None


def allowed(rules: Sequence[Rule], reaches: Mapping[str, Reach]) -> int:
    """Return which of all small calls the rules allow."""
    let = kept = 0
    for rule in rules:
        reach = reaches[rule.id]
        if rule.effect is Effect.ALLOW:
            let |= reach.covered
            kept |= reach.unclear
        else:
            kept |= reach.covered | reach.unclear
    return let & ~kept


def wrong(
    answer: Answer, before: Sequence[Rule], after: Sequence[Rule], reaches: Mapping[str, Reach]
) -> str:
    """Say what is wrong about an answer on what is allowed after and not before; "" for nothing."""
    new = allowed(after, reaches) & ~allowed(before, reaches)
    smallest = EVERY_CALL[(new & -new).bit_length() - 1] if new else None
    match answer:
        case Never() if smallest is not None:
            return f"it said never, and {smallest} is allowed"
        case Possible(call=found):
            if not is_allowed(found, after) or is_allowed(found, before):
                return f"{found} is not newly allowed"
            closed = all(test.op not in ESTIMATED for r in (*before, *after) for test in r.when)
            if closed and smallest is not None and size_of(smallest) < size_of(found):
                return f"{smallest} is smaller than {found}"
            return ""
        case _:
            return ""


ESTIMATED = frozenset({Operator.HOST_IN, Operator.PATH_UNDER, Operator.MATCHES})
"""Tests beside which a call is found, though maybe not the smallest."""


def pair(chance: Random) -> tuple[Rule, Rule]:
    """Make two rules, the first one of which allows."""
    other = chance.choice((Effect.DENY, Effect.ASK, Effect.ALLOW))
    return rule(chance, "one", Effect.ALLOW), rule(chance, "other", other)


def faults(one: Rule, other: Rule) -> Iterator[tuple[Answer, str]]:
    """Ask what a pair can allow, and what each change from one to the other allows anew."""
    reaches = {rule.id: reach_of(rule) for rule in (one, other)}
    answer = can_ever(Question(), (one, other))
    yield answer, wrong(answer, (), (one, other), reaches)
    for before, after in (((one,), (other,)), ((other,), (one,)), ((one, other), (one,))):
        answer = newly_allowed(before, after)
        yield answer, wrong(answer, before, after, reaches)
