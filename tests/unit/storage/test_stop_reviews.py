"""What is owed a look before resuming, and that nobody is told "nothing" when nobody knows."""

import asyncio
from pathlib import Path

import pytest

from keyturn.domain.decision import Outcome
from keyturn.domain.errors import DamagedDatabase, KeyturnError
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries import history
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.stop_reviews import SqliteStopReviews
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision

NOW = "2026-11-23T14:07:54.000Z"


def owed(folder: Path) -> frozenset[str]:
    """Write a call, then ask while the broker has the database open."""

    async def story() -> frozenset[str]:
        writer = open_writer(folder, FakeClock())
        sent = decision("c-1", outcome=Outcome.ALLOWED_ONCE, tier="T2")
        await SqliteDecisionLog(writer).commit(sent)
        try:
            return await SqliteStopReviews(folder / DATABASE_NAME).owed(NOW, NOW)
        finally:
            await writer.close()

    return asyncio.run(story())


def test_what_was_just_sent_is_owed(tmp_path: Path) -> None:
    assert owed(tmp_path) == {"c-1"}


@pytest.mark.requirement("LAW-3")
def test_what_is_not_read_in_time_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LIMIT_SECONDS", -1.0)
    monkeypatch.setattr(history, "_STEPS", 1)
    with pytest.raises(KeyturnError, match="in time"):
        owed(tmp_path)


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize("content", [None, b"no database" * 1000])
def test_an_unreadable_database_is_no_answer(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / DATABASE_NAME
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DamagedDatabase, match="stays stopped"):
        asyncio.run(SqliteStopReviews(path).owed(NOW, NOW))
