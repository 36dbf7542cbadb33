"""The scrutiny port: what is worth noticing about what a person is asked to review."""

from collections.abc import Sequence
from typing import Protocol

from keyturn.domain.definition import ToolDefinition
from keyturn.domain.finding import Finding


class KnownNames(Protocol):
    """The tools that a new one could be taken for."""

    def add(self, name: str, owner: str) -> None:
        """Take in a tool of a server."""
        ...


class Scrutiny(Protocol):
    """Reads what a server says of a tool."""

    def of_command(self, argv: Sequence[str], env_names: Sequence[str]) -> tuple[Finding, ...]:
        """Return what a command's package is to the list of well-known servers.

        Always one finding; `argv` is empty for a server that is asked at an address.
        """
        ...

    def known_names(self) -> KnownNames:
        """Return an empty set of names."""
        ...

    def findings(
        self, definition: ToolDefinition, server: str, known: KnownNames
    ) -> tuple[Finding, ...]:
        """Return what is noticed, the gravest first; `known` was made by this very scrutiny."""
        ...
