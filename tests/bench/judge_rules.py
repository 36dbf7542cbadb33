"""Prints how long a verdict takes among many rules (`python -m tests.bench.judge_rules`)."""

import statistics
import sys
import time
from random import Random

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_index import RuleIndex
from keyturn.domain.tier import Tier

CALLS = 3_000
ARGUMENTS: JsonObject = {"field0": "order-2026-7", "field1": 3, "field2": "/srv/data/a"}
MANY: JsonObject = {f"field{number}": "closed" for number in range(200)}
_OPS: tuple[tuple[Operator, JsonValue], ...] = (
    (Operator.EQ, "open"),
    (Operator.LE, 5),
    (Operator.PREFIX, "order-"),
    (Operator.GLOB, "*-2026-*"),
    (Operator.PATH_UNDER, "/srv/data"),
    (Operator.HOST_IN, ["*.example.com"]),
    (Operator.MATCHES, "^[a-z]+-[0-9]+$"),
)


def main() -> None:
    """Measure rule sets of three sizes, five ways of being made."""
    for count in (100, 1_000, 5_000):
        _say(f"{count:5} rules of many tools", _rules(count, spread=True))
        _say(f"{count:5} rules of one tool", _rules(count, spread=False))
        _say(f"{count:5} rules of one tool that all differ, none covers", _distinct(count))
        _say(f"{count:5} rules of one tool, each on an argument of its own", _apart(count))
        _say(f"{count:5} rules of these, for calls of 200 arguments", _apart(count), MANY)
        _say_reads(f"{count:5} rules of URIs that all differ", count)


def _rules(count: int, *, spread: bool) -> tuple[Rule, ...]:
    chance = Random(count)
    return tuple(_rule(chance, n, spread=spread) for n in range(count))


def _distinct(count: int) -> tuple[Rule, ...]:
    chance = Random(count)
    return tuple(_missing(chance, n) for n in range(count))


def _apart(count: int) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            id=f"r-{number}",
            effect=Effect.DENY,
            server="server-1",
            tool="tool_1",
            when=(Condition(path=f"/field{number}", op=Operator.EQ, value="open"),),
        )
        for number in range(count)
    )


def _missing(chance: Random, number: int) -> Rule:
    """Make a rule that has to be tried and does not hold: the slowest kind of set."""
    tests: dict[Operator, JsonValue] = {
        Operator.EQ: f"open{number}",
        Operator.LE: -number,
        Operator.PREFIX: f"order-x{number}",
        Operator.GLOB: f"*-{number}-*z",
        Operator.PATH_UNDER: f"/srv/data{number}/x",
        Operator.HOST_IN: [f"*.example{number}.com"],
        Operator.MATCHES: f"^[a-z]+-[0-9]+-{number}$",
    }
    op = chance.choice(tuple(tests))
    path = {Operator.LE: "/field1", Operator.PATH_UNDER: "/field2"}.get(op, "/field0")
    return Rule(
        id=f"r-{number}",
        effect=chance.choice(tuple(Effect)),
        server="server-1",
        tool="tool_1",
        when=(Condition(path=path, op=op, value=tests[op]),),
    )


def _rule(chance: Random, number: int, *, spread: bool) -> Rule:
    op, value = chance.choice(_OPS)
    tool = f"tool_{number % 200}" if number % 10 else f"tool_{number % 200}*"
    return Rule(
        id=f"r-{number}",
        effect=chance.choice(tuple(Effect)),
        agent=chance.choice(("*", "coder", "qa", "analyst")),
        server=f"server-{number % 20}" if spread else "server-1",
        tool=tool if spread else "tool_1",
        when=(Condition(path=f"/field{number % 3}", op=op, value=value),),
    )


def _say(what: str, rules: tuple[Rule, ...], arguments: JsonObject = ARGUMENTS) -> None:
    chance = Random(1)
    subjects = [
        RuleSubject(
            kind=Kind.CALL,
            agent=chance.choice(("coder", "qa")),
            server=f"server-{chance.randrange(20)}" if chance.random() < 0.5 else "server-1",
            tool=f"tool_{chance.randrange(200)}" if chance.random() < 0.5 else "tool_1",
            arguments=arguments,
            lamps=Lamps.NONE,
        )
        for _ in range(CALLS)
    ]
    _measure(what, rules, subjects)


def _say_reads(what: str, count: int) -> None:
    rules = tuple(
        Rule(id=f"r-{n}", effect=Effect.DENY, kind=Kind.READ, tool=f"file:///srv/{n}/*")
        for n in range(count)
    )
    subjects = [
        RuleSubject(
            kind=Kind.READ,
            agent="coder",
            server="server-1",
            tool=f"file:///srv/data/{number}",
            arguments={},
            lamps=Lamps.NONE,
        )
        for number in range(CALLS)
    ]
    _measure(what, rules, subjects)


def _measure(what: str, rules: tuple[Rule, ...], subjects: list[RuleSubject]) -> None:
    index = RuleIndex(rules)
    spent: list[float] = []
    for subject in subjects:
        start = time.thread_time()
        judge(
            subject,
            tier=Tier.T1,
            labels=Lamps.NONE,
            rules=index.covering(subject),
            posture=Posture.ASK_ALL,
        )
        spent.append((time.thread_time() - start) * 1000)
    cuts = statistics.quantiles(spent, n=100)
    sys.stdout.write(f"{what}: {cuts[49]:.3f} ms p50, {cuts[98]:.3f} ms p99 of CPU\n")


if __name__ == "__main__":
    main()
