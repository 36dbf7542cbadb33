"""Reads what a person types to add a server, and says what is wrong with it.

The command is cut into arguments like a POSIX shell would, but nothing is expanded: what is shown
back is exactly what would be started.
"""

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from keyturn.domain.configuration import KEYCHAIN_PREFIX
from keyturn.presentation.words import Words

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENTRY = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_EXPANDED = re.compile(r"[$`*?~|<>;&]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedServer:
    """The fields of the form as they stand."""

    name: str = ""
    command: str = ""
    variables: str = ""
    """One NAME=VALUE a line."""
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadServer:
    """What the form means, and what is wrong with it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: str = ""
    faults: tuple[str, ...] = ()
    """Sentences; what is typed can be added when there is none."""
    notes: tuple[str, ...] = ()
    """What a person may not expect; no fault."""


def read_server(typed: TypedServer, taken: Collection[str], words: Words) -> ReadServer:
    """Read the form; `taken` are the names of the servers that exist."""
    faults: list[str] = []
    name = typed.name.strip()
    if not _NAME.fullmatch(name):
        faults.append(words("servers.fault_name" if name else "servers.fault_no_name"))
    elif name in taken:
        faults.append(words("servers.fault_taken", name=name))
    argv = _argv(typed.command, faults, words)
    env = _variables(typed.variables, faults, words)
    environment = typed.environment.strip()
    if environment and not _NAME.fullmatch(environment):
        faults.append(words("servers.fault_environment"))
    notes: list[str] = []
    if any(_EXPANDED.search(word) for word in argv):
        notes.append(words("servers.note_not_expanded"))
    return ReadServer(
        name=name,
        argv=argv,
        env=env,
        environment=environment,
        faults=tuple(faults),
        notes=tuple(notes),
    )


def _argv(command: str, faults: list[str], words: Words) -> tuple[str, ...]:
    try:
        argv = tuple(shlex.split(command))
    except ValueError:
        faults.append(words("servers.fault_quotes"))
        return ()
    if not argv or not argv[0]:
        faults.append(words("servers.fault_no_command"))
    return argv


def _variables(text: str, faults: list[str], words: Words) -> dict[str, str]:
    env: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        name = name.strip()
        if not equals or not _VARIABLE.fullmatch(name):
            faults.append(words("servers.fault_variable", line=number))
        elif name in env:
            faults.append(words("servers.fault_twice", name=name))
        elif _is_no_entry(value):
            faults.append(words("servers.fault_entry", name=name))
        env[name] = value
    return env


def _is_no_entry(value: str) -> bool:
    entry = value.removeprefix(KEYCHAIN_PREFIX)
    return value.startswith(KEYCHAIN_PREFIX) and not _ENTRY.fullmatch(entry)
