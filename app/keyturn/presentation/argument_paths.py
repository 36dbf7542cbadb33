"""Owns which arguments are offered to be tested: what the schemas of a rule's tools name.

A schema is the server's: of it so much is looked at and no more, and a name that cannot be shown
as it is is not offered. What is not offered can still be typed.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from keyturn.domain.canonical import JsonValue
from keyturn.domain.rule_lint import KnownTool
from keyturn.presentation.cells import NameChoice
from keyturn.presentation.json_nodes import pointer_below

MOST_PATHS: Final = 40
_MOST_TOOLS: Final = 50
_MOST_LOOKS: Final = 2_000
_DEEPEST: Final = 3
_LONGEST: Final = 60


def argument_paths(tools: Iterable[KnownTool]) -> tuple[NameChoice, ...]:
    """Return the pointers of the first arguments of tools, those on top first, each once."""
    found: dict[str, None] = {}
    level: list[tuple[str, JsonValue]] = []
    for _, tool in zip(range(_MOST_TOOLS), tools, strict=False):
        level.append(("", tool.schema))
    for _ in range(_DEEPEST):
        level = list(_below(level))
        found |= dict.fromkeys(path for path, _ in level if _is_plain(path))
    paths = list(found)[:MOST_PATHS]
    return tuple(NameChoice(name=path, text=path) for path in paths)


def _below(level: list[tuple[str, JsonValue]]) -> Iterator[tuple[str, JsonValue]]:
    looks = 0
    for path, schema in level:
        members = schema.get("properties") if isinstance(schema, dict) else None
        for name, inner in members.items() if isinstance(members, dict) else ():
            looks += 1
            if looks > _MOST_LOOKS:
                return
            yield pointer_below(path, name), inner


def _is_plain(path: str) -> bool:
    return path.isprintable() and len(path) <= _LONGEST and path == path.strip()
