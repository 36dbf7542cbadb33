"""The chain as a property: written by the product, judged by a second reading of the format.

`second_opinion` shares no code with the product; it knows only the format's definition.
"""

import hashlib
import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import (
    GENESIS,
    Entry,
    RecordType,
    Stamp,
    chain_hash,
    leaf_hash,
    record_bytes,
)
from keyturn.storage.database import open_for_writing
from keyturn.storage.ledger import Ledger
from keyturn.storage.projection import call_row, read_body
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.tree import Frontier
from keyturn.storage.verification import Finding, verify
from tests.examples import many
from tests.fakes.clock import FakeClock

TEXTS = st.text(max_size=12)
DETAILS = st.dictionaries(
    TEXTS, st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS, max_size=4
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Draw any entry that the gate could hand in."""
    kind = draw(st.sampled_from(list(RecordType)))
    outcomes: list[str] = [*Outcome, *Delivery, "other"]
    arguments: JsonObject = dict(draw(DETAILS)) if kind is RecordType.DECISION else {}
    committed = canonical(arguments) if arguments else b""
    masked = bool(arguments) and draw(st.booleans())
    return Entry(
        type=kind,
        call=f"c-{draw(st.integers(0, 5))}",
        session=draw(TEXTS),
        agent=draw(TEXTS),
        agent_peer=dict(draw(DETAILS)),
        server=draw(TEXTS),
        tool=draw(TEXTS),
        policy=dict(draw(DETAILS)),
        outcome=draw(st.sampled_from(outcomes)),
        details=dict(draw(DETAILS)),
        arguments=b'{"masked":true}' if masked else committed,
        committed=committed,
        masked=masked,
    )


BATCHES = st.lists(st.lists(entries(), min_size=1, max_size=6), max_size=6)


@settings(max_examples=many(0.6), deadline=None)
@given(batches=BATCHES)
def test_whatever_is_written_is_sound_and_two_readings_agree(batches: list[list[Entry]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(open_for_writing(folder)) as connection:
            ledger = Ledger(connection, FakeClock())
            for batch in batches:
                connection.execute("BEGIN IMMEDIATE")
                ledger.append(batch)
                connection.execute("COMMIT")
        found = verify(folder / DATABASE_NAME, deep=True)
        assert (found.code, found.records) == (Finding.SOUND, sum(map(len, batches))), found
        assert second_opinion(folder / DATABASE_NAME)


@given(records=st.lists(st.binary(max_size=40), min_size=1, max_size=40), data=st.data())
def test_any_other_sequence_of_records_ends_in_another_link(
    records: list[bytes], data: st.DataObject
) -> None:
    other = list(records)
    match data.draw(st.sampled_from(["flip", "drop", "insert", "swap"])):
        case "flip":
            at = data.draw(st.integers(0, len(other) - 1))
            other[at] = (
                other[at] + b"\0" if not other[at] else bytes([other[at][0] ^ 1]) + other[at][1:]
            )
        case "drop":
            del other[data.draw(st.integers(0, len(other) - 1))]
        case "insert":
            other.insert(data.draw(st.integers(0, len(other))), data.draw(st.binary(max_size=9)))
        case _:
            one, two = (data.draw(st.integers(0, len(other) - 1)) for _ in range(2))
            other[one], other[two] = other[two], other[one]
    assert (_end(other) == _end(records)) == (other == records)
    assert (_root(other) == _root(records)) == (other == records)


@given(entry=entries(), seq=st.integers(1, 2**40))
def test_a_record_read_back_projects_the_same_row(entry: Entry, seq: int) -> None:
    stamp = Stamp(
        seq=seq,
        ts_utc="2026-11-23T14:07:52.123Z",
        mono_ns=1,
        boot_id="b",
        install_id="i",
        salt=b"s",
        prev=GENESIS,
    )
    body = read_body(record_bytes(entry, stamp), check_form=True)
    assert (body.seq, body.prev, body.install_id) == (seq, GENESIS.hex(), "i")
    assert call_row(body.entry, seq, body.ts_utc) == call_row(entry, seq, stamp.ts_utc)


def second_opinion(path: Path) -> bool:
    """Walk the chain from the format alone."""
    chain = bytes(32)
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        rows = connection.execute("SELECT seq, leaf, chain, body FROM records ORDER BY seq")
        for number, (seq, leaf, link, body) in enumerate(rows, start=1):
            record = json.loads(body)
            ours = hashlib.sha256(b"\x00" + body).digest()
            if (seq, record["seq"], record["prev"], leaf) != (number, number, chain.hex(), ours):
                return False
            chain = hashlib.sha256(b"\x02" + chain + ours).digest()
            if link != chain:
                return False
    return True


def _end(records: list[bytes]) -> bytes:
    chain = GENESIS
    for record in records:
        chain = chain_hash(chain, leaf_hash(record))
    return chain


def _root(records: list[bytes]) -> bytes:
    frontier = Frontier()
    frontier.extend(map(leaf_hash, records))
    return frontier.root()
