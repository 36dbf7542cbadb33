"""Reads what a tool's schema says of one argument: its own schema, whether it is declared at all.

The schema is the server's and has been checked to be valid, not to be kind: what is followed here
is bounded, and what is not understood counts as said.
"""

from collections.abc import Iterator

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.json_nodes import Node, pointer_below, pointer_parts, value_at

_REFERENCES = 8
_MOST_PARTS = 64
"""Parts of one schema that are looked through for a member."""
_MOST_DECLARED = 500
_BRANCHES = ("allOf", "anyOf", "oneOf")
_ALTERNATIVES = ("if", "then", "else")


def schema_at(root: JsonObject, path: str) -> JsonObject:
    """Return the schema of one argument, following local references; empty when unknown."""
    schema = _followed(root, root)
    for part in pointer_parts(path):
        inner = _property(schema, root, part)
        if inner is None and part.isdigit():
            inner = schema.get("items")
        if not isinstance(inner, dict):
            return {}
        schema = _followed(inner, root)
    return schema


def is_required(schema: JsonObject, path: str) -> bool:
    """Tell whether the object that holds the argument requires it."""
    if not path or not schema:
        return False
    required = schema_at(schema, path.rpartition("/")[0]).get("required")
    return isinstance(required, list) and pointer_parts(path)[-1] in required


def is_declared(root: JsonObject, path: str) -> bool:
    """Tell whether the schema has the argument; also where it says nothing of what it may have."""
    schema = _followed(root, root)
    for part in pointer_parts(path):
        parts = list(_parts(schema, root))
        if any("patternProperties" in one for one in parts):
            return True
        if any(isinstance(one.get("properties"), dict) for one in parts):
            inner = _property(schema, root, part)
            if inner is None:
                return False
        else:
            inner = schema.get("items")
        if not isinstance(inner, dict):
            return True
        schema = _followed(inner, root)
    return True


def declared_nodes(subject: JsonValue, root: JsonObject) -> Iterator[Node]:
    """Yield the values of the subject that the schema declares by name, the outer ones first."""
    queue: list[tuple[JsonValue, JsonObject, str]] = [(subject, _followed(root, root), "")]
    for value, schema, path in queue:
        if not isinstance(value, dict):
            continue
        for part in _parts(schema, root):
            properties = part.get("properties")
            for name, inner in (properties if isinstance(properties, dict) else {}).items():
                if name not in value or len(queue) >= _MOST_DECLARED:
                    continue
                below = pointer_below(path, name)
                yield Node(path=below, key=name, depth=0, value=value[name])
                shape = _followed(inner, root) if isinstance(inner, dict) else {}
                queue.append((value[name], shape, below))


def _property(schema: JsonObject, root: JsonObject, name: str) -> JsonValue:
    for part in _parts(schema, root):
        properties = part.get("properties")
        if isinstance(properties, dict) and name in properties:
            return properties[name]
    return None


def _parts(schema: JsonObject, root: JsonObject) -> Iterator[JsonObject]:
    """Yield a schema and what applies in its place."""
    parts = [schema]
    for part in parts:
        yield part
        below = [part.get(keyword) for keyword in _ALTERNATIVES]
        for keyword in _BRANCHES:
            branches = part.get(keyword)
            below += branches if isinstance(branches, list) else []
        room = max(0, _MOST_PARTS - len(parts))
        parts += [_followed(one, root) for one in below[:room] if isinstance(one, dict)]


def _followed(schema: JsonObject, root: JsonObject) -> JsonObject:
    for _ in range(_REFERENCES):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        try:
            target = value_at(root, reference[1:])
        except KeyError:
            return {}
        if not isinstance(target, dict):
            return {}
        schema = target
    return {}
