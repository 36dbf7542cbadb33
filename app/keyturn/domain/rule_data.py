"""Rules as plain data: one closed reading and writing for files, database and console."""

from collections.abc import Mapping
from dataclasses import replace

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.condition import Condition, ConditionFault, Operator, fault_of
from keyturn.domain.errors import ConfigurationError, Said, filled, said_by
from keyturn.domain.pattern import BadPattern, name_matches
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import NO_LIMITS, RuleLimits, Window, instant

_RULE_KEYS = frozenset(
    {"id", "effect", "kind", "agent", "server", "tool", "when", "name", "enabled"}
    | {"limits", "during", "never"}
)
_COUNTS = ("per_minute", "uses", "touches_per_call", "touches_per_hour")
_LIMIT_KEYS = frozenset({*_COUNTS, "until"})
_WINDOW_KEYS = frozenset({"from", "until"})
MOST_USES = 1_000_000
"""Largest number that a limit may say."""
_CONDITION_KEYS = frozenset({"path", "op", "value"})


def rule_to_data(rule: Rule) -> JsonObject:
    """Write a rule as JSON-able data; `rule_from_data` reads it back unchanged."""
    return {
        "id": rule.id,
        "effect": rule.effect.value,
        "kind": rule.kind.value,
        "agent": rule.agent,
        "server": rule.server,
        "tool": rule.tool,
        "when": [
            {"path": test.path, "op": test.op.value, "value": test.value} for test in rule.when
        ],
        "name": rule.name,
        "enabled": rule.enabled,
        **_life_to_data(rule),
    }


def rule_from_data(data: Mapping[str, JsonValue], *, default_id: str = "") -> Rule:
    """Read a rule; raises ConfigurationError for anything the closed schema does not have.

    Without an `id` the rule gets `default_id`, or one derived from its own content.
    """
    unknown = sorted(set(data) - _RULE_KEYS)
    if unknown:
        raise _fault(filled("A rule has the unknown key {unknown!r}.", unknown=unknown[0]))
    names = {key: _pattern(data, key) for key in ("agent", "server", "tool")}
    enabled = data.get("enabled", True)
    if not isinstance(enabled, bool):
        raise _fault("A rule's `enabled` is neither true nor false.")
    effect, limits, during = _effect(data), _limits(data), _windows(data)
    never = data.get("never", False)
    if not isinstance(never, bool):
        raise _fault("A rule's `never` is neither true nor false.")
    if never and effect is not Effect.DENY:
        raise _fault("Only a rule that denies can be marked `never`.")
    if limits.are_set and effect is not Effect.ALLOW:
        raise _fault("A rule that denies or asks has `limits`, which would weaken it.")
    if during and effect is Effect.ALLOW:
        raise _fault("A rule that allows has windows; write those of a rule that denies instead.")
    return Rule(
        id=_text(data, "id", "") or _default_id(data, default_id, limits),
        effect=effect,
        kind=_kind(data),
        agent=names["agent"],
        server=names["server"],
        tool=names["tool"],
        when=conditions_from_data(data.get("when", [])),
        name=_text(data, "name", ""),
        enabled=enabled,
        limits=limits,
        during=during,
        never=never,
    )


def rule_set_hash(rules: tuple[Rule, ...]) -> str:
    """Hash the rules in force, so that a record says which set decided."""
    rows: list[JsonValue] = [rule_to_data(rule) for rule in sorted(rules, key=lambda r: r.id)]
    return digest_of(canonical(rows))


def _life_to_data(rule: Rule) -> JsonObject:
    """Write what few rules have, and nothing for the others."""
    limits: JsonObject = {
        name: value
        for name, value in (
            ("per_minute", rule.limits.per_minute),
            ("uses", rule.limits.uses),
            ("until", rule.limits.until or None),
            ("touches_per_call", rule.limits.touches_per_call),
            ("touches_per_hour", rule.limits.touches_per_hour),
        )
        if value is not None
    }
    during: list[JsonValue] = [{"from": w.begins, "until": w.ends} for w in rule.during]
    return {
        **({"limits": limits} if limits else {}),
        **({"during": during} if during else {}),
        **({"never": True} if rule.never else {}),
    }


def _default_id(data: Mapping[str, JsonValue], default_id: str, limits: RuleLimits) -> str:
    """Name a rule by its content where its uses are counted: its place may be another's by then."""
    if default_id and limits.uses is None:
        return default_id
    return "r-" + digest_of(canonical(dict(data)))[:12]


