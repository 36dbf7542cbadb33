"""Owns the conditions of a rule as they are typed in a form, and how they are read.

Whatever a condition is, its typed form is read as that very condition again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from keyturn.domain.canonical import JsonValue, Parsed, canonical, parse_strict
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule_data import conditions_from_data
from keyturn.presentation.cells import NameChoice
from keyturn.presentation.words import Words

HAS_NOT: Final = "has_not"
"""The choice that nothing is there; a rule has it as `has` with false."""
CHOICES: Final = (*(operator.value for operator in Operator), HAS_NOT)
WITHOUT_VALUE: Final = frozenset({Operator.HAS.value, HAS_NOT})
WITHOUT_PATH: Final = frozenset({Operator.TAINT_HAS.value})
_TEXTS: Final = frozenset(
    {
        Operator.GLOB,
        Operator.PREFIX,
        Operator.SUFFIX,
        Operator.PATH_UNDER,
        Operator.MATCHES,
        Operator.TAINT_HAS,
    }
)
_LISTS: Final = frozenset({Operator.IN, Operator.HOST_IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCondition:
    """One condition as it stands in the fields; "" is what was not typed or chosen yet."""

    path: str = ""
    test: str = ""
    """One of `CHOICES`."""
    value: str = ""
    kept: Condition | None = None
    """What it was made of and still says, where nobody has changed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadConditions:
    """What was typed, read; with a fault it is not to be saved."""

    conditions: tuple[Condition, ...] = ()
    fault: tuple[str, str, str] | None = None
    """Key of the sentence that says what cannot be read, the path and the value."""


def choices_of_tests(words: Words) -> tuple[NameChoice, ...]:
    """Return the tests by name."""
    return tuple(NameChoice(name=name, text=words(f"rules.choice_{name}")) for name in CHOICES)


def typed_condition(condition: Condition) -> TypedCondition:
    """Return what a person would type for a condition."""
    test = condition.op.value
    if condition.op is Operator.HAS:
        test = HAS_NOT if condition.value is False else test
        return TypedCondition(path=condition.path, test=test, kept=condition)
    value = _written(condition.op, condition.value)
    return TypedCondition(path=condition.path, test=test, value=value, kept=condition)


def read_conditions(typed: Iterable[TypedCondition]) -> ReadConditions:
    """Read all of them; a row in which nothing stands is none."""
    found: list[Condition] = []
    for one in typed:
        if not (one.path.strip() or one.value.strip() or one.test):
            continue
        read = one.kept or _read(one)
        if not isinstance(read, Condition):
            return ReadConditions(
                conditions=tuple(found), fault=(read, one.path.strip(), one.value)
            )
        found.append(read)
    return ReadConditions(conditions=tuple(found))


def faults_of(typed: Iterable[TypedCondition], words: Words) -> tuple[str, ...]:
    """Return for each row what is wrong with it; "" for one that can be read, or is empty."""
    faults = (read_conditions([one]).fault for one in typed)
    return tuple(words(odd[0], path=odd[1], text=odd[2]) if odd else "" for odd in faults)


def _read(one: TypedCondition) -> Condition | str:
    """Return the condition, or the key of what is wrong with it."""
    path = one.path.strip()
    if one.test not in CHOICES:
        return "rules.odd_test"
    if not path and one.test not in WITHOUT_PATH:
        return "rules.odd_path"
    path = path if path.startswith("/") or not path else f"/{path}"
    if one.test in WITHOUT_VALUE:
        return Condition(path=path, op=Operator.HAS, value=one.test != HAS_NOT)
    if not one.value.strip():
        return "rules.odd_value"
    op = Operator(one.test)
    try:
        (read,) = conditions_from_data(
            [{"path": path, "op": op.value, "value": _value(op, one.value)}]
        )
    except ConfigurationError:
        return "rules.odd_value"
    return read


def _value(op: Operator, text: str) -> JsonValue:
    if op in _TEXTS:
        quoted = _json(text) if text.startswith('"') else None
        return quoted if isinstance(quoted, str) else text
    if op in _LISTS:
        listed = _json(text) if text.lstrip().startswith("[") else None
        if isinstance(listed, list):
            return listed
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [_one(part) for part in parts] if op is Operator.IN else [*parts]
    return _one(text.strip())


def _one(text: str) -> JsonValue:
    """Read a number, true, false, null, an object or a list; whatever is none is a text."""
    parsed = parse_strict(text)
    return parsed.value if isinstance(parsed, Parsed) else text


def _json(text: str) -> JsonValue:
    parsed = parse_strict(text)
    return parsed.value if isinstance(parsed, Parsed) else None


def _written(op: Operator, value: JsonValue) -> str:
    if not isinstance(value, str):
        return canonical(value).decode()
    plain = value.isprintable() and value == value.strip() and not value.startswith('"')
    if op is Operator.HOST_IN or (plain and value and _value(op, value) == value):
        return value
    return json.dumps(value)
