"""What `verify` finds, with which exit code, and that it leaves no trace.

Cutting off the newest records at a point with no checkpoint after it, and writing the whole log
anew, are undetectable without a mark kept elsewhere; the tests say so as well.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import Entry, RecordType
from keyturn.storage.database import open_for_writing
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME, connect_read_only
from keyturn.storage.verification import Finding, Mark, Verification, verify
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery, event, masked_decision


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one closed log of every kind of record; tests copy it."""
    folder = tmp_path_factory.mktemp("sound")

    async def write() -> None:
        writer = open_writer(folder, FakeClock())
        log = SqliteDecisionLog(writer)
        for n in range(60):
            call = f"c-{n}"
            outcome = Outcome.DENIED_USER if n % 7 == 0 else Outcome.ALLOWED_ONCE
            await log.commit(decision(call, outcome=outcome))
            if outcome.allows:
                log.note(delivery(call, Delivery.RUNNING if n % 5 == 0 else Delivery.COMPLETED))
            if n % 5 == 0:
                log.note(delivery(call, Delivery.TOOL_ERROR))
            if n % 10 == 0:
                await log.commit(event(RecordType.DETACHED, call=call))
        await log.commit(masked_decision("c-masked", {"pin": "***"}, {"pin": "not-to-be-guessed"}))
        await writer.close()

    asyncio.run(write())
    return folder / DATABASE_NAME


@pytest.fixture
def log(sound: Path, tmp_path: Path) -> Path:
    """Copy the sound log."""
    return Path(shutil.copy(sound, tmp_path / DATABASE_NAME))


