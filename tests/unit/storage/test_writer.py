"""Group commit, the two levels of durability, failure and recovery."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from keyturn.application.events import Observers, Topic
from keyturn.application.log_watch import RETRY_SECONDS, LogWatch
from keyturn.application.ports.milestones import Milestone
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import DamagedDatabase, LogFault, LogUnavailable
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME, connect_read_only
from keyturn.storage.verification import Finding, verify
from keyturn.storage.writer import Writer
from tests.fakes.clock import FakeClock
from tests.fakes.milestones import FakeMilestones
from tests.unit.storage.log_entries import decision, delivery, event

FULL, NORMAL = 2, 1


class Watch:
    """Reads the connection's own synchronous level inside each transaction."""

    def __init__(self) -> None:
        self.milestones = FakeMilestones()
        self.milestones.on(Milestone.INSERTED, self._look)
        self.levels: list[int] = []
        self.connection: sqlite3.Connection | None = None

    def _look(self) -> None:
        assert self.connection is not None
        assert self.connection.in_transaction
        self.levels.append(self.connection.execute("PRAGMA synchronous").fetchone()[0])

    @property
    def commits(self) -> int:
        """Count the transactions."""
        return self.milestones.seen.count(Milestone.COMMITTED)


def run(
    folder: Path,
    scenario: Callable[[Writer, Watch], Awaitable[None]],
    *,
    on_failure: Callable[[LogUnavailable], None] | None = None,
) -> None:
    """Run a scenario on a real file within ten seconds; the log holds afterwards."""

    async def bounded() -> None:
        watch = Watch()
        writer = open_writer(
            folder, FakeClock(), milestones=watch.milestones, on_failure=on_failure
        )

        def hand_over(connection: sqlite3.Connection) -> None:
            watch.connection = connection

        async with asyncio.timeout(10):
            await writer.run(hand_over, changes=False)
            try:
                await scenario(writer, watch)
            finally:
                await writer.close()

    asyncio.run(bounded())
    found = verify(folder / DATABASE_NAME, deep=True)
    assert found.code is Finding.SOUND, found.sentence


