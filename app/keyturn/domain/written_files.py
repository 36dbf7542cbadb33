"""Which files the allowed calls of a session wrote, and whether a later call runs one of them.

By the spelling of paths alone: what differs by a link, or in a folder that nobody names, cannot be
told. Where two spellings may mean one file they are taken to.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

import msgspec

from keyturn.domain.address import folded_parts
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.commands import Command
from keyturn.domain.names import CONTENT, words_of

MOST_FILES = 2_000
"""Files of one session that are remembered; beyond them the oldest are forgotten."""
MOST_FILES_A_CALL = 100
_MOST_VALUES = 2_000
_LONGEST = 4_096
_PLACES = frozenset(
    {"destination", "dest", "dst", "file", "filename", "files", "name", "output", "path", "paths"}
    | {"target", "uri"}
)
_PROGRAMS = frozenset({"binary", "entrypoint", "executable", "program", "script"})
_RUNNING = frozenset(
    {"eval", "exec", "execute", "import", "install", "invoke", "launch", "load", "run", "source"}
    | {"spawn", "start"}
)
_HOME = re.compile(r"(?:~[\w.-]*|\$HOME|\$\{HOME\}|%USERPROFILE%)/+", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:/")
_PATH = re.compile(r"(?:/|\.{1,2}/|~|[A-Za-z]:[\\/]|file:)")
_FILE_NAME = re.compile(r"[^\s/\\]{1,200}\.\w{1,10}")


class RunsWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a call runs, and which earlier call wrote it."""

    path: str
    """As the later call spells it."""
    call: int = 0
    """The number of the earlier call; 0 for one of another session of the agent."""


class Spelling(msgspec.Struct, frozen=True):
    """A path as far as it can be compared."""

    parts: tuple[str, ...]
    absolute: bool

    def may_be(self, other: "Spelling") -> bool:
        """Tell whether both may be one file: a relative path may be anywhere."""
        one, two = self.parts, other.parts
        if self.absolute and other.absolute:
            return one == two
        if self.absolute or (not other.absolute and len(one) > len(two)):
            return one[-len(two) :] == two
        return two[-len(one) :] == one


def spelling_of(text: str) -> Spelling | None:
    """Read a path; None for what names no file."""
    plain = text.strip()[:_LONGEST]
    if plain[:5].lower() == "file:":
        plain = "/" + unquote(plain[5:]).lstrip("/")
    plain = plain.replace("\\", "/")
    home = _HOME.match(plain)
    absolute = plain.startswith("/") or _DRIVE.match(plain) is not None
    parts = tuple(_parts(plain[home.end() :] if home else plain))
    return Spelling(parts, absolute) if parts else None


def _parts(path: str) -> list[str]:
    kept: list[str] = []
    for part in path.split("/"):
        plain = part.strip()
        if plain == "..":
            del kept[-1:]
        elif plain not in ("", "."):
            kept.append(part)
    return folded_parts(kept)


class WrittenFiles:
    """What the calls of one session wrote; bounded, the newest stay."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[tuple[Spelling, int]]] = {}
        self._order: deque[str] = deque()

    def note(self, paths: Iterable[str], call: int) -> None:
        """Remember what a call was allowed to write."""
        for spelling in filter(None, map(spelling_of, paths)):
            name = spelling.parts[-1]
            self._by_name.setdefault(name, []).append((spelling, call))
            self._order.append(name)
        while len(self._order) > MOST_FILES:
            self._forget(self._order.popleft())

    def written_by(self, path: str, but: int = 0) -> int | None:
        """Return the number of the last call that may have written a file; None for none.

        `but` is the number of the call that asks: what it writes itself is no earlier one's.
        """
        spelling = spelling_of(path)
        if spelling is None:
            return None
        known = reversed(self._by_name.get(spelling.parts[-1], []))
        may_be = (call for other, call in known if spelling.may_be(other))
        return next((call for call in may_be if call != but), None)

    def _forget(self, name: str) -> None:
        known = self._by_name[name]
        del known[0]
        if not known:
            del self._by_name[name]


def written_in(arguments: JsonObject, commands: Iterable[Command]) -> tuple[str, ...]:
    """Return the files that a call of a changing tool may write, by its arguments."""
    by_commands = [path for command in commands for path in command.writes]
    named = _paths_in(arguments, _PLACES | _PROGRAMS)
    return tuple(dict.fromkeys((*by_commands, *named)))[:MOST_FILES_A_CALL]


def run_in(tool: str, arguments: JsonObject, commands: Iterable[Command]) -> tuple[str, ...]:
    """Return the files that a call runs, by its commands, its arguments' names and its tool's."""
    by_commands = [path for command in commands for path in command.runs]
    running = bool(_RUNNING.intersection(words_of(tool)))
    named = _paths_in(arguments, _PROGRAMS | _PLACES if running else _PROGRAMS)
    return tuple(dict.fromkeys((*by_commands, *named)))[:MOST_FILES_A_CALL]


def _paths_in(arguments: JsonObject, names: frozenset[str]) -> Iterator[str]:
    """Yield the texts that name a file, by how they begin or by what they are called."""
    waiting: deque[tuple[JsonValue, tuple[str, ...]]] = deque([(arguments, ())])
    seen = 0
    while waiting and seen < _MOST_VALUES:
        value, words = waiting.popleft()
        seen += 1
        match value:
            case str() if _is_path(value, words, names):
                yield value
            case dict():
                members = islice(value.items(), _MOST_VALUES)
                waiting.extend((inner, words_of(key)) for key, inner in members)
            case list():
                waiting.extend((inner, words) for inner in islice(value, _MOST_VALUES))
            case _:
                pass


def _is_path(text: str, words: tuple[str, ...], names: frozenset[str]) -> bool:
    if not text or len(text) > _LONGEST or "\n" in text or CONTENT.intersection(words[-1:]):
        return False
    if "://" in text and text[:5].lower() != "file:":
        return False
    if names.intersection(words):
        return (
            _PATH.match(text) is not None or "/" in text or _FILE_NAME.fullmatch(text) is not None
        )
    return names is not _PROGRAMS and _PATH.match(text) is not None
