"""The whole text of a cut result hangs on its delivery: over a restart, until retention."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.record import Entry
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries import HistoryQuery
from keyturn.storage.queries.kept import read_kept_text
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.retention import Keep, prune
from keyturn.storage.verification import Finding, verify
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery

pytestmark = pytest.mark.requirement("RESULT-KEPT")
TEXT = "all of it, Größe\n" * 5_000


def kept(call: str, text: str) -> Entry:
    """Make the delivery of a result that was cut."""
    whole = text.encode()
    details: JsonObject = {"kept": len(whole), "cut": True}
    return msgspec.structs.replace(
        delivery(call), arguments=whole, committed=whole, details=details
    )


def written(folder: Path, keep: Keep | None = None) -> Path:
    """Write two calls whose texts are kept, and one without; let go what `keep` says."""

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(folder, clock)
        log = SqliteDecisionLog(writer)
        for call in ("c-1", "c-2"):
            await log.commit(decision(call))
            log.note(kept(call, f"{call} {TEXT}"))
        await log.commit(decision("c-3"))
        log.note(delivery("c-3"))
        if keep is not None:
            await prune(writer, log, clock, keep)
        await writer.close()

    asyncio.run(scenario())
    return folder / DATABASE_NAME


def test_it_is_there_after_a_restart_and_only_for_the_user(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert verify(path, deep=True).code is Finding.SOUND
    assert read_kept_text(path, "c-1") == f"c-1 {TEXT}"
    assert read_kept_text(path, "c-3") is None
    assert read_kept_text(tmp_path / "none.db", "c-1") is None
    with closing(HistoryQuery(path)) as history:
        # It is no argument of any call: what lists calls, also for scripts, does not tell it.
        rows = history.page().items
        assert all("all of it" not in (row.arguments or "") for row in rows)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_it_goes_with_its_delivery(tmp_path: Path) -> None:
    path = written(tmp_path, Keep(records=4))
    assert verify(path, deep=True).code is Finding.SOUND
    assert read_kept_text(path, "c-1") is None
    assert read_kept_text(path, "c-2") == f"c-2 {TEXT}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE arguments SET value = x'6f' WHERE seq = 2",
        "DELETE FROM arguments WHERE seq = 2",
    ],
)
def test_another_text_in_its_place_is_found(tmp_path: Path, statement: str) -> None:
    path = written(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
        connection.execute(statement)
    assert verify(path, deep=True).code is Finding.TAMPERED
