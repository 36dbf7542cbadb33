"""Retention takes the oldest and says so; anything else that is missing is still found."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import (
    PAUSED,
    PROVEN,
    RESUMED_CAREFULLY,
    RULES_USED,
    UNPAUSED,
    Durability,
    Entry,
    RecordType,
)
from keyturn.storage import retention
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.listing import last_stop, rules_suspended
from keyturn.storage.pauses import standing_pauses
from keyturn.storage.queries import HistoryQuery, Pruned
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.retention import Keep, prune, prune_daily
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
        (Keep(), 401.0, 200),
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


def test_a_clock_that_was_wrong_for_a_while_takes_nothing_with_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        await log.commit(decision("c-1"))
        clock.wall_shift_seconds = -2_000 * _DAY
        await log.commit(decision("c-2"))
        clock.wall_shift_seconds = 0.0
        await log.commit(decision("c-3"))
        assert await prune(writer, log, clock, Keep()) == 0
        await writer.close()

    asyncio.run(scenario())


def test_a_decision_waits_for_a_step_and_not_for_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_STEP_BYTES", 10_000)
    gone: list[int] = []

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        for n in range(60):
            await log.commit(decision(f"c-{n}", arguments={"page": "x" * 3000}))
        pruning = TaskOwner().start(prune(writer, log, clock, Keep(records=1)), "prune")
        committed = 0
        while not pruning.done():
            await log.commit(decision(f"d-{committed}"))
            committed += 1
        gone.append(pruning.result())
        # At three records a step there were twenty of them, each with its own turn.
        assert committed >= 20
        await writer.close()

    asyncio.run(scenario())
    found = verify(tmp_path / DATABASE_NAME, deep=True)
    assert (found.code, found.pruned) == (Finding.SOUND, sum(gone)), found.sentence


@pytest.mark.requirement("H5")
def test_the_history_is_read_all_along_and_no_step_is_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the window reads waits for no step, and the WAL never holds more than some of them."""
    monkeypatch.setattr(retention, "_STEP_BYTES", 30_000)
    path = tmp_path / DATABASE_NAME
    wal = path.with_name(path.name + "-wal")
    largest: list[int] = []

    async def scenario() -> int:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        for n in range(400):
            log.note(decision(f"c-{n}", arguments={"page": "x" * 3000}))
        await log.commit(decision("c-last"))
        with closing(HistoryQuery(path)) as history:
            pruning = TaskOwner().start(prune(writer, log, clock, Keep(records=50)), "prune")
            while not pruning.done():
                page = await asyncio.to_thread(history.page)
                assert page.complete
                assert page.items[0].call == "c-last"
                largest.append(wal.stat().st_size)
                # The window does not read without a pause either: a step finds none who reads.
                for _ in range(3):
                    await writer.run(lambda _: None, changes=False)
            gone = pruning.result()
        await writer.close()
        return gone

    gone = asyncio.run(scenario())
    assert gone >= 350
    # How often it was read meanwhile is the machine's affair.
    assert len(largest) > 2
    # The filling made it what it is; each step is copied out at once, and leaves its room again.
    assert max(largest) - largest[0] < 350 * 3000
    found = verify(path, deep=True)
    assert (found.code, found.pruned) == (Finding.SOUND, gone), found.sentence


def test_it_runs_at_the_start_and_every_day_and_survives_a_full_disk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pruned = asyncio.Event()

    class Refusing(SqliteDecisionLog):
        refusals: ClassVar[list[LogUnavailable]] = [LogUnavailable("The disk is full.")]

        async def commit(self, entry: Entry, durability: Durability = Durability.FULL) -> int:
            if self.refusals:
                raise self.refusals.pop()
            pruned.set()
            return await super().commit(entry, durability)

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        for n in range(30):
            await log.commit(decision(f"c-{n}"))
        owner = TaskOwner()
        daily = prune_daily(writer, Refusing(writer), clock, Keep(records=10), seconds=0.01)
        owner.start(daily, "retention")
        async with asyncio.timeout(10):
            await pruned.wait()
        await owner.close()
        await writer.close()

    asyncio.run(scenario())
    assert "retention was put off" in caplog.text
    assert verify(tmp_path / DATABASE_NAME).code is Finding.SOUND


@pytest.mark.requirement("FLOOD", "LAW-4")
def test_a_pause_is_not_pruned_away_by_who_is_paused(tmp_path: Path) -> None:
    """By as many refused calls as it takes; one that a person ended does not come back."""

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        for agent, proven in (("analyst", True), ("anybody", False), ("coder", True)):
            await log.commit(pause(agent, PAUSED, proven=proven))
        await log.commit(pause("coder", UNPAUSED, proven=True))
        since = clock.now_utc()
        for after in range(2):
            clock.advance(60)
            for n in range(60):
                await log.commit(decision(f"c-{after}-{n}", outcome=Outcome.REFUSED_PAUSED))
            assert await prune(writer, log, clock, Keep(records=20))
            assert standing_pauses(database) == {"analyst": since, "": since}
        await log.commit(pause("analyst", UNPAUSED, proven=True))
        assert standing_pauses(database) == {"": since}
        await writer.close()

    database = tmp_path / DATABASE_NAME
    assert standing_pauses(database) == {}
    asyncio.run(scenario())
    found = verify(database, deep=True)
    assert found.code is Finding.SOUND, found.sentence


@pytest.mark.requirement("K3")
def test_a_stop_is_not_pruned_away_by_who_is_stopped(tmp_path: Path) -> None:
    """Nor is the suspension of rules after it, by as many refused calls as it takes."""

    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)

        async def told(kind: RecordType, outcome: str, **details: str) -> None:
            facts: JsonObject = dict(details)
            await log.commit(Entry(type=kind, outcome=outcome, actor=Actor.HUMAN, details=facts))

        async def flood() -> None:
            for _ in range(2):
                clock.advance(60)
                for n in range(60):
                    at = f"c-{clock.monotonic_ns()}-{n}"
                    await log.commit(decision(at, outcome=Outcome.REFUSED_PAUSED))
                assert await prune(writer, log, clock, Keep(records=20))

        since = clock.now_utc()
        await told(RecordType.STOP, "engaged", trigger="window", reason="strange")
        await flood()
        assert last_stop(database) == {"since": since, "trigger": "window", "reason": "strange"}
        await told(RecordType.RESUME, RESUMED_CAREFULLY)
        assert last_stop(database) is None
        await flood()
        assert rules_suspended(database)
        await told(RecordType.RULE, RULES_USED)
        await flood()
        assert not rules_suspended(database)
        assert last_stop(database) is None
        await writer.close()

    database = tmp_path / DATABASE_NAME
    asyncio.run(scenario())
    found = verify(database, deep=True)
    assert found.code is Finding.SOUND, found.sentence


def pause(agent: str, outcome: str, *, proven: bool) -> Entry:
    """Make the record of a person who paused an agent, or let it go on."""
    details: JsonObject = {PROVEN: proven}
    return Entry(
        type=RecordType.AGENT, agent=agent, outcome=outcome, actor=Actor.HUMAN, details=details
    )
