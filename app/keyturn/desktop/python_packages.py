"""Finds what Python would load: a module, a script, a command of an environment, a tool of uv."""

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from keyturn.desktop.closure_places import Found, Place, above, read_text
from keyturn.desktop.compiled_files import run_python
from keyturn.desktop.distributions import (
    claims_of,
    cover,
    distributions_in,
    owner_of,
    with_requirements,
)
from keyturn.desktop.python_places import (
    Interpreter,
    added_paths,
    environment_at,
    interpreter_at,
    startup_files,
)
from keyturn.domain.closure import SCRIPT, Gap
from keyturn.domain.command import Mark, MarkKind, is_pinned, python_name

_CODE = (".py", ".pyc", ".so", ".pyd", ".pth", ".dylib")
_NOT_CODE = frozenset({"node_modules", ".git", ".hg", ".svn", ".venv", ".tox", ".nox"})
_IMPORT = re.compile(r"(?m)^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))")
_METADATA = "# /// script"
"""What a script that has an environment of its own says (PEP 723)."""
_UV_FOLDERS = ("UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY")
_MOST_SCRIPTS = 200
_MOST_ENVIRONMENTS = 20
_MOST_TOOLS = 2_000
_MOST_PATHS = 200


def find_python(place: Place, found: Found) -> None:
    """Cover what `python FILE` and `python -m MODULE` would run."""
    reading = place.reading
    options = reading.options
    isolated = bool({"-I", "-s"} & options)
    interpreter = interpreter_at(place.program(reading.program[0]), place, isolated=isolated)
    run_python(place, found, [interpreter])
    safe_path = bool({"-I", "-P"} & options) or bool(place.search.get("PYTHONSAFEPATH"))
    paths = [] if {"-I", "-E"} & options else _named_folders(place)
    found.manifest.gap(Gap.OF_INTERPRETER, "python")
    if not reading.target:
        return
    names: list[str] = []
    if reading.is_module:
        names.append(reading.target.split(".")[0])
        if not safe_path:
            names += _in_front(Path(place.cwd), names[0], paths, found)
    else:
        script = Path(os.path.realpath(Path(place.cwd, reading.target)))
        found.manifest.file(f"{SCRIPT}{script.name}", script)
        if not script.exists():
            found.manifest.gap(Gap.NOT_FOUND, reading.target)
        if not safe_path:
            paths = [script.parent, *paths]
        names += _reached([script], paths, found)
    for number, folder in enumerate(paths):
        _folder(f"path{number}" if number else "folder", folder, found, shallow=False)
    cover_modules(interpreter, names, found)


def cover_folder_of(script: Path, label: str, found: Found) -> None:
    """Cover what a script finds beside itself."""
    _folder(label, script.parent, found, shallow=False)


def cover_command(script: Path, interpreter_path: str, place: Place, found: Found) -> None:
    """Cover what a command of a Python environment would run, by the interpreter it names."""
    interpreter = interpreter_at(interpreter_path, place, isolated=False)
    run_python(place, found, [interpreter])
    found.manifest.file("bin/python", interpreter.program)
    found.manifest.gap(Gap.OF_INTERPRETER, "python")
    for number, folder in enumerate(_named_folders(place), 1):
        _folder(f"path{number}", folder, found, shallow=False)
    cover_modules(interpreter, _imports(read_text(script)), found, command=script)


def find_python_tool(place: Place, found: Found) -> None:
    """Cover what `uvx PKG` or `pipx run PKG` would run: every environment kept that has it.

    Which of them is taken is known to the tool alone, so one more or one less counts.
    """
    names = [name for name in map(python_name, place.reading.packages) if name]
    kept = sorted(_environments(place, names, found))
    counted = _within(_MOST_ENVIRONMENTS, kept, "environments", found)
    environments = [environment_at(folder) for folder in counted]
    run_python(place, found, environments)
    for number, environment in enumerate(environments, 1):
        folder = environment.program.parent.parent
        label = f"environment{number}" if len(kept) > 1 else "environment"
        found.manifest.file(f"{label}/pyvenv.cfg", folder / "pyvenv.cfg")
        found.manifest.tree(f"{label}/bin", folder / "bin")
        for site in environment.sites:
            found.manifest.tree(f"{label}/{site.name}", site)
        _claim(environment, names, found, f"{label}/site-packages")
    found.manifest.gap(Gap.OF_PROGRAM, place.reading.program[0])
    pinned = all(is_pinned(spec, place.reading.kind) for spec in place.reading.packages)
    if not kept:
        found.fetches, found.fetched_into = place.reading.registry, ("environment",)
    if not kept or not pinned:
        found.marks.append(Mark(MarkKind.FETCHES, place.reading.registry))