def test_64_at_once_share_few_transactions(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        numbers = await asyncio.gather(*(log.commit(decision(f"c-{n}")) for n in range(64)))
        assert numbers == list(range(1, 65))
        assert watch.commits <= 4

    run(tmp_path, scenario)


def test_those_of_one_turn_share_a_transaction_after_lone_ones_too(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        await log.commit(decision("c-lone"), Durability.WRITTEN)
        before = watch.commits
        await asyncio.gather(*(log.commit(decision(f"c-{n}")) for n in range(8)))
        assert watch.commits == before + 1
        reads = (log.commit(decision(f"r-{n}"), Durability.WRITTEN) for n in range(8))
        await asyncio.gather(*reads)
        assert watch.commits == before + 2

    run(tmp_path, scenario)


def test_only_a_batch_of_confirmed_reads_is_written_without_fsync(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        await log.commit(decision("c-1"), Durability.WRITTEN)
        await log.commit(decision("c-2"), Durability.FULL)
        await log.commit(decision("c-3"), Durability.WRITTEN)
        assert watch.levels == [NORMAL, FULL, NORMAL]
        assert await level_at_rest(writer) == FULL

    run(tmp_path, scenario)


def test_one_full_record_makes_its_whole_batch_full(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        writer.note(delivery("c-0"), Durability.WRITTEN)
        writer.note(event(), Durability.FULL)
        await log.commit(decision("c-1"), Durability.WRITTEN)
        assert watch.levels == [FULL]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        (delivery("c-1"), NORMAL),
        (event(RecordType.STOP), FULL),
    ],
)
def test_notes_have_the_durability_of_their_kind(tmp_path: Path, entry: Entry, level: int) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        log.note(entry)
        await log.commit(decision("c-2"), Durability.WRITTEN)
        assert watch.levels == [level]

    run(tmp_path, scenario)


def test_a_note_goes_alone_when_nothing_else_comes(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        committed = asyncio.Event()
        loop = asyncio.get_running_loop()
        watch.milestones.on(
            Milestone.COMMITTED, lambda: loop.call_soon_threadsafe(committed.set) and None
        )
        SqliteDecisionLog(writer).note(event())
        await asyncio.wait_for(committed.wait(), 2)

    run(tmp_path, scenario)


def test_milestones_are_reached_in_order_for_each_batch(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        await SqliteDecisionLog(writer).commit(decision("c-1"))
        assert watch.milestones.seen == [Milestone.INSERTED, Milestone.COMMITTED]

    run(tmp_path, scenario)


def test_an_entry_without_canonical_form_fails_alone(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        odd = Entry(type=RecordType.STOP, details={"rate": float("nan")})
        results = await asyncio.gather(
            log.commit(decision("c-1")),
            log.commit(odd),
            log.commit(decision("c-2")),
            return_exceptions=True,
        )
        assert [results[0], results[2]] == [1, 2]
        assert isinstance(results[1], LogUnavailable)

    run(tmp_path, scenario)


@pytest.mark.requirement("I-10")
def test_a_full_disk_refuses_every_waiter_and_space_mends_it(tmp_path: Path) -> None:
    heard: list[LogUnavailable] = []

    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        large: JsonObject = {"blob": "x" * 50_000}
        await log.commit(decision("c-0"))
        await limit_pages(writer, 1)
        refused = await asyncio.gather(
            *(log.commit(decision(f"c-{n}", arguments=large)) for n in range(1, 9)),
            return_exceptions=True,
        )
        assert all(isinstance(result, LogUnavailable) for result in refused)
        assert heard
        assert "disk space" in heard[0].mend
        assert await level_at_rest(writer) == FULL
        await limit_pages(writer, 1_000_000)
        assert await log.commit(decision("c-9", arguments=large)) == 2

    run(tmp_path, scenario, on_failure=heard.append)


def test_a_full_disk_under_a_confirmed_read_leaves_full_set(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        await limit_pages(writer, 1)
        with pytest.raises(LogUnavailable):
            await log.commit(decision("c-1", arguments={"blob": "x" * 50_000}), Durability.WRITTEN)
        assert await level_at_rest(writer) == FULL
        await limit_pages(writer, 1_000_000)

    run(tmp_path, scenario)


@pytest.mark.requirement("I-10")
def test_a_locked_database_refuses(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LogUnavailable) as caught:
                await log.commit(decision("c-1"))
            assert "other program" in caught.value.mend
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert await log.commit(decision("c-2")) == 1

    run(tmp_path, scenario)


@pytest.mark.requirement("I-10")
def test_a_database_that_cannot_be_written_refuses_until_it_can(tmp_path: Path) -> None:
    heard: list[LogUnavailable] = []

    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        await query_only(writer, on=True)
        for durability in Durability:
            with pytest.raises(LogUnavailable) as caught:
                await log.commit(decision("c-1"), durability)
            assert caught.value.fault is LogFault.READ_ONLY
            assert "writable" in caught.value.mend
        assert [failure.fault for failure in heard] == [LogFault.READ_ONLY] * 2
        await query_only(writer, on=False)
        assert await log.commit(decision("c-2")) == 1

    run(tmp_path, scenario, on_failure=heard.append)


@pytest.mark.requirement("I-10")
def test_a_disk_that_errs_refuses_and_nothing_of_it_stays(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log, broken = SqliteDecisionLog(writer), True

        def err() -> None:
            if broken:
                raise sqlite3.OperationalError("disk I/O error")

        watch.milestones.on(Milestone.INSERTED, err)
        with pytest.raises(LogUnavailable) as caught:
            await log.commit(decision("c-1"))
        assert caught.value.fault is LogFault.OTHER
        broken = False
        assert await log.commit(decision("c-2")) == 1

    run(tmp_path, scenario)


@pytest.mark.requirement("E1", "E4")
@pytest.mark.parametrize("fault", [LogFault.FULL, LogFault.BUSY, LogFault.READ_ONLY])
def test_the_watch_knows_of_it_and_of_its_end(tmp_path: Path, fault: LogFault) -> None:
    clock = FakeClock()
    observers, changed = Observers(), asyncio.Semaphore(0)
    log_watch = LogWatch(clock, observers)

    def on_topic(_topic: Topic) -> None:
        changed.release()

    observers.subscribe(on_topic)
    other = sqlite3.connect(":memory:", isolation_level=None)

    async def scenario(writer: Writer, watch: Watch) -> None:
        nonlocal other
        log = SqliteDecisionLog(writer)
        log_watch.attach(log)
        other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
        match fault:
            case LogFault.FULL:
                await limit_pages(writer, 1)
            case LogFault.BUSY:
                other.execute("BEGIN IMMEDIATE")
            case _:
                await query_only(writer, on=True)
        large: JsonObject = {"blob": "x" * 50_000}
        with pytest.raises(LogUnavailable):
            await log.commit(decision("c-1", arguments=large))
        await changed.acquire()
        match fault:
            case LogFault.FULL:
                await limit_pages(writer, 1_000_000)
            case LogFault.BUSY:
                other.execute("ROLLBACK")
            case _:
                await query_only(writer, on=False)
        assert log_watch.fault is fault
        clock.advance(RETRY_SECONDS)
        await changed.acquire()
        assert log_watch.fault is None
        await log_watch.close()

    try:
        run(tmp_path, scenario, on_failure=log_watch.failed)
    finally:
        other.close()


def test_a_waiter_that_gave_up_does_not_disturb_the_others(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        given_up = writer.record(decision("c-1"), Durability.FULL)
        given_up.cancel()
        assert await log.commit(decision("c-2")) == 2

    run(tmp_path, scenario)


def test_a_job_that_fails_changes_nothing(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        def half(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO settings VALUES ('a', '1')")
            raise DamagedDatabase("No.")

        def wrong(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO settings VALUES ('a', '1')")
            connection.execute("INSERT INTO nowhere VALUES (1)")

        with pytest.raises(DamagedDatabase):
            await writer.run(half, changes=True)
        with pytest.raises(LogUnavailable):
            await writer.run(wrong, changes=True)
        assert await SqliteDecisionLog(writer).commit(decision("c-1")) == 1

        def count(connection: sqlite3.Connection) -> int:
            return int(connection.execute("SELECT count(*) FROM settings").fetchone()[0])

        assert await writer.run(count, changes=False) == 0

    run(tmp_path, scenario)


def test_nothing_is_taken_after_closing(tmp_path: Path) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        log.note(event())
        await writer.close()
        await writer.close()
        with pytest.raises(LogUnavailable):
            await log.commit(decision("c-1"))
        log.note(event())

    run(tmp_path, scenario)
    connection = connect_read_only(tmp_path / DATABASE_NAME)
    assert connection.execute("SELECT count(*) FROM records").fetchone() == (1,)
    assert connection.execute("SELECT size FROM checkpoints").fetchall() == [(1,)]
    connection.close()


def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    for start in (0, 100, 200):

        async def scenario(writer: Writer, watch: Watch, start: int = start) -> None:
            log = SqliteDecisionLog(writer)
            for n in range(start, start + 100):
                assert await log.commit(decision(f"c-{n}"), Durability.WRITTEN) == n + 1

        run(tmp_path, scenario)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE records SET body = CAST(body || X'20' AS BLOB) WHERE seq = 70",
        "UPDATE records SET chain = zeroblob(32) WHERE seq = 70",
        "DELETE FROM records WHERE seq = 69",
        "DELETE FROM records",
        "DELETE FROM records WHERE seq = 66",
        "UPDATE checkpoints SET peaks = X'00' WHERE size = 70",
        "UPDATE checkpoints SET root = zeroblob(32) WHERE size = 70",
        "DELETE FROM profile",
    ],
)
def test_a_broken_end_of_the_chain_is_not_built_upon(tmp_path: Path, damage: str) -> None:
    async def scenario(writer: Writer, watch: Watch) -> None:
        log = SqliteDecisionLog(writer)
        await asyncio.gather(*(log.commit(decision(f"c-{n}")) for n in range(70)))

    run(tmp_path, scenario)
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    if "66" in damage:
        connection.execute("DELETE FROM checkpoints WHERE size = 70")
    connection.execute(damage)
    connection.commit()
    connection.close()

    async def opening() -> None:
        with pytest.raises(DamagedDatabase) as caught:
            open_writer(tmp_path, FakeClock())
        assert caught.value.mend

    asyncio.run(opening())


async def query_only(writer: Writer, *, on: bool) -> None:
    """Let SQLite refuse every write, as on a disk that became read-only, or take them again."""

    def job(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA query_only = {int(on)}")

    await writer.run(job, changes=False)


async def limit_pages(writer: Writer, pages: int) -> None:
    """Let the database have that many pages; 1 means as many as it has."""

    def job(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await writer.run(job, changes=False)


async def level_at_rest(writer: Writer) -> int:
    """Read the level between transactions."""

    def job(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA synchronous").fetchone()[0])

    return await writer.run(job, changes=False)
