"""Reads how commands are read: which programs run other code (resources/runners.toml)."""

import re
import tomllib
from pathlib import Path
from typing import Any

from keyturn.domain.command import CommandTable, MarkKind
from keyturn.domain.command_row import RunKind, Runner
from keyturn.domain.errors import ConfigurationError

_OPTIONS = (
    "values", "packages", "first", "code", "module", "loads", "registry", "folder", "mounts",
    "powers", "power_values",
)  # fmt: skip


def load_runners(path: Path) -> CommandTable:
    """Read the table; raises ConfigurationError when the file is not the one that was shipped."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        rows: list[dict[str, Any]] = content["runner"]
        shell: dict[str, str] = content["shell"]
        registries: dict[str, str] = content["registries"]
        return CommandTable(
            runners=tuple(map(_runner, rows)),
            shell={MarkKind(name): re.compile(text).pattern for name, text in shell.items()},
            env_loads=frozenset(content["environment"]["loads"]),
            env_registry=frozenset(content["environment"]["registry"]),
            code=tuple(content["files"]["code"]),
            registries={RunKind(name): host for name, host in registries.items()},
        )
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise ConfigurationError(
            f"The list of commands {path.name} cannot be used.",
            cause=str(error),
            mend="Install Keyturn again.",
        ) from error


def _runner(row: dict[str, Any]) -> Runner:
    unknown = set(row) - {"kind", "programs", "words", *_OPTIONS}
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    return Runner(
        kind=RunKind(row["kind"]),
        programs=frozenset(row["programs"]),
        words=tuple(tuple(words) for words in row.get("words", [[]])),
        **{name: frozenset(row.get(name, ())) for name in _OPTIONS},
    )
