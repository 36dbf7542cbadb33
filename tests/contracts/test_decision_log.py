"""What every decision log keeps, the real one and the fake."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from keyturn.application.ports.decision_log import DecisionLog
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from tests.fakes.clock import FakeClock
from tests.fakes.decision_log import FakeDecisionLog
from tests.unit.storage.log_entries import decision, delivery, event


@dataclass(frozen=True, slots=True)
class Subject:
    """A log, with the handles that a test of any log needs."""

    log: DecisionLog
    fill_disk: Callable[[], Awaitable[None]]
    free_disk: Callable[[], Awaitable[None]]
    calls: Callable[[], Awaitable[list[str]]]
    """Calls of the records that are there, in order, notes included."""


@asynccontextmanager
async def fake_log(_: Path) -> AsyncGenerator[Subject]:
    """Yield the fake."""
    log = FakeDecisionLog()

    async def fill() -> None:
        log.failure = LogUnavailable("No.", mend="Free some disk space.")

    async def free() -> None:
        log.failure = None

    async def calls() -> list[str]:
        return [record.entry.call for record in log.records]

    yield Subject(log, fill, free, calls)


@asynccontextmanager
async def sqlite_log(folder: Path) -> AsyncGenerator[Subject]:
    """Yield the real one, on a real file."""
    writer = open_writer(folder / "profile", FakeClock())

    def limit(pages: int) -> Callable[[], Awaitable[None]]:
        async def set_limit() -> None:
            def job(connection: sqlite3.Connection) -> None:
                connection.execute(f"PRAGMA max_page_count = {pages}")

            await writer.run(job, changes=False)

        return set_limit

    async def calls() -> list[str]:
        def job(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT json_extract(CAST(body AS TEXT), '$.call') FROM records ORDER BY seq"
            )
            return [str(row[0]) for row in rows]

        return await writer.run(job, changes=False)

    try:
        yield Subject(SqliteDecisionLog(writer), limit(1), limit(1_000_000), calls)
    finally:
        await writer.close()


Opened: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Subject]]
LOGS = pytest.mark.parametrize("opened", [fake_log, sqlite_log])


@LOGS
def test_numbers_count_from_one(opened: Opened, tmp_path: Path) -> None:
    async def scenario(subject: Subject) -> None:
        assert await subject.log.commit(decision("c-1")) == 1
        assert await subject.log.commit(event(), Durability.FULL) == 2
        assert await subject.log.commit(decision("c-2"), Durability.WRITTEN) == 3

    run(opened, tmp_path, scenario)


@LOGS
def test_order_is_the_order_of_handing_in(opened: Opened, tmp_path: Path) -> None:
    async def scenario(subject: Subject) -> None:
        numbers = await asyncio.gather(
            *(subject.log.commit(decision(f"c-{n}")) for n in range(100))
        )
        assert numbers == list(range(1, 101))
        assert await subject.calls() == [f"c-{n}" for n in range(100)]

    run(opened, tmp_path, scenario)


@LOGS
def test_many_at_once_are_all_there_and_in_order(opened: Opened, tmp_path: Path) -> None:
    async def scenario(subject: Subject) -> None:
        await subject.log.commit_all([])
        await subject.log.commit_all([decision(f"c-{n}") for n in range(1200)])
        assert await subject.log.commit(decision("c-last")) == 1201
        assert await subject.calls() == [*(f"c-{n}" for n in range(1200)), "c-last"]

    run(opened, tmp_path, scenario)


@LOGS
def test_many_at_once_of_which_one_cannot_be_committed_are_refused(
    opened: Opened, tmp_path: Path
) -> None:
    async def scenario(subject: Subject) -> None:
        await subject.log.commit(decision("c-1"))
        await subject.fill_disk()
        large: JsonObject = {"blob": "x" * 100_000}
        with pytest.raises(LogUnavailable):
            await subject.log.commit_all([decision("c-2"), decision("c-3", arguments=large)])
        with pytest.raises(ValueError, match="names no call"):
            await subject.log.commit_all([event(), Entry(type=RecordType.DECISION)])
        await subject.free_disk()
        assert await subject.log.commit(decision("c-4")) == 2
        assert await subject.calls() == ["c-1", "c-4"]

    run(opened, tmp_path, scenario)


@LOGS
def test_a_note_comes_before_the_next_commit(opened: Opened, tmp_path: Path) -> None:
    async def scenario(subject: Subject) -> None:
        await subject.log.commit(decision("c-1"))
        subject.log.note(delivery("c-1"))
        assert await subject.log.commit(decision("c-2")) == 3
        assert await subject.calls() == ["c-1", "c-1", "c-2"]

    run(opened, tmp_path, scenario)


@LOGS
@pytest.mark.parametrize("kind", [RecordType.DECISION, RecordType.DELIVERY])
def test_a_decision_or_delivery_names_its_call(
    opened: Opened, tmp_path: Path, kind: RecordType
) -> None:
    async def scenario(subject: Subject) -> None:
        with pytest.raises(ValueError, match="names no call"):
            await subject.log.commit(Entry(type=kind))
        with pytest.raises(ValueError, match="names no call"):
            subject.log.note(Entry(type=kind))
        assert await subject.calls() == []

    run(opened, tmp_path, scenario)


@LOGS
def test_what_cannot_be_committed_is_refused_and_leaves_nothing(
    opened: Opened, tmp_path: Path
) -> None:
    async def scenario(subject: Subject) -> None:
        await subject.log.commit(decision("c-1"))
        await subject.fill_disk()
        large: JsonObject = {"blob": "x" * 100_000}
        with pytest.raises(LogUnavailable) as caught:
            await subject.log.commit(decision("c-2", arguments=large))
        assert "disk space" in caught.value.mend
        await subject.free_disk()
        assert await subject.log.commit(decision("c-3")) == 2
        assert await subject.calls() == ["c-1", "c-3"]

    run(opened, tmp_path, scenario)


def run(
    opened: Opened,
    folder: Path,
    scenario: Callable[[Subject], Awaitable[None]],
) -> None:
    """Run a scenario against one kind of log, within ten seconds."""

    async def bounded() -> None:
        async with asyncio.timeout(10), opened(folder) as subject:
            await scenario(subject)

    asyncio.run(bounded())
