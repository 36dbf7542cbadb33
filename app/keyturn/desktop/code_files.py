"""Covers the files of code that a command names beside the code that it is known to run."""

from pathlib import Path

from keyturn.desktop.closure_places import Found, Place
from keyturn.desktop.node_packages import cover_node_file
from keyturn.desktop.python_packages import cover_folder_of
from keyturn.domain.command_row import RunKind

_NODE = frozenset({".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"})
_COVERED = frozenset({RunKind.PYTHON, RunKind.NODE_FILE, RunKind.SHELL})
"""Kinds whose target is covered by who knows it better."""


def cover_named(place: Place, found: Found) -> None:
    """Cover each file that is there, with the folder or the package that it is in.

    `npx tsx server.ts` and `uv run mcp run server.py` run them; what only reads them loses nothing.
    """
    reading = place.reading
    if reading.kind is RunKind.CONTAINER:
        return
    target = reading.target if reading.kind in _COVERED else ""
    for number, name in enumerate((one for one in reading.files if one != target), 1):
        paths = {Path(folder, name).resolve(): None for folder in (place.cwd, place.folder)}
        for path in filter(Path.is_file, paths):
            found.manifest.file(f"named{number}/{path.name}", path)
            if path.suffix == ".py":
                # Not known to run, but started so that nothing is compiled into its folder.
                found.python = True
                cover_folder_of(path, f"named{number}", found)
            elif path.suffix in _NODE:
                cover_node_file(path, found)
