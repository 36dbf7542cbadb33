"""One thread, a time-out a call, and a new thread when the keychain hangs."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any

import pytest

from keyturn.credentials.keychain_thread import MOST_STUCK, KeychainThread, NoAnswer

Play = Callable[[KeychainThread], Coroutine[Any, Any, None]]


class Hanging:
    """A call that returns only when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.told = threading.Event()
        self.thread: threading.Thread | None = None

    def __call__(self) -> str:
        self.thread = threading.current_thread()
        self.begun.set()
        assert self.told.wait(60)
        return "late"


@pytest.fixture
def hanging() -> Generator[Callable[[], Hanging]]:
    """Make calls that hang; at the end all are told to return and their threads are gone."""
    made: list[Hanging] = []

    def make() -> Hanging:
        made.append(Hanging())
        return made[-1]

    yield make
    for call in made:
        call.told.set()
    for call in made:
        if call.thread is not None:
            call.thread.join(10)
            assert not call.thread.is_alive()


def perform(play: Play, timeout_seconds: float = 0.1) -> None:
    async def run() -> None:
        thread = KeychainThread(timeout_seconds)
        try:
            async with asyncio.timeout(60):
                await play(thread)
        finally:
            thread.close()

    asyncio.run(run())


def test_calls_run_one_after_the_other_on_one_daemon_thread() -> None:
    async def play(thread: KeychainThread) -> None:
        threads = await asyncio.gather(*(thread.run(threading.current_thread) for _ in range(20)))
        assert len(set(threads)) == 1
        assert threads[0].daemon
        assert threads[0] is not threading.main_thread()

    perform(play, timeout_seconds=30)


def test_an_error_comes_back_to_its_caller_and_the_thread_goes_on() -> None:
    def fail() -> None:
        raise LookupError("made up")

    async def play(thread: KeychainThread) -> None:
        with pytest.raises(LookupError, match="made up"):
            await thread.run(fail)
        assert await thread.run(lambda: 7) == 7

    perform(play, timeout_seconds=30)


def test_a_hung_call_is_given_up_and_the_next_is_served(hanging: Callable[[], Hanging]) -> None:
    async def play(thread: KeychainThread) -> None:
        stuck = hanging()
        with pytest.raises(NoAnswer):
            await thread.run(stuck)
        # The watch that replaces the thread may run just after the caller has been told.
        await eventually(lambda: thread.run(lambda: 7))

    perform(play)


async def eventually(call: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Repeat a call until it is answered."""
    while True:
        with suppress(NoAnswer):
            await call()
            return


def test_a_call_that_waited_behind_a_hung_one_is_never_done(
    hanging: Callable[[], Hanging],
) -> None:
    async def play(thread: KeychainThread) -> None:
        done: list[str] = []
        stuck = hanging()
        outcomes = await asyncio.gather(
            thread.run(stuck), thread.run(lambda: done.append("no")), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [NoAnswer, NoAnswer]
        await eventually(lambda: thread.run(lambda: done.append("yes")))
        assert done == ["yes"]

    perform(play)


def test_a_caller_who_leaves_does_not_leave_the_thread_stuck(
    hanging: Callable[[], Hanging],
) -> None:
    async def play(thread: KeychainThread) -> None:
        stuck = hanging()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await thread.run(stuck)
        await eventually(lambda: thread.run(lambda: 7))

    perform(play)


def test_after_so_many_stuck_threads_calls_are_refused_until_one_returns(
    hanging: Callable[[], Hanging],
) -> None:
    async def play(thread: KeychainThread) -> None:
        stuck = [hanging() for _ in range(MOST_STUCK)]
        for call in stuck:
            await hang_next(thread, call)
        untouched = hanging()
        before = threading.active_count()
        for _ in range(5):
            with pytest.raises(NoAnswer):
                await thread.run(untouched)
        assert threading.active_count() <= before
        assert not untouched.begun.is_set()
        stuck[0].told.set()
        await eventually(lambda: thread.run(lambda: 7))

    perform(play, timeout_seconds=0.05)


async def hang_next(thread: KeychainThread, call: Hanging) -> None:
    """Repeat until the call has begun: before that it may be waiting for the new thread."""
    while not call.begun.is_set():
        with pytest.raises(NoAnswer):
            await thread.run(call)


def test_closed_it_ends_its_thread() -> None:
    found: list[threading.Thread] = []

    async def play(thread: KeychainThread) -> None:
        found.append(await thread.run(threading.current_thread))

    perform(play, timeout_seconds=30)
    found[0].join(10)
    assert not found[0].is_alive()
    with pytest.raises(NoAnswer):
        asyncio.run(closed().run(lambda: 7))


def closed() -> KeychainThread:
    thread = KeychainThread(30)
    thread.close()
    return thread
