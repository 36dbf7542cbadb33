"""Whatever schema is admitted, checking small arguments against it ends soon.

The library has no budget, so a schema that hangs cannot be interrupted: the schemas are tried in a
process of its own, with a deadline that only a hang can miss.
"""

import random
import subprocess
import sys

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.inspection.schema import JsonSchemaValidator
from keyturn.inspection.schema_bounds import UnusableSchema, cost_of

_LISTS = ("allOf", "anyOf", "oneOf")
_NAMES = ("n0", "n1", "n2")
_SCHEMAS = 600
_DEADLINE_SECONDS = 100


def a_schema(choose: random.Random, depth: int) -> JsonObject:
    """Make a schema of what is known to multiply: references, branches and what is left over."""
    if depth == 0:
        return choose.choice([{"properties": {"a": {}}}, {"items": {}}, {}, a_reference(choose)])
    schema: JsonObject = {}
    for _ in range(choose.choice([1, 1, 2])):
        keyword = choose.choice([*_LISTS, *_LISTS, "if", "then", "not", "$ref", "properties"])
        below: JsonValue = a_schema(choose, depth - 1)
        if keyword in _LISTS:
            below = [below, *(a_schema(choose, depth - 1) for _ in range(choose.choice([0, 0, 1])))]
        elif keyword == "properties":
            below = {choose.choice(["a", "enum", "default", "examples"]): below}
        elif keyword == "$ref":
            below = a_reference(choose)["$ref"]
        schema[keyword] = below
    if choose.random() < 0.6:
        rest: list[JsonValue] = [False, {"type": "object"}, a_reference(choose)]
        schema["unevaluatedProperties"] = choose.choice(rest)
    if choose.random() < 0.2:
        schema["patternProperties"] = {".": a_reference(choose)}
    return schema


def a_reference(choose: random.Random) -> JsonObject:
    return {"$ref": f"#/$defs/{choose.choice(_NAMES)}"}


def some_arguments() -> list[JsonObject]:
    deep: JsonObject = {}
    for _ in range(40):
        deep = {"a": deep, "b": 1}
    return [{}, {"a": 1, "enum": 1, "default": {"a": {}}}, {"a": [[1], [{}]], "b": 2}, deep]


def check_them() -> int:
    """Return how many of the schemas are admitted; none of them may take long."""
    admitted = 0
    for seed in range(_SCHEMAS):
        choose = random.Random(seed)
        schema = a_schema(choose, choose.choice([2, 3, 5, 10]))
        schema["$defs"] = {name: a_schema(choose, choose.choice([1, 2, 3])) for name in _NAMES}
        try:
            cost_of(schema)
        except UnusableSchema:
            continue
        admitted += 1
        for arguments in some_arguments():
            JsonSchemaValidator().faults("hash", schema, arguments)
    return admitted


def test_checking_ends_for_every_schema_that_is_admitted() -> None:
    code = "from tests.property.test_schema_work import check_them; print(check_them())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=True,
    )
    assert int(done.stdout) > _SCHEMAS // 4
