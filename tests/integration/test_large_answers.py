"""Large answers through a real link, a real server and real workers."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from keyturn.bootstrap.inspecting import do_job
from keyturn.broker.refusals import ANSWER_WITHHELD
from keyturn.desktop.worker_pool import Times, WorkerPool
from keyturn.domain.decision import Delivery
from keyturn.domain.record import RecordType
from tests.fakes.workers import BROKEN, FakeWorkers
from tests.integration.link_rig import World, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import connected, deliveries, text_of

WORKER = (sys.executable, "-I", "-m", "keyturn", "_worker")
PATIENT = Times(answer=30.0, start=30.0)
"""What is late on a busy machine is not what is tested here."""
EIGHT_MEGABYTES = 8_000_000


def tell_with_pool(
    folder: Path, story: Callable[[World, WorkerPool], Coroutine[Any, Any, None]]
) -> None:
    """Tell a story in a world that has real workers."""

    async def told(world: World) -> None:
        pool = WorkerPool(WORKER, os.environ, PATIENT)
        world.use(pool)
        try:
            await story(world, pool)
        finally:
            await world.close()
            await pool.close()

    tell(folder, told)


@pytest.mark.requirement("POOL-LARGE")
def test_a_large_answer_is_inspected_elsewhere_and_passes_byte_for_byte(tmp_path: Path) -> None:
    async def story(world: World, pool: WorkerPool) -> None:
        wire = await connected(world)
        assert pool.pids == ()
        answer = await wire.call(1, "big", str(EIGHT_MEGABYTES))
        assert len(pool.pids) == 2
        assert text_of(answer) == "x" * EIGHT_MEGABYTES
        assert deliveries(world) == [Delivery.COMPLETED.value]
        (entry,) = world.log.of_type(RecordType.DELIVERY)
        assert entry.details["bytes"] == EIGHT_MEGABYTES + len(
            '{"content":[{"type":"text","text":""}]}'
        )

    tell_with_pool(tmp_path, story)


def test_what_a_large_answer_said_is_traced_into_the_next_call(tmp_path: Path) -> None:
    async def story(world: World, pool: WorkerPool) -> None:
        wire = await connected(world)
        said = "R. Talbot, 14 Quarry Road\n" + "filler\n" * 20_000
        await wire.call(1, "echo", said)
        session = wire.link.connection.session
        (origin,) = session.trace({"to": "14 Quarry Road"}).origins
        assert (origin.line, origin.tool) == (1, "echo")
        assert len(pool.pids) == 2

    tell_with_pool(tmp_path, story)


def test_a_result_beyond_the_limit_is_cut_elsewhere(tmp_path: Path) -> None:
    async def story(world: World, pool: WorkerPool) -> None:
        wire = await connected(world)
        text = text_of(await wire.call(1, "big", str(12 << 20)))
        assert "[Keyturn cut this result" in text[-100:]
        assert len(text) < 8 << 20

    tell_with_pool(tmp_path, story)


@pytest.mark.requirement("POOL-DEAD")
def test_a_worker_killed_in_the_middle_withholds_the_answer_and_the_next_call_works(
    tmp_path: Path,
) -> None:
    async def story(world: World, pool: WorkerPool) -> None:
        wire = await connected(world)
        await wire.call(1, "big", "100000")
        for pid in pool.pids:
            # It has the payload in its pipe and never gets on with it.
            os.kill(pid, signal.SIGSTOP)
        stopped = pool.pids
        wire.say(request(2, "tools/call", {"name": "big", "arguments": {"text": "9000000"}}))
        await until(lambda: pool.busy > 0)
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)
        answer = await wire.client.answer_to(2)
        assert answer["result"]["isError"] is True
        assert "xxx" not in text_of(answer)
        assert deliveries(world)[1] == Delivery.RESULT_WITHHELD.value
        assert len(text_of(await wire.call(3, "big", "100000"))) == 100_000
        assert not set(stopped) & set(pool.pids)

    tell_with_pool(tmp_path, story)


@pytest.mark.requirement("POOL-DEAD")
def test_a_passed_answer_that_nobody_looked_at_elsewhere_is_not_passed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        workers = FakeWorkers(do_job)
        world.use(workers)
        wire = await connected(world)
        workers.failing = 5
        answer = await wire.ask(1, "x/echo", {"text": "x" * 100_000})
        assert answer["error"]["message"] == ANSWER_WITHHELD
        assert len(workers.jobs) == 5
        answer = await wire.ask(2, "x/echo", {"text": "x" * 100_000})
        assert len(answer["result"]["text"]) == 100_000

    tell(tmp_path, story)


@pytest.mark.requirement("POOL-DEAD")
def test_an_answer_to_a_call_that_nobody_inspected_reaches_no_agent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        workers = FakeWorkers(do_job)
        world.use(workers)
        wire = await connected(world)
        workers.failing = 1
        answer = await wire.call(1, "big", "100000")
        assert answer["result"]["isError"] is True
        assert "xxx" not in text_of(answer)
        (entry,) = world.log.of_type(RecordType.DELIVERY)
        assert entry.outcome == Delivery.RESULT_WITHHELD.value
        assert entry.details["withheld"] == BROKEN.reason
        assert len(text_of(await wire.call(2, "big", "100000"))) == 100_000

    tell(tmp_path, story)


def test_what_comes_behind_a_large_frame_comes_after_it(tmp_path: Path) -> None:
    async def story(world: World, pool: WorkerPool) -> None:
        wire = await connected(world)
        large = '{"jsonrpc":"2.0","method":"x/large","params":{"a":"%s"}}' % ("x" * 200_000)
        small = '{"jsonrpc":"2.0","method":"x/small"}'
        wire.say(request("say", "x/say", {"lines": [large, small, large, small]}))
        await wire.ask(2, "ping")
        methods = [answer.get("method") for answer in wire.client.answers()]
        assert methods[-5:-1] == ["x/large", "x/small", "x/large", "x/small"]

    tell_with_pool(tmp_path, story)


def test_an_answer_and_the_end_of_its_server_come_in_that_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        workers = FakeWorkers(do_job)
        world.use(workers)
        workers.held = asyncio.Event()
        wire = await connected(world)
        wire.say(request(1, "tools/call", {"name": "big", "arguments": {"text": "100000"}}))
        await until(lambda: bool(workers.jobs))
        os.kill(wire.link.server_pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
        workers.held.set()
        assert len(text_of(await wire.client.answer_to(1))) == 100_000
        await wire.client.closed.wait()
        assert deliveries(world) == [Delivery.COMPLETED.value]

    tell(tmp_path, story)


def test_a_call_cancelled_while_its_answer_is_read_gets_none(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        workers = FakeWorkers(do_job)
        world.use(workers)
        workers.held = asyncio.Event()
        wire = await connected(world)
        wire.say(request(1, "tools/call", {"name": "big", "arguments": {"text": "100000"}}))
        await until(lambda: bool(workers.jobs))
        wire.say(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        )
        workers.held.set()
        await until(lambda: deliveries(world) == [Delivery.COMPLETED.value])
        assert not any(answer.get("id") == 1 for answer in wire.client.answers())
        # It is kept for an identical retry, which is not sent.
        again = await wire.call(2, "big", "100000")
        assert len(text_of(again)) == 100_000
        assert deliveries(world)[-1] == Delivery.DELIVERED_LATE.value

    tell(tmp_path, story)
