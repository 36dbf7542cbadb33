"""A call that waits over several rounds, with the SDK's client and by hand, over pipe and HTTP."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp
import pytest

from keyturn.application.approval_request import AnswerVerdict, ApprovalRequest
from keyturn.application.rounds import NOTHING_WAITS, OWN_STATE
from keyturn.application.tasks import TaskOwner
from keyturn.domain.approval import State
from keyturn.domain.configuration import Limits
from keyturn.domain.record import RecordType
from tests.integration.http_rig import META, answers_in, endpoint
from tests.integration.link_rig import Wire, World
from tests.integration.stories import tell
from tests.integration.test_link import calls_seen, deliveries, outcomes
from tests.integration.test_transport_pairs import client_of, text_of

HOLD = 0.6
QUICK = Limits(hold_seconds=HOLD, round_gap_seconds=5)
ECHO: dict[str, Any] = {"name": "echo", "arguments": {"text": "hi"}, "_meta": META}
WAYS = ("stdio", "http")
PLAIN_SERVER = Path(__file__).parent / "servers" / "plain_server.py"


@asynccontextmanager
async def client_in_rounds(world: World, way: str) -> AsyncGenerator[mcp.Client]:
    """Connect the SDK's client of 2026-07-28 to a server whose tools are known then."""
    server = world.raw_server(name="sdk", command=(sys.executable, str(PLAIN_SERVER)))
    async with client_of(world, server, way, "2026-07-28") as client:
        await client.list_tools()
        yield client


def notes(world: World) -> list[str]:
    """Return what the server was made to write, a line an execution."""
    path = world.folder / "notes"
    return path.read_text().splitlines() if path.exists() else []


def decided_late(world: World, verdict: AnswerVerdict, seconds: float) -> None:
    """Let whoever is asked answer after so long."""

    def decide(request: ApprovalRequest) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, world.approver.answer, request, verdict)

    world.approver.decide = decide


@pytest.mark.requirement("D1", "D2", "I-05")
@pytest.mark.parametrize("way", WAYS)
def test_a_decision_after_three_hold_budgets_reaches_the_first_call(
    tmp_path: Path, way: str
) -> None:
    async def story(world: World) -> None:
        decided_late(world, AnswerVerdict.ALLOW_ONCE, 3 * HOLD)
        said: list[str | None] = []

        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            said.append(message)

        async with client_in_rounds(world, way) as client:
            result = await client.call_tool("note", {"text": "hi"}, progress_callback=progressed)
            assert (text_of(result), result.is_error) == ("hi", False)
        assert notes(world) == ["hi"]
        assert len(world.approver.seen) == 1
        assert (world.approver.detached, outcomes(world)) == ([], ["allowed_once"])
        (decision,) = world.log.of_type(RecordType.DECISION)
        (delivery,) = world.log.of_type(RecordType.DELIVERY)
        # The third round ends about when the decision comes.
        assert decision.details["rounds"] in (2, 3)
        assert (delivery.outcome, delivery.call) == ("completed", decision.call)
        # Each round has a token of its own, and each is told that it waits.
        assert len(said) > 1
        assert set(said) == {"Waiting for approval in Keyturn"}

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("D2")
@pytest.mark.parametrize("way", WAYS)
def test_a_late_denial_is_told_as_one(tmp_path: Path, way: str) -> None:
    async def story(world: World) -> None:
        decided_late(world, AnswerVerdict.DENY, 2 * HOLD)
        async with client_in_rounds(world, way) as client:
            result = await client.call_tool("note", {"text": "hi"})
        assert text_of(result).startswith("Denied by the user")
        assert (notes(world), outcomes(world)) == ([], ["denied_user"])

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("D2")
@pytest.mark.parametrize("way", WAYS)
def test_silence_through_all_rounds_is_a_ticket_before_the_client_has_enough(
    tmp_path: Path, way: str
) -> None:
    async def story(world: World) -> None:
        async with client_in_rounds(world, way) as client:
            result = await client.call_tool("note", {"text": "hi"})
        assert text_of(result).startswith("Undecided, not denied.")
        assert len(world.approver.detached) == 1
        assert notes(world) == []

    tell(tmp_path, story, rules=(), limits=Limits(hold_seconds=0.1))