def find_uv_run(place: Place, found: Found) -> None:
    """Cover what `uv run` would run: the project's code and its environment."""
    folder = Path(place.folder)
    root = next((one for one in above(folder) if (one / "pyproject.toml").is_file()), folder)
    named = place.search.get("UV_PROJECT_ENVIRONMENT", ".venv")
    environment = environment_at(root / named)
    run_python(place, found, [environment] if environment.sites else [])
    for name in ("pyproject.toml", "uv.lock", "uv.toml"):
        found.manifest.file(f"project/{name}", root / name)
    alone = any(_METADATA in read_text(file) for file in _scripts(place))
    if any(place.search.get(name) for name in _UV_FOLDERS):
        found.manifest.gap(Gap.NOT_UNDERSTOOD, "uv")
    found.manifest.tree("project", root, wanted=_is_code, skip=_NOT_CODE, deep=_is_code_folder)
    found.manifest.file("environment/pyvenv.cfg", root / named / "pyvenv.cfg")
    found.manifest.tree("environment/bin", root / named / "bin")
    for site in environment.sites:
        found.manifest.tree(f"environment/{site.name}", site)
    found.manifest.gap(Gap.OF_PROGRAM, "uv")
    if alone or place.reading.packages or not environment.sites:
        # Extra packages, and an environment that is not there yet, are made at the start.
        found.fetches = place.reading.registry
        if not (alone or environment.sites):
            found.fetched_into = ("environment/", "project/uv.lock")
    found.marks.append(Mark(MarkKind.FETCHES, place.reading.registry))


def _scripts(place: Place) -> Iterator[Path]:
    for name in place.reading.files:
        yield from (Path(place.cwd, name), Path(place.folder, name))


def cover_modules(
    interpreter: Interpreter, names: Iterable[str], found: Found, *, command: Path | None = None
) -> None:
    """Cover distributions that modules are of, with what these require, and what always runs."""
    manifest = found.manifest
    if interpreter.environment is not None:
        manifest.file("environment/pyvenv.cfg", interpreter.environment / "pyvenv.cfg")
    for file in startup_files(interpreter.sites):
        label = f"{_label(interpreter, file.parent)}/{file.name}"
        (manifest.tree if file.is_dir() else manifest.file)(label, file)
    installed = distributions_in(interpreter.sites)
    wanted = [one for one in installed.values() if command and one.has_command(command.name)]
    if command is not None and not wanted:
        # Nobody's package brought it: what it imports is no word on who wrote it.
        manifest.file(f"{SCRIPT}{command.name}", command)
    modules = dict.fromkeys(names)
    owners = (owner_of(name, installed) for name in modules if _is_there(name, interpreter))
    wanted += [one for one in owners if one is not None]
    added = _within(_MOST_PATHS, added_paths(interpreter.sites), "*.pth", found)
    for number, folder in enumerate(filter(Path.is_dir, added), 1):
        # An editable install: the module's code is where its maker works on it.
        for name in (one for one in modules if _module_in(folder, one)):
            _module(f"added{number}", folder, name, found)
            wanted += [owner for owner in [installed.get(name)] if owner is not None]
    main = {one.name for one in wanted}
    for one in with_requirements(main, installed):
        differing = cover(one, _label(interpreter, one.site), manifest)
        if one.name in main or differing:
            found.packages.append(claims_of(one, differing))


def _claim(environment: Interpreter, names: list[str], found: Found, label: str) -> None:
    installed = distributions_in(environment.sites)
    for one in with_requirements(names, installed):
        differing = cover(one, label, found.manifest)
        if one.name in names or differing:
            found.packages.append(claims_of(one, differing))


def _label(interpreter: Interpreter, site: Path) -> str:
    number = interpreter.sites.index(site) if site in interpreter.sites else 0
    return site.name if number == 0 else f"{site.name}{number + 1}"


def _named_folders(place: Place) -> list[Path]:
    said = place.search.get("PYTHONPATH", "")
    return [Path(place.cwd, part) for part in said.split(os.pathsep) if part]


def _folder(label: str, folder: Path, found: Found, *, shallow: bool) -> None:
    """Cover the modules of a folder that is looked through.

    `shallow`: only what can stand in front of another module, its own files and its packages.
    """
    deep = _is_package if shallow else _is_code_folder
    found.manifest.tree(label, folder, wanted=_is_code, skip=_NOT_CODE, deep=deep)


