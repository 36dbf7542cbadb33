"""Patterns that cannot stall: globs and regular expressions compiled by RE2 (linear time)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs] -- google-re2 ships no types


class BadPattern(ValueError):
    """RE2 does not accept the pattern."""


class Pattern(Protocol):
    """The part of a compiled RE2 pattern that is used here."""

    def fullmatch(self, text: str) -> object | None:
        """Match the whole text."""
        ...

    def search(self, text: str) -> object | None:
        """Find a match anywhere."""
        ...


class _Set(Protocol):
    def Add(self, pattern: str) -> int:  # noqa: N802 -- RE2's own name
        ...

    def Compile(self) -> None:  # noqa: N802 -- RE2's own name
        ...

    def Match(self, text: bytes) -> list[int] | None:  # noqa: N802 -- RE2's own name
        ...


class _Sets(Protocol):
    def SearchSet(self, options: "_Options") -> _Set:  # noqa: N802 -- RE2's own name
        ...


class _Engine(Protocol):
    error: type[Exception]
    Set: _Sets

    def Options(self) -> "_Options":  # noqa: N802 -- RE2's own name
        ...

    def compile(self, pattern: str, options: "_Options") -> Pattern: ...


class _Options(Protocol):
    log_errors: bool
    max_mem: int


_ENGINE = cast("_Engine", re2)


class PatternSet:
    """Short patterns that are all looked for in one pass over a text, however many they are."""

    def __init__(self, patterns: Iterable[str]) -> None:
        options = _ENGINE.Options()
        options.log_errors = False
        self._set = _ENGINE.Set.SearchSet(options)
        for pattern in patterns:
            if self._set.Add(pattern) < 0:
                raise BadPattern("RE2 does not accept the pattern")
        self._set.Compile()

    def found_in(self, text: bytes) -> list[int]:
        """Return the numbers of the patterns that UTF-8 bytes hold."""
        return self._set.Match(text) or []


def is_glob(pattern: str) -> bool:
    """Tell whether the pattern holds a wildcard."""
    return "*" in pattern or "?" in pattern


@lru_cache(maxsize=2048)
def glob(pattern: str) -> Pattern:
    """Compile a glob: `*` stands for any text, `?` for one character, all else for itself."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return regex("(?s)" + "".join(parts))


@lru_cache(maxsize=2048)
def regex(pattern: str, memory: int = 1 << 20) -> Pattern:
    """Compile a regular expression; raises BadPattern for what RE2 refuses.

    `memory` is how many bytes it may remember states in: a long list of alternatives needs more,
    or texts that mix their beginnings slow it down.
    """
    options = _ENGINE.Options()
    options.log_errors = False  # RE2 would print the pattern on stderr
    options.max_mem = memory
    try:
        return _ENGINE.compile(pattern, options)
    except _ENGINE.error as error:
        raise BadPattern("RE2 does not accept the pattern") from error


@lru_cache(maxsize=2048)
def _pieces(pattern: str) -> tuple[str, ...] | None:
    """Return the texts that a glob's stars stand between; None for one with a question mark."""
    return None if "?" in pattern else tuple(re.split(r"\*+", pattern))


def glob_matches(pattern: str, text: str) -> bool:
    """Match a whole text against a glob; in linear time, without the engine where stars only are.

    The first and the last piece stand at the ends; of those between, the earliest place of each is
    as good as any later one.
    """
    pieces = _pieces(pattern)
    if pieces is None:
        return glob(pattern).fullmatch(text) is not None
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return text == first
    end = len(text) - len(last)
    at = len(first)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in pieces[1:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def name_matches(pattern: str, name: str) -> bool:
    """Match a name against an exact name or a glob; case counts."""
    return pattern == "*" or pattern == name or (is_glob(pattern) and glob_matches(pattern, name))
