"""Owns the look at what a command would load: the files on disk, hashed, and what is not covered.

Nothing of what is looked at is run. What Keyturn ships itself is not looked at: whoever can change
that can change Keyturn.
"""

import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from keyturn.desktop.closure_places import Finder, Found, Place, first_line
from keyturn.desktop.code_files import cover_named
from keyturn.desktop.executables import ExecutableHashes
from keyturn.desktop.loading_variables import cover_variables
from keyturn.desktop.manifests import Bounds, Manifest
from keyturn.desktop.node_packages import (
    cover_node_file,
    find_node_file,
    find_npm_package,
    find_npm_script,
)
from keyturn.desktop.python_packages import (
    cover_command,
    find_python,
    find_python_tool,
    find_uv_run,
)
from keyturn.domain.closure import NO_CLOSURE, NOT_AGREED, SCRIPT, Closure, Gap
from keyturn.domain.command import CommandTable, read_command
from keyturn.domain.command_row import RunKind, program_name
from keyturn.domain.launch import LaunchIdentity

_REMEMBERED_FILES = 50_000
_REMEMBERED_LISTS = 32
_OWN_MODULES = "keyturn."


class CommandClosures:
    """Looks at commands; safe to call from several threads, and slow: call it off the loop.

    Files are remembered as `ExecutableHashes` does, in memory only: read anew from the disk, a
    closure of thousands of files takes a fraction of a second (tests/bench/closure_cost.py), and
    what is kept in a file could be written by whoever it is to find out.
    """

    def __init__(self, table: CommandTable, bounds: Bounds | None = None) -> None:
        self._table = table
        self._bounds = bounds or Bounds()
        self._hashes = ExecutableHashes(_REMEMBERED_FILES)
        self._lists: OrderedDict[str, Closure] = OrderedDict()
        self._lock = Lock()

    def look(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        """Return what a command would load; `anew` reads every file, whatever is remembered."""
        reading = read_command(launch.argv, launch.env, self._table)
        if _is_own(launch):
            return NO_CLOSURE
        place = Place(
            reading=reading,
            cwd=launch.cwd,
            search=search,
            executable=launch.executable,
            argv=launch.argv,
        )
        found = Found(manifest=Manifest(self._hashes, self._bounds, anew=anew))
        if launch.executable and reading.program != launch.argv and reading.program:
            program = place.program(reading.program[0])
            if program:
                found.manifest.file(f"bin/{Path(program).name}", program)
            else:
                found.manifest.gap(Gap.NOT_FOUND, reading.program[0])
        if reading.unread and launch.argv:
            found.manifest.gap(Gap.NOT_UNDERSTOOD, (reading.program or launch.argv)[0])
        try:
            _FINDERS[reading.kind](place, found)
            cover_named(place, found)
            cover_variables(place, self._table, found)
        except (OSError, ValueError):
            # A name that no file can have, or a folder that went away under the look.
            found.manifest.gap(Gap.UNREADABLE, reading.kind.value)
        files, apart = found.manifest.files, found.manifest.apart
        return self._shared(
            Closure(
                files=files,
                gaps=found.manifest.gaps,
                fetches=found.fetches,
                fetched_into=found.fetched_into,
                stamps=found.manifest.stamps_of(files),
                packages=tuple(found.packages),
                marks=tuple(sorted({*reading.marks, *found.marks})),
                python=found.python,
                compiled=_compiled(found.manifest),
                compiled_stamps=found.manifest.stamps_of(apart),
                places=found.manifest.places,
                twice=found.manifest.twice,
            )
        )

    def _shared(self, closure: Closure) -> Closure:
        """Return an equal one that is held already: connections to one server share a list."""
        with self._lock:
            known = self._lists.get(closure.closure_hash)
            if known is not None and known == closure:
                self._lists.move_to_end(closure.closure_hash)
                return known
            self._lists[closure.closure_hash] = closure
            while len(self._lists) > _REMEMBERED_LISTS:
                self._lists.popitem(last=False)
            return closure


def _compiled(manifest: Manifest) -> str:
    """Return the hash of the compiled files; of more than are read, what nobody agrees to."""
    apart = Closure(files=manifest.apart).closure_hash
    return apart if manifest.apart_whole else NOT_AGREED


def _find_program(place: Place, found: Found) -> None:
    """Cover what a script of its own hands itself to: by its first line, as the kernel reads it."""
    words = first_line(place.executable)
    if not words:
        return
    named = words[1:] if program_name(words[0]) == "env" else words
    named = [word for word in named if not word.startswith("-")]
    interpreter = named[0] if named else ""
    script = Path(place.executable)
    path = place.program(interpreter) if "/" not in interpreter else interpreter
    match program_name(interpreter):
        case "python" | "pypy":
            cover_command(script, path, place, found)
        case "node" | "nodejs":
            if path:
                found.manifest.file("bin/node", path)
            cover_node_file(script, found)
        case other:
            found.manifest.gap(Gap.OF_SHELL, other)


def _find_launcher(place: Place, found: Found) -> None:
    """Cover the launcher itself, where it is a script; what it runs is said not to be known."""
    if place.reading.program == place.argv:
        _find_program(place, found)


def _find_shell(place: Place, found: Found) -> None:
    reading = place.reading
    if any(mark.kind == "inline_code" for mark in reading.marks) or not reading.target:
        found.manifest.gap(Gap.INLINE, reading.program[0])
    else:
        script = Path(place.cwd, reading.target)
        found.manifest.file(f"{SCRIPT}{script.name}", script)
    found.manifest.gap(Gap.OF_SHELL, reading.program[0])


def _find_image(place: Place, found: Found) -> None:
    found.manifest.gap(Gap.OF_IMAGE, place.reading.target)


def _find_wrapped(place: Place, found: Found) -> None:
    found.manifest.gap(Gap.NOT_FOUND, place.reading.program[0])


def _is_own(launch: LaunchIdentity) -> bool:
    """Tell whether a command runs a module of Keyturn's own, by Keyturn's own interpreter."""
    match launch.argv:
        case (program, "-I", "-m", module, *_):
            return program == sys.executable and module.startswith(_OWN_MODULES)
        case _:
            return False


_FINDERS: Mapping[RunKind, Finder] = {
    RunKind.PROGRAM: _find_program,
    RunKind.NPM_PACKAGE: find_npm_package,
    RunKind.NODE_FILE: find_node_file,
    RunKind.PYTHON: find_python,
    RunKind.PYTHON_TOOL: find_python_tool,
    RunKind.UV_RUN: find_uv_run,
    RunKind.NPM_SCRIPT: find_npm_script,
    RunKind.LAUNCHER: _find_launcher,
    RunKind.SHELL: _find_shell,
    RunKind.CONTAINER: _find_image,
    RunKind.WRAPPER: _find_wrapped,
}
