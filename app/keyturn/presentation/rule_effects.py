"""Works out what a rule would do beside the others: what it covers, what keeps it from acting.

It only describes. The judge is `domain.policy`; what is said here never decides a call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from keyturn.application.console_state import ServerState, ToolState
from keyturn.domain.canonical import JsonObject, Parsed, parse_strict
from keyturn.domain.definition import ReviewState
from keyturn.domain.lamps import lamps_from_letters
from keyturn.domain.pattern import is_glob, name_matches
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_lint import KnownTool
from keyturn.domain.tier import Tier

_STRICTNESS = {Effect.ALLOW: 0, Effect.ASK: 1, Effect.DENY: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a rule covers of the tools that are known today."""

    tools: tuple[ToolState, ...]

    @property
    def unconfirmed(self) -> tuple[ToolState, ...]:
        """Tools that no allow rule can act on yet."""
        return tuple(tool for tool in self.tools if tool.tier is None)

    @property
    def reaching(self) -> tuple[ToolState, ...]:
        """Tools with effects outside this machine, or that cannot be undone."""
        return tuple(tool for tool in self.tools if tool.tier is Tier.T2)

    @property
    def changed(self) -> tuple[ToolState, ...]:
        """Tools whose calls are blocked until their new definition is accepted."""
        return tuple(tool for tool in self.tools if tool.state == ReviewState.CHANGED.value)


def coverage(rule: Rule, servers: Iterable[ServerState]) -> Coverage:
    """Return which known tools a rule speaks of; rules of other kinds speak of none."""
    if rule.kind is not Kind.CALL:
        return Coverage(tools=())
    return Coverage(
        tools=tuple(
            tool
            for server in servers
            if name_matches(rule.server, server.name)
            for tool in server.tools
            if name_matches(rule.tool, tool.name)
        )
    )


def known_tools(servers: Iterable[ServerState]) -> tuple[KnownTool, ...]:
    """Return the tools of today with their pinned schemas."""
    return tuple(
        KnownTool(
            server=server.name,
            name=tool.name,
            tier=tool.tier,
            labels=lamps_from_letters(tool.labels),
            schema=_schema(tool.pinned),
        )
        for server in servers
        for tool in server.tools
    )


@lru_cache(maxsize=1024)
def _schema(pinned: str) -> JsonObject:
    parsed = parse_strict(pinned)
    body = parsed.value if isinstance(parsed, Parsed) else None
    schema = body.get("inputSchema") if isinstance(body, dict) else None
    return schema if isinstance(schema, dict) else {}


def is_open_ended(rule: Rule) -> bool:
    """Tell whether it also covers tools or agents that do not exist yet."""
    return any(is_glob(pattern) for pattern in (rule.agent, rule.server, rule.tool))


def overruling(rule: Rule, rules: Sequence[Rule]) -> Rule | None:
    """Return a stricter rule that covers every call of `rule`, so that it can never decide."""
    return next((other for other in rules if _overrules(other, rule)), None)


def overruled(rule: Rule, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the looser rules that could never decide beside `rule`."""
    return tuple(other for other in rules if other.enabled and _overrules(rule, other))


def _overrules(stricter: Rule, rule: Rule) -> bool:
    return (
        stricter.enabled
        and stricter.id != rule.id
        and stricter.kind is rule.kind
        and not stricter.when
        and not stricter.during
        and _STRICTNESS[stricter.effect] > _STRICTNESS[rule.effect]
        and _contains(stricter.agent, rule.agent)
        and _contains(stricter.server, rule.server)
        and _contains(stricter.tool, rule.tool)
    )


def _contains(wide: str, narrow: str) -> bool:
    """Tell whether every name of one pattern is a name of another; False where it is unclear."""
    if wide in ("*", narrow):
        return True
    return not is_glob(narrow) and name_matches(wide, narrow)
