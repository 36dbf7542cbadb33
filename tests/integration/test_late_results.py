"""A retry of a call whose client left, on real connections: the server runs it once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from keyturn.broker import judged_calls
from keyturn.domain import hold_budget
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.tier import Tier
from tests.integration.http_rig import URL, answers_in, endpoint
from tests.integration.link_rig import World, line_of, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import calls_seen, connected, deliveries, outcomes, text_of
from tests.integration.test_link_ends import call, cancelled
from tests.integration.test_link_socket import Talk, broker

WRITES = (ToolSetting(pattern="*", tier=Tier.T1),)


async def shaken(talk: Talk) -> Talk:
    """Do the handshake."""
    await talk.ask(1, "initialize", {"capabilities": {}})
    talk.writer.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    return talk


def first_of(world: World) -> list[Any]:
    """Return the calls that deliveries say were the ones that ran."""
    entries = world.log.of_type(RecordType.DELIVERY)
    return [entry.details.get("first") for entry in entries]


@pytest.mark.requirement("D1")
def test_a_client_that_timed_out_gets_the_result_by_calling_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world, tools=WRITES)
        wire.say(call(1, "slow", "ran"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(cancelled(1))
        await until(lambda: deliveries(world) == [Delivery.COMPLETED.value])
        answer = await wire.call("second", "slow", "ran")
        assert text_of(answer) == "ran"
        assert len(calls_seen(world)) == 1
        assert deliveries(world)[1:] == [Delivery.DELIVERED_LATE.value]
        assert outcomes(world) == [
            Outcome.ALLOWED_RULE.value,
            Outcome.ALLOWED_RETRY_GRANT.value,
        ]
        decided = world.log.of_type(RecordType.DECISION)
        assert first_of(world) == [None, decided[0].call]

    tell(tmp_path, story)


@pytest.mark.requirement("D1")
def test_a_retry_that_comes_while_the_server_works_waits_for_that_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world, tools=WRITES)
        wire.say(call(1, "slow", "ran"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(cancelled(1))
        wire.say(call(2, "slow", "ran"))
        wire.say(call(3, "slow", "ran"))
        wire.say(call(4, "slow", "ran!"))
        assert text_of(await wire.client.answer_to(2)) == "ran"
        assert text_of(await wire.client.answer_to(3)) == "ran"
        assert text_of(await wire.client.answer_to(4)) == "ran!"
        assert [frame["id"] for frame in calls_seen(world)] == [1, 4]
        answered = [answer["id"] for answer in wire.client.answers() if "id" in answer]
        assert sorted(answered, key=str) == [2, 3, 4, "connected", "init"]

    tell(tmp_path, story)


def test_a_cancelled_retry_waits_no_longer_and_is_not_answered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world, tools=WRITES)
        wire.say(call(1, "late"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(cancelled(1))
        wire.say(call(2, "late"))
        await until(lambda: len(outcomes(world)) == 2)
        wire.say(cancelled(2))
        await until(lambda: deliveries(world) == [Delivery.NOT_SENT.value])
        assert len(calls_seen(world)) == 1
        assert not any(answer.get("id") in (1, 2) for answer in wire.client.answers())

    tell(tmp_path, story)


def test_a_retry_of_what_the_server_never_answers_is_told_that_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged_calls, "AFTER_CANCEL_SECONDS", 0.1)

    async def story(world: World) -> None:
        wire = await connected(world, tools=WRITES)
        wire.say(call(1, "silent"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(cancelled(1))
        answer = await wire.call(2, "silent")
        assert "outcome is not known" in text_of(answer)
        assert len(calls_seen(world)) == 1

    tell(tmp_path, story)


@pytest.mark.requirement("D1", "LAW-5")
def test_after_the_stop_nobody_gets_what_it_interrupted(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world, tools=WRITES)
        wire.say(call(1, "slow", "ran"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(cancelled(1))
        wire.say(call(2, "slow", "ran"))
        await until(lambda: len(outcomes(world)) == 2)
        await world.stop.engage("command")
        assert "All agents are stopped" in text_of(await wire.client.answer_to(2))
        assert "All agents are stopped" in text_of(await wire.call(3, "slow", "ran"))
        assert len(calls_seen(world)) == 1

    tell(tmp_path, story)


@pytest.mark.requirement("D1")
def test_a_host_that_reconnects_gets_what_its_closed_connection_asked_for(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world, servers=(world.raw_server(tools=WRITES),)) as b:
            talk = await shaken(await b.greet())
            talk.writer.write(line_of(call(2, "slow", "ran")))
            await asyncio.wait_for(world.written.wait(), 10)
            await talk.close()
            await until(lambda: deliveries(world) == [Delivery.COMPLETED.value])
            again = await shaken(await b.greet())
            params = {"name": "slow", "arguments": {"text": "ran"}}
            assert text_of(await again.ask(9, "tools/call", params)) == "ran"
            assert len(calls_seen(world)) == 1
            await again.close()

    tell(tmp_path, story)


def test_one_that_opens_another_connection_waits_there_for_the_same_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world, servers=(world.raw_server(tools=WRITES),)) as b:
            talk = await shaken(await b.greet())
            params = {"name": "slow", "arguments": {"text": "ran", "seconds": 3}}
            talk.writer.write(line_of(request(2, "tools/call", params)))
            await asyncio.wait_for(world.written.wait(), 10)
            again = await shaken(await b.greet())
            assert text_of(await again.ask(9, "tools/call", params)) == "ran"
            assert len(calls_seen(world)) == 1
            assert text_of(json.loads(await talk.line())) == "ran"
            await talk.close()
            await again.close()

    tell(tmp_path, story)


def test_a_client_that_closes_only_its_own_end_still_reads_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        async with broker(world, servers=(world.raw_server(tools=WRITES),)) as b:
            talk = await shaken(await b.greet())
            talk.writer.write(line_of(call(2, "slow", "ran")))
            await asyncio.wait_for(world.written.wait(), 10)
            talk.writer.write_eof()
            assert text_of(json.loads(await talk.line())) == "ran"
            await talk.close()
            again = await shaken(await b.greet())
            params = {"name": "slow", "arguments": {"text": "ran"}}
            assert text_of(await again.ask(9, "tools/call", params)) == "ran"
            assert len(calls_seen(world)) == 2
            await again.close()

    tell(tmp_path, story)


@pytest.mark.requirement("D1")
def test_a_client_over_http_that_lost_its_stream_gets_the_result_by_calling_again(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        async with endpoint(world, servers=(world.raw_server(tools=WRITES),)) as e:
            client = await e.legacy()
            params = {"name": "slow", "arguments": {"text": "ran", "seconds": 1.5}}
            frame = request(2, "tools/call", params)
            body, headers = json.dumps(frame), client.headers
            with pytest.raises(httpx2.TimeoutException):
                await e.http.post(URL, content=body, headers=headers, timeout=0.5)
            await until(lambda: deliveries(world) == [Delivery.COMPLETED.value])
            frame["id"] = 3
            response = await client.post(frame)
            (answer,) = answers_in(response)
            assert (answer["id"], text_of(answer)) == (3, "ran")
            assert len(calls_seen(world)) == 1

    tell(tmp_path, story)


@pytest.mark.requirement("D4")
def test_a_client_that_gives_up_twice_teaches_how_long_it_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_budget, "LEAST_SECONDS", 0.5)

    async def story(world: World) -> None:
        wire = await connected(world, tools=WRITES)
        for number in (1, 2):
            wire.say(call(number, "echo"))
            await world.approver.asked(number)
            assert world.holds.learned("analyst") is None
            wire.say(cancelled(number))
        assert world.holds.learned("analyst") == 0.5
        answer = await wire.call(3, "echo")
        assert text_of(answer).startswith("Undecided, not denied.")
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=())