def _limits(data: Mapping[str, JsonValue]) -> RuleLimits:
    said = data.get("limits", {})
    if not isinstance(said, dict) or set(said) - _LIMIT_KEYS:
        raise _fault(
            filled("A rule's `limits` have keys other than {keys}, until.", keys=", ".join(_COUNTS))
        )
    limits = RuleLimits(
        per_minute=_count(said, "per_minute"),
        uses=_count(said, "uses"),
        until=_instant(said, "until") if "until" in said else "",
        touches_per_call=_count(said, "touches_per_call"),
        touches_per_hour=_count(said, "touches_per_hour"),
    )
    return limits if limits.are_set else NO_LIMITS


def _count(said: JsonObject, key: str) -> int | None:
    value = said.get(key)
    if key not in said:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_USES:
        raise _fault(
            filled(
                "A rule's limit `{key}` is no whole number from 1 to {most}.",
                key=key,
                most=MOST_USES,
            )
        )
    return value


def _windows(data: Mapping[str, JsonValue]) -> tuple[Window, ...]:
    said = data.get("during", [])
    if not isinstance(said, list):
        raise _fault("A rule's `during` is not a list of windows.")
    return tuple(_window(item) for item in said)


def _window(item: JsonValue) -> Window:
    if not isinstance(item, dict) or item.keys() != _WINDOW_KEYS:
        raise _fault("A window has other keys than from and until.")
    window = Window(begins=_instant(item, "from"), ends=_instant(item, "until"))
    if window.begins >= window.ends:
        raise _fault("A window ends before it begins.")
    return window


def _instant(said: JsonObject, key: str) -> str:
    try:
        return instant(_text(said, key, ""))
    except ValueError as fault:
        raise _fault(
            filled("A rule's `{key}` cannot be read: {fault}.", key=key, fault=said_by(fault))
        ) from fault


def _effect(data: Mapping[str, JsonValue]) -> Effect:
    try:
        return Effect(_text(data, "effect", ""))
    except ValueError:
        raise _fault("A rule's `effect` is none of deny, ask, allow.") from None


def _kind(data: Mapping[str, JsonValue]) -> Kind:
    try:
        return Kind(_text(data, "kind", Kind.CALL.value))
    except ValueError:
        kinds = ", ".join(kind.value for kind in Kind)
        raise _fault(filled("A rule's `kind` is none of {kinds}.", kinds=kinds)) from None


def conditions_from_data(value: JsonValue) -> tuple[Condition, ...]:
    """Read conditions; raises ConfigurationError as `rule_from_data`."""
    if not isinstance(value, list):
        raise _fault("A rule's `when` is not a list.")
    return tuple(_condition(item) for item in value)


def _condition(item: JsonValue) -> Condition:
    if not isinstance(item, dict) or set(item) - _CONDITION_KEYS:
        raise _fault("A condition has keys other than path, op, value.")
    path = _text(item, "path", "")
    if path and not path.startswith("/"):
        raise _fault(filled("A condition's path {path!r} is not a JSON Pointer.", path=path))
    try:
        condition = Condition(
            path=path, op=Operator(_text(item, "op", "")), value=item.get("value")
        )
        fault_of(condition)
    except ConditionFault as fault:
        raise _fault(
            filled(
                "A condition on {path} is unusable: {fault}.",
                path=path or Said("the arguments", {}),
                fault=said_by(fault),
            )
        ) from fault
    except ValueError:
        operators = ", ".join(operator.value for operator in Operator)
        raise _fault(
            filled("A condition's `op` is none of {operators}.", operators=operators)
        ) from None
    return condition


def _pattern(data: Mapping[str, JsonValue], key: str) -> str:
    pattern = _text(data, key, "*")
    try:
        name_matches(pattern, "")
    except BadPattern:
        raise _fault(filled("A rule's `{key}` is too long for a pattern.", key=key)) from None
    return pattern


def _text(data: Mapping[str, JsonValue], key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise _fault(filled("A rule's `{key}` is not a text.", key=key))
    return value


def _fault(sentence: str | Said) -> ConfigurationError:
    return ConfigurationError(sentence, mend="Correct the rule; no rule is skipped.")


def says_the_same(one: Rule, other: Rule) -> bool:
    """Tell whether two rules differ in their names at most.

    As written: to Python `True`, `1` and `1.0` are equal, to a condition they are not.
    """
    renamed = replace(one, name=other.name)
    return canonical(rule_to_data(renamed)) == canonical(rule_to_data(other))