def change(path: Path, *statements: str) -> None:
    """Change a closed database behind its back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_log_is_unsigned_and_says_what_it_cannot_show(log: Path, deep: bool) -> None:
    found = verify(log, deep=deep)
    assert found.code is Finding.SOUND, found.sentence
    assert found.records > 100
    assert found.first_bad is None
    assert "unsigned" in found.sentence
    assert "No mark" in found.sentence


def test_a_rule_commits_to_its_values_as_a_call_to_its_arguments(tmp_path: Path) -> None:
    rule = Entry(
        type=RecordType.RULE,
        outcome="added",
        details={"rule": {"id": "r-1", "when": [{"path": "/to", "op": "eq"}]}},
        arguments=b'[{"/to":"Kobe"}]',
        committed=b'[{"/to":"Kobe"}]',
    )

    async def write() -> None:
        writer = open_writer(tmp_path, FakeClock())
        await SqliteDecisionLog(writer).commit(rule)
        await writer.close()

    asyncio.run(write())
    path = tmp_path / DATABASE_NAME
    assert verify(path, deep=True).code is Finding.SOUND
    change(path, 'UPDATE arguments SET value = CAST(\'[{"/to":"Oslo"}]\' AS BLOB)')
    found = verify(path, deep=True)
    assert (found.code, found.first_bad) == (Finding.TAMPERED, 1)


def test_an_empty_log_is_sound(tmp_path: Path) -> None:
    open_for_writing(tmp_path).close()
    assert verify(tmp_path / DATABASE_NAME, deep=True) == Verification(
        code=Finding.SOUND,
        records=0,
        first_bad=None,
        sentence="The log is sound: 0 records, unsigned. "
        "No mark was given, so missing newest records would not show.",
    )


def test_nothing_is_changed_or_made(log: Path) -> None:
    before = {path.name: path.read_bytes() for path in log.parent.iterdir()}
    log.chmod(0o400)
    log.parent.chmod(0o500)
    try:
        assert verify(log, deep=True).code is Finding.SOUND
        assert {path.name: path.read_bytes() for path in log.parent.iterdir()} == before
    finally:
        log.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("DELETE FROM records WHERE seq = 40", 40),
        ("DELETE FROM records WHERE seq = 1", 1),
        ("UPDATE records SET seq = 100000 WHERE seq = 40", 40),
        ("UPDATE records SET body = zeroblob(10) WHERE seq = 33", 33),
        ("UPDATE records SET body = NULL WHERE seq = 33", 33),
        ("UPDATE records SET leaf = zeroblob(32) WHERE seq = 33", 33),
        ("UPDATE records SET chain = zeroblob(32) WHERE seq = 33", 33),
        ("DELETE FROM checkpoints WHERE size = 64", 64),
        ("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 64", 64),
        ("UPDATE checkpoints SET chain = zeroblob(32) WHERE size = 64", 64),
        ("UPDATE checkpoints SET size = 63 WHERE size = 64", 63),
    ],
)
def test_a_shallow_look_names_the_first_bad_record(
    log: Path, statement: str, first_bad: int
) -> None:
    change(log, statement)
    found = verify(log)
    assert (found.code, found.first_bad) == (Finding.TAMPERED, first_bad)
    assert str(first_bad) in found.sentence


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE calls SET outcome = 'allowed_once' WHERE id = 'c-14'",
        "UPDATE calls SET tool = 'other' WHERE id = 'c-14'",
        "UPDATE calls SET ts = '2020-01-01T00:00:00.000Z' WHERE id = 'c-14'",
        "UPDATE calls SET decide_ms = 900 WHERE id = 'c-14'",
        "UPDATE calls SET delivery = 'completed' WHERE id = 'c-15'",
        "UPDATE calls SET delivery = NULL, delivery_seq = NULL, result = NULL WHERE id = 'c-15'",
        "UPDATE calls SET delivery_seq = delivery_seq - 1 WHERE id = 'c-15'",
        "UPDATE calls SET result = 'nothing' WHERE id = 'c-15'",
        "UPDATE calls SET delivery = 'completed' WHERE id = 'c-14'",
        "UPDATE calls SET id = 'c-x' WHERE id = 'c-14'",
        "UPDATE calls SET seq = 100000 WHERE id = 'c-14'",
        "DELETE FROM calls WHERE id = 'c-14'",
        "INSERT INTO calls SELECT 100000, 'c-new', ts, agent, session, server, tool, tier, outcome,"
        " actor, rule_id, rule_name, decide_ms, decisive, hidden, digest, route, NULL, NULL, NULL,"
        " method FROM calls WHERE id = 'c-14'",
        "UPDATE events SET outcome = 'resumed' WHERE seq = (SELECT min(seq) FROM events)",
        "UPDATE events SET details = '{}' WHERE seq = (SELECT min(seq) FROM events)",
        "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
        "UPDATE arguments SET value = CAST('{\"page\":4}' AS BLOB) WHERE seq = 1",
        "UPDATE arguments SET salt = zeroblob(16) WHERE seq = 1",
        "UPDATE arguments SET path = '/page' WHERE seq = 1",
        "UPDATE arguments SET masked = 1 WHERE seq = 1",
        "UPDATE arguments SET masked = 0 WHERE masked = 1",
        "UPDATE arguments SET value = CAST('{}' AS BLOB) WHERE masked = 1",
        "DELETE FROM arguments WHERE seq = 1",
        "INSERT INTO arguments VALUES (100000, '', X'00', X'00', 0)",
        "INSERT INTO arguments VALUES (1, '/page', X'00', X'00', 0)",
    ],
)
def test_an_edited_history_shows_in_a_deep_look(log: Path, statement: str) -> None:
    change(log, statement)
    assert verify(log).code is Finding.SOUND
    found = verify(log, deep=True)
    assert found.code is Finding.TAMPERED
    assert found.first_bad is not None


def test_a_record_of_another_log_does_not_fit(log: Path, tmp_path: Path) -> None:
    async def write() -> None:
        writer = open_writer(tmp_path / "other", FakeClock())
        await SqliteDecisionLog(writer).commit(decision("c-0", outcome=Outcome.DENIED_USER))
        await writer.close()

    asyncio.run(write())
    change(
        log,
        f"ATTACH '{tmp_path / 'other' / DATABASE_NAME}' AS other",
        "DELETE FROM records",
        "DELETE FROM checkpoints",
        "INSERT INTO records SELECT * FROM other.records",
    )
    found = verify(log)
    assert (found.code, found.first_bad) == (Finding.TAMPERED, 1)


def test_a_masked_value_is_kept_without_the_salt_of_what_was_sent(log: Path) -> None:
    content = log.read_bytes()
    assert b'{"pin":"***"}' in content
    assert b"not-to-be-guessed" not in content


def test_cutting_off_the_newest_needs_a_mark_to_be_seen(log: Path) -> None:
    with closing(connect_read_only(log)) as connection:
        size, chain = connection.execute(
            "SELECT seq, chain FROM records ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    mark = Mark(size=size, chain=chain)
    assert verify(log, mark=mark).code is Finding.SOUND
    change(
        log,
        "DELETE FROM records WHERE seq > 70",
        "DELETE FROM checkpoints WHERE size > 70",
        "DELETE FROM calls WHERE seq > 70",
        "DELETE FROM events WHERE seq > 70",
        "DELETE FROM arguments WHERE seq > 70",
        "UPDATE calls SET delivery = NULL, delivery_seq = NULL, result = NULL"
        " WHERE delivery_seq > 70",
    )
    assert verify(log, deep=True).code is Finding.SOUND  # undetectable: nothing else remembers
    found = verify(log, mark=mark)
    assert (found.code, found.first_bad) == (Finding.ROLLED_BACK, 71)


def test_a_checkpoint_left_behind_shows_a_cut(log: Path) -> None:
    change(log, "DELETE FROM records WHERE seq > 70")
    found = verify(log)
    assert (found.code, found.first_bad) == (Finding.TAMPERED, 71)


def test_another_record_at_the_mark_is_a_rollback(log: Path) -> None:
    found = verify(log, mark=Mark(size=50, chain=bytes(32)))
    assert (found.code, found.first_bad) == (Finding.ROLLED_BACK, 50)


def test_a_signature_by_an_unknown_key_is_said(log: Path) -> None:
    change(log, "UPDATE checkpoints SET key = 'k1', signature = X'00' WHERE size = 64")
    found = verify(log)
    assert (found.code, found.signed) == (Finding.UNKNOWN_KEY, True)


SPOILED: list[Callable[[Path], object]] = [
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"nothing of the kind" * 1000),
    lambda path: path.write_bytes(path.read_bytes()[:9000]),
    lambda path: change(path, "DROP TABLE records"),
    lambda path: change(path, "DELETE FROM profile"),
    lambda path: change(path, "PRAGMA application_id = 1"),
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_cannot_be_read_is_said(log: Path, spoil: Callable[[Path], object]) -> None:
    spoil(log)
    found = verify(log)
    assert found.code is Finding.UNREADABLE
    assert found.sentence


def test_an_index_that_contradicts_its_table_is_said_in_a_deep_look(log: Path) -> None:
    change(
        log,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX calls_id ON calls (tool)'"
        " WHERE name = 'calls_id'",
    )
    assert verify(log, deep=True).code in (Finding.UNREADABLE, Finding.TAMPERED)


def test_a_live_log_is_read_while_it_grows(tmp_path: Path) -> None:
    async def scenario() -> None:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        await log.commit(decision("c-1"))
        assert verify(tmp_path / DATABASE_NAME, deep=True).records == 1
        with closing(connect_read_only(tmp_path / DATABASE_NAME)) as connection:
            await log.commit(decision("c-2"))
            assert verify(connection, deep=True).records == 2
        await writer.close()

    asyncio.run(scenario())


def test_a_copy_with_its_wal_is_read_without_touching_it(tmp_path: Path) -> None:
    copy = tmp_path / "copy"

    async def scenario() -> None:
        writer = open_writer(tmp_path / "live", FakeClock())
        await SqliteDecisionLog(writer).commit(decision("c-1"))
        shutil.copytree(tmp_path / "live", copy)
        await writer.close()

    asyncio.run(scenario())
    (copy / f"{DATABASE_NAME}-shm").unlink()
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    assert verify(copy / DATABASE_NAME, deep=True).records == 1
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
