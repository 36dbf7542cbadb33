"""Owns how the words after a program are taken apart, by a row of the table of such programs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

_VERSION = re.compile(r"(?:-?\d[\d.]*)?(?:\.(?:exe|cmd|bat|ps1))?$")


class RunKind(StrEnum):
    """How a command finds the code that it runs."""

    PROGRAM = "program"
    """The executable itself, nothing more is known."""
    NPM_PACKAGE = "npm_package"
    NODE_FILE = "node_file"
    PYTHON = "python"
    PYTHON_TOOL = "python_tool"
    UV_RUN = "uv_run"
    NPM_SCRIPT = "npm_script"
    """A command that the package of its folder has a name for."""
    LAUNCHER = "launcher"
    """A program that runs other code in a way that is not known here."""
    SHELL = "shell"
    CONTAINER = "container"
    WRAPPER = "wrapper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One row of the table: a program that runs other code, and its options."""

    kind: RunKind
    programs: frozenset[str]
    words: tuple[tuple[str, ...], ...] = ((),)
    values: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    module: frozenset[str] = frozenset()
    loads: frozenset[str] = frozenset()
    registry: frozenset[str] = frozenset()
    folder: frozenset[str] = frozenset()
    mounts: frozenset[str] = frozenset()
    powers: frozenset[str] = frozenset()
    power_values: frozenset[str] = frozenset()

    def takes_value(self, option: str) -> bool:
        """Tell whether a word follows the option as its value."""
        return any(
            option in options
            for options in (
                self.values, self.packages, self.first, self.code, self.module, self.loads,
                self.registry, self.folder, self.mounts, self.power_values,
            )
        )  # fmt: skip

    @property
    def ends_options(self) -> frozenset[str]:
        """After these every word belongs to what runs."""
        return self.code | self.module if self.kind is RunKind.PYTHON else frozenset()


def program_name(word: str) -> str:
    """Return a program's name without folder, ending and version."""
    name = re.split(r"[/\\]", word)[-1].lower()
    return _VERSION.sub("", name) or name


def scan_after(runner: Runner, words: Sequence[str], argv: Sequence[str]) -> "Scanned | None":
    """Split what follows a program where `words` have to come, options before and between them.

    None where others come.
    """
    options: tuple[tuple[str, str], ...] = ()
    rest = tuple(argv[1:])
    for word in words:
        before = scan(runner, rest)
        if before.rest[:1] != (word,):
            return None
        options, rest = (*options, *before.options), before.rest[1:]
    last = scan(runner, rest)
    return Scanned((*options, *last.options), last.rest)


@dataclass(frozen=True, slots=True)
class Scanned:
    """The words after a program, as its row takes them."""

    options: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]
    """From the first word that is no option."""


def scan(runner: Runner, words: tuple[str, ...]) -> Scanned:
    """Split options from what follows them, as getopt does: `-Im mod`, `-pPKG`, `--name=value`."""
    options: list[tuple[str, str]] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if not _is_option(runner, word):
            break
        at += 1
        name, value = "", ""
        for name, attached in _parts(runner, word):
            value = attached
            if not attached and runner.takes_value(name) and "=" not in word:
                value = words[at] if at < len(words) else ""
                at += 1
            options.append((name, value))
        if name in runner.ends_options:
            break
    return Scanned(tuple(options), words[at:])


def _is_option(runner: Runner, word: str) -> bool:
    return (word.startswith("-") and word != "-") or word.lower() in runner.code


def _parts(runner: Runner, word: str) -> Iterator[tuple[str, str]]:
    """Yield the options of one word, each with the value that is attached to it."""
    if word.startswith("--") or len(word) == 2 or not word.startswith("-"):
        name, _, value = word.partition("=")
        yield name, value
        return
    if runner.takes_value(word.lower()):
        yield word.lower(), ""
        return
    for at, letter in enumerate(word[1:], 1):
        name = f"-{letter}"
        if runner.takes_value(name):
            yield name, word[at + 1 :]
            return
        yield name, ""
