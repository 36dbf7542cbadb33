"""The shape of a structured result: which members it has and of what type, without any value.

Of a tool that declares no output schema this is what can be known of it: five results of one shape
make it the tool's, and another one is marked. It never decides anything.
"""

import json
from collections.abc import Iterator, Sequence

from keyturn.domain.canonical import JsonObject, JsonValue

SAME_TO_PIN = 5
"""Results of one shape after which it is the tool's."""
MOST_PATHS = 256
DEEPEST = 8
LONGEST_NAME = 64
LONGEST_TEXT = 256 * 1024
"""Characters of a text that is read as JSON."""

Shape = tuple[str, ...]
"""A sorted line for each member: a JSON Pointer with `*` for places of a list, then its type."""


def shape_of_result(result: JsonObject) -> Shape:
    """Return the shape of what is structured in a result; empty for what is not, or is too much."""
    structure = result.get("structuredContent")
    if structure is None:
        structure = _in_text(result.get("content"))
    return () if structure is None else shape_of(structure)


def shape_of(value: JsonValue) -> Shape:
    """Return the shape of a value; empty where it has too many members."""
    seen: set[str] = set()
    for line in _lines(value, "", 0):
        seen.add(line)
        if len(seen) > MOST_PATHS:
            return ()
    return tuple(sorted(seen))


def changes(pinned: Sequence[str], seen: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which lines are new, and which are gone."""
    return sorted(set(seen) - set(pinned)), sorted(set(pinned) - set(seen))


def _in_text(content: JsonValue) -> JsonValue:
    """Return what a result says as JSON in its one block of text; None for all others."""
    if not isinstance(content, list) or len(content) != 1:
        return None
    block = content[0]
    text = block.get("text") if isinstance(block, dict) else None
    if not isinstance(text, str) or len(text) > LONGEST_TEXT or text[:1] not in ("{", "["):
        return None
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _lines(value: JsonValue, path: str, depth: int) -> Iterator[str]:
    yield f"{path} {_type_of(value)}"
    if depth >= DEEPEST:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            # Half of a secret would not be known for one.
            name = key if len(key) <= LONGEST_NAME else "[long name]"
            name = name.replace("~", "~0").replace("/", "~1")
            yield from _lines(item, f"{path}/{name}", depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _lines(item, f"{path}/*", depth + 1)


def _type_of(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
