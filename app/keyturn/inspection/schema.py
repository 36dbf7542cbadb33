"""Owns the check of arguments against the pinned schema (JSON Schema 2020-12, validation).

Nothing is fetched and no pattern can stall: references stay within the document, patterns run in
linear time, formats are annotations. No message holds a value, since it goes to the agent, the
person and the log alike.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import jsonschema_rs

from keyturn.application.ports.inspection import SchemaFault
from keyturn.domain.canonical import MAX_DEPTH, JsonObject, JsonValue
from keyturn.inspection.schema_bounds import Cost, UnusableSchema, cost_of
from keyturn.inspection.schema_messages import faults_of

MAX_FAULTS = 10
_CACHED_SCHEMAS = 512
_MAX_VISITS = 20_000_000
"""Parts of the schema times parts of the arguments: about 0.2 s at the very worst."""
_MAX_MATCHED = 20_000_000
"""Patterns of the schema times characters of the arguments: about 50 ms."""
_MAX_RECURSIVE_PATHS = 1_000
"""Ways down a recursive schema for which faults are listed one by one."""
_REGEX_BYTES = 1 << 20
"""Size to which one compiled pattern may grow."""

_DIALECTS: dict[str, type[jsonschema_rs.Validator]] = {
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
}
"""The default first. A schema that names an older dialect is read as that one: keywords that the
newer one dropped (`dependencies`, a list in `items`) would otherwise be passed over in silence."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    schema: JsonObject
    validator: jsonschema_rs.Validator
    cost: Cost


@dataclass(frozen=True, slots=True)
class _Unusable:
    schema: JsonObject
    fault: SchemaFault


class JsonSchemaValidator:
    """`SchemaValidator` on jsonschema-rs; compiled schemas are kept by definition hash."""

    def __init__(self, capacity: int = _CACHED_SCHEMAS) -> None:
        """Keep at most `capacity` compiled schemas, those used last."""
        self._capacity = capacity
        self._schemas: OrderedDict[str, _Compiled | _Unusable] = OrderedDict()

    def faults(self, def_hash: str, schema: JsonObject, arguments: JsonValue) -> list[SchemaFault]:
        """Return every fault, at most ten; an unusable schema is itself a fault."""
        ready = self._ready(def_hash, schema)
        if isinstance(ready, _Unusable):
            return [ready.fault]
        return _check(ready.validator, ready.cost, arguments)

    def _ready(self, def_hash: str, schema: JsonObject) -> _Compiled | _Unusable:
        known = self._schemas.get(def_hash)
        # Compared, not trusted: another schema under the same hash must not get its verdict.
        if known is not None and (known.schema is schema or known.schema == schema):
            self._schemas.move_to_end(def_hash)
            return known
        made = self._schemas[def_hash] = _compile(schema)
        if len(self._schemas) > self._capacity:
            self._schemas.popitem(last=False)
        return made


def _compile(schema: JsonObject) -> _Compiled | _Unusable:
    try:
        cost = cost_of(schema)
        validator = _dialect(schema)(
            schema,
            validate_formats=False,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(
                size_limit=_REGEX_BYTES, dfa_size_limit=_REGEX_BYTES
            ),
        )
    except UnusableSchema as unusable:
        reason = str(unusable)
    except jsonschema_rs.ValidationError as error:
        keyword = error.kind.name
        reason = (
            f"it is not a valid schema (`{keyword}`)" if keyword else "it is not a valid schema"
        )
    except ValueError:
        reason = "it is not a valid schema"
    else:
        return _Compiled(schema, validator, cost)
    return _Unusable(schema, _whole(f"The tool's schema cannot be used: {reason}."))


def _dialect(schema: JsonObject) -> type[jsonschema_rs.Validator]:
    named = schema.get("$schema")
    if named is None:
        return jsonschema_rs.Draft202012Validator
    dialect = _DIALECTS.get(named.removesuffix("#")) if isinstance(named, str) else None
    if dialect is None:
        raise UnusableSchema("it is written in a dialect that is not supported")
    return dialect


def _check(
    validator: jsonschema_rs.Validator, cost: Cost, arguments: JsonValue
) -> list[SchemaFault]:
    size, depth = _shape(arguments, _MAX_VISITS // cost.unfolded)
    if size * cost.unfolded > _MAX_VISITS:
        return [_whole("The arguments are too many to be checked against this schema.")]
    if cost.patterns and _characters(arguments) * cost.patterns > _MAX_MATCHED:
        return [_whole("The arguments are too long for the patterns of this schema.")]
    if depth > MAX_DEPTH + 1:
        return [_whole("The arguments are nested too deep.")]
    if cost.unfolded * cost.growth ** (depth - 1) > _MAX_VISITS:
        return [
            _whole("The arguments are nested too deep for this schema, which refers to itself.")
        ]
    try:
        # Linear also for recursive schemas, unlike the listing of faults below.
        if validator.is_valid(arguments):
            return []
        if cost.recursions ** min(depth, MAX_DEPTH) > _MAX_RECURSIVE_PATHS:
            return [_whole("does not fit the schema, which refers to itself")]
        return list(islice(_listed(validator, arguments), MAX_FAULTS))
    except ValueError:
        # Only for values that no JSON text has.
        return [_whole("The arguments cannot be read.")]


def _listed(validator: jsonschema_rs.Validator, arguments: JsonValue) -> Iterator[SchemaFault]:
    for error in validator.iter_errors(arguments):
        yield from faults_of(error)


def _shape(value: JsonValue, enough: int) -> tuple[int, int]:
    """Count the values and the levels of `value`; stops counting beyond `enough`."""
    level: list[JsonValue] = [value]
    size, depth = 1, 0
    while level and size <= enough:
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        size += len(below)
        depth += 1
        level = below
    return size, depth


def _characters(value: JsonValue) -> int:
    """Count the characters of all texts and names."""
    stack = [value]
    characters = 0
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            characters += len(item)
        elif isinstance(item, dict):
            characters += sum(map(len, item))
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return characters


def _whole(message: str) -> SchemaFault:
    return SchemaFault(path="", message=message)
