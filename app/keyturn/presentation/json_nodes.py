"""Walks a subject's JSON for whoever shows it: every member with its JSON Pointer, in order.

Decides nothing and hides nothing: joining the leaves gives the whole subject.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from keyturn.domain.canonical import JsonValue, Parsed, canonical, parse_strict

MOST_NODES = 2_000
_MOST_PATHS = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One member of an object, or one item of a list."""

    path: str
    """JSON Pointer (RFC 6901)."""
    key: str
    """The member's name; an item's index in brackets."""
    depth: int
    value: JsonValue

    @property
    def is_leaf(self) -> bool:
        """Tell whether nothing lies below it; an empty object or list is a leaf."""
        return not (isinstance(self.value, dict | list) and self.value)


@lru_cache(maxsize=2)
def read_json(text: str) -> JsonValue:
    """Read canonical JSON; a text that cannot be read is itself the value, so that it is shown.

    What is returned is shared by all who show the same request, and must not be changed.
    """
    parsed = parse_strict(text)
    return parsed.value if isinstance(parsed, Parsed) else text


def nodes(root: JsonValue) -> tuple[Node, ...]:
    """Return everything below `root`, depth first; a root that is a leaf is the only node."""
    return tuple(walk(root))


def walk(root: JsonValue) -> Iterator[Node]:
    """Yield the same one by one: each path repeats the names above it, which may be long."""
    if not isinstance(root, dict | list):
        yield Node(path="", key="", depth=0, value=root)
        return
    stack = [_children(root, "", 0)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            continue
        yield node
        if not node.is_leaf:
            stack.append(_children(node.value, node.path, node.depth + 1))


def first_nodes(root: JsonValue) -> tuple[Node, ...]:
    """Return as much of everything below `root` as anybody reads in a list."""
    found: list[Node] = []
    left = _MOST_PATHS
    for node in islice(walk(root), MOST_NODES):
        left -= len(node.path)
        if left < 0:
            break
        found.append(node)
    return tuple(found)


def count_nodes(root: JsonValue) -> int:
    """Count everything below `root`."""
    count = 0
    stack = [root]
    while stack:
        item = stack.pop()
        below = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        count += len(below)
        stack.extend(below)
    return count if isinstance(root, dict | list) else 1


def value_at(root: JsonValue, pointer: str) -> JsonValue:
    """Return what a JSON Pointer names; raises KeyError when nothing is there."""
    value = root
    for part in pointer_parts(pointer):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isascii() and part.isdigit():
            index = int(part) if len(part) < 9 else len(value)
            if index >= len(value):
                raise KeyError(pointer)
            value = value[index]
        else:
            raise KeyError(pointer)
    return value


def pointer_parts(pointer: str) -> list[str]:
    """Return the names that a JSON Pointer goes through."""
    parts = pointer.split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def pointer_below(path: str, name: str) -> str:
    """Return the JSON Pointer of a member of what `path` names."""
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def bare_text(value: JsonValue) -> str:
    """Return a string as it is, and everything else as the canonical JSON that is sent."""
    return value if isinstance(value, str) else canonical(value).decode()


def bare_json(value: JsonValue) -> str:
    """Return any value as canonical JSON, a string with its escapes."""
    return canonical(value).decode()


def quoted_text(value: JsonValue) -> str:
    """Return a leaf as sent, a string in its quotation marks and with its real line breaks."""
    return f'"{value}"' if isinstance(value, str) else canonical(value).decode()


def _children(value: JsonValue, path: str, depth: int) -> Iterator[Node]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield Node(path=pointer_below(path, name), key=name, depth=depth, value=member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield Node(path=f"{path}/{index}", key=f"[{index}]", depth=depth, value=item)
