"""The port of the sealed tables: a profile's agreements, each row under a key of the keychain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keyturn.domain.seal import Finding

SEALED_TABLES: tuple[str, ...] = (
    "rules",
    "rule_uses",
    "servers",
    "consents",
    "closures",
    "pins",
    "agents",
    "sights",
    "step_ups",
    "settings",
    "access_looks",
)
"""What is sealed, in the order in which a person is shown it."""
DECIDING = frozenset({"rules", "rule_uses", "settings", "step_ups"})
"""Those of which a row can deny, ask or end what a rule allows: calls may pass without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChanged:
    """A sealed table that is not as it was sealed last."""

    table: str
    whole: bool
    """False: the set itself is another one, or an old copy, and none of its rows counts."""
    findings: tuple[Finding, ...]
    shown: str
    """Names exactly what was found, for the answer to it."""


class SealedTables(Protocol):
    """Keeps the seals; every change of a sealed table is sealed in its own transaction."""

    async def sealed(self) -> bool:
        """Tell whether this profile was ever sealed."""
        ...

    async def filled(self) -> bool:
        """Tell whether there is any row that would count, whoever wrote it."""
        ...

    def leave_open(self) -> None:
        """Count every row and seal none: there is no keychain, or FILE is the source."""
        ...

    def use(self, key: bytes, numbers: Mapping[str, int]) -> None:
        """Seal under a key; `numbers` are those that each set is known to have had."""
        ...

    async def seal_all(self, tables: Sequence[str]) -> None:
        """Seal every row of some tables as it is: once, when they are sealed first."""
        ...

    async def changed(self) -> tuple[TableChanged, ...]:
        """Compare every table with its seals."""
        ...

    def doubted(self) -> frozenset[str]:
        """Return the tables that were not sound when their rows were read; each is said once."""
        ...

    async def settle(self, table: str, shown: str, *, accept: bool) -> bool:
        """Seal a table as it is, or without what was not sealed; False when it is another now."""
        ...

    def numbers(self) -> dict[str, int]:
        """Return the number that each set has."""
        ...