@pytest.mark.requirement("LAW-5")
@pytest.mark.parametrize("way", WAYS)
def test_a_stop_ends_the_wait(tmp_path: Path, way: str) -> None:
    async def story(world: World) -> None:
        tasks = TaskOwner()

        def decide(request: ApprovalRequest) -> None:
            loop = asyncio.get_running_loop()
            loop.call_later(2 * HOLD, lambda: tasks.start(world.stop.engage("window"), "stop"))

        world.approver.decide = decide
        async with client_in_rounds(world, way) as client:
            result = await client.call_tool("note", {"text": "hi"})
        assert text_of(result).startswith("All agents are stopped")
        assert (notes(world), outcomes(world)) == ([], ["refused_paused"])
        await tasks.close()

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("D4")
@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_cancels_in_a_later_round_leaves_a_card(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        learned: list[tuple[float, bool]] = []

        def gave_up(agent: str, after: float, *, in_rounds: bool = False) -> None:
            learned.append((after, in_rounds))

        monkeypatch.setattr(world.holds, "gave_up", gave_up)
        async with client_in_rounds(world, way) as client:
            # The SDK's limit is that of one round.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5 * HOLD):
                    await client.call_tool("note", {"text": "hi"})
            await client.list_tools()
            # All of it counts, not the last round alone.
            ((after, in_rounds),) = learned
            assert in_rounds
            assert 1.2 * HOLD < after < 3 * HOLD
            (waiting,) = world.approvals.waiting()
            assert waiting.state is State.DETACHED
            world.approver.answer(waiting.request, AnswerVerdict.ALLOW_ONCE)
            assert notes(world) == []
            result = await client.call_tool("note", {"text": "hi"})
            assert text_of(result) == "hi"
        assert notes(world) == ["hi"]
        assert outcomes(world) == ["cancelled_by_client", "allowed_retry_grant"]

    tell(tmp_path, story, rules=(), limits=QUICK)


async def first_state(wire: Wire) -> str:
    """Call over a pipe by hand until the first round is over."""
    await wire.ask(0, "server/discover", {"_meta": META})
    result = (await wire.ask(1, "tools/call", ECHO))["result"]
    assert result.keys() == {"resultType", "requestState"}
    assert result["resultType"] == "input_required"
    return result["requestState"]


ALTERED: dict[str, Callable[[str], dict[str, Any]]] = {
    "arguments": lambda state: {"arguments": {"text": "ho"}, "requestState": state},
    "shortened": lambda state: {"requestState": state[:-1]},
    "answered": lambda state: {"requestState": state, "inputResponses": {"a": {"allow": True}}},
    "guessed": lambda _: {"requestState": OWN_STATE},
}


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_continuation_is_refused_and_recorded(tmp_path: Path, how: str) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        state = await first_state(wire)
        error = (await wire.ask(2, "tools/call", {**ECHO, **ALTERED[how](state)}))["error"]
        assert error["code"] == -32602
        assert error["message"].lower() == f"{NOTHING_WAITS}."
        assert outcomes(world) == ["refused_malformed"]
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("LAW-4", "I-05")
def test_two_continuations_and_a_replay_make_one_call(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        again = {**ECHO, "requestState": await first_state(wire)}
        for number in (2, 3):
            wire.say({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": again})
        assert "error" in await wire.client.answer_to(3)
        world.approver.answer(world.approver.seen[0], AnswerVerdict.ALLOW_ONCE)
        assert (await wire.client.answer_to(2))["result"]["content"][0]["text"] == "hi"
        assert "error" in await wire.ask(4, "tools/call", again)
        (sent,) = calls_seen(world)
        assert (sent["id"], sent["params"]) == (2, ECHO)
        assert deliveries(world) == ["completed"]

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("I-05")
def test_the_same_call_made_twice_is_two_waits_and_two_calls(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        again = {**ECHO, "requestState": await first_state(wire)}
        for number, params in ((2, ECHO), (3, again)):
            wire.say({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
        await world.approver.asked(2)
        for request in world.approver.seen:
            world.approver.answer(request, AnswerVerdict.ALLOW_ONCE)
        for number in (2, 3):
            answer = await wire.client.answer_to(number)
            assert answer["result"]["content"][0]["text"] == "hi"
        assert sorted(sent["id"] for sent in calls_seen(world)) == [2, 3]
        assert outcomes(world) == ["allowed_once"] * 2

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("LAW-4")
def test_a_state_is_worth_nothing_on_another_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        state = await first_state(world.link(world.raw_server()))
        other = world.link(world.raw_server())
        await other.ask(0, "server/discover", {"_meta": META})
        assert "error" in await other.ask(1, "tools/call", {**ECHO, "requestState": state})
        async with endpoint(world) as e:
            response = await e.modern(1, "tools/call", {**ECHO, "requestState": state})
            assert "error" in answers_in(response)[-1]
        assert calls_seen(world) == []
        assert outcomes(world)[:2] == ["refused_malformed"] * 2

    tell(tmp_path, story, rules=(), limits=QUICK)


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize("end", ["client", "broker", "server"])
def test_an_end_between_two_rounds_sends_nothing(tmp_path: Path, end: str) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        await first_state(wire)
        match end:
            case "client":
                wire.link.client_left()
            case "broker":
                wire.link.end()
            case _:
                wire.link.server_ended("it died")
        world.approver.answer(world.approver.seen[0], AnswerVerdict.ALLOW_ONCE)
        await wire.client.closed.wait()
        assert calls_seen(world) == []
        assert not set(outcomes(world)) - {"error_broker", "allowed_once"}
        assert not set(deliveries(world)) - {"not_sent"}
        assert all(w.state is State.DETACHED for w in world.approvals.waiting())

    tell(tmp_path, story, rules=(), limits=QUICK)
