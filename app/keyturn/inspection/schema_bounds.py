"""Owns what a schema may cost: its references, its size once they are followed, and its recursion.

A schema comes from a server. References that fan out (`allOf` twice the same `$ref`, forty deep)
make a few hundred bytes cost hours, and the validator has no budget of its own; so the schema is
measured before it is compiled, and refused when it is too much. Nothing here validates.
Source: JSON Schema 2020-12 core, section 8.2 (references and anchors).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from keyturn.domain.canonical import MAX_DEPTH, JsonObject, JsonValue

MAX_UNFOLDED = 20_000
"""Arrays and objects that a schema may hold once its references are followed."""
_MAX_CHAIN = 200
"""Longest path down through arrays, objects and references."""
_DATA_KEYWORDS = frozenset({"const", "default", "enum", "examples"})
"""Their values are data: a "$ref" in them refers to nothing."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_ANCHORS = ("$anchor", "$dynamicAnchor")


class UnusableSchema(ValueError):
    """The schema must not be used; the message is one phrase without text of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What following a schema's references comes to."""

    unfolded: int
    """Arrays and objects with every reference followed, recursion cut at its first return."""
    recursions: int
    """How often, unfolded so, the schema leads back into itself."""


def cost_of(schema: JsonObject) -> Cost:
    """Measure a schema; raises UnusableSchema for what must not be compiled.

    Refused: references out of the document, a second document inside it (`$id` below the root),
    references to nothing, nesting that is too deep and more than `MAX_UNFOLDED` parts.
    """
    return _Unfolding(schema, _anchors(schema)).measure(schema, 1)


@dataclass(slots=True)
class _Unfolding:
    """One walk down a schema; `known` keeps it linear although the sizes it adds up are not."""

    root: JsonObject
    anchors: dict[str, JsonObject]
    known: dict[int, Cost] = field(default_factory=dict[int, Cost])
    open: set[int] = field(default_factory=set[int])

    def measure(self, node: JsonObject | list[JsonValue], chain: int) -> Cost:
        if id(node) in self.open:
            return Cost(unfolded=1, recursions=1)
        if id(node) in self.known:
            return self.known[id(node)]
        if chain > _MAX_CHAIN:
            raise UnusableSchema("its references lead too deep")
        self.open.add(id(node))
        unfolded, recursions = 1, 0
        for below in self._below(node):
            cost = self.measure(below, chain + 1)
            unfolded += cost.unfolded
            recursions += cost.recursions
            if unfolded > MAX_UNFOLDED:
                raise UnusableSchema("its references multiply beyond the limit")
        self.open.discard(id(node))
        return self.known.setdefault(id(node), Cost(unfolded=unfolded, recursions=recursions))

    def _below(self, node: JsonObject | list[JsonValue]) -> Iterable[JsonObject | list[JsonValue]]:
        yield from _containers(node)
        if isinstance(node, dict):
            for keyword in _REFERENCES:
                reference = node.get(keyword)
                if isinstance(reference, str):
                    yield from self._target(reference)

    def _target(self, reference: str) -> Iterable[JsonObject | list[JsonValue]]:
        if not reference.startswith("#"):
            raise UnusableSchema("it refers to another document")
        fragment = unquote(reference[1:])
        found: JsonValue = self.root
        if fragment.startswith("/"):
            found = _at_pointer(self.root, fragment)
        elif fragment:
            found = self.anchors.get(fragment)
        if isinstance(found, dict | list):
            yield found
        elif not isinstance(found, bool):
            raise UnusableSchema("it refers to a part that it does not have")


def _anchors(schema: JsonObject) -> dict[str, JsonObject]:
    """Collect the named parts; on the way refuse nesting and documents within the document."""
    anchors: dict[str, JsonObject] = {}
    stack: list[tuple[JsonObject | list[JsonValue], int]] = [(schema, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise UnusableSchema(f"its nesting is deeper than {MAX_DEPTH}")
        if isinstance(node, dict):
            if node is not schema and isinstance(node.get("$id"), str):
                raise UnusableSchema("it holds a second document")
            for keyword in _ANCHORS:
                name = node.get(keyword)
                if isinstance(name, str):
                    anchors.setdefault(name, node)
        stack.extend((below, depth + 1) for below in _containers(node))
    return anchors


def _containers(
    node: JsonObject | list[JsonValue],
) -> Iterable[JsonObject | list[JsonValue]]:
    if isinstance(node, list):
        values: Iterable[JsonValue] = node
    else:
        # A member of `properties` may have the name of a data keyword; what is skipped then is
        # still seen by the library, which fetches nothing.
        values = (value for key, value in node.items() if key not in _DATA_KEYWORDS)
    return (value for value in values if isinstance(value, dict | list))


def _at_pointer(root: JsonValue, pointer: str) -> JsonValue:
    found = root
    for part in pointer[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 6:
            found = found[int(key)] if int(key) < len(found) else None
        else:
            return None
    return found
