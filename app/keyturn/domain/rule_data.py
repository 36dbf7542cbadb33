"""Rules as plain data: one closed reading and writing for files, database and console."""

from collections.abc import Mapping

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.condition import Condition, ConditionFault, Operator, fault_of
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Effect, Kind, Rule

_RULE_KEYS = frozenset(
    {"id", "effect", "kind", "agent", "server", "tool", "when", "name", "enabled"}
)
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
    }


def rule_from_data(data: Mapping[str, JsonValue], *, default_id: str = "") -> Rule:
    """Read a rule; raises ConfigurationError for anything the closed schema does not have.

    Without an `id` the rule gets `default_id`, or one derived from its own content.
    """
    unknown = sorted(set(data) - _RULE_KEYS)
    if unknown:
        raise _fault(f"A rule has the unknown key {unknown[0]!r}.")
    names = {key: _text(data, key, "*") for key in ("agent", "server", "tool")}
    enabled = data.get("enabled", True)
    if not isinstance(enabled, bool):
        raise _fault("A rule's `enabled` is neither true nor false.")
    return Rule(
        id=_text(data, "id", "") or default_id or "r-" + digest_of(canonical(dict(data)))[:12],
        effect=_effect(data),
        kind=_kind(data),
        agent=names["agent"],
        server=names["server"],
        tool=names["tool"],
        when=_conditions(data.get("when", [])),
        name=_text(data, "name", ""),
        enabled=enabled,
    )


def rule_set_hash(rules: tuple[Rule, ...]) -> str:
    """Hash the rules in force, so that a record says which set decided."""
    rows: list[JsonValue] = [rule_to_data(rule) for rule in sorted(rules, key=lambda r: r.id)]
    return digest_of(canonical(rows))


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
        raise _fault(f"A rule's `kind` is none of {kinds}.") from None


def _conditions(value: JsonValue) -> tuple[Condition, ...]:
    if not isinstance(value, list):
        raise _fault("A rule's `when` is not a list.")
    return tuple(_condition(item) for item in value)


def _condition(item: JsonValue) -> Condition:
    if not isinstance(item, dict) or set(item) - _CONDITION_KEYS:
        raise _fault("A condition has keys other than path, op, value.")
    path = _text(item, "path", "")
    if path and not path.startswith("/"):
        raise _fault(f"A condition's path {path!r} is not a JSON Pointer.")
    try:
        condition = Condition(
            path=path, op=Operator(_text(item, "op", "")), value=item.get("value")
        )
        fault_of(condition)
    except ConditionFault as fault:
        raise _fault(f"A condition on {path or 'the arguments'} is unusable: {fault}.") from fault
    except ValueError:
        operators = ", ".join(operator.value for operator in Operator)
        raise _fault(f"A condition's `op` is none of {operators}.") from None
    return condition


def _text(data: Mapping[str, JsonValue], key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise _fault(f"A rule's `{key}` is not a text.")
    return value


def _fault(sentence: str) -> ConfigurationError:
    return ConfigurationError(sentence, mend="Correct the rule; no rule is skipped.")
