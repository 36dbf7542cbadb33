"""Owns what was really used, as the storage reads it, and the list that names just that."""

from collections.abc import Sequence
from typing import Protocol

from keyturn.application.sight_intents import SightState
from keyturn.domain.client_request import kind_of
from keyturn.domain.pattern import is_glob
from keyturn.domain.rule import Kind
from keyturn.domain.sight import SEEN_KINDS, SightRow, row_of, wider
from keyturn.presentation.cells import ANY


class UsedName(Protocol):
    """What was asked for of a server, and allowed."""

    @property
    def server(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...


class UsedNames(Protocol):
    """All of that in some time."""

    @property
    def names(self) -> Sequence[UsedName]: ...


def used_rows(used: UsedNames, sight: SightState) -> tuple[str, ...]:
    """Return the rows of what was used, of what is seen now; resources by their server alone."""
    before = None if sight.rows is None else tuple(row_of(text) for text in sight.rows)
    rows = {_row(one) for one in used.names}
    kept = (row for row in rows if row is not None and not wider(before, (row,)))
    return tuple(sorted(row.text for row in kept))


def _row(used: UsedName) -> SightRow | None:
    kind = kind_of(used.method) if used.method else Kind.CALL
    if kind is None or kind not in SEEN_KINDS or is_glob(used.name):
        return None
    name = ANY if kind is Kind.READ else used.name
    return SightRow(server=used.server, name=name, kinds=frozenset({kind})) if name else None
