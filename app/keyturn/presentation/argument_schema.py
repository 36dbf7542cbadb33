"""Reads what a tool's schema says along the arguments: what is declared, required, of which format.

The schema is the server's and has been checked to be valid, not to be kind: each place is read
once, all of them cost so many steps at most, and what is not understood counts as declared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.json_nodes import (
    Node,
    in_turns,
    pointer_below,
    pointer_parts,
    value_at,
)

MOST_STEPS = 10_000
"""Schemas that are looked at for one request, each time that they are."""
_MOST_PARTS = 128
"""Schemas that apply to one value."""
_MOST_DECLARED = 500
_MOST_LOOKS = 2_000
"""Names and items that are gone through for these."""
_MOST_REQUIRED = 500
_LONGEST_REFERENCE = 500
_BRANCHES = ("allOf", "anyOf", "oneOf")
_ALTERNATIVES = ("if", "then", "else")
_NOT_FOLLOWED = (
    "$dynamicRef",
    "$recursiveRef",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
)
"""These may declare members too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """All schemas that apply to a value, or may."""

    parts: tuple[JsonObject, ...] = ()
    properties: tuple[JsonObject, ...] = ()
    required: frozenset[str] = frozenset()
    understood: bool = True


_UNKNOWN = _Shape(understood=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One value of the arguments, and what the schema says of it."""

    value: JsonValue
    shape: _Shape = _UNKNOWN
    declared: bool = True
    """The schema has it, or says nothing of what there may be."""
    required: bool = False
    """The object that holds it requires it."""

    def said(self, keyword: str) -> Iterator[JsonValue]:
        """Yield what the schemas say under a keyword, the outermost first."""
        return (part[keyword] for part in self.shape.parts if keyword in part)


class ArgumentSchema:
    """A tool's schema, read for one call's arguments."""

    def __init__(self, root: JsonObject, subject: JsonValue) -> None:
        self._root = root
        self._shapes: dict[tuple[int, ...], _Shape] = {}
        self.steps = 0
        """Taken so far."""
        shape = self._shape([root], understood=True)
        self._places = {"": Place(value=subject, shape=shape)}

    def at(self, path: str) -> Place:
        """Return what is said of an argument; raises KeyError when the arguments have none."""
        place = self._places.get(path)
        if place is None:
            above = self.at(path.rpartition("/")[0])
            place = self._places[path] = self._below(above, path)
        return place

    def declared_nodes(self) -> Iterator[Node]:
        """Yield the values that the schema declares by name; all that hold some take turns."""
        root = Node(path="", key="", depth=-1, value=self._places[""].value)
        looks = islice(in_turns(root, self._declared_below), _MOST_LOOKS)
        return islice(
            (node for node in looks if node is not None and node.depth >= 0), _MOST_DECLARED
        )

    def _declared_below(self, above: Node | None) -> tuple[int, Iterator[Node | None]]:
        """Return what is declared below a value; None is a look in vain, which takes a turn too."""
        if above is None or above.is_leaf:
            return 0, iter(())
        place = self.at(above.path)
        if isinstance(place.value, list):
            return len(place.value), _items(above.path, place.value)
        members = place.value if isinstance(place.value, dict) else {}
        properties = [part["properties"] for part in place.shape.properties]
        named = [names for names in properties if isinstance(names, dict)]
        size = sum(min(len(names), len(members)) for names in named)
        return size, _members(above.path, members, named)

    def _below(self, above: Place, path: str) -> Place:
        name = pointer_parts(path[path.rindex("/") :])[0]
        value = value_at(above.value, path[path.rindex("/") :])
        if not above.declared:
            return Place(value=value, declared=False)
        is_list = isinstance(above.value, list)
        known: list[JsonValue] = []
        for part in above.shape.parts if is_list else above.shape.properties:
            if not self._step():
                return Place(value=value)
            known += _item(part, int(name)) if is_list else _property(part, name)
        understood = above.shape.understood
        if not known:
            left_out = understood and not is_list and bool(above.shape.properties)
            return Place(value=value, declared=not left_out)
        schemas = [schema for schema in known if isinstance(schema, dict)]
        return Place(
            value=value,
            shape=self._shape(schemas, understood=understood),
            required=not is_list and name in above.shape.required,
        )

    def _shape(self, schemas: list[JsonObject], *, understood: bool) -> _Shape:
        key = (understood, *map(id, schemas))
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._read(schemas, understood=understood)
        return shape

    def _read(self, schemas: list[JsonObject], *, understood: bool) -> _Shape:
        parts = list({id(schema): schema for schema in schemas}.values())
        seen = set(map(id, parts))
        required: set[str] = set()
        for part in parts:
            required.update(_required(part))
            moved = "$id" in part and part is not self._root
            understood = understood and not moved and not any(key in part for key in _NOT_FOLLOWED)
            for below in self._beside(part):
                if not self._step():
                    return _UNKNOWN
                if isinstance(below, bool) or id(below) in seen:
                    continue
                if not isinstance(below, dict) or len(parts) >= _MOST_PARTS:
                    understood = False
                else:
                    seen.add(id(below))
                    parts.append(below)
        return _Shape(
            parts=tuple(parts),
            properties=tuple(part for part in parts if isinstance(part.get("properties"), dict)),
            required=frozenset(required),
            understood=understood,
        )

    def _beside(self, part: JsonObject) -> Iterator[JsonValue]:
        """Yield what applies together with a schema or in its place; None for what is unknown."""
        if "$ref" in part:
            yield self._target(part["$ref"])
        for keyword in _ALTERNATIVES:
            if keyword in part:
                yield part[keyword]
        for keyword in _BRANCHES:
            branches = part.get(keyword)
            yield from islice(branches, _MOST_PARTS + 1) if isinstance(branches, list) else ()

    def _target(self, reference: JsonValue) -> JsonValue:
        if not isinstance(reference, str) or len(reference) > _LONGEST_REFERENCE:
            return None
        pointer = unquote(reference[1:])
        if reference[:1] != "#" or pointer[:1] not in ("", "/"):
            return None
        self.steps += pointer.count("/")
        try:
            return value_at(self._root, pointer)
        except KeyError:
            return None

    def _step(self) -> bool:
        self.steps += 1
        return self.steps <= MOST_STEPS


def _items(path: str, items: list[JsonValue]) -> Iterator[Node | None]:
    """Yield what may hold declared values, without a name of its own."""
    for index, item in enumerate(items):
        holds = isinstance(item, dict | list)
        yield Node(path=f"{path}/{index}", key="", depth=-1, value=item) if holds else None


def _members(path: str, members: JsonObject, named: list[JsonObject]) -> Iterator[Node | None]:
    """Yield the members that are named, each once."""
    found: set[str] = set()
    for names in named:
        shorter, other = sorted((names, members), key=len)
        for name in shorter:
            if name in other and name not in found:
                found.add(name)
                inner = pointer_below(path, name)
                yield Node(path=inner, key=name, depth=0, value=members[name])
            else:
                yield None


def _property(part: JsonObject, name: str) -> list[JsonValue]:
    properties = part["properties"]
    return [properties[name]] if isinstance(properties, dict) and name in properties else []


def _item(part: JsonObject, index: int) -> list[JsonValue]:
    """Return the schemas of one item of a list; both ways of the drafts to give one for each."""
    firsts, items = part.get("prefixItems", []), part.get("items", [])
    known: list[JsonValue] = []
    for one_each in (firsts, items):
        if isinstance(one_each, list):
            known += one_each[index : index + 1]
    return known if isinstance(items, list) else [*known, items]


def _required(part: JsonObject) -> Iterator[str]:
    names = part.get("required")
    for name in islice(names, _MOST_REQUIRED) if isinstance(names, list) else ():
        if isinstance(name, str):
            yield name
