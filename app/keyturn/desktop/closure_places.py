"""What the search for a command's code starts from, and what it finds beside files."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.desktop.executables import find_executable
from keyturn.desktop.manifests import Manifest
from keyturn.domain.canonical import JsonObject, Parsed, parse_strict
from keyturn.domain.closure import PackageClaims
from keyturn.domain.command import CommandReading, Mark

_MOST_TEXT = 4 * 1024 * 1024
_MOST_ABOVE = 40
_FIRST_LINE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command would start, and with which environment."""

    reading: CommandReading
    cwd: str
    search: Mapping[str, str]
    executable: str
    """What its first word leads to, links followed."""
    argv: tuple[str, ...] = ()
    """All words of the command, those of wrappers too."""

    @property
    def home(self) -> Path:
        """Return the home folder of who would run it."""
        return Path(self.search.get("HOME") or Path.home())

    @property
    def folder(self) -> str:
        """Return the folder that the command looks for its code in."""
        return os.path.normpath(Path(self.cwd, self.reading.folder))

    def program(self, name: str) -> str:
        """Return the path that a program's name leads to, links not followed."""
        return find_executable(name, self.cwd, self.search)


@dataclass(slots=True, kw_only=True)
class Found:
    """What a search has found so far."""

    manifest: Manifest
    packages: list[PackageClaims] = field(default_factory=list[PackageClaims])
    marks: list[Mark] = field(default_factory=list[Mark])
    fetches: str = ""
    fetched_into: tuple[str, ...] = ()
    python: bool = False
    """It is Python that runs."""


Finder = Callable[[Place, Found], None]


def above(folder: str | Path) -> Iterator[Path]:
    """Yield a folder and those that it is in, upwards."""
    path = Path(folder)
    yield from (path, *path.parents)[:_MOST_ABOVE]


def read_text(path: Path) -> str:
    """Return a small file's text; empty for one that is not there, not text or too long."""
    try:
        # A pipe in its place would hold up the opening.
        with open(path, "rb", opener=_at_once) as file:
            raw = file.read(_MOST_TEXT + 1)
        return "" if len(raw) > _MOST_TEXT else raw.decode()
    except (OSError, ValueError):
        return ""


def read_object(path: Path) -> JsonObject:
    """Return what a small file's JSON says; empty for anything else."""
    parsed = parse_strict(read_text(path))
    return parsed.value if isinstance(parsed, Parsed) and isinstance(parsed.value, dict) else {}


def first_line(path: str | Path) -> list[str]:
    """Return the words of what a script hands itself to, as the kernel reads them."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            head = file.read(_FIRST_LINE)
    except OSError:
        return []
    if not head.startswith(b"#!"):
        return []
    return head[2:].partition(b"\n")[0].decode(errors="replace").split()


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
