"""How many things one call touches, read off its arguments: a count, or that nothing bounds it.

The most that any part of the arguments speaks of is taken. What is read wrongly counts too much
rather than too little: a count only ever asks, and never allows more.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue

MOST_LOOKED_AT = 4_000
"""Values of one call that are looked at; more of them have no bound."""
MOST_READ = 64 * 1024
"""Characters of one call that are read, contents left out; beyond them, too."""
_LONGEST_NAMES = 4_000
_LONGEST_PATTERN = 500
_STEP = re.compile(r"[^\W\d_]+")
_TURN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LIST = re.compile(r"[^\s,;]{1,80}(?:[,;] ?[^\s,;]{1,80})+[,;]?")
_COMMA = re.compile(r"[,;] ?")
_SPAN = re.compile(r"(\d{1,15}) ?(?:-|\.\.|:) ?(\d{1,15})")
_CHANGES = re.compile(
    r"\b(?:delete\s+from\s+\S|update\s+\S+\s+set\b|truncate\s+(?:table\s+)?\S"
    r"|drop\s+(?:table|database|schema|view|index|user|role)\b|alter\s+(?:table|database)\b)",
    re.IGNORECASE,
)
_ALWAYS = re.compile(
    r"\b(?:where|or)\s+(?:true\b|not\s+false\b|(?P<one>'?\w+'?)\s*=\s*(?P=one)(?!\w))",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
_QUOTED = re.compile(r"'[^']*'|--[^\n]*|/\*[^*]*\*/")
_REMOVES_ALL = re.compile(r"\brm\s+(?:-\w+\s+)*-\w*[rR]")
_ALL = frozenset({"all", "any", "every", "everything", "everyone", "everybody", "whole"})
_FLAGS = frozenset({"all", "recursive", "recurse", "cascade", "everyone", "everything"})
_CONTENT = frozenset(
    {"body", "content", "contents", "description", "message", "note", "prompt"}
    | {"replace", "replacement", "subject", "text", "title"}
)
"""Last words of names of arguments that hold content, which names nothing that is touched."""
_CODE = frozenset({"cmd", "command", "commands", "query", "script", "sql", "statement"})
_PAGES = frozenset({"limit", "count", "top", "first", "take", "size"})
_SPANS = (("from", "to"), ("start", "end"), ("first", "last"), ("begin", "end"), ("min", "max"))


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
    TOO_MUCH = "too_much"
    """More values than are looked at."""


class Touches(msgspec.Struct, frozen=True, kw_only=True):
    """How far one call reaches at once."""

    count: int | None = 1
    """None where nothing bounds it."""
    way: Way | None = None
    """None for one thing."""
    path: str = ""
    """Where among the arguments that is read off."""

    def over(self, most: int) -> bool:
        """Tell whether it is more than so many."""
        return self.count is None or self.count > most


ONE = Touches()


def touches_of(arguments: JsonObject) -> Touches:
    """Return the most that any part of the arguments speaks of."""
    most, looked_at, read = ONE, 0, 0
    waiting: list[tuple[str, JsonValue, tuple[str, ...]]] = [("", arguments, ())]
    while waiting:
        path, value, words = waiting.pop()
        looked_at += len(value) if isinstance(value, list | dict) else 1
        read += len(value) if isinstance(value, str) and _is_read(value, words) else 0
        if looked_at > MOST_LOOKED_AT or read > MOST_READ:
            return Touches(count=None, way=Way.TOO_MUCH)
        for found in _found(path, value, words):
            if found.count is None:
                return found
            if most.count is not None and found.count > most.count:
                most = found
        if isinstance(value, list | dict):
            waiting += _inside(path, value, words)
    return most


def _found(path: str, value: JsonValue, words: tuple[str, ...]) -> Iterator[Touches]:
    match value:
        case list():
            yield Touches(count=max(1, len(value)), way=Way.LIST, path=path)
        case dict():
            yield from _spans(path, value)
        case str():
            yield from _in_text(path, value, words)
        case True if _FLAGS.intersection(words):
            yield Touches(count=None, way=Way.FLAG, path=path)
        case int() if not isinstance(value, bool) and value > 1 and _PAGES.intersection(words):
            yield Touches(count=value, way=Way.PAGE, path=path)
        case _:
            pass


def _spans(path: str, value: JsonObject) -> Iterator[Touches]:
    """Count what a first and a last number stand for."""
    numbers = {
        words_of(key): inner
        for key, inner in value.items()
        if isinstance(inner, int) and not isinstance(inner, bool)
    }
    for words, low in numbers.items():
        for begins, ends in _SPANS:
            other = tuple(ends if word == begins else word for word in words)
            high = numbers.get(other)
            if begins in words and high is not None and high >= low:
                yield Touches(count=high - low + 1, way=Way.RANGE, path=path)


def _in_text(path: str, text: str, words: tuple[str, ...]) -> Iterator[Touches]:
    if not _is_read(text, words):
        if not _CONTENT.intersection(words[-1:]) or _CODE.intersection(words):
            yield Touches(count=None, way=Way.TOO_MUCH, path=path)
        return
    if _changes_all(text):
        yield Touches(count=None, way=Way.STATEMENT, path=path)
    if _REMOVES_ALL.search(text):
        yield Touches(count=None, way=Way.FLAG, path=path)
    if _LIST.fullmatch(text):
        yield Touches(count=len(_COMMA.split(text.rstrip(",;"))), way=Way.LIST, path=path)
    span = _SPAN.fullmatch(text.strip()) if _speaks_of_many(words) else None
    if span is not None and int(span[2]) > int(span[1]):
        yield Touches(count=int(span[2]) - int(span[1]) + 1, way=Way.RANGE, path=path)
    if len(text) <= _LONGEST_PATTERN and _is_open(text):
        yield Touches(count=None, way=Way.PATTERN, path=path)


def _is_read(value: JsonValue, words: tuple[str, ...]) -> bool:
    """Tell whether a value is a text that may name what is touched."""
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST_NAMES
        and not _CONTENT.intersection(words[-1:])
    )


def _changes_all(text: str) -> bool:
    """Tell whether a statement changes rows, and no condition says which."""
    return any(
        _CHANGES.search(bare) and (not _WHERE.search(bare) or _ALWAYS.search(text))
        for bare in _QUOTED.sub(" ", text).split(";")
    )


def _speaks_of_many(words: tuple[str, ...]) -> bool:
    return any(word == "range" or word.endswith("s") for word in words)


def _is_open(text: str) -> bool:
    """Tell whether a name stands for whatever fits, or for all there is."""
    plain = text.strip()
    if not plain or any(map(str.isspace, plain)):
        return False
    return "*" in plain or plain == "%" or words_of(plain)[:1] in {(word,) for word in _ALL}


def _inside(
    path: str, value: list[JsonValue] | JsonObject, words: tuple[str, ...]
) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            step = key.replace("~", "~0").replace("/", "~1")
            yield f"{path}/{step}", inner, words_of(key)
    else:
        for number, inner in enumerate(value):
            yield f"{path}/{number}", inner, words


def words_of(name: str) -> tuple[str, ...]:
    """Cut a name into its words, in small letters."""
    return tuple(_STEP.findall(_TURN.sub("-", name[:_LONGEST_PATTERN]).casefold()))
