"""What is odd about a rule beside the others and the tools that are pinned; it decides nothing.

That a stricter rule covers every call of another is exact (`call_sets`): each of its tests would
have to fail for one call, and none can.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from keyturn.domain.call_sets import CallSet
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Operator
from keyturn.domain.json_pointer import names_in
from keyturn.domain.lamps import Lamps
from keyturn.domain.pattern import name_matches
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_proof import Never, can_be_reached
from keyturn.domain.tier import Tier


class Oddity(StrEnum):
    """What a person should know before such a rule is saved."""

    UNREACHABLE = "unreachable"
    """No call can pass its tests together."""
    DENIED = "denied"
    ASKED = "asked"
    """A stricter rule covers every call of it."""
    OUTWEIGHED = "outweighed"
    """Several stricter rules together do."""
    DUPLICATE = "duplicate"
    NO_TOOL = "no_tool"
    NO_TEST = "no_test"
    """It allows a tool that reaches out whatever its arguments are."""
    NO_PATH = "no_path"
    """No pinned schema of its tools has what a test looks at."""
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One oddity of one rule."""

    rule: Rule
    oddity: Oddity
    by: Rule | None = None
    """The other rule."""
    names: tuple[str, ...] = ()
    """The tools or the path that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTool:
    """A pinned tool, as far as rules are concerned."""

    server: str
    name: str
    tier: Tier | None
    labels: Lamps
    schema: JsonObject

    @property
    def reaches_out(self) -> bool:
        """Tell whether it is T2, or changes or sends something."""
        return self.tier is Tier.T2 or Lamps.X in self.labels


def lint(rules: Sequence[Rule], tools: Sequence[KnownTool]) -> tuple[Finding, ...]:
    """Return every oddity of every rule that is on, in the order of the rules."""
    return tuple(finding for rule in rules for finding in lint_rule(rule, rules, tools))


def lint_rule(rule: Rule, rules: Sequence[Rule], tools: Sequence[KnownTool]) -> tuple[Finding, ...]:
    """Return the oddities of a rule among others; it may be one of them or a draft."""
    others = [other for other in rules if other.enabled and other.id != rule.id]
    if not rule.enabled:
        return ()
    alone = [*_alone(rule, tools)]
    return (*_beside(rule, others), *alone)


def _beside(rule: Rule, others: Sequence[Rule]) -> Iterator[Finding]:
    reached = CallSet(rule.kind).with_rule(rule)
    if reached.calls() is None:
        yield Finding(rule=rule, oddity=Oddity.UNREACHABLE)
        return
    yield from _outweighing(rule, reached, _stricter(rule, others))
    same = next((other for other in others if _content(other) == _content(rule)), None)
    if same is not None:
        yield Finding(rule=rule, oddity=Oddity.DUPLICATE, by=same)


def _outweighing(rule: Rule, reached: CallSet, stricter: Sequence[Rule]) -> Iterator[Finding]:
    other = next((other for other in stricter if covers_all(other, reached)), None)
    if other is not None:
        oddity = Oddity.DENIED if other.effect is Effect.DENY else Oddity.ASKED
        yield Finding(rule=rule, oddity=oddity, by=other)
    elif len(stricter) > 1 and isinstance(can_be_reached(rule, stricter), Never):
        yield Finding(rule=rule, oddity=Oddity.OUTWEIGHED)


def covers_all(rule: Rule, calls: CallSet) -> bool:
    """Tell whether a rule surely covers every call of a set."""
    return next(calls.past(rule), None) is None


def _stricter(rule: Rule, others: Iterable[Rule]) -> list[Rule]:
    """Return the rules that would keep it from deciding, those that deny first."""
    above = {
        Effect.ALLOW: (Effect.DENY, Effect.ASK),
        Effect.ASK: (Effect.DENY,),
        Effect.DENY: (),
    }[rule.effect]
    return [
        other
        for effect in above
        for other in others
        if other.effect is effect and other.kind is rule.kind and not other.during
    ]


def _content(rule: Rule) -> Rule:
    return replace(rule, id="", name="")


def _alone(rule: Rule, tools: Sequence[KnownTool]) -> Iterator[Finding]:
    anything = (rule.agent, rule.server, rule.tool) == ("*", "*", "*")
    tested = any(test.op is not Operator.TAINT_HAS for test in rule.when)
    if rule.effect is Effect.ALLOW and anything and not rule.when:
        yield Finding(rule=rule, oddity=Oddity.EVERYTHING)
    if rule.kind is not Kind.CALL or not tools:
        return
    covered = [tool for tool in tools if is_of(rule, tool)]
    if not covered:
        yield Finding(rule=rule, oddity=Oddity.NO_TOOL)
        return
    reaching = tuple(tool.name for tool in covered if tool.reaches_out)
    if rule.effect is Effect.ALLOW and reaching and not tested:
        yield Finding(rule=rule, oddity=Oddity.NO_TEST, names=reaching)
    for path in dict.fromkeys(test.path for test in rule.when if _looks_at_one(test.op)):
        if path and not any(may_have(tool.schema, path) for tool in covered):
            yield Finding(rule=rule, oddity=Oddity.NO_PATH, names=(path,))


def _looks_at_one(op: Operator) -> bool:
    return op is not Operator.TAINT_HAS


def is_of(rule: Rule, tool: KnownTool) -> bool:
    """Tell whether a rule speaks of a tool."""
    return name_matches(rule.server, tool.server) and name_matches(rule.tool, tool.name)


def may_have(schema: JsonObject, path: str) -> bool:
    """Tell whether a schema names what is at a path; True wherever it does not say."""
    return _may_have(schema, names_in(f"/{path.removeprefix('/')}"))


def _may_have(schema: JsonValue, keys: list[str]) -> bool:
    if not keys or not isinstance(schema, dict) or _says_elsewhere(schema):
        return True
    key, *rest = keys
    if "items" in schema and key.isdigit():
        return _may_have(schema["items"], rest)
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema.get("additionalProperties") is not False
    return key in properties and _may_have(properties[key], rest)


_ELSEWHERE = frozenset(
    {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "prefixItems"}
)


def _says_elsewhere(schema: JsonObject) -> bool:
    return not _ELSEWHERE.isdisjoint(schema)
