"""How many things one call touches, read off its arguments: a count, or that nothing bounds it.

Lists and ranges multiply, pages add. What is read wrongly counts too much rather than too little: a
count only ever asks, and never allows more.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.command_shapes import ARGUMENT_NAMES, shapes_of, unparsed
from keyturn.domain.command_texts import runs_commands
from keyturn.domain.commands import Command, Language, Why
from keyturn.domain.json_pointer import escaped
from keyturn.domain.names import is_content, is_word, words_of
from keyturn.domain.touching_texts import (
    LONGEST_TEXT,
    PATTERN_NAMES,
    changes_all,
    describes_one,
    is_only_wild,
    is_true,
    is_wild,
    number_in,
    parts_of,
    removes_all,
    span_in,
    speaks_of_all,
    speaks_of_many,
)

MOST_LOOKED_AT = 1_000
"""Values of one call that are looked at; more of them have no bound."""
MOST_READ = 32 * 1024
"""Characters of one call that are read, contents left out; beyond them, too."""
DEEPEST = 64
"""Levels of one call that are looked at; below them, too."""
_LONGEST_NAME = 200
_MOST = 10**12
"""Counts do not grow beyond it."""
_FLAGS = frozenset({"all", "recursive", "recurse", "cascade", "everyone", "everything"})
_PAGES = frozenset({"limit", "count", "top", "first", "take", "size", "results"})
_SPEAKING = _FLAGS | _PAGES | PATTERN_NAMES
_SPANS = (("from", "to"), ("start", "end"), ("first", "last"), ("begin", "end"), ("min", "max"))
_TELL_HOW = frozenset(
    {"args", "arguments", "attributes", "fields", "headers", "options", "parameters", "params"}
    | {"preferences", "properties", "settings", "columns"}
)
"""Members of these say how, and are not what is touched."""


class Way(StrEnum):
    """By what a call touches more than one thing."""

    LIST = "list"
    RANGE = "range"
    PAGE = "page"
    PATTERN = "pattern"
    """A wildcard, or a word for all there is."""
    FLAG = "flag"
    """A switch that lifts the bounds, or goes down folders."""
    STATEMENT = "statement"
    """It changes or removes rows, and no condition says which."""
    COMMAND = "command"
    """A command that nothing bounds, or of several steps."""
    UNKNOWN = "unknown"
    """A command of which nobody knows how much it touches."""
    TOO_MUCH = "too_much"
    """More values than are looked at."""


class Touches(msgspec.Struct, frozen=True, kw_only=True):
    """How far one call reaches at once."""

    count: int | None = 1
    """None where nothing bounds it."""
    way: Way | None = None
    """None for one thing."""
    path: str = ""
    """Where among the arguments that is read off; of several the one that counts most."""

    def over(self, most: int) -> bool:
        """Tell whether it is more than so many."""
        return self.count is None or self.count > most


ONE = Touches()
_TOO_MUCH = Touches(count=None, way=Way.TOO_MUCH)
_WAYS = {
    Why.RECURSIVE: Way.FLAG,
    Why.PATTERN: Way.PATTERN,
    Why.NO_CONDITION: Way.STATEMENT,
    Why.OPEN_CONDITION: Way.STATEMENT,
    Why.QUERY: Way.STATEMENT,
    Why.UNKNOWN: Way.UNKNOWN,
    Why.CODE: Way.UNKNOWN,
}


def touches_of(
    arguments: JsonObject, commands: Iterable[Command] | None = None, *, tool: str = ""
) -> Touches:
    """Return how much a call with these arguments touches.

    `commands` is what parsers made of them; where none has looked, nothing bounds what looks like a
    command, of a tool of this name.
    """
    if commands is None:
        commands = map(unparsed, shapes_of(arguments, runs=runs_commands(tool), tool=tool))
    by_path: dict[str, list[Command]] = {}
    for command in commands:
        by_path.setdefault(command.path, []).append(command)
    try:
        found = _Counting(by_path).of("", arguments, (), 0)
    except _Unbounded as unbounded:
        return unbounded.touches
    return ONE if found.count == 1 else found


class _Unbounded(Exception):
    """Ends the counting: nothing bounds a part of the arguments."""

    def __init__(self, touches: Touches) -> None:
        super().__init__()
        self.touches = touches


class _Total:
    """What the members of one object come to."""

    def __init__(self) -> None:
        self.product = 1
        self.pages = 0
        self.members = 0
        self.commands = 1
        self.arguments = 1
        """Of a command whose words stand in a member of their own: they are counted already."""

    @property
    def count(self) -> int:
        """Return all together."""
        both = max(self.commands, self.arguments)
        return min(_MOST, self.product * both) + self.pages

    def multiply(self, by: Touches) -> None:
        """Do it for each of so many."""
        self.product = min(_MOST, self.product * (by.count or 1))


class _Counting:
    """Goes through the arguments of one call, no further than its bounds."""

    def __init__(self, commands: Mapping[str, list[Command]]) -> None:
        self._commands = commands
        self._parents = {path.rpartition("/")[0] for path in commands}
        self._looked_at = 0
        self._read = 0

    def of(self, path: str, value: JsonValue, words: tuple[str, ...], depth: int) -> Touches:
        """Count a value with all in it."""
        commands = self._commands.get(path)
        by_command = ONE if commands is None else _of_commands(commands)
        if isinstance(value, list | dict):
            self._looked_at += len(value)
            if self._looked_at > MOST_LOOKED_AT or depth > DEEPEST:
                raise _Unbounded(_TOO_MUCH)
            if isinstance(value, list):
                found = self._of_list(path, value, words, depth)
            else:
                found = self._of_members(path, value, words, depth)
        elif isinstance(value, str):
            found = ONE if commands is not None else self._of_text(path, value, words)
        else:
            found = _of_number(path, value, words)
        if found.count is None:
            raise _Unbounded(found)
        return _larger(found, by_command)

    def _of_list(
        self, path: str, value: list[JsonValue], words: tuple[str, ...], depth: int
    ) -> Touches:
        """Add up what is in a list."""
        total = sum(
            self.of(f"{path}/{n}", one, words, depth + 1).count or 1 for n, one in enumerate(value)
        )
        return _counted(total, Way.LIST, path)

    def _of_members(
        self, path: str, value: JsonObject, words: tuple[str, ...], depth: int
    ) -> Touches:
        """Multiply what members stand for; the members of many are many themselves."""
        total, most = _Total(), ONE
        for key, inner in value.items():
            at = f"{path}/{escaped(key)}"
            one = self.of(at, inner, words_of(key), depth + 1)
            if one.count == 1:
                continue
            most = _larger(most, one)
            total.members += (one.count or 1) - 1
            if one.way is Way.PAGE and one.path == at:
                total.pages += (one.count or 1) - 1
            elif at in self._commands:
                total.commands *= one.count or 1
            elif path in self._parents and ARGUMENT_NAMES.intersection(words_of(key)):
                total.arguments *= one.count or 1
            else:
                total.multiply(one)
        for span in _spans(path, value):
            most = _larger(most, span)
            total.multiply(span)
        members = total.members + len(value)
        many = speaks_of_many(words) and not describes_one(words, value)
        if members > total.count and many and _TELL_HOW.isdisjoint(words[-1:]):
            return _counted(members, Way.LIST, path)
        return _counted(total.count, most.way or Way.LIST, most.path)

    def _of_text(self, path: str, text: str, words: tuple[str, ...]) -> Touches:
        if is_content(words):
            return _open(Way.PATTERN, path) if is_only_wild(text) else ONE
        if is_word(text) and _SPEAKING.isdisjoint(words) and not speaks_of_all(text):
            # Most are such: nothing of what follows is in them.
            return ONE
        if len(text) > LONGEST_TEXT:
            return _open(Way.TOO_MUCH, path)
        self._read += len(text)
        if self._read > MOST_READ:
            raise _Unbounded(_TOO_MUCH)
        if changes_all(text):
            return _open(Way.STATEMENT, path)
        if removes_all(text) or (_FLAGS.intersection(words) and is_true(text)):
            return _open(Way.FLAG, path)
        if is_wild(text, words):
            return _open(Way.PATTERN, path)
        number, span = number_in(text), span_in(text, words)
        if span > 1:
            return _counted(span, Way.RANGE, path)
        if number is not None and _PAGES.intersection(words):
            return _counted(number, Way.PAGE, path)
        return _counted(parts_of(text, words), Way.LIST, path)


def _of_number(path: str, value: JsonValue, words: tuple[str, ...]) -> Touches:
    if _FLAGS.intersection(words) and (value is True or number_in(value)):
        return _open(Way.FLAG, path)
    number = number_in(value)
    if number is not None and _PAGES.intersection(words):
        return _counted(number, Way.PAGE, path)
    return ONE


def _spans(path: str, value: JsonObject) -> Iterator[Touches]:
    """Count what a first and a last number stand for."""
    begun = [(key, ends) for key in value if (ends := _ends_of(key[:_LONGEST_NAME]))]
    if not begun:
        return
    by_words = {words_of(key): inner for key, inner in value.items()}
    for key, ends in begun:
        low = number_in(value[key])
        for other in ends if low is not None else ():
            high = number_in(by_words.get(other))
            if high is not None and low is not None and high >= low:
                yield _counted(high - low + 1, Way.RANGE, path)


@lru_cache(maxsize=4096)
def _ends_of(name: str) -> tuple[tuple[str, ...], ...]:
    """Return how a name would be called that ends the range that this one begins."""
    words = words_of(name)
    return tuple(
        tuple(ends if word == begins else word for word in words)
        for begins, ends in _SPANS
        if begins in words
    )


def _of_commands(commands: list[Command]) -> Touches:
    """Return the most of what commands touch; nothing where one has no bound."""
    most = ONE
    for command in commands:
        found = _by_command(command)
        if found.count is None:
            raise _Unbounded(found)
        most = _larger(most, found)
    return most


def _by_command(command: Command) -> Touches:
    """Return what a command touches, and by what that is known."""
    if not command.understood:
        return _open(Way.UNKNOWN, command.path)
    if command.count is not None:
        of_sql = command.language is Language.SQL
        return _counted(command.count, Way.LIST if of_sql else Way.COMMAND, command.path)
    why = next((step.why for step in command.steps if step.changes and step.count is None), None)
    return _open(_WAYS.get(why, Way.COMMAND) if why is not None else Way.COMMAND, command.path)


def _larger(one: Touches, other: Touches) -> Touches:
    return other if (other.count or 1) > (one.count or 1) else one


def _counted(count: int, way: Way, path: str) -> Touches:
    return ONE if count <= 1 else Touches(count=min(count, _MOST), way=way, path=path)


def _open(way: Way, path: str) -> Touches:
    return Touches(count=None, way=way, path=path)
