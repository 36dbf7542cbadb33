"""Seals over rows and sets: whatever another program does to either is seen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.seal import (
    KEY_BYTES,
    Columns,
    Difference,
    SealedRows,
    check,
    is_whole,
    row_seal,
    set_seal,
    shown_hash,
)

KEY = bytes(range(KEY_BYTES))
TABLE = "rules"
ROWS: dict[Columns, Columns] = {
    (b"a",): (b"a", b"deny"),
    (b"b",): (b"b", b"allow"),
    (b"c",): (b"c", b"ask"),
}
PARTS = st.lists(st.binary(max_size=4), max_size=4).map(tuple)


def sealed(rows: dict[Columns, Columns], number: int = 3) -> SealedRows:
    """Return a table as Keyturn leaves it."""
    seals = {key: row_seal(KEY, TABLE, row) for key, row in rows.items()}
    return SealedRows(
        rows=rows, seals=seals, number=number, seal=set_seal(KEY, TABLE, number, seals)
    )


def differences(found: SealedRows, least: int = 3) -> list[tuple[Columns, Difference]]:
    """Return what is seen of a table."""
    checked = check(KEY, TABLE, found, least=least)
    assert checked.sound is (not checked.findings and checked.whole)
    return [(finding.key, finding.difference) for finding in checked.findings]


@pytest.mark.requirement("SEAL-1")
def test_what_was_sealed_holds() -> None:
    checked = check(KEY, TABLE, sealed(ROWS), least=3)
    assert checked.sound
    assert checked.rows == tuple(ROWS.values())


@pytest.mark.requirement("SEAL-1")
def test_a_changed_an_added_and_a_removed_row_are_told_apart_and_none_counts() -> None:
    found = sealed(ROWS)
    rows = {**ROWS, (b"a",): (b"a", b"allow"), (b"d",): (b"d", b"allow")}
    del rows[(b"c",)]
    checked = check(KEY, TABLE, replace(found, rows=rows), least=3)
    assert differences(replace(found, rows=rows)) == [
        ((b"a",), Difference.CHANGED),
        ((b"c",), Difference.REMOVED),
        ((b"d",), Difference.ADDED),
    ]
    assert checked.rows == (ROWS[(b"b",)],)
    assert checked.findings[1].row == ()


@pytest.mark.requirement("SEAL-1")
def test_a_row_that_went_with_its_seal_leaves_no_row_sure() -> None:
    found = sealed(ROWS)
    rest = {key: row for key, row in ROWS.items() if key != (b"a",)}
    seals = {key: seal for key, seal in found.seals.items() if key != (b"a",)}
    without = replace(found, rows=rest, seals=seals)
    assert {difference for _, difference in differences(without)} == {Difference.UNSURE}
    assert check(KEY, TABLE, without, least=3).rows == ()


@pytest.mark.requirement("SEAL-1")
def test_an_old_copy_is_not_whole_however_well_it_is_sealed() -> None:
    assert differences(sealed(ROWS, number=2), least=3)
    assert not differences(sealed(ROWS, number=4), least=3)
    assert differences(replace(sealed(ROWS), number=0, seal=b""), least=0)


@pytest.mark.requirement("SEAL-1")
def test_a_seal_is_of_its_table_its_key_and_its_number() -> None:
    found = sealed(ROWS)
    assert row_seal(KEY, "pins", ROWS[(b"a",)]) != found.seals[(b"a",)]
    assert row_seal(KEY[::-1], TABLE, ROWS[(b"a",)]) != found.seals[(b"a",)]
    assert is_whole(KEY, TABLE, 3, found.seals, found.seal, least=3)
    assert not is_whole(KEY, "pins", 3, found.seals, found.seal, least=3)
    assert not is_whole(KEY, TABLE, 4, found.seals, found.seal, least=3)


@given(PARTS, PARTS)
@pytest.mark.requirement("SEAL-1")
def test_no_two_rows_have_one_seal(one: Columns, other: Columns) -> None:
    same = row_seal(KEY, TABLE, one) == row_seal(KEY, TABLE, other)
    assert same is (one == other)


@given(st.sampled_from(sorted(ROWS)), st.binary(max_size=5), st.integers(0, 5))
def test_what_a_person_looked_at_is_named_by_all_of_it(
    key: Columns, text: bytes, number: int
) -> None:
    found = sealed(ROWS)
    rows = {**ROWS, key: (key[0], text)}
    same = (rows, number) == (ROWS, found.number)
    assert (shown_hash(replace(found, rows=rows, number=number)) == shown_hash(found)) is same
