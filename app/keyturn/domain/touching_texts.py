"""What single texts and numbers of a call say about how much it touches: lists, ranges, wildcards.

Each test that is wrong is to say too much rather than too little.
"""

import re
from collections.abc import Iterable

from keyturn.domain.canonical import JsonValue
from keyturn.domain.names import words_of

LONGEST_TEXT = 4_000
"""A longer one is not read."""
_BETWEEN = re.compile(r"[,;|\n]")
_BETWEEN_MANY = re.compile(r"[\s,;|]+")
_SPAN = re.compile(r"(\d{1,15})\s?(?:-|\.\.|:)\s?(\d{1,15})")
_CHANGES = re.compile(
    r"\b(?:delete\s+from\s+\S|update\s+\S+(?:\s+\S+){0,4}\s+set\b|truncate\s+table\s+\S"
    r"|drop\s+(?:table|database|schema|view|index|user|role)\b|alter\s+(?:table|database)\b"
    r"|insert\s+into\s+\S|replace\s+into\s+\S|merge\s+into\s+\S)",
    re.IGNORECASE,
)
_REMOVES_ALL = re.compile(r"\brm\s+(?:-\S+\s+)*-\w*[rR]")
_ALL = frozenset({"all", "any", "every", "everything", "everyone", "everybody", "whole"})
_BEGIN_ALL = frozenset(word[:3] for word in _ALL)
_TRUE = frozenset({"1", "all", "always", "on", "t", "true", "y", "yes"})
PATTERN_NAMES = frozenset({"glob", "globs", "regex", "regexp", "wildcard"})
_PLACES = frozenset(
    {"dir", "directory", "file", "filename", "files", "folder", "from", "glob", "path", "paths"}
    | {"pattern", "patterns", "source", "src", "target", "to", "uri", "destination", "dest"}
)
_SEVERAL = frozenset({"to", "cc", "bcc", "recipient", "range"})
_DETAILS = frozenset(
    {"address", "city", "company", "country", "email", "fax", "house", "id", "name", "phone"}
    | {"postcode", "region", "state", "street", "title", "zip"}
)
_ONE_AFTER_ALL = ("ss", "us", "is")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://")
_PERCENT = re.compile(r"\d+(?:\.\d+)?\s?%")
_HEXADECIMAL = re.compile(r"%[0-9A-Fa-f]{2}")
_CLASS = re.compile(r"\[[^\]]+\]")
_BRACES = re.compile(r"\{[^{}\"]*(?:,|\.\.)[^{}\"]*\}")
_ONLY_WILD = re.compile(r"[?./\\]*[*%][*%?./\\]*")
_IN_PATTERNS = re.compile(r"[.*+?\[({^$|\\%]")


def number_in(value: JsonValue) -> int | None:
    """Return a whole number above zero, however it is written; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        plain = value.strip()
        whole = plain.isascii() and plain.isdigit() and len(plain) <= 15
        return int(plain) or None if whole else None
    if isinstance(value, int | float) and value > 0 and value == value // 1:
        return int(min(value, 10**15))
    return None


def is_true(text: str) -> bool:
    """Tell whether a text switches something on."""
    return text.strip().casefold() in _TRUE


def speaks_of_many(words: tuple[str, ...]) -> bool:
    """Tell whether a name is one for several things."""
    return any(
        word in _SEVERAL or (word.endswith("s") and not word.endswith(_ONE_AFTER_ALL))
        for word in words
    )


def describes_one(words: tuple[str, ...], members: Iterable[str]) -> bool:
    """Tell whether an object under a name like `ship_to` says who one is: its name, its address."""
    plural = speaks_of_many(tuple(word for word in words if word not in _SEVERAL))
    return not plural and all(member.casefold() in _DETAILS for member in members)


def parts_of(text: str, words: tuple[str, ...]) -> int:
    """Count what a text lists: under the name of many its words, else single words between commas.

    A sentence with a comma in it is no list.
    """
    plain = text.strip().strip(",;|")
    parted = _BETWEEN.search(plain) is not None
    if speaks_of_many(words) and (parted or not _SEVERAL.intersection(words)):
        return len(_BETWEEN_MANY.split(plain))
    parts = [part for part in map(str.split, _BETWEEN.split(plain)) if part]
    is_list = parted and all(len(part) == 1 for part in parts)
    return max(1, len(parts)) if is_list else 1


def span_in(text: str, words: tuple[str, ...]) -> int:
    """Count what a text like "10-30" stands for under the name of many; else 1."""
    span = _SPAN.fullmatch(text.strip()) if speaks_of_many(words) else None
    return max(1, int(span[2]) - int(span[1]) + 1) if span is not None else 1


def changes_all(text: str) -> bool:
    """Tell whether a text holds a statement that changes rows; which ones is a parser's to say."""
    return _CHANGES.search(text) is not None


def removes_all(text: str) -> bool:
    """Tell whether a text holds a command that removes folders with all in them."""
    return _REMOVES_ALL.search(text) is not None


def speaks_of_all(text: str) -> bool:
    """Tell whether a text begins with a word for all there is."""
    return text.lstrip()[:3].casefold() in _BEGIN_ALL and not _ALL.isdisjoint(words_of(text)[:1])


def is_only_wild(text: str) -> bool:
    """Tell whether a text is nothing but a wildcard for everything."""
    return _ONLY_WILD.fullmatch(text.strip()) is not None


def is_wild(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether a text stands for whatever fits, or for all there is."""
    plain = text.strip()
    if not plain:
        return False
    if is_only_wild(plain):
        return True
    named = frozenset(words[-1:])
    if named & PATTERN_NAMES or ("pattern" in words and _IN_PATTERNS.search(plain)):
        return True
    one_word = len(plain.split(None, 1)) == 1
    if speaks_of_all(plain):
        return one_word or speaks_of_many(words)
    is_place = one_word or bool(_PLACES.intersection(words)) or plain.startswith(("/", "./", "~"))
    return is_place and _is_wild_place(plain)


def _is_wild_place(plain: str) -> bool:
    if "*" in plain:
        return True
    if _ADDRESS.match(plain):
        return False
    percent = _HEXADECIMAL.sub("", _PERCENT.sub("", plain))
    return bool("?" in plain or "%" in percent or _CLASS.search(plain) or _BRACES.search(plain))
