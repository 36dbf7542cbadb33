"""Finds what node would load: a package of npx, or a file with the packages it can reach."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from keyturn.desktop.closure_places import Found, Place, above, read_object, read_text
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.closure import SCRIPT, Gap, PackageClaims
from keyturn.domain.command import Mark, MarkKind, is_pinned, npm_name
from keyturn.domain.command_row import program_name

MODULES = "node_modules"
_NPX = frozenset({"npx", "npm"})
_NODE = frozenset({"node", "nodejs"})
_CODE = (".js", ".mjs", ".cjs", ".json", ".node", ".wasm", ".ts", ".mts", ".cts")
_SOURCES = {".js": (".ts", ".tsx", ".jsx"), ".mjs": (".mts",), ".cjs": (".cts",)}
_CACHES = frozenset({".cache"})
_NOT_CODE = frozenset({MODULES, ".git", ".hg", ".svn"})
_LONGEST_CLAIM = 300
_MOST_READ = 200
_RELATIVE = re.compile(r"""["'`](\.{1,2}/[^"'`\n]{1,300})["'`]""")


def find_npm_package(place: Place, found: Found) -> None:
    """Cover what `npx PKG` would run: of the project, of the whole machine, or of npx's cache.

    npx prefers them in this order, so each that has the package is covered, and so is a folder that
    appears before the others.
    """
    names = [name for name in map(npm_name, place.reading.packages) if name]
    _interpreter(place, found)
    _settings(place, found)
    for number, modules in enumerate(_near(place, names), 1):
        _modules(f"project{number}", modules, found)
        _claims(modules, names, found)
    for modules in _global(place):
        for name in names:
            if (modules / name).is_dir():
                found.manifest.tree(f"global/{name}", modules / name, skip=_CACHES)
                _claims(modules, [name], found)
    if program_name(place.reading.program[0]) not in _NPX:
        # Where others keep what they fetch is not known here: it is fetched each time.
        found.manifest.gap(Gap.NOT_UNDERSTOOD, place.reading.program[0])
        found.fetches = place.reading.registry
        found.marks.append(Mark(MarkKind.FETCHES, place.reading.registry))
        return
    cache = npx_folder(place)
    _modules("npx", cache / MODULES, found)
    for name in ("package.json", "package-lock.json"):
        found.manifest.file(f"npx/{name}", cache / name)
    _claims(cache / MODULES, names, found)
    if not found.packages:
        found.fetches, found.fetched_into = place.reading.registry, ("npx/",)
        found.marks.append(Mark(MarkKind.FETCHES, place.reading.registry))
    elif any(not is_pinned(spec, place.reading.kind) for spec in place.reading.packages):
        # npx asks the registry again for what names no version, and takes what is newer.
        found.marks.append(Mark(MarkKind.FETCHES, place.reading.registry))


def find_node_file(place: Place, found: Found) -> None:
    """Cover what `node FILE` would run: its package or folder, and every node_modules above it."""
    target = place.reading.target
    for number, first in enumerate(place.reading.loads, 1):
        if "/" in first:
            found.manifest.file(f"loads{number}", Path(place.cwd, first))
    if program_name(place.reading.program[0]) not in _NODE:
        found.manifest.gap(Gap.NOT_UNDERSTOOD, place.reading.program[0])
    if not target:
        return
    file = _with_ending(Path(place.cwd, target))
    if not file.is_file():
        found.manifest.gap(Gap.NOT_FOUND, target)
    cover_node_file(file, found)


def find_npm_script(place: Place, found: Found) -> None:
    """Cover what `npm run NAME` can start: the package of the folder, and all that it can reach."""
    _interpreter(place, found)
    _settings(place, found)
    found.manifest.gap(Gap.OF_SHELL, place.reading.program[0])
    root = next((one for one in above(place.folder) if (one / "package.json").is_file()), None)
    if root is None:
        found.manifest.gap(Gap.NOT_FOUND, "package.json")
        return
    _package(root, root, found)


def cover_node_file(file: Path, found: Found) -> None:
    """Cover a script's package and what it can reach by name."""
    path = Path(os.path.realpath(file))
    path = _with_ending(path)
    found.manifest.file(f"{SCRIPT}{path.name}", path)
    found.manifest.gap(Gap.OF_INTERPRETER, "node")
    root = next((one for one in above(path.parent) if (one / "package.json").is_file()), None)
    _settings_of(root or path.parent, found)
    if root is None:
        found.manifest.tree("folder", path.parent, wanted=_is_code, skip=_NOT_CODE)
    _cover_outside(path, root or path.parent, found)
    _package(root, path.parent, found)


def _cover_outside(script: Path, root: Path, found: Found) -> None:
    """Cover what a script names by a path that leads out of its package, by way of others too.

    As their text says it; what a program puts together while it runs is not seen.
    """
    waiting, read = [script], set[Path]()
    while waiting and len(read) < _MOST_READ:
        source = waiting.pop()
        if source in read:
            continue
        read.add(source)
        named = _RELATIVE.findall(read_text(source))
        files = [_with_ending(Path(os.path.normpath(source.parent / one))) for one in named]
        for file in (file for file in files if file.is_file()):
            if not file.is_relative_to(root):
                found.manifest.file(f"outside/{os.path.relpath(file, root)}", file)
            if file.suffix in _CODE:
                waiting.append(file)
    if not read.issuperset(waiting):
        found.manifest.gap(Gap.TOO_MUCH, "import")


def _package(root: Path | None, start: Path, found: Found) -> None:
    """Cover a package that is no dependency of another one, and what it reaches by name."""
    if root is not None and MODULES not in start.parts:
        found.manifest.file("package/package.json", root / "package.json")
        found.manifest.tree("package", root, wanted=_is_code, skip=_NOT_CODE, deep=_is_package)
    for number, folder in enumerate(above(start)):
        if folder.name != MODULES and (folder / MODULES).is_dir():
            _modules(
                MODULES if number == 0 else f"above{number}/{MODULES}", folder / MODULES, found
            )
    if root is not None:
        found.packages.append(claims_of(root))


def npx_folder(place: Place) -> Path:
    """Return the folder that npx installs these packages into (libnpmexec)."""
    cache = place.search.get("npm_config_cache", "") or _configured(place, "cache")
    specs = sorted(place.reading.packages, key=str.lower)
    digest = hashlib.sha512("\n".join(specs).encode("utf-8", "surrogatepass")).hexdigest()
    home = Path(os.path.expandvars(cache)).expanduser() if cache else place.home / ".npm"
    return home / "_npx" / digest[:16]


def claims_of(folder: Path) -> PackageClaims:
    """Return what a package says of itself, and what its installer wrote down."""
    said = read_object(folder / "package.json")
    locked = _locked(folder)
    return PackageClaims(
        name=_text(said.get("name")) or folder.name,
        version=_text(said.get("version")),
        publisher=_person(said.get("author")) or _person(said.get("publisher")),
        repository=_address(said.get("repository")),
        installed_from=_text(locked.get("resolved")),
        integrity=_text(locked.get("integrity")),
    )


def _modules(label: str, folder: Path, found: Found) -> None:
    found.manifest.tree(label, folder, skip=_CACHES)
    if (folder / ".cache").is_dir():
        found.manifest.gap(Gap.CACHES, f"{label}/.cache")


def _near(place: Place, names: list[str]) -> Iterator[Path]:
    """Yield the node_modules folders of the project that hold one of the packages or commands."""
    for folder in above(place.folder):
        modules = folder / MODULES
        commands = (modules / ".bin" / name for name in (*names, *place.reading.packages))
        if any((modules / name).is_dir() for name in names) or any(map(os.path.lexists, commands)):
            yield modules


def _global(place: Place) -> Iterator[Path]:
    """Yield where npm installs for the whole machine."""
    prefix = place.search.get("npm_config_prefix", "") or _configured(place, "prefix")
    node = place.program("node")
    prefixes = [prefix] if prefix else []
    prefixes += [str(Path(one).parent.parent) for one in (node, place.executable) if one]
    for one in dict.fromkeys(prefixes):
        yield Path(one) / "lib" / MODULES


def _interpreter(place: Place, found: Found) -> None:
    node = place.program("node")
    if node:
        found.manifest.file("bin/node", node)
    found.manifest.gap(Gap.OF_PROGRAM, "npm")


def _settings(place: Place, found: Found) -> None:
    """Cover npm's settings: they say where packages come from and what node loads first."""
    found.manifest.file("home/.npmrc", place.home / ".npmrc")
    root = next(
        (one for one in above(place.folder) if (one / "package.json").is_file()), Path(place.folder)
    )
    _settings_of(root, found)
    if (root / "package.json").is_file():
        # A command of the project itself goes before every package.
        found.manifest.file("project/package.json", root / "package.json")


def _settings_of(root: Path, found: Found) -> None:
    found.manifest.file("project/.npmrc", root / ".npmrc")


def _configured(place: Place, name: str) -> str:
    for line in read_text(place.home / ".npmrc").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == name:
            return value.strip().strip("\"'")
    return ""


def _claims(modules: Path, names: list[str], found: Found) -> None:
    known = {claims.name for claims in found.packages}
    for name in names:
        if name not in known and (modules / name / "package.json").is_file():
            found.packages.append(claims_of(modules / name))


def _locked(folder: Path) -> JsonObject:
    """Return what the lock beside node_modules says of a package in it."""
    for one in above(folder):
        if one.name != MODULES:
            continue
        packages = read_object(one / ".package-lock.json").get("packages")
        key = f"{MODULES}/{folder.relative_to(one).as_posix()}"
        entry = packages.get(key) if isinstance(packages, dict) else None
        return entry if isinstance(entry, dict) else {}
    return {}


def _with_ending(path: Path) -> Path:
    """Return the file that node takes for a name, be it without its ending or a folder."""
    if path.is_file():
        return path
    endings = (path.with_name(path.name + ending) for ending in _CODE)
    within = (path / f"index{ending}" for ending in _CODE)
    # TypeScript's sources are named by what they are compiled to.
    sources = (path.with_suffix(ending) for ending in _SOURCES.get(path.suffix, ()))
    return next((one for one in (*endings, *within, *sources) if one.is_file()), path)


def _is_code(path: str) -> bool:
    return path.endswith(_CODE)


def _is_package(path: str) -> bool:
    """Tell whether a folder is part of the package that it is in; virtual environments are not."""
    return not (Path(path) / "pyvenv.cfg").exists()


def _text(value: JsonValue) -> str:
    return value[:_LONGEST_CLAIM] if isinstance(value, str) else ""


def _person(value: JsonValue) -> str:
    if isinstance(value, dict):
        named = " ".join(filter(None, (_text(value.get("name")), _text(value.get("email")))))
        return named[:_LONGEST_CLAIM]
    return _text(value)


def _address(value: JsonValue) -> str:
    return _text(value.get("url")) if isinstance(value, dict) else _text(value)
