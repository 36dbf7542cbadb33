"""Seals of what a person agreed to: which bytes a seal covers, and what a set of rows shows.

A row's seal covers its table, its key and every column. A set's seal covers its number and the
seals of all its rows, so that a row that was taken away or put back from an old copy is seen too.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

KEY_BYTES = 32

Columns = tuple[bytes, ...]
"""Of one row, as the bytes of its texts: what another program wrote may be no text at all."""


class Difference(StrEnum):
    """How a row differs from what was sealed."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNSURE = "unsure"
    """As it was sealed once; its set is not, so that it may be an old copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row of a sealed table that is not as it was sealed."""

    table: str
    difference: Difference
    key: Columns
    row: Columns = ()
    """As it is there now; empty for one that was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRows:
    """A sealed table as it was found."""

    rows: Mapping[Columns, Columns]
    """By key."""
    seals: Mapping[Columns, bytes]
    """By key."""
    number: int
    """Of the set; 0 where there is no seal of the set."""
    seal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What holds of a sealed table."""

    rows: tuple[Columns, ...]
    """Those that count, in the order of their keys."""
    findings: tuple[Finding, ...]
    whole: bool
    """Whether the set itself is as it was sealed last; where not, no row counts."""

    @property
    def sound(self) -> bool:
        """Tell whether the table is exactly what was sealed last."""
        return self.whole and not self.findings


def row_seal(key: bytes, table: str, columns: Columns) -> bytes:
    """Seal one row."""
    return _seal(key, (b"keyturn row 1", table.encode(), *columns))


def set_seal(key: bytes, table: str, number: int, seals: Mapping[Columns, bytes]) -> bytes:
    """Seal a set: its number, and the keys and seals of its rows in the order of their keys."""
    parts = [b"keyturn set 1", table.encode(), number.to_bytes(8, "big")]
    for row_key in sorted(seals):
        parts += (_joined(row_key), seals[row_key])
    return _seal(key, parts)


def is_whole(
    key: bytes, table: str, number: int, seals: Mapping[Columns, bytes], seal: bytes, *, least: int
) -> bool:
    """Tell whether a set's seals are those that were written last."""
    expected = set_seal(key, table, number, seals)
    return number > 0 and number >= least and hmac.compare_digest(expected, seal)


def check(key: bytes, table: str, found: SealedRows, *, least: int) -> Checked:
    """Compare a table with its seals; `least` is the number that its set is known to have had.

    A set of an older number is an old copy, however well it is sealed.
    """
    whole = is_whole(key, table, found.number, found.seals, found.seal, least=least)
    findings: list[Finding] = []
    sound: list[Columns] = []
    for row_key in sorted({*found.rows, *found.seals}):
        row = found.rows.get(row_key)
        difference = _difference(key, table, row, found.seals.get(row_key))
        if difference is None and not whole:
            difference = Difference.UNSURE
        if difference is None:
            sound.append(found.rows[row_key])
        else:
            findings.append(Finding(table=table, difference=difference, key=row_key, row=row or ()))
    return Checked(rows=tuple(sound), findings=tuple(findings), whole=whole)


def shown_hash(found: SealedRows) -> str:
    """Name exactly the rows and the number that a person looked at."""
    parts = [found.number.to_bytes(8, "big"), found.seal]
    for row_key in sorted({*found.rows, *found.seals}):
        parts += (
            _joined(row_key),
            _joined(found.rows.get(row_key, ())),
            found.seals.get(row_key, b""),
        )
    return _seal(b"shown", parts).hex()


def _difference(
    key: bytes, table: str, row: Columns | None, seal: bytes | None
) -> Difference | None:
    if row is None:
        return Difference.REMOVED
    if seal is None:
        return Difference.ADDED
    same = hmac.compare_digest(row_seal(key, table, row), seal)
    return None if same else Difference.CHANGED


def _seal(key: bytes, parts: Iterable[bytes]) -> bytes:
    return hmac.digest(key, _joined(parts), "sha256")


def _joined(parts: Iterable[bytes]) -> bytes:
    """Join parts so that no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
