"""How calls and connections end: cancellation, a client that leaves, the stop, the process tree."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from keyturn.application.approval_request import AnswerVerdict, WithdrawCause
from keyturn.application.ports.milestones import Milestone
from keyturn.application.stop import StopSwitch
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import Entry, RecordType
from tests.fakes.decision_log import FakeDecisionLog
from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell
from tests.integration.test_link import calls_seen, connected, deliveries, outcomes, text_of


def cancelled(request_id: str | int) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": request_id, "reason": "changed my mind"},
    }


def cancellations_seen(world: World) -> list[Any]:
    frames = [json.loads(line) for line in world.seen if b"notifications/cancelled" in line]
    return [frame["params"]["requestId"] for frame in frames]


def call(request_id: str | int, tool: str, text: str = "") -> dict[str, Any]:
    return request(request_id, "tools/call", {"name": tool, "arguments": {"text": text}})


# ---------------------------------------------------------------- cancellation


@pytest.mark.requirement("I-09")
def test_a_cancelled_question_is_detached_and_the_server_never_hears_of_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "echo"))
        asked = await world.approver.asked()
        wire.say(cancelled(1))
        await wire.ask("after", "ping")
        assert world.approver.detached == [asked[0].id]
        assert calls_seen(world) == []
        assert cancellations_seen(world) == []
        assert not any(answer.get("id") == 1 for answer in wire.client.answers())

    tell(tmp_path, story, rules=())


def test_a_cancelled_call_in_flight_is_cancelled_at_the_server_and_not_answered(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "slow", "x"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(cancelled(1))
        await wire.ask("after", "ping")
        assert cancellations_seen(world) == [1]
        assert deliveries(world) == [Delivery.COMPLETED.value]
        assert not any(answer.get("id") == 1 for answer in wire.client.answers())

    tell(tmp_path, story)


def test_the_cancellation_of_a_passed_request_is_passed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(request(1, "x/never"))
        wire.say(cancelled(1))
        late = '{"jsonrpc":"2.0","id":1,"result":{"late":true}}'
        wire.say(request(2, "x/say", {"lines": [late]}))
        await wire.client.wait_for(lambda line: b'"late":true' in line)
        assert cancellations_seen(world) == [1]

    tell(tmp_path, story)


def test_a_call_cancelled_while_the_tools_are_looked_at_is_dropped(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        await wire.shake()
        wire.say(call(1, "echo"))
        wire.say(cancelled(1))
        await wire.call(2, "echo")
        assert [frame["id"] for frame in calls_seen(world)] == [2]

    tell(tmp_path, story)


# ---------------------------------------------------------------- a client that leaves


@pytest.mark.requirement("I-09")
def test_a_client_that_leaves_detaches_what_waits(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "echo"))
        asked = await world.approver.asked()
        wire.link.client_left()
        await asyncio.wait_for(wire.client.closed.wait(), 20)
        assert world.approver.detached == [asked[0].id]
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("I-09")
def test_a_host_that_is_gone_withdraws_what_waits(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        peer = world.processes.add(500, host=400)
        wire = world.link(world.raw_server(), peer)
        await wire.shake()
        wire.say(call(1, "echo"))
        asked = await world.approver.asked()
        world.processes.ended.add(400)
        wire.link.client_left()
        await asyncio.wait_for(wire.client.closed.wait(), 20)
        assert (asked[0].id, WithdrawCause.CANCELLED) in world.approver.withdrawn
        assert outcomes(world) == [Outcome.CANCELLED_BY_CLIENT.value]

    tell(tmp_path, story, rules=())


def test_a_call_in_flight_is_awaited_and_recorded_after_its_client_left(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "slow", "x"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.link.client_left()
        await asyncio.wait_for(wire.client.closed.wait(), 20)
        assert deliveries(world) == [Delivery.COMPLETED.value]
        assert text_of(await wire.client.answer_to(1)) == "x"

    tell(tmp_path, story)


def test_ending_does_not_wait_for_a_call_whose_client_left(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "silent"))
        await asyncio.wait_for(world.written.wait(), 10)
        wire.link.client_left()
        await asyncio.wait_for(wire.link.end(), 10)
        assert deliveries(world) == [Delivery.UNKNOWN.value]

    tell(tmp_path, story)


def test_a_client_that_closed_its_end_at_once_still_gets_its_answers(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        wire.say(request(1, "ping", {"still": "here"}))
        wire.link.client_left()
        answer = await wire.client.answer_to(1)
        assert answer["result"] == {"still": "here"}
        await asyncio.wait_for(wire.client.closed.wait(), 20)

    tell(tmp_path, story)


# ---------------------------------------------------------------- a server or connection that ends


@pytest.mark.requirement("LAW-3")
def test_a_call_that_waits_is_refused_with_its_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "echo"))
        (asked,) = await world.approver.asked()
        os.kill(wire.link.server_pid, 9)
        answer = await wire.client.answer_to(1)
        assert answer["result"]["isError"] is True
        await asyncio.wait_for(wire.client.closed.wait(), 20)
        assert (asked.id, WithdrawCause.CANCELLED) in world.approver.withdrawn
        assert outcomes(world) == [Outcome.ERROR_BROKER.value]

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("LAW-3")
def test_a_call_that_waits_is_refused_when_the_broker_ends_the_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "echo"))
        (asked,) = await world.approver.asked()
        await asyncio.wait_for(wire.link.end(), 20)
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        assert (await wire.client.answer_to(1))["result"]["isError"] is True
        assert outcomes(world) == [Outcome.ERROR_BROKER.value]
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("LAW-1")
def test_a_call_that_is_judged_while_its_connection_ends_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        world.milestones.on(Milestone.JUDGED, lambda: wire.link.end() and None)
        wire.say(call(1, "echo"))
        assert (await wire.client.answer_to(1))["result"]["isError"] is True
        assert calls_seen(world) == []
        assert outcomes(world) == [Outcome.ERROR_BROKER.value]

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-1")
def test_a_call_that_is_allowed_while_its_connection_ends_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        commit = FakeDecisionLog.commit

        async def ends_meanwhile(log: FakeDecisionLog, entry: Entry, *durability: Any) -> int:
            if entry.type is RecordType.DECISION:
                wire.link.end()
            return await commit(log, entry, *durability)

        monkeypatch.setattr(FakeDecisionLog, "commit", ends_meanwhile)
        wire.say(call(1, "echo"))
        assert (await wire.client.answer_to(1))["result"]["isError"] is True
        assert calls_seen(world) == []
        assert outcomes(world) == [Outcome.ALLOWED_RULE.value]
        assert deliveries(world) == [Delivery.NOT_SENT.value]

    tell(tmp_path, story)


# ---------------------------------------------------------------- the stop


async def engage(stop: StopSwitch, wire: Wire) -> None:
    stop.on_engage(lambda _facts: wire.link.stop_engaged())
    await stop.engage("window")


@pytest.mark.requirement("LAW-5")
def test_while_stopped_only_looking_and_cancelling_goes_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        await wire.call(0, "echo")
        before = len(world.seen)
        await engage(world.stop, wire)
        for number, method in enumerate(("resources/read", "prompts/get", "x/echo"), 10):
            assert (await wire.ask(number, method))["error"]["code"] == -32010
        refused = await wire.call(20, "echo")
        assert "All agents are stopped" in text_of(refused)
        wire.say({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})
        wire.say({"jsonrpc": "2.0", "id": 4, "result": {}})
        wire.say({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
        assert names_of(await wire.ask(21, "tools/list"))
        await wire.ask(22, "ping")
        wire.say(cancelled(99))
        await wire.ask(23, "ping")
        methods = [json.loads(line)["method"] for line in world.seen[before:]]
        # Nothing of id 99 is in flight, so its cancellation would only carry what the agent says.
        assert methods == ["tools/list", "ping", "ping"]
        assert outcomes(world)[-1] == Outcome.REFUSED_PAUSED.value
        assert world.stop.view().refused_since == 4

    tell(tmp_path, story)


def names_of(answer: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in answer["result"]["tools"]]


@pytest.mark.requirement("LAW-5")
def test_the_stop_cancels_what_is_in_flight_and_refuses_the_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "late"))
        ask = '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}'
        wire.say(request(2, "ping"))
        await wire.client.answer_to(2)
        await asyncio.wait_for(world.written.wait(), 10)
        wire.say(request(3, "x/say", {"lines": [ask]}))
        (asked,) = await world.approver.asked()
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        await wire.client.wait_for(lambda line: b"elicitation/create" in line)
        wire.say({"jsonrpc": "2.0", "id": "q", "result": {"action": "decline"}})
        wire.say(request(4, "x/later", {}))
        await engage(world.stop, wire)
        await wire.ask(5, "ping")
        assert cancellations_seen(world) == [1]

    tell(tmp_path, story)


def test_a_server_that_asks_while_stopped_is_answered_by_the_broker(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        line = b'{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}\n'
        await world.stop.engage("window")
        from keyturn.broker.envelope import read_server

        frame = read_server(line)
        assert frame is not None
        wire.link.from_server(frame)
        await wire.ask(1, "ping")
        answer = next(json.loads(seen) for seen in world.seen if b'"q"' in seen)
        assert answer["error"]["code"] == -32010
        assert line not in wire.client.lines

    tell(tmp_path, story)


# ---------------------------------------------------------------- processes


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_ending_a_link_leaves_no_process(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        child = int(text_of(await _child(wire)))
        pid = wire.link.server_pid
        assert alive(pid)
        assert alive(child)
        await wire.link.end()
        assert not alive(child)
        assert not psutil.pid_exists(pid), "reaped"

    tell(tmp_path, story)


async def _child(wire: Wire) -> dict[str, Any]:
    """Have the server start a child that ignores SIGTERM; `child` is a tool it does not list."""
    tool = {"name": "child", "inputSchema": {"type": "object"}}
    await wire.ask("tools", "x/tools", {"tools": [tool]})
    wire.say(
        request(
            "say",
            "x/say",
            {"lines": ['{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}']},
        )
    )
    await wire.client.wait_for(lambda line: b"list_changed" in line)
    return await wire.call("child", "child")


def test_a_server_that_was_killed_leaves_no_child_and_no_zombie(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        child = int(text_of(await _child(wire)))
        pid = wire.link.server_pid
        os.kill(pid, 9)
        await asyncio.wait_for(wire.client.closed.wait(), 20)
        await wire.link.end()
        assert not alive(child)
        assert not psutil.pid_exists(pid), "reaped"

    tell(tmp_path, story)
