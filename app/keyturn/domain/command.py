"""Owns what the words of a server's command mean: whose code it names, and what runs code itself.

Pure: the programs and their options are data (`CommandTable`), the disk is looked at elsewhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from keyturn.domain.command_row import RunKind, Runner, Scanned, program_name, scan_after

_EXACT_NPM = re.compile(r".@\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$")
_EXACT_PYTHON = re.compile(r"==\s*[\w.!+]+$|@\d[\w.!+]*$")
_PYTHON_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ADDRESS = re.compile(r"^(?:git\+|https?:|git:|ssh:|github:|gitlab:|file:|[./~])")
_FETCHED = re.compile(r"^(?:https?|npm|jsr|data):")
_MOST_WRAPPERS = 8
_MOST_FILES = 100
_LONGEST_DETAIL = 300


class MarkKind(StrEnum):
    """Why a command deserves a second look; each has a sentence in presentation."""

    INLINE_CODE = "inline_code"
    SHELL = "shell"
    MORE_COMMANDS = "more_commands"
    DOWNLOADS = "downloads"
    PIPE_TO_SHELL = "pipe_to_shell"
    LOADS_FIRST = "loads_first"
    OTHER_REGISTRY = "other_registry"
    ENV_LOADS = "env_loads"
    ENV_REGISTRY = "env_registry"
    NOT_PINNED = "not_pinned"
    FROM_ADDRESS = "from_address"
    CONTAINER_POWER = "container_power"
    MOUNTS_ALL = "mounts_all"
    MODULE_IN_FOLDER = "module_in_folder"
    FETCHES = "fetches"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """One thing to look at, with the words of the command that it is about."""

    kind: MarkKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTable:
    """The data that commands are read by (resources/runners.toml)."""

    runners: tuple[Runner, ...] = ()
    shell: Mapping[MarkKind, str] = field(default_factory=dict[MarkKind, str], hash=False)
    """Patterns in the text of a shell's command."""
    env_loads: frozenset[str] = frozenset()
    env_registry: frozenset[str] = frozenset()
    registries: Mapping[RunKind, str] = field(default_factory=dict[RunKind, str], hash=False)
    code: tuple[str, ...] = ()
    """How the names of files of code end."""

    def runner(self, argv: Sequence[str]) -> tuple[Runner, Scanned] | None:
        """Return the row for a command, and its words as that row takes them."""
        program = program_name(argv[0]) if argv else ""
        rows = ((row, words) for row in self.runners for words in row.words)
        for row, words in rows:
            scanned = scan_after(row, words, argv) if program in row.programs else None
            if scanned is not None:
                return row, scanned
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReading:
    """What a command says of the code that it runs."""

    kind: RunKind
    target: str = ""
    """The package, file, module or image that is named first; empty when none is."""
    is_module: bool = False
    packages: tuple[str, ...] = ()
    """Specifiers of packages, as written."""
    loads: tuple[str, ...] = ()
    """Files and modules that run before anything else."""
    registry: str = ""
    """Where packages come from; empty when nothing is fetched."""
    folder: str = ""
    """Where it is looked for, if not in the working directory."""
    options: frozenset[str] = frozenset()
    """Options without values."""
    program: tuple[str, ...] = ()
    """The command without wrappers; its first word is the program that reads the rest."""
    files: tuple[str, ...] = ()
    """What follows and is named like a file of code."""
    unread: bool = False
    """What it runs cannot be told from its words."""
    marks: tuple[Mark, ...] = ()


def read_command(
    argv: Sequence[str], env_names: Sequence[str], table: CommandTable
) -> CommandReading:
    """Read a command; what no row knows is a program of its own."""
    reading = _read(tuple(argv), table, 0)
    marks = (*reading.marks, *_marks_of_names(env_names, table))
    return replace(reading, marks=tuple(dict.fromkeys(marks)))


def is_address(spec: str, kind: RunKind) -> bool:
    """Tell whether a specifier leads to somewhere else than what a registry has of its name."""
    if _ADDRESS.match(spec):
        return True
    if kind is not RunKind.NPM_PACKAGE:
        return ":" in spec or "/" in spec
    name, _, rest = spec[1:].partition("@")
    # A slash is of a scope; without one it is an owner of GitHub's.
    slashes = 1 if spec.startswith("@") else 0
    return ":" in spec or "/" in rest or name.count("/") > slashes


def npm_name(spec: str) -> str:
    """Return the package that a specifier of npm names; empty for an address or a folder."""
    if _ADDRESS.match(spec):
        return ""
    at = spec.find("@", 1)
    return spec if at < 0 else spec[:at]


def python_name(spec: str) -> str:
    """Return the distribution that a requirement names, normalized; empty for an address."""
    found = None if _ADDRESS.match(spec) else _PYTHON_NAME.match(spec)
    return "" if found is None else normalized(found.group())


