"""Walks a subject's JSON for whoever shows it: every member with its JSON Pointer, in order.

Decides nothing. `walk` leaves nothing out: joining its leaves gives the whole subject. Of more than
anybody reads `first_nodes` leaves out the rest, but lets no member hide the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count, islice, takewhile
from operator import itemgetter
from typing import TypeAlias, TypeVar

from keyturn.domain.canonical import JsonValue, Parsed, canonical, parse_strict
from keyturn.domain.json_pointer import names_in

MOST_NODES = 2_000
_MOST_PATHS = 1024 * 1024
_SHORT_PATH = 500
"""So much is repeated for each of `MOST_NODES` whatever else there is."""


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


_Placed: TypeAlias = tuple[tuple[int, ...], Node]
"""A node and its place among all."""
_Thing = TypeVar("_Thing")
Below: TypeAlias = Callable[[_Thing], tuple[int, Iterator[_Thing]]]
"""Returns how many there are below a thing, at most, and them."""


@dataclass(slots=True)
class _Room:
    """What is left for repeating long paths."""

    left: int = _MOST_PATHS

    def takes(self, path: str) -> bool:
        if len(path) <= _SHORT_PATH:
            return True
        taken = len(path) <= self.left
        self.left -= len(path) if taken else 0
        return taken


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
    """Return as much of everything below `root` as anybody reads in a list, in order.

    What does not fit is left out where there is most: the members of every object and the items of
    every list take turns.
    """
    found: list[Node] = []
    left = _MOST_PATHS
    for node in walk(root):
        left -= len(node.path)
        if left < 0 or len(found) == MOST_NODES:
            break
        found.append(node)
    else:
        return tuple(found)
    whole = Node(path="", key="", depth=-1, value=root)
    taken = islice(in_turns(((), whole), _below_within(_Room())), MOST_NODES)
    return tuple(node for _, node in sorted(taken, key=itemgetter(0)))


def in_turns(root: _Thing, below: Below[_Thing]) -> Iterator[_Thing]:
    """Yield all that is below a thing: its children, then what is below each of them in turn.

    However much there is below one of them, each has the same share of what is yielded.
    """
    serial = count()
    size, children = below(root)
    # Of some children: when the next has its turn, how long it takes until the one after it, and
    # when all have had theirs. Then what is below them begins, slower by as much as they are many.
    waiting = [(1, next(serial), 1, size, 1 + size, children)]
    while waiting:
        when, _, pause, many, end, children = heappop(waiting)
        for thing in children:
            yield thing
            heappush(waiting, (when + pause, next(serial), pause, many, end, children))
            size, inner = below(thing)
            if size:
                slower = pause * many
                entry = (end + slower, next(serial), slower, size, end + (size + 1) * slower, inner)
                heappush(waiting, entry)
            break


def count_nodes(root: JsonValue) -> int:
    """Count everything below `root`."""
    found = 0
    stack = [root]
    while stack:
        item = stack.pop()
        below = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        found += len(below)
        stack.extend(below)
    return found if isinstance(root, dict | list) else 1


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
    return names_in(pointer)


def pointer_below(path: str, name: str) -> str:
    """Return the JSON Pointer of a member of what `path` names."""
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def shortened(name: str, most: int) -> str:
    """Return a name or JSON Pointer, a long one cut in its middle: its last part stays."""
    if len(name) <= most:
        return name
    last = len(name) - max(0, name.rfind("/"))
    end = min(max(last, most // 2), most - most // 4)
    return f"{name[: most - end - 1]}…{name[-end:]}"


def bare_text(value: JsonValue) -> str:
    """Return a string as it is, and everything else as the canonical JSON that is sent."""
    return value if isinstance(value, str) else canonical(value).decode()


def bare_json(value: JsonValue) -> str:
    """Return any value as canonical JSON, a string with its escapes."""
    return canonical(value).decode()


def quoted_text(value: JsonValue) -> str:
    """Return a leaf as sent, a string in its quotation marks and with its real line breaks."""
    return f'"{value}"' if isinstance(value, str) else canonical(value).decode()


def _below_within(room: _Room) -> Below[_Placed]:
    def below(placed: _Placed) -> tuple[int, Iterator[_Placed]]:
        order, above = placed
        size = len(above.value) if isinstance(above.value, dict | list) else 0
        children = enumerate(_children(above.value, above.path, above.depth + 1))
        return size, (
            ((*order, index), node)
            for index, node in takewhile(lambda _: room.takes(above.path), children)
        )

    return below


def _children(value: JsonValue, path: str, depth: int) -> Iterator[Node]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield Node(path=pointer_below(path, name), key=name, depth=depth, value=member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield Node(path=f"{path}/{index}", key=f"[{index}]", depth=depth, value=item)
