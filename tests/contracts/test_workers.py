"""What the port for large payloads promises, asked of the fake and of real processes."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest

from keyturn.application.edit_told import edit_told
from keyturn.application.ports.payloads import (
    EditTelling,
    EditTold,
    NotInspected,
    Parts,
    Workers,
)
from keyturn.bootstrap.inspecting import PooledEdits, do_job
from keyturn.bootstrap.reading_commands import PooledCommands
from keyturn.desktop.worker_pool import Times, WorkerPool
from keyturn.domain.command_shapes import shapes_of
from tests.fakes.workers import FakeWorkers

JOB = msgspec.json.encode({"type": "server"})
Opening = Callable[[], AbstractAsyncContextManager[Workers]]
TELLING = EditTelling(alone=False, state=False, of_tool=True)
WORKER = (sys.executable, "-I", "-m", "keyturn", "_worker")


def frame(number: int, size: int = 100_000) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"result":{"a":"%b"}}' % (number, b"x" * size)


@asynccontextmanager
async def fake() -> AsyncGenerator[Workers]:
    yield FakeWorkers(do_job)


@asynccontextmanager
async def pool() -> AsyncGenerator[Workers]:
    made = WorkerPool(WORKER, os.environ, Times(answer=30.0, start=30.0))
    try:
        yield made
    finally:
        await made.close()


def first(parts: Parts) -> bytes:
    return parts[0]


def refuse(parts: Parts) -> bytes:
    raise ValueError("a test cannot read it")


@pytest.mark.parametrize("workers", [fake, pool])
class TestWorkers:
    """A job is done, or the payload counts as not inspected."""

    def test_a_job_is_done(self, workers: Opening) -> None:
        async def story(some: Workers) -> None:
            told = await some.ask(JOB, frame(7), first, "analyst")
            assert told == do_job(JOB, frame(7))[0]

        _tell(workers, story)

    def test_many_are_done_at_once(self, workers: Opening) -> None:
        async def story(some: Workers) -> None:
            told = await asyncio.gather(
                *(some.ask(JOB, frame(n), first, "analyst") for n in range(9))
            )
            assert told == [do_job(JOB, frame(n))[0] for n in range(9)]

        _tell(workers, story)

    def test_what_cannot_be_read_is_not_inspected_and_the_next_job_is_done(
        self, workers: Opening
    ) -> None:
        async def story(some: Workers) -> None:
            assert isinstance(await some.ask(JOB, frame(1), refuse, "analyst"), NotInspected)
            assert await some.ask(JOB, frame(2), first, "analyst") == do_job(JOB, frame(2))[0]

        _tell(workers, story)

    def test_commands_are_understood_or_said_not_to_be(self, workers: Opening) -> None:
        async def story(some: Workers) -> None:
            reader = PooledCommands(some)
            shapes = shapes_of({"sql": "drop table t", "command": "ls", "text": "rm -r x"})
            drops, lists = await reader.read(shapes, "analyst")
            assert drops.destroys and drops.understood
            assert lists.understood and not lists.changes

        _tell(workers, story)

    def test_an_edit_is_told_of_as_it_is_here_and_who_cannot_is_not_dead(
        self, workers: Opening
    ) -> None:
        async def story(some: Workers) -> None:
            edits = PooledEdits(some)
            line = b'{"id":1,"result":{"content":[],"taskId":"t","a":"%b"}}\n' % (b"x" * 100_000)
            told = await edits.tell(memoryview(line), TELLING, "analyst")
            assert told == edit_told(line, TELLING)
            assert isinstance(told, EditTold)
            assert told.tasks == ("t",)
            wrong = await edits.tell(b'{"id":1,"result":[]}', TELLING, "analyst")
            assert wrong == edit_told(b'{"id":1,"result":[]}', TELLING)
            assert isinstance(wrong, NotInspected)
            assert await edits.tell(line, TELLING, "analyst") == told

        _tell(workers, story)


def test_what_no_worker_read_is_not_understood() -> None:
    async def story() -> None:
        reader = PooledCommands(FakeWorkers(do_job, failing=1))
        (command,) = await reader.read(shapes_of({"sql": "select 1"}), "analyst")
        assert not command.understood and command.changes

    asyncio.run(story())


def _tell(
    workers: Opening,
    story: Callable[[Workers], Awaitable[None]],
) -> None:
    async def run() -> None:
        async with asyncio.timeout(30), workers() as some:
            await story(some)

    asyncio.run(run())