def _in_front(folder: Path, module: str, paths: list[Path], found: Found) -> list[str]:
    """Cover what of the working folder goes before other modules; return what that imports."""
    names: list[str] = []
    if _module_in(folder, module):
        found.marks.append(Mark(MarkKind.MODULE_IN_FOLDER, module))
        names = _reached(_sources(module, [folder]), [folder, *paths], found)
    for name in (module, *names):
        # A folder is a package without a file that says so.
        if (folder / name).is_dir():
            _folder(f"in_front/{name}", folder / name, found, shallow=False)
    _folder("in_front", folder, found, shallow=True)
    return names


def _module(label: str, folder: Path, name: str, found: Found) -> None:
    if (folder / name).is_dir():
        found.manifest.tree(f"{label}/{name}", folder / name)
    else:
        found.manifest.file(f"{label}/{name}.py", folder / f"{name}.py")


def _reached(sources: list[Path], folders: list[Path], found: Found) -> list[str]:
    """Return every name that sources import, themselves or by way of their neighbours.

    As their text says it; what a program puts together while it runs is not seen.
    """
    waiting, names = [*sources], dict[str, None]()
    read: set[Path] = set()
    while waiting and len(read) < _MOST_SCRIPTS:
        source = waiting.pop()
        if source in read:
            continue
        read.add(source)
        fresh = [name for name in _imports(read_text(source)) if name not in names]
        names |= dict.fromkeys(fresh)
        waiting += [source for name in fresh for source in _sources(name, folders)]
    if not read.issuperset(waiting):
        found.manifest.gap(Gap.TOO_MUCH, "import")
    return [*names]


def _sources(name: str, folders: list[Path]) -> list[Path]:
    """Return the sources of a module or package in the first folder that has it."""
    for folder in folders:
        if (folder / f"{name}.py").is_file():
            return [folder / f"{name}.py"]
        if (folder / name).is_dir():
            return sorted(islice((folder / name).rglob("*.py"), _MOST_SCRIPTS + 1))
    return []


def _within(most: int, folders: list[Path], label: str, found: Found) -> list[Path]:
    """Return so many of them, and say so where there are more."""
    if len(folders) > most:
        found.manifest.gap(Gap.TOO_MUCH, label)
    return folders[:most]


def _imports(text: str) -> Iterator[str]:
    """Yield the first names of what a source says that it imports, wherever it says so."""
    for match in _IMPORT.finditer(text):
        for name in (match.group(1) or match.group(2)).split(","):
            first = name.strip().split(" ")[0].split(".")[0]
            if first:
                yield first


def _is_there(name: str, interpreter: Interpreter) -> bool:
    return any(_module_in(site, name) for site in interpreter.sites)


def _module_in(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def _environments(place: Place, names: list[str], found: Found) -> Iterator[Path]:
    """Yield the environments that uv and pipx keep and that have one of the packages."""
    home = place.home
    cache = Path(place.search.get("XDG_CACHE_HOME") or home / ".cache")
    data = Path(place.search.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(place.search.get("UV_CACHE_DIR") or cache / "uv")
    tools = Path(place.search.get("UV_TOOL_DIR") or data / "uv" / "tools")
    pipx = Path(place.search.get("PIPX_HOME") or data / "pipx")
    patterns = [(uv, "archive-v*/*"), (uv, "environments-v*/*"), (tools, "*")]
    patterns += [(pipx, ".cache/*"), (pipx, "venvs/*"), (home / ".local" / "pipx", ".cache/*")]
    seen: set[str] = set()
    for base, pattern in patterns:
        for folder in _within(_MOST_TOOLS, sorted(base.glob(pattern)), pattern, found):
            real = os.path.realpath(folder)
            if real not in seen and _has_one(Path(real), names):
                seen.add(real)
                yield Path(real)


def _has_one(folder: Path, names: list[str]) -> bool:
    if not (folder / "pyvenv.cfg").is_file():
        return False
    installed = distributions_in(environment_at(folder).sites)
    return any(name in installed for name in names)


def _is_code(path: str) -> bool:
    return path.endswith(_CODE)


def _is_package(path: str) -> bool:
    return Path(path).name == "__pycache__" or (Path(path) / "__init__.py").is_file()


def _is_code_folder(path: str) -> bool:
    folder = Path(path)
    return not folder.name.startswith(".") and not (folder / "pyvenv.cfg").exists()
