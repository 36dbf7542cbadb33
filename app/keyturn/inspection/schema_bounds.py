"""Owns what a schema may cost: its references, its size once they are followed, and its recursion.

A schema comes from a server. References that fan out (`allOf` twice the same `$ref`, forty deep)
make a few hundred bytes cost hours, and so does `unevaluatedProperties` within itself; the
validator has no budget of its own, so the schema is measured before it is compiled, and refused
when it is too much. Nothing here validates.
Source: JSON Schema 2020-12 core, sections 8.2 (references and anchors) and 11 (unevaluated).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from keyturn.domain.canonical import MAX_DEPTH, JsonObject, JsonValue
from keyturn.domain.json_pointer import names_in

MAX_UNFOLDED = 20_000
"""Arrays and objects that a schema may hold once its references are followed."""
_MAX_CHAIN = 200
"""Longest path down through arrays, objects and references."""
_DATA_KEYWORDS = frozenset({"const", "default", "enum", "examples"})
"""Their values are data: a "$ref" in them refers to nothing, unless they are themselves referred
to."""
_BY_NAME = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
"""Their values hold schemas under names that are no keywords: a property may be called "enum"."""
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")
_IN_PLACE = frozenset(
    {
        "allOf",
        "anyOf",
        "dependencies",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "oneOf",
        "then",
    }
)
_DESCENDING = (
    "additionalItems",
    "additionalProperties",
    "items",
    "prefixItems",
    "properties",
    *_UNEVALUATED,
)
"""Of each of them at most one schema applies to one member or item."""
_TIMES_EVALUATED = 4
"""How often what applies in place is evaluated where the rest of a value is asked for: once, and
again to tell which members it took (measured: two to three times)."""
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
    patterns: int = 0
    """Regular expressions, counted likewise."""
    growth: int = 1
    """By what one more level of the arguments multiplies the work, at most. More than 1 only where
    a schema leads back into itself and asks for what is unevaluated: the library forgets then what
    it has found out of a part."""

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            unfolded=self.unfolded + other.unfolded,
            recursions=self.recursions + other.recursions,
            patterns=self.patterns + other.patterns,
        )

    def times(self, factor: int) -> "Cost":
        """Return the cost of doing it all so many times."""
        return Cost(
            unfolded=self.unfolded * factor,
            recursions=self.recursions * factor,
            patterns=self.patterns * factor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """An object or list of a schema, and how it is read where it stands."""

    node: JsonObject | list[JsonValue]
    by_name: bool = False
    """Its keys are names, not keywords."""
    times: int = 1
    in_place: bool = False
    """It is held against the same value as what it stands in."""

    @property
    def key(self) -> tuple[int, bool]:
        return id(self.node), self.by_name


def cost_of(schema: JsonObject) -> Cost:
    """Measure a schema; raises UnusableSchema for what must not be compiled.

    Refused: references out of the document, a second document inside it (`$id` below the root),
    references to nothing, two parts of one name, nesting that is too deep and more than
    `MAX_UNFOLDED` parts.
    """
    unfolding = _Unfolding(schema, _anchors(schema))
    cost = unfolding.measure(_Part(node=schema), 1)
    growth = _Growth(unfolding).largest()
    return replace(cost, growth=growth if cost.recursions and unfolding.asks_for_the_rest else 1)


@dataclass(slots=True)
class _Unfolding:
    """One walk down a schema; `known` keeps it linear although the sizes it adds up are not."""

    root: JsonObject
    anchors: dict[str, JsonObject]
    known: dict[tuple[int, bool], Cost] = field(default_factory=dict[tuple[int, bool], Cost])
    open: set[tuple[int, bool]] = field(default_factory=set[tuple[int, bool]])
    schemas: list[_Part] = field(default_factory=list[_Part])
    """All that can be read as a schema."""

    @property
    def asks_for_the_rest(self) -> bool:
        return any(_times(schema.node) > 1 for schema in self.schemas)

    def measure(self, part: _Part, chain: int) -> Cost:
        if part.key in self.open:
            return Cost(unfolded=1, recursions=1)
        if part.key in self.known:
            return self.known[part.key]
        if chain > _MAX_CHAIN:
            raise UnusableSchema("its references lead too deep")
        self.open.add(part.key)
        self.schemas.append(part)
        cost = Cost(unfolded=1, recursions=0, patterns=_patterns(part))
        for below in self.below(part):
            cost += self.measure(below, chain + 1).times(below.times)
            if cost.unfolded > MAX_UNFOLDED:
                raise UnusableSchema(
                    "its references multiply beyond the limit"
                    if below.times == 1
                    else "its unevaluated members are nested too deep"
                )
        self.open.discard(part.key)
        return self.known.setdefault(part.key, cost)

    def below(self, part: _Part) -> Iterator[_Part]:
        yield from _parts(part)
        if isinstance(part.node, dict) and not part.by_name:
            for keyword in _REFERENCES:
                reference = part.node.get(keyword)
                if isinstance(reference, str):
                    yield from self._target(reference, _times(part.node))

    def in_place(self, part: _Part) -> Iterator[_Part]:
        """Yield what is held against the same value as the part itself."""
        for below in self.below(part):
            if below.in_place:
                yield below

    def _target(self, reference: str, times: int) -> Iterator[_Part]:
        if not reference.startswith("#"):
            raise UnusableSchema("it refers to another document")
        fragment = unquote(reference[1:])
        found: JsonValue = self.root
        if fragment.startswith("/"):
            found = _at_pointer(self.root, fragment)
        elif fragment:
            found = self.anchors.get(fragment)
        if isinstance(found, dict | list):
            yield _Part(node=found, times=times, in_place=True)
        elif not isinstance(found, bool):
            raise UnusableSchema("it refers to a part that it does not have")


@dataclass(slots=True)
class _Growth:
    """How often one member is looked at for one look at what holds it."""

    unfolding: _Unfolding
    known: dict[tuple[int, bool], int] = field(default_factory=dict[tuple[int, bool], int])
    open: set[tuple[int, bool]] = field(default_factory=set[tuple[int, bool]])

    def largest(self) -> int:
        # What holds schemas by name is none itself.
        schemas = [part for part in self.unfolding.schemas if not part.by_name]
        return max(map(self._of, schemas))

    def _of(self, part: _Part) -> int:
        if part.key in self.open:
            raise UnusableSchema("it refers to itself without end")
        if part.key not in self.known:
            self.open.add(part.key)
            below = (below.times * self._of(below) for below in self.unfolding.in_place(part))
            self.known[part.key] = _descents(part) + sum(below)
            self.open.discard(part.key)
        return self.known[part.key]


def _anchors(schema: JsonObject) -> dict[str, JsonObject]:
    """Collect the named parts; on the way refuse nesting and documents within the document."""
    anchors: dict[str, JsonObject] = {}
    stack = [(_Part(node=schema), 1)]
    while stack:
        part, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise UnusableSchema(f"its nesting is deeper than {MAX_DEPTH}")
        if isinstance(part.node, dict):
            if part.node is not schema and isinstance(part.node.get("$id"), str):
                raise UnusableSchema("it holds a second document")
            for keyword in _ANCHORS:
                name = part.node.get(keyword)
                # Of two parts of one name the library might take the other one.
                if isinstance(name, str) and anchors.setdefault(name, part.node) is not part.node:
                    raise UnusableSchema("it gives two of its parts the same name")
        stack.extend((below, depth + 1) for below in _parts(part))
    return anchors


def _parts(part: _Part) -> Iterator[_Part]:
    """Yield what stands below; data is no part, unless a reference leads there."""
    if isinstance(part.node, list):
        for item in part.node:
            if isinstance(item, dict | list):
                yield _Part(node=item, in_place=True)
        return
    times = _times(part.node)
    for key, value in part.node.items():
        if not isinstance(value, dict | list) or (not part.by_name and key in _DATA_KEYWORDS):
            continue
        yield _Part(
            node=value,
            by_name=not part.by_name and key in _BY_NAME,
            times=times if not part.by_name and (key in _IN_PLACE or key == "contains") else 1,
            in_place=part.by_name or key in _IN_PLACE,
        )


def _times(node: JsonObject | list[JsonValue]) -> int:
    return _TIMES_EVALUATED if any(keyword in node for keyword in _UNEVALUATED) else 1


def _descents(part: _Part) -> int:
    """Count how often one member or item of a value is held against parts of this schema."""
    if part.by_name or isinstance(part.node, list):
        return 0
    by_pattern = part.node.get("patternProperties")
    return (
        sum(isinstance(part.node.get(keyword), dict | list) for keyword in _DESCENDING)
        + (len(by_pattern) if isinstance(by_pattern, dict) else 0)
        + (_times(part.node) if "contains" in part.node else 0)
    )


def _patterns(part: _Part) -> int:
    if part.by_name or isinstance(part.node, list):
        return 0
    by_pattern = part.node.get("patternProperties")
    return ("pattern" in part.node) + (len(by_pattern) if isinstance(by_pattern, dict) else 0)


def _at_pointer(root: JsonValue, pointer: str) -> JsonValue:
    found = root
    for key in names_in(f"/{pointer[1:]}"):
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 6:
            found = found[int(key)] if int(key) < len(found) else None
        else:
            return None
    return found
