"""Reads what a person types to add a server, and says what is wrong with it.

The command is cut into arguments like a POSIX shell would, but nothing is expanded: what is shown
back is exactly what would be started. What begins with http:// or https:// is an address: then the
server is asked there, and what would be its environment are the headers of each request.
"""

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from keyturn.domain.configuration import KEYCHAIN_PREFIX, RemoteTransport
from keyturn.domain.remote import SCHEMES, HeaderFault, fault_of_header, fault_of_url
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
    """Or the address of a remote server."""
    variables: str = ""
    """One NAME=VALUE a line."""
    older: bool = False
    """A remote server speaks HTTP+SSE."""
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadServer:
    """What the form means, and what is wrong with it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    transport: RemoteTransport = RemoteTransport.HTTP
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
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
    environment = typed.environment.strip()
    if environment and not _NAME.fullmatch(environment):
        faults.append(words("servers.fault_environment"))
    url = typed.command.strip()
    if url.lower().startswith(SCHEMES):
        return ReadServer(
            name=name,
            argv=(),
            url=_checked(url, faults, words),
            transport=RemoteTransport.SSE if typed.older else RemoteTransport.HTTP,
            headers=_headers(typed.variables, faults, words),
            environment=environment,
            faults=tuple(faults),
        )
    argv = _argv(typed.command, faults, words)
    expanded = any(_EXPANDED.search(word) for word in argv)
    return ReadServer(
        name=name,
        argv=argv,
        env=_variables(typed.variables, faults, words),
        environment=environment,
        faults=tuple(faults),
        notes=(words("servers.note_not_expanded"),) if expanded else (),
    )


def _checked(url: str, faults: list[str], words: Words) -> str:
    fault = fault_of_url(url)
    if fault is not None:
        faults.append(words(f"servers.fault_url_{fault.name.lower()}"))
    return url


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
    for number, name, value in _lines(text):
        if not _VARIABLE.fullmatch(name):
            faults.append(words("servers.fault_variable", line=number))
        else:
            _check_value(name, value, env, faults, words)
        env[name] = value
    return env


def _headers(text: str, faults: list[str], words: Words) -> dict[str, str]:
    headers: dict[str, str] = {}
    for number, name, typed in _lines(text):
        value = typed.strip(" \t")
        fault = fault_of_header(name, value)
        if fault is HeaderFault.NO_NAME:
            faults.append(words("servers.fault_header", line=number))
        elif fault is not None:
            faults.append(words(f"servers.fault_header_{fault.name.lower()}", name=name))
        elif any(name.lower() == other.lower() for other in headers):
            faults.append(words("servers.fault_twice", name=name))
        headers[name] = value
    return headers


def _lines(text: str) -> Iterable[tuple[int, str, str]]:
    """Cut into line, name and value; without a name, or a sign after it, the name is empty."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            name, equals, value = line.partition("=")
            yield number, name.strip() if equals else "", value


def _check_value(
    name: str, value: str, known: Mapping[str, str], faults: list[str], words: Words
) -> None:
    if name in known:
        faults.append(words("servers.fault_twice", name=name))
    elif _is_no_entry(value):
        faults.append(words("servers.fault_entry", name=name))


def _is_no_entry(value: str) -> bool:
    entry = value.removeprefix(KEYCHAIN_PREFIX)
    return value.startswith(KEYCHAIN_PREFIX) and not _ENTRY.fullmatch(entry)
