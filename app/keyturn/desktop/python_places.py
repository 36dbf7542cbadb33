"""Finds where a Python interpreter looks for modules, without starting it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keyturn.desktop.closure_places import Place, read_text

_RELEASE = re.compile(r"python(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """An interpreter, or the virtual environment that it is of."""

    program: Path
    """As it is found, links not followed: a virtual environment is known by it."""
    environment: Path | None
    """The folder of the virtual environment; None for an interpreter of its own."""
    sites: tuple[Path, ...]
    """Folders with distributions, in the order that they are looked through."""


def interpreter_at(program: str, place: Place, *, isolated: bool) -> Interpreter:
    """Describe an interpreter by its path; `isolated` ones do not look in the user's own folder."""
    path = Path(program)
    environment = path.parent.parent if (path.parent.parent / "pyvenv.cfg").is_file() else None
    if environment is not None:
        sites = [*_sites_below(environment)]
        settings = read_text(environment / "pyvenv.cfg").lower().replace(" ", "")
        if "include-system-site-packages=true" in settings:
            sites += _system_sites(path, place, isolated=isolated)
    else:
        sites = [*_system_sites(path, place, isolated=isolated)]
    return Interpreter(
        program=path, environment=environment, sites=tuple(s for s in sites if s.is_dir())
    )


def environment_at(folder: Path) -> Interpreter:
    """Describe a virtual environment by its folder."""
    return Interpreter(
        program=folder / "bin" / "python",
        environment=folder,
        sites=tuple(_sites_below(folder)),
    )


def startup_files(sites: tuple[Path, ...]) -> Iterator[Path]:
    """Yield what every start of the interpreter reads: .pth files and the customizing modules."""
    for site in sites:
        try:
            with os.scandir(site) as found:
                names = sorted(entry.name for entry in found)
        except OSError:
            continue
        for name in names:
            stem = name.split(".")[0]
            if name.endswith(".pth") or stem in ("sitecustomize", "usercustomize"):
                yield site / name


def added_paths(sites: tuple[Path, ...]) -> list[Path]:
    """Return what .pth files add, as editable installs do; not all of it need be there."""
    found: list[Path] = []
    for file in startup_files(sites):
        if file.suffix != ".pth":
            continue
        for line in read_text(file).splitlines():
            word = line.strip()
            if word and not word.startswith(("#", "import ", "import\t")):
                found.append(file.parent / word)
    return found


def _sites_below(prefix: Path) -> Iterator[Path]:
    for lib in ("lib", "lib64"):
        if (prefix / lib).is_symlink():
            continue
        yield from sorted((prefix / lib).glob("python3*/site-packages"))
    if (prefix / "Lib" / "site-packages").is_dir():
        yield prefix / "Lib" / "site-packages"


def _system_sites(program: Path, place: Place, *, isolated: bool) -> Iterator[Path]:
    real = Path(os.path.realpath(program))
    prefix = real.parent.parent
    found = _RELEASE.search(real.name)
    release = f"python{found.group(1)}" if found else "python3*"
    if not isolated:
        yield from sorted((place.home / ".local" / "lib").glob(f"{release}/site-packages"))
    yield from sorted((prefix / "local" / "lib").glob(f"{release}/dist-packages"))
    yield from sorted((prefix / "lib").glob(f"{release}/site-packages"))
    yield from sorted((prefix / "lib").glob(f"{release}/sitecustomize.py"))
    yield prefix / "lib" / "python3" / "dist-packages"
