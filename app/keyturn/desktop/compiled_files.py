"""Owns the question whether Python reads the compiled files beside its sources.

Python takes `__pycache__/X.TAG.pyc` for `X.py` where a header that anybody can write says so. Other
programs write such files at any time, so they ask nobody: a server whose compiled files are not as
they were agreed to is started with variables that keep Python from them
(`broker.server_environment`). Where Python would not heed these they are covered as all others.
"""

import os
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from keyturn.desktop.closure_places import Found, Place, first_line
from keyturn.desktop.python_places import Interpreter
from keyturn.domain.command_row import RunKind, program_name

_UNHEEDING = re.compile(r"-[A-Za-z]*[IE][A-Za-z]*$|.*pycache_prefix")
"""Options of Python that make it ignore the environment, or look elsewhere; a word too many does no
harm."""
_RELEASE = re.compile(r"(?:python|pypy)(\d+)\.(\d+)")
_FIRST_HEEDING = (3, 8)
_MOST_COMMANDS = 500
_KINDS = frozenset({RunKind.PYTHON, RunKind.PYTHON_TOOL, RunKind.UV_RUN, RunKind.PROGRAM})
_UV = frozenset({"uv", "uvx"})


def run_python(place: Place, found: Found, interpreters: Iterable[Interpreter]) -> None:
    """Say that Python runs, and keep apart what it can be kept from."""
    found.python = True
    line = first_line(place.executable)
    if _is_heeded(place, line) and all(map(_heeds, interpreters)):
        found.manifest.set_apart(_is_compiled)
    for word in (*place.argv, *line):
        if "pycache_prefix=" in word:
            folder = Path(place.cwd, word.partition("pycache_prefix=")[2])
            found.manifest.tree("compiled", folder)


def _is_heeded(place: Place, line: list[str]) -> bool:
    """Tell whether the variables reach Python, and nothing of the command makes it ignore them."""
    reading = place.reading
    known = reading.kind in _KINDS
    if reading.kind is RunKind.PYTHON_TOOL:
        known = program_name(reading.program[0]) in _UV
    # A file of variables may set them anew.
    unset = bool(reading.loads) or bool(place.search.get("UV_ENV_FILE"))
    heeded = known and not unset and os.name == "posix" and _passes_on(place)
    return heeded and not any(map(_UNHEEDING.match, place.argv)) and not _drops(line)


def _passes_on(place: Place) -> bool:
    """Tell whether what stands before the program hands it the variables: `env NAME=VALUE` does."""
    before = place.argv[: len(place.argv) - len(place.reading.program)]
    if not before:
        return True
    sets = before[1:]
    return program_name(before[0]) == "env" and all(
        "=" in word and not word.startswith(("-", "PYTHON")) for word in sets
    )


def _heeds(interpreter: Interpreter) -> bool:
    """Tell whether a release knows the variables, and no command of its environment drops them."""
    real = Path(os.path.realpath(interpreter.program)).name
    named = (real, *(str(site.parent.name) for site in interpreter.sites))
    found = next(filter(None, map(_RELEASE.match, named)), None)
    if found is None or (int(found[1]), int(found[2])) < _FIRST_HEEDING:
        return False
    environment = interpreter.environment
    if environment is None or not (environment / "bin").is_dir():
        return True
    commands = sorted((environment / "bin").iterdir())
    lines = map(first_line, islice(commands, _MOST_COMMANDS))
    return len(commands) <= _MOST_COMMANDS and not any(map(_drops, lines))


def _drops(line: list[str]) -> bool:
    """Tell whether the first line of a script keeps the variables from Python."""
    by_env = bool(line) and program_name(line[0]) == "env"
    changed = any(word.startswith(("-", "PYTHON")) and word != "-S" for word in line)
    return any(map(_UNHEEDING.match, line)) or (by_env and changed)


def _is_compiled(path: str) -> bool:
    """Tell whether a file can be loaded in place of a source only: its name is no module's."""
    folder, _, name = path.rpartition("/")
    return folder.endswith("/__pycache__") and name.endswith(".pyc") and name.count(".") > 1
