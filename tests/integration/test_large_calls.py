"""Large calls through a real link: read, masked and digested elsewhere, sent as they were shown."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.bootstrap.inspecting import do_job
from keyturn.desktop.worker_pool import Times, WorkerPool
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import RecordType
from tests.factories import make_connection
from tests.fakes.masked_calls import TOKEN
from tests.fakes.workers import BROKEN, FakeWorkers
from tests.integration.link_rig import World, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import calls_seen, connected, deliveries, outcomes, text_of

WORKER = (sys.executable, "-I", "-m", "keyturn", "_worker")
PATIENT = Times(answer=30.0, start=30.0)
"""What is late on a busy machine is not what is tested here."""
TEXT = "line with “quotes” and \\ and \u0007\n" * 4_000
HEARD = TEXT.replace("\u0007", "")
"""What of it comes back to an agent: what nobody sees is removed."""


def call(request_id: int, text: str, **more: Any) -> dict[str, Any]:
    params = {"name": "echo", "arguments": {"text": text, **more}}
    return request(request_id, "tools/call", params)


def tell_with(
    folder: Path, story: Callable[[World, FakeWorkers], Coroutine[Any, Any, None]]
) -> None:
    async def told(world: World) -> None:
        workers = FakeWorkers(do_job)
        world.use(workers)
        await story(world, workers)

    tell(folder, told)


@pytest.mark.requirement("POOL-LARGE", "LAW-2")
def test_a_large_call_is_read_by_real_workers_and_sent_canonically(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        pool = WorkerPool(WORKER, os.environ, PATIENT)
        world.use(pool)
        try:
            wire = await connected(world)
            wire.say(call(1, TEXT, number=3.0))
            assert text_of(await wire.client.answer_to(1)) == HEARD
            await world.close()
        finally:
            await pool.close()
        (seen,) = calls_seen(world)
        arguments: JsonObject = {"text": TEXT, "number": 3}
        assert seen["params"] == {"name": "echo", "arguments": arguments}
        (line,) = [line for line in world.seen if b"tools/call" in line]
        assert line == canonical(seen) + b"\n"
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.arguments == entry.committed == canonical(arguments)

    tell(tmp_path, story)


def test_a_person_is_shown_what_is_sent(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        wire.say(call(1, "x" * 300_000))
        (asked,) = await world.approver.asked()
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        await wire.client.answer_to(1)
        (seen,) = calls_seen(world)
        assert json.loads(asked.arguments) == seen["params"]["arguments"]
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.call_digest == asked.digest
        # Read, masked, validated; then the answer: all of it is of the one agent.
        assert len(workers.agents) >= 4
        assert set(workers.agents) == {asked.agent}

    tell_with(tmp_path, story)


def test_agents_that_proved_no_name_have_a_part_each_within_one_of_all() -> None:
    assert make_connection().shares_as == make_connection().agent
    stranger = make_connection(agent="a", enrolled=False)
    others = [replace(stranger, id=f"n-{n}", agent=name) for n, name in enumerate("ab")]
    assert [other.shares_as for other in others] == ["?/n-0", "?/n-1"]


def test_secrets_in_a_large_call_are_masked_in_its_record(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        wire.say(call(1, "x" * 100_000, note="password = correcthorsebattery"))
        await wire.client.answer_to(1)
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.masked
        assert b"correcthorse" not in entry.arguments

    tell_with(tmp_path, story)


@pytest.mark.requirement("CARD-MASK")
def test_a_worker_says_what_a_card_hides_of_a_large_call(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        del workers
        wire = await connected(world)
        wire.say(call(1, "x" * 300_000, note=f'say "{TOKEN}"'))
        (asked,) = await world.approver.asked()
        (place,) = asked.secrets.places
        assert asked.arguments[place.start : place.end] == TOKEN
        world.approver.answer(asked, AnswerVerdict.DENY)
        await wire.client.answer_to(1)

    tell_with(tmp_path, story)


@pytest.mark.requirement("POOL-DEAD", "LAW-3")
@pytest.mark.parametrize("failing", [1, 2])
def test_a_call_that_nobody_read_is_refused_recorded_and_not_sent(
    tmp_path: Path, failing: int
) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        workers.failing = failing
        wire.say(call(1, TEXT))
        answer = await wire.client.answer_to(1)
        assert answer["result"]["isError"] is True
        assert calls_seen(world) == []
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.outcome == Outcome.ERROR_BROKER.value
        assert entry.details["faults"] == [BROKEN.reason]
        wire.say(call(2, TEXT))
        assert text_of(await wire.client.answer_to(2)) == HEARD

    tell_with(tmp_path, story)


@pytest.mark.requirement("POOL-DEAD")
@pytest.mark.parametrize("job", [2, 3], ids=["masked", "validated"])
def test_a_call_that_was_read_and_then_nobody_got_on_with_is_refused(
    tmp_path: Path, job: int
) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        wire.say(call(1, TEXT))
        await wire.client.answer_to(1)
        before = len(workers.jobs)
        # What was answered to the first call is large, too.
        workers.fails_at = before + job
        wire.say(call(2, TEXT))
        assert (await wire.client.answer_to(2))["result"]["isError"] is True
        assert len(calls_seen(world)) == 1
        assert outcomes(world)[-1] == Outcome.ERROR_BROKER.value

    tell_with(tmp_path, story)


def test_large_arguments_that_do_not_fit_are_refused_with_the_same_words(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        wire.say(request(1, "tools/call", {"name": "echo", "arguments": {"text": 5}}))
        small = await wire.client.answer_to(1)
        arguments = {"text": 5, "more": TEXT}
        wire.say(request(2, "tools/call", {"name": "echo", "arguments": arguments}))
        large = await wire.client.answer_to(2)
        assert text_of(large) == text_of(small)
        assert calls_seen(world) == []
        assert outcomes(world) == [Outcome.REFUSED_INVALID_ARGUMENTS.value] * 2
        assert any(b'"check"' in job for job in workers.jobs)

    tell_with(tmp_path, story)


def test_what_a_client_says_behind_a_large_call_comes_after_it(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        workers.held = asyncio.Event()
        wire.say(call(1, TEXT))
        wire.say(request(2, "x/echo", {}))
        wire.say(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        )
        await until(lambda: bool(workers.jobs))
        assert "payload" in wire.client.holds
        assert not any(b"x/echo" in line for line in world.seen)
        workers.held.set()
        await wire.client.answer_to(2)
        # The cancellation found the call, decided or not, and it was not sent.
        undecided: tuple[list[str], list[str]] = ([Outcome.CANCELLED_BY_CLIENT.value], [])
        unsent = ([Outcome.ALLOWED_RULE.value], [Delivery.NOT_SENT.value])
        await until(lambda: (outcomes(world), deliveries(world)) in (undecided, unsent))
        assert calls_seen(world) == []
        assert "payload" not in wire.client.holds

    tell_with(tmp_path, story)


def test_a_client_that_leaves_right_after_a_large_call_gets_its_answer(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        wire.say(call(1, TEXT))
        await wire.client.answer_to(1)
        wire.say(request(2, "x/echo", {"text": TEXT}))
        wire.link.client_left()
        await wire.client.closed.wait()
        assert any(b"x/echo" in line for line in world.seen)

    tell_with(tmp_path, story)


def test_a_first_large_frame_waits_for_the_server_and_is_read_elsewhere(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = world.link(world.raw_server())
        wire.say(request(1, "x/echo", {"text": TEXT}))
        wire.say(request(2, "ping"))
        await wire.client.answer_to(2)
        assert (await wire.client.answer_to(1))["result"]["text"] == HEARD
        assert workers.jobs

    tell_with(tmp_path, story)


def test_what_waits_when_the_server_ends_is_answered(tmp_path: Path) -> None:
    async def story(world: World, workers: FakeWorkers) -> None:
        wire = await connected(world)
        workers.held = asyncio.Event()
        wire.say(request(1, "x/echo", {"text": TEXT}))
        wire.say(request(2, "x/echo", {}))
        await until(lambda: bool(workers.jobs))
        wire.say(request(3, "x/echo", {}))
        os.kill(wire.link.server_pid, 9)
        await until(lambda: not wire.link.server_running)
        workers.held.set()
        for number in (1, 2, 3):
            assert "error" in await wire.client.answer_to(number)

    tell_with(tmp_path, story)
