"""Where sensitive values were read and where a call carries them on, told without the values.

A value is known again by a fingerprint under a key, so that what is kept of it says nothing to who
has not the key (security-cases.md item 13).
"""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from keyturn.domain.canonical import JsonValue

PRINT_BYTES = 16
SHORTEST = 8
"""Characters; what is shorter is in too many texts by chance."""
LONGEST = 16 * 1024
"""Characters of a value that is known again; a private key of the longest kind has half of it."""


class SensitiveValue(NamedTuple):
    """A value that was found to be secret; lives no longer than the step that found it."""

    kind: str
    """As the mask names it: "GitHub token"."""
    value: str


class ReadIn(NamedTuple):
    """A result of a server."""

    server: str
    tool: str
    agent: str
    session: str
    result: int
    """Its number within the session."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sensitive value was read first."""

    kind: str
    server: str
    tool: str
    agent: str
    session: str
    result: int
    """Number of the result within that session."""
    at: str
    """UTC, as the clock writes it."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A sensitive value that stands in an argument, and where it was read first."""

    path: str
    """JSON Pointer of the argument leaf (RFC 6901)."""
    kind: str
    server: str
    tool: str
    agent: str
    result: int
    """Number of the result in the session that asks; 0 where another session read it."""
    at: str


class Flows(msgspec.Struct, frozen=True, kw_only=True):
    """What of a call's arguments was read as a secret before."""

    found: tuple[Flow, ...] = ()
    incomplete: bool = False
    """There was more in the arguments than is looked at, so that nothing found says nothing."""

    def leave(self, server: str, *, reaches: bool) -> bool:
        """Tell whether any of it would come to where it was not, or to where it can go on.

        A read on the very server that a value came from takes it nowhere.
        """
        if not self.found and not self.incomplete:
            return False
        return reaches or self.incomplete or any(flow.server != server for flow in self.found)

    def within(self, others: "Flows") -> bool:
        """Tell whether all of it was known before."""
        found = set(self.found) <= set(others.found)
        return found and (others.incomplete or not self.incomplete)


_PARTS = 6
NO_FLOWS = Flows()


def flows_to_data(flows: Flows) -> list[JsonValue]:
    """Write down for a record what was found, a text each: kind, where from, when, and where."""
    return [f"{f.kind}|{f.server}|{f.tool}|{f.agent}|{f.at}|{f.path}" for f in flows.found]


def flows_from_data(rows: JsonValue) -> Flows:
    """Read them for a screen; what cannot be read is left out."""
    found: list[Flow] = []
    for row in rows if isinstance(rows, list) else []:
        parts = row.split("|", 5) if isinstance(row, str) else []
        if len(parts) == _PARTS:
            kind, server, tool, agent, at, path = parts
            found.append(
                Flow(path=path, kind=kind, server=server, tool=tool, agent=agent, result=0, at=at)
            )
    return Flows(found=tuple(found))


def told_form(value: str) -> str:
    """Return a value as it is compared: without white space, which wrapping puts into keys."""
    return "".join(value.split())


def fingerprint(value: str, key: bytes) -> bytes:
    """Return what a value is known by, 16 bytes; `value` is in its told form."""
    encoded = value.encode("utf-8", "surrogatepass")
    return blake2b(encoded, key=key, digest_size=PRINT_BYTES).digest()
