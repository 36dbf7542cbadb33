"""Walks a subject's JSON for whoever shows it: every member with its JSON Pointer, in order.

Decides nothing and hides nothing: joining the leaves gives the whole subject.
"""

from dataclasses import dataclass

from keyturn.domain.canonical import JsonValue, Parsed, canonical, parse_strict


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


def read_json(text: str) -> JsonValue:
    """Read canonical JSON; a text that cannot be read is itself the value, so that it is shown."""
    parsed = parse_strict(text)
    return parsed.value if isinstance(parsed, Parsed) else text


def nodes(root: JsonValue) -> tuple[Node, ...]:
    """Return everything below `root`, depth first; a root that is a leaf is the only node."""
    found: list[Node] = []
    stack = _children(root, "", 0)[::-1]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(_children(node.value, node.path, node.depth + 1)[::-1])
    if found or (isinstance(root, dict | list) and not root):
        return tuple(found)
    return (Node(path="", key="", depth=0, value=root),)


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


def _children(value: JsonValue, path: str, depth: int) -> list[Node]:
    if isinstance(value, dict):
        return [
            Node(path=pointer_below(path, name), key=name, depth=depth, value=member)
            for name, member in value.items()
        ]
    if isinstance(value, list):
        return [
            Node(path=f"{path}/{index}", key=f"[{index}]", depth=depth, value=item)
            for index, item in enumerate(value)
        ]
    return []
