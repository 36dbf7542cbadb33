"""What an agent asked for stands in the log before what a person made of it, and is verified."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.record import Entry, RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries import HistoryQuery
from keyturn.storage.queries.items import HistoryDetail
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.retention import Keep, prune
from keyturn.storage.verification import Finding, verify
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision

pytestmark = pytest.mark.requirement("EDIT-2")
ASKED: JsonObject = {"address": "14 Quarry Road"}
MINE: JsonObject = {"address": "2 Mill Lane"}


def asked(call: str) -> Entry:
    """Make the record of what an agent asked for."""
    made = decision(call, arguments=ASKED)
    return msgspec.structs.replace(
        made,
        type=RecordType.EDITED,
        outcome=RecordType.EDITED.value,
        actor=Actor.HUMAN,
        verdict="",
        policy={},
        provenance=(),
    )


def written(folder: Path, keep: Keep | None = None) -> Path:
    """Write an edited call and another one; let go what `keep` says."""

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(folder, clock)
        log = SqliteDecisionLog(writer)
        log.note(asked("c-1"))
        await log.commit(decision("c-1", outcome=Outcome.ALLOWED_MODIFIED, arguments=MINE))
        await log.commit(decision("c-2"))
        if keep is not None:
            await prune(writer, log, clock, keep)
        await writer.close()

    asyncio.run(scenario())
    return folder / DATABASE_NAME


def detail(path: Path, call: str) -> HistoryDetail:
    with closing(HistoryQuery(path)) as history:
        found = history.detail(call)
    assert isinstance(found, HistoryDetail)
    return found


def test_history_has_both_and_the_log_is_sound(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert verify(path, deep=True).code is Finding.SOUND
    found = detail(path, "c-1")
    assert found.arguments == canonical(MINE).decode()
    assert found.asked == canonical(ASKED).decode()
    (event,) = found.events
    assert event.type == RecordType.EDITED.value
    assert event.number < found.item.number
    assert detail(path, "c-2").asked is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE arguments SET value = x'7b7d' WHERE seq = 1",
        "DELETE FROM arguments WHERE seq = 1",
        "DELETE FROM events WHERE seq = 1",
        "UPDATE calls SET outcome = 'allowed_once' WHERE id = 'c-1'",
    ],
)
def test_another_text_in_the_place_of_what_was_asked_is_found(
    tmp_path: Path, statement: str
) -> None:
    path = written(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
        connection.execute(statement)
    assert verify(path, deep=True).code is Finding.TAMPERED


def test_what_was_asked_goes_with_the_other_old_records(tmp_path: Path) -> None:
    path = written(tmp_path, Keep(records=2))
    assert verify(path, deep=True).code is Finding.SOUND
