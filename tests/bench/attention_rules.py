"""Owns which rules the attention bench lets a person make: of the learning half, T1 tools only.

One rule a tool and set of arguments: each argument that decides what a call does (`decisive` and
`reaching_arguments` in verbs.toml) has to be one of the values that the learning half had there, or
absent as it was there; of an address the host. Other text stays open. So no rule is made of a task
that it is judged on, and none of a tool that reaches out; T0 is what the posture allows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from keyturn.domain.address import host_of
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.presentation.verbs import Vocabulary, name_words
from tests.bench.attention_run import AGENT, Bench, Layout, servers_of
from tests.bench.attention_suites import MadeCall


@dataclass(frozen=True, slots=True)
class _Learnt:
    """The values that one tool's deciding arguments had, those absent without any."""

    values: dict[str, list[JsonValue]] = field(default_factory=dict[str, list[JsonValue]])


def learnt_rules(
    bench: Bench, layout: Layout, tasks: Iterable[str], vocabulary: Vocabulary
) -> tuple[Rule, ...]:
    """Return the rules of some tasks, in the order of their calls."""
    chosen = frozenset(tasks)
    learnt: dict[tuple[str, tuple[str, ...]], _Learnt] = {}
    for call in _ruled(bench, chosen):
        deciding = _deciding(bench, call.tool, vocabulary)
        present = tuple(name for name in deciding if name in call.arguments)
        found = learnt.setdefault((call.tool, present), _Learnt({name: [] for name in deciding}))
        for name in present:
            found.values[name].append(call.arguments[name])
    return tuple(
        Rule(
            id=f"r{number}",
            effect=Effect.ALLOW,
            agent=AGENT,
            server=_server_of(bench, layout, tool),
            tool=tool,
            when=tuple(_test(name, values, vocabulary) for name, values in found.values.items()),
        )
        for number, ((tool, _), found) in enumerate(learnt.items(), 1)
    )


def _ruled(bench: Bench, chosen: frozenset[str]) -> Iterator[MadeCall]:
    calls = (call for task in bench.suite.tasks if task.id in chosen for call in task.calls)
    return (call for call in calls if bench.tools[call.tool].tier is Tier.T1)


def _deciding(bench: Bench, tool: str, vocabulary: Vocabulary) -> list[str]:
    schema = next(one for one in bench.suite.tools if one["name"] == tool)["inputSchema"]
    words = vocabulary.decisive | vocabulary.reaching_arguments
    return [name for name in schema.get("properties", {}) if words.intersection(name_words(name))]


def _test(name: str, values: list[JsonValue], vocabulary: Vocabulary) -> Condition:
    path = f"/{name}"
    if not values:
        return Condition(path=path, op=Operator.HAS, value=False)
    if vocabulary.address_arguments.intersection(name_words(name)):
        hosts: list[JsonValue] = list(dict.fromkeys(host_of(str(value)) for value in values))
        return Condition(path=path, op=Operator.HOST_IN, value=hosts)
    distinct = {canonical(value): value for value in values}
    return Condition(path=path, op=Operator.IN, value=list(distinct.values()))


def _server_of(bench: Bench, layout: Layout, tool: str) -> str:
    held = (s.name for s in servers_of(bench, layout) for t in s.tools if t.pattern == tool)
    return next(held)
