"""The bytes of a record, and how records are linked."""

import hashlib
import json

import pytest

from keyturn.domain.decision import Actor
from keyturn.domain.record import (
    GENESIS,
    SALT_BYTES,
    Entry,
    RecordType,
    Stamp,
    chain_hash,
    commitment,
    leaf_hash,
    record_bytes,
)

STAMP = Stamp(
    seq=7,
    ts_utc="2026-11-23T14:07:52.123Z",
    mono_ns=2**63,
    boot_id="boot",
    install_id="kt-1",
    salt=b"s" * SALT_BYTES,
    prev=GENESIS,
)


def test_the_bytes_of_the_smallest_record_are_fixed() -> None:
    assert record_bytes(Entry(type=RecordType.STOP, actor=Actor.HUMAN), STAMP) == (
        b'{"actor":"human","agent":{"id":"","peer":{}},"args":{},"boot_id":"boot","call":"",'
        b'"call_digest":"","details":{},"install_id":"kt-1","mono_ns":"9223372036854775808",'
        b'"outcome":"","policy":{},"prev":"' + b"0" * 64 + b'","prompt_hash":"","provenance":[],'
        b'"seq":7,"server":{"def_hash":"","id":""},"session":"","shown_ms":0,"taint":"",'
        b'"tier":"","tool":"","ts_utc":"2026-11-23T14:07:52.123Z","type":"stop","v":1,'
        b'"verdict":""}'
    )


def test_arguments_are_only_there_as_a_commitment() -> None:
    secret = b'{"pin":"hunter2-not-in-the-record"}'
    entry = Entry(
        type=RecordType.DECISION, call="c-1", arguments=b'{"pin":"***"}', committed=secret
    )
    record = record_bytes(entry, STAMP)
    assert b"hunter2" not in record
    assert b"***" not in record
    expected = hashlib.sha256(STAMP.salt + secret).hexdigest()
    assert json.loads(record)["args"] == {"": expected}


def test_a_commitment_binds_salt_path_and_value() -> None:
    base = commitment(b"s" * 16, "/a", b'"x"')
    assert base == hashlib.sha256(b"s" * 16 + b"/a" + b'"x"').digest()
    assert base != commitment(b"t" * 16, "/a", b'"x"')
    assert base != commitment(b"s" * 16, "/b", b'"x"')
    assert base != commitment(b"s" * 16, "/a", b'"y"')


def test_leaves_and_links_have_prefixes_of_their_own() -> None:
    leaf = leaf_hash(b"record")
    assert leaf == hashlib.sha256(b"\x00record").digest()
    assert chain_hash(GENESIS, leaf) == hashlib.sha256(b"\x02" + GENESIS + leaf).digest()


def test_what_has_no_canonical_form_is_refused() -> None:
    entry = Entry(type=RecordType.STOP, details={"rate": float("nan")})
    with pytest.raises(ValueError, match="nan"):
        record_bytes(entry, STAMP)
