"""Retention takes the oldest and says so; anything else that is missing is still found."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries import HistoryQuery, Pruned
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.retention import Keep, prune
from keyturn.storage.verification import Finding, verify
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery, event

_DAY = 86_400.0


def write_and_prune(folder: Path, keep: Keep, *, calls: int = 100, days: float = 0.0) -> int:
    """Write calls, let days pass, write one more, prune; return how many went."""

    async def scenario() -> int:
        clock = FakeClock()
        writer = open_writer(folder, clock)
        log = SqliteDecisionLog(writer)
        for n in range(calls):
            await log.commit(decision(f"c-{n}", arguments={"page": "x" * 3000}))
            log.note(delivery(f"c-{n}"))
        clock.advance(days * _DAY)
        await log.commit(event())
        gone = await prune(writer, log, clock, keep)
        await log.commit(decision("c-last"))
        await writer.close()
        return gone

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("keep", "days", "expected"),
    [
        (Keep(), 0.0, 0),
        (Keep(), 399.0, 0),
        (Keep(), 401.0, 199),
        (Keep(records=51), 0.0, 150),
        (Keep(used_bytes=100_000), 0.0, 21),
    ],
)
def test_the_first_limit_that_is_reached_counts(
    tmp_path: Path, keep: Keep, days: float, expected: int
) -> None:
    assert write_and_prune(tmp_path, keep, days=days) == expected
    found = verify(tmp_path / DATABASE_NAME, deep=True)
    assert (found.code, found.pruned) == (Finding.SOUND, expected), found.sentence


def test_what_was_pruned_is_gone_and_the_file_is_smaller(tmp_path: Path) -> None:
    write_and_prune(tmp_path / "all", Keep())
    write_and_prune(tmp_path / "few", Keep(records=20))
    sizes = [(tmp_path / name / DATABASE_NAME).stat().st_size for name in ("all", "few")]
    assert sizes[1] < sizes[0] / 2
    with closing(HistoryQuery(tmp_path / "few" / DATABASE_NAME)) as history:
        assert history.detail("c-0") == Pruned()
        assert len(history.page().items) < 12
        assert history.size().records == 22


def test_deleting_more_than_retention_took_is_found(tmp_path: Path) -> None:
    write_and_prune(tmp_path, Keep(records=51))
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        connection.execute("UPDATE records SET body = NULL WHERE seq = 151")
        connection.commit()
    found = verify(tmp_path / DATABASE_NAME)
    assert (found.code, found.first_bad) == (Finding.TAMPERED, 151)


def test_the_log_goes_on_and_is_pruned_again(tmp_path: Path) -> None:
    write_and_prune(tmp_path, Keep(records=51))

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        assert await prune(writer, log, clock, Keep(records=10)) > 0
        await writer.close()

    asyncio.run(scenario())
    found = verify(tmp_path / DATABASE_NAME, deep=True)
    assert found.code is Finding.SOUND, found.sentence
    assert found.pruned > 150
