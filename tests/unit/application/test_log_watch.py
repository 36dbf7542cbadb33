"""That nothing can be recorded is known to the person, and is tried again until it can be."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from keyturn.application.events import Observers, Topic
from keyturn.application.log_watch import RECORDED_AGAIN, RETRY_SECONDS, LogWatch
from keyturn.domain.errors import LogFault, LogUnavailable
from keyturn.domain.record import SINCE, RecordType
from tests.fakes.clock import FakeClock
from tests.fakes.decision_log import FakeDecisionLog

pytestmark = pytest.mark.requirement("E4")


def unavailable(fault: LogFault) -> LogUnavailable:
    """Return what a log raises."""
    failure = LogUnavailable("Not recorded.")
    failure.fault = fault
    return failure


class Watched:
    """A watch over a log in memory, and what observers heard."""

    def __init__(self) -> None:
        self.clock, self.log, observers = FakeClock(), FakeDecisionLog(), Observers()
        self.heard: list[Topic] = []
        observers.subscribe(self.heard.append)
        self.watch = LogWatch(self.clock, observers)
        self.watch.attach(self.log)

    def fail(self, fault: LogFault) -> None:
        """Let a record be lost, as the writer tells it."""
        self.log.failure = unavailable(fault)
        self.watch.failed(self.log.failure)

    async def wait(self) -> None:
        """Let the next try happen."""
        self.clock.advance(RETRY_SECONDS)
        for _ in range(4):
            await asyncio.sleep(0)


def play(story: Callable[[Watched], Awaitable[None]]) -> None:
    """Run a story and end the watch."""

    async def bounded() -> None:
        watched = Watched()
        async with asyncio.timeout(10):
            await story(watched)
            await watched.watch.close()

    asyncio.run(bounded())


def test_it_is_tried_until_a_record_says_how_long_there_was_none() -> None:
    async def story(watched: Watched) -> None:
        assert watched.watch.fault is None
        began = watched.clock.now_utc()
        watched.fail(LogFault.FULL)
        assert (watched.watch.fault, watched.watch.since) == (LogFault.FULL, began)
        assert watched.heard == [Topic.HEALTH]
        for _ in range(3):
            await watched.wait()
            assert (watched.watch.fault, watched.watch.since) == (LogFault.FULL, began)
        assert watched.heard == [Topic.HEALTH]
        watched.log.failure = None
        await watched.wait()
        assert (watched.watch.fault, watched.watch.since) == (None, "")
        assert watched.heard == [Topic.HEALTH, Topic.HEALTH]
        (entry,) = watched.log.of_type(RecordType.BROKER)
        assert entry.outcome == RECORDED_AGAIN
        assert entry.details == {SINCE: began, "fault": "full"}
        await watched.wait()
        assert len(watched.log.records) == 1

    play(story)


def test_many_lost_batches_are_one_try_and_another_fault_is_said() -> None:
    async def story(watched: Watched) -> None:
        for _ in range(50):
            watched.fail(LogFault.BUSY)
        watched.fail(LogFault.FULL)
        assert watched.heard == [Topic.HEALTH, Topic.HEALTH]
        assert watched.watch.fault is LogFault.FULL
        watched.log.failure = None
        await watched.wait()
        assert len(watched.log.records) == 1

    play(story)


def test_it_can_fail_again_and_after_the_end_nothing_is_tried() -> None:
    async def story(watched: Watched) -> None:
        watched.fail(LogFault.FULL)
        watched.log.failure = None
        await watched.wait()
        watched.fail(LogFault.READ_ONLY)
        assert watched.watch.fault is LogFault.READ_ONLY
        await watched.watch.close()
        watched.watch.failed(unavailable(LogFault.OTHER))
        watched.log.failure = None
        await watched.wait()
        assert len(watched.log.records) == 1

    play(story)
