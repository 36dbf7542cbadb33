"""Which package of which registry a command runs, and whether that is a well-known one.

It takes a command as it was read (`domain.command`): what a launcher really loads is looked up
elsewhere.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from keyturn.domain.command import CommandReading, MarkKind, normalized
from keyturn.domain.command_row import RunKind
from keyturn.domain.slip import one_edit_apart


class Registry(StrEnum):
    """Where packages come from."""

    NPM = "npm"
    PYPI = "pypi"


@dataclass(frozen=True, slots=True)
class Package:
    """A package as a command names it, without its version."""

    registry: Registry
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """An entry of the list of well-known servers."""

    package: Package
    publisher: str
    """As its package claims."""
    repository: str


class Likeness(StrEnum):
    """What a package is to the list."""

    LISTED = "listed"
    RESEMBLES = "resembles"
    UNKNOWN = "unknown"


_REGISTRIES = {RunKind.NPM_PACKAGE: Registry.NPM, RunKind.PYTHON_TOOL: Registry.PYPI}
_HARMLESS = frozenset({MarkKind.NOT_PINNED})
_NPM_NAME = re.compile(r"(@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._~-]+")
_PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LEAST_MISTYPED = 6
_ANYBODYS = frozenset({"mcp", "server", "mcpserver", "devmcp", "servermcp"})
"""What many packages are called under a scope of their own."""


def package_of(reading: CommandReading) -> Package | None:
    """Return the package that a package runner is told to run; None where none can be told."""
    registry = _REGISTRIES.get(reading.kind)
    if registry is None or not reading.packages:
        return None
    name = _bare_name(registry, reading.packages[0])
    return Package(registry, name) if name else None


def runs_it_alone(reading: CommandReading, package: Package) -> bool:
    """Tell whether that package, as its registry has it, is all that a command runs.

    Not where its name leads elsewhere, another package or code goes with it, or another command of
    it is named: what is known of the name says nothing of those.
    """
    other = {mark.kind for mark in reading.marks} - _HARMLESS
    command = normalized(reading.target)
    by_name = reading.target in ("", *reading.packages) or command in {
        normalized(package.name),
        normalized(package.name.rpartition("/")[2]),
    }
    return not other and len(reading.packages) == 1 and by_name


def likeness(
    package: Package, known: Collection[KnownServer]
) -> tuple[Likeness, KnownServer | None]:
    """Tell whether a package is listed, or only looks like a listed one: then which."""
    same = _plain(package)
    listed = next((one for one in known if _plain(one.package) == same), None)
    if listed is not None:
        return Likeness.LISTED, listed
    alike = next((one for one in known if _alike(package.name, one.package.name)), None)
    return (Likeness.UNKNOWN, None) if alike is None else (Likeness.RESEMBLES, alike)


def _bare_name(registry: Registry, named: str) -> str:
    """Take off the version, and what of extras there is; empty for a path, a URL or the like."""
    pattern = _NPM_NAME if registry is Registry.NPM else _PYPI_NAME
    found = pattern.match(named)
    rest = named[found.end() :] if found is not None else named
    if found is None or (rest and rest[0] not in "@=<>!~[ "):
        return ""
    return found.group()


def _plain(package: Package) -> tuple[Registry, str]:
    """Return what a registry takes for one name: PyPI folds case and signs (PEP 503)."""
    if package.registry is Registry.NPM:
        return package.registry, package.name
    return package.registry, normalized(package.name)


def _alike(name: str, known: str) -> bool:
    """Tell whether a hasty eye, or a slip of a finger, makes one name of the other."""
    one, other = _letters(name), _letters(known)
    mistyped = max(len(one), len(other)) >= _LEAST_MISTYPED and one_edit_apart(one, other)
    if one == other or mistyped:
        return True
    # The same name under another scope, or with none, or the scope as a part of it.
    return sorted(_words(name)) == sorted(_words(known)) or (
        "@" in known and _bare(name) == _bare(known) and _bare(known) not in _ANYBODYS
    )


def _bare(name: str) -> str:
    return _letters(name.rpartition("/")[2])


def _words(name: str) -> Iterator[str]:
    return (word.lower() for word in re.findall(r"[A-Za-z0-9]+", name))


def _letters(name: str) -> str:
    plain = "".join(_words(name))
    return plain.translate(str.maketrans("0135", "oles")).replace("rn", "m").replace("vv", "w")
