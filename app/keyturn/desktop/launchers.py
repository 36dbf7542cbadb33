"""Tells launchers from hosts: which processes only start others (resources/launchers.toml)."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyturn.application.ports.processes import ObservedProcess
from keyturn.domain.errors import ConfigurationError

# A version, with or without a dash, and what the kernel adds to the path of a replaced file.
_ENDING = re.compile(r"(?:-?\d[\d.]*)?(?:\.exe)?(?: \(deleted\))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launchers:
    """The names in resources/launchers.toml."""

    names: frozenset[str]
    adopters: frozenset[str]
    """Programs that become the parent of orphans."""
    scripts: tuple[tuple[frozenset[str], frozenset[str]], ...]
    """Interpreters, and what makes them launchers when they run it."""

    def is_launcher(self, process: ObservedProcess) -> bool:
        """Tell whether the process only starts others."""
        program = _program_of(process)
        if program in self.names:
            return True
        running = _script_of(process.command)
        return any(program in programs and running & runs for programs, runs in self.scripts)

    def is_adopter(self, process: ObservedProcess) -> bool:
        """Tell whether the process may have taken over its child, so that its parent is unknown."""
        return process.pid == 1 or _program_of(process) in self.adopters


def load_launchers(path: Path) -> Launchers:
    """Read the names; raises ConfigurationError when the file is not the one that was shipped."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        scripts: list[dict[str, Any]] = content["scripts"]
        return Launchers(
            names=frozenset(content["names"]),
            adopters=frozenset(content["adopters"]),
            scripts=tuple(
                (frozenset(row["interpreters"]), frozenset(row["runs"])) for row in scripts
            ),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The list of launchers {path.name} cannot be used.",
            cause=str(error),
            mend="Install Keyturn again.",
        ) from error


def _program_of(process: ObservedProcess) -> str:
    # The executable says more than the name, which a process may choose.
    return _plain(process.executable or process.name)


def _script_of(command: tuple[str, ...]) -> set[str]:
    """Return what an interpreter may have been told to run.

    npm and npx put `npm exec NAME` in place of their own command line.
    """
    title = command[0].split(" ")[0] if command and " " in command[0] else ""
    first = next((word for word in command[1:] if not word.startswith("-")), "")
    return {_last_part(word).removesuffix(".exe") for word in (title, first) if word}


def _plain(path: str) -> str:
    name = _last_part(path)
    return _ENDING.sub("", name) or name


def _last_part(path: str) -> str:
    return re.split(r"[/\\]", path)[-1].lower()