def normalized(name: str) -> str:
    """Return a Python distribution's name as two spellings of it are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read(argv: tuple[str, ...], table: CommandTable, depth: int) -> CommandReading:
    found = table.runner(argv)
    if found is None:
        files = _files(argv[1:], table)
        return CommandReading(
            kind=RunKind.PROGRAM, program=argv, files=files, unread=bool(files) or not argv
        )
    runner, scanned = found
    if runner.kind is RunKind.WRAPPER and depth < _MOST_WRAPPERS:
        return _unwrapped(scanned, table, depth)
    specs = _specs(runner, scanned)
    wanted = [value for name, value in scanned.options if name in runner.registry]
    folders = [value for name, value in scanned.options if name in runner.folder]
    modules = [value for name, value in scanned.options if name in runner.module]
    reading = CommandReading(
        kind=runner.kind,
        target=modules[0] if modules else (scanned.rest[0] if scanned.rest else ""),
        is_module=bool(modules),
        packages=specs,
        loads=tuple(value for name, value in scanned.options if name in runner.loads),
        registry=wanted[-1] if wanted else table.registries.get(runner.kind, ""),
        folder=folders[-1] if folders else "",
        options=frozenset(name for name, value in scanned.options if not value),
        program=argv,
        files=_files(scanned.rest, table),
        unread=runner.kind is RunKind.LAUNCHER or len(set(folders)) > 1,
    )
    return replace(reading, marks=tuple(_marks(runner, scanned, reading, table)))


def _files(words: tuple[str, ...], table: CommandTable) -> tuple[str, ...]:
    """Return what is named like a file of code, be it an option's value."""
    values = (word.rpartition("=")[2] for word in words)
    return tuple(dict.fromkeys(v for v in values if v.lower().endswith(table.code)))[:_MOST_FILES]


def _unwrapped(scanned: Scanned, table: CommandTable, depth: int) -> CommandReading:
    rest = list(scanned.rest)
    named: list[str] = []
    while rest and "=" in rest[0] and not rest[0].startswith("="):
        named.append(rest.pop(0).partition("=")[0])
    while rest and re.fullmatch(r"[\d.]+[smhd]?", rest[0]):
        rest.pop(0)
    reading = _read(tuple(rest), table, depth + 1)
    return replace(reading, marks=(*_marks_of_names(named, table), *reading.marks))


def _specs(runner: Runner, scanned: Scanned) -> tuple[str, ...]:
    """Return the packages that a command names: by options, else by its first word."""
    named = [value for name, value in scanned.options if name in runner.first]
    beside = [value for name, value in scanned.options if name in runner.packages]
    npm_by_option = runner.kind is RunKind.NPM_PACKAGE and bool(beside)
    takes_word = runner.kind in (RunKind.NPM_PACKAGE, RunKind.PYTHON_TOOL)
    if takes_word and scanned.rest and not named and not npm_by_option:
        named.append(scanned.rest[0])
    return tuple(filter(None, (*named, *beside)))


def _marks(
    runner: Runner, scanned: Scanned, reading: CommandReading, table: CommandTable
) -> Iterator[Mark]:
    if runner.kind is RunKind.SHELL:
        yield Mark(MarkKind.SHELL)
    yield from _marks_of_options(runner, scanned, table)
    if runner.kind is RunKind.NODE_FILE and _FETCHED.match(reading.target):
        yield Mark(MarkKind.FROM_ADDRESS, _short(reading.target))
    for spec in reading.packages:
        if is_address(spec, reading.kind):
            yield Mark(MarkKind.FROM_ADDRESS, _short(spec))
        elif not is_pinned(spec, reading.kind):
            yield Mark(MarkKind.NOT_PINNED, _short(spec))


def _marks_of_options(runner: Runner, scanned: Scanned, table: CommandTable) -> Iterator[Mark]:
    for name, value in scanned.options:
        if name in runner.code:
            yield Mark(MarkKind.INLINE_CODE, name)
            yield from _marks_of_text(value, runner, table)
        if name in runner.loads:
            yield Mark(MarkKind.LOADS_FIRST, _short(f"{name} {value}"))
        if name in runner.registry:
            yield Mark(MarkKind.OTHER_REGISTRY, _short(value))
        if name in runner.powers:
            yield Mark(MarkKind.CONTAINER_POWER, _short(f"{name} {value}".strip()))
        if name in runner.mounts and _mounts_all(value):
            yield Mark(MarkKind.MOUNTS_ALL, _short(value))


def is_pinned(spec: str, kind: RunKind) -> bool:
    """Tell whether a specifier names one version of a package."""
    pattern = _EXACT_NPM if kind is RunKind.NPM_PACKAGE else _EXACT_PYTHON
    return pattern.search(spec) is not None


def _marks_of_text(text: str, runner: Runner, table: CommandTable) -> Iterator[Mark]:
    if runner.kind not in (RunKind.SHELL, RunKind.NPM_PACKAGE):
        return
    for kind, pattern in table.shell.items():
        if re.search(pattern, text):
            yield Mark(kind)


def _marks_of_names(names: Sequence[str], table: CommandTable) -> Iterator[Mark]:
    for said in names:
        name = said.partition("=")[0]
        if name in table.env_loads:
            yield Mark(MarkKind.ENV_LOADS, name)
        if name in table.env_registry:
            yield Mark(MarkKind.ENV_REGISTRY, name)


def _mounts_all(value: str) -> bool:
    """Tell whether a mount hands the whole file system, or every home, to the container."""
    named = re.search(r"(?:^|,)(?:source|src)=([^,]*)", value)
    source = named.group(1) if named else value.split(":")[0]
    return source.rstrip("/") in ("", "/home", "/Users", "/etc", "/root", "~", "$HOME")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}..."
