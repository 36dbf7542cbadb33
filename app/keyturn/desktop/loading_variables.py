"""Covers what variables make a program load: files, folders, and packages of node by their path.

That they are set is marked and agreed to with the command; what they lead to is another matter.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from keyturn.desktop.closure_places import Found, Place
from keyturn.desktop.node_packages import cover_node_file
from keyturn.domain.closure import Gap
from keyturn.domain.command import CommandTable

_COVERED_ELSEWHERE = frozenset(
    {"PATH", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "npm_config_userconfig"}
)
"""By the search for what is started, for modules and for settings; the third is never heeded."""
_WORDS = re.compile(r"[\s=,\"']+")
_NODE = frozenset({".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"})
_MOST_WORDS = 40


def cover_variables(place: Place, table: CommandTable, found: Found) -> None:
    """Cover the files that such variables name, whoever reads them; what is no file is a gap."""
    for name, value in _loading(place, table):
        words = _words_of(value)
        covered = [word for word in words[:_MOST_WORDS] if _cover(name, word, place, found)]
        if not covered or len(words) > _MOST_WORDS:
            found.manifest.gap(Gap.NOT_UNDERSTOOD, name)


def _loading(place: Place, table: CommandTable) -> Iterator[tuple[str, str]]:
    """Yield the names and values: those configured, and those that the command itself sets."""
    before = place.argv[: len(place.argv) - len(place.reading.program)]
    set_by_command = (word.partition("=")[::2] for word in before if "=" in word)
    for name, value in (*place.search.items(), *set_by_command):
        if value and name in table.env_loads and name not in _COVERED_ELSEWHERE:
            yield name, value


def _words_of(value: str) -> list[str]:
    """Return what may be a path: lists of folders, and options with their values."""
    pieces = (piece for part in _WORDS.split(value) for piece in part.split(os.pathsep))
    return [piece for piece in pieces if piece and not piece.startswith("-")]


def _cover(name: str, word: str, place: Place, found: Found) -> bool:
    path = Path(place.cwd, word.removeprefix("file://"))
    label = f"{name}/{path.name}"
    if path.is_dir():
        found.manifest.tree(label, path)
        return True
    if not path.is_file():
        return False
    found.manifest.file(label, path)
    if path.suffix in _NODE:
        cover_node_file(path, found)
    return True
