"""Results that ask for more input: each request is judged, the repeated call asks no second time.

MCP 2026-07-28, multi-round requests.
"""

from typing import Any

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.application.call import Forwarded, IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from tests.factories import make_call
from tests.unit.application.gate_world import World, play

DENY = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order")
ROOTS = Rule(id="r-roots", effect=Effect.ALLOW, kind=Kind.ROOTS)
ROOTS_ASKED: JsonObject = {"method": "roots/list", "params": {}}
FORM: JsonObject = {"method": "elicitation/create", "params": {"message": "Which one?"}}


def asking(requests: JsonObject) -> JsonObject:
    """Return a result that asks."""
    return {
        "resultType": "input_required",
        "inputRequests": requests,
        "requestState": "state-1",
    }


def again(connection: Connection, state: JsonValue = "state-1", **changes: Any) -> IncomingCall:
    """Return the call once more, with the input."""
    number = connection.session.calls + 1
    incoming = make_call(connection, id_=f"call-{number}", request_id=number)
    assert not isinstance(incoming.params, Malformed)
    incoming.params |= {"inputResponses": {"a": {"roots": []}}, "requestState": state, **changes}
    return incoming


def outcomes(world: World) -> list[str]:
    return [entry.outcome for entry in world.log.of_type(RecordType.DECISION)]


async def asked_for_more(world: World) -> Connection:
    """Have a person allow a call whose answer asks for something."""
    connection = await world.connect()
    world.server.answer_with = asking({"a": ROOTS_ASKED})
    task = world.start(make_call(connection))
    world.answer(await world.asked(), allow=True)
    assert isinstance(await task, Forwarded)
    world.server.answer_with = {"content": []}
    return connection


@pytest.mark.requirement("LAW-1")
def test_the_same_call_with_the_input_is_not_asked_about_again() -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await asked_for_more(world)
        assert isinstance(await world.start(again(connection)), Forwarded)
        assert outcomes(world) == ["allowed_once", "allowed_rule", "continuation"]
        assert len(world.approver.shown) == 1

    play(story)


@pytest.mark.requirement("LAW-2")
@pytest.mark.parametrize(
    "changes",
    [
        {"arguments": {"order": 8}},
        {"_meta": {"bound": "another"}},
        {"task": {"ttl": 1}},
    ],
)
def test_another_call_with_the_same_state_asks(changes: dict[str, Any]) -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await asked_for_more(world)
        world.start(again(connection, **changes))
        await world.asked(2)
        assert len(world.server.sent) == 1

    play(story)


@pytest.mark.parametrize("state", ["another", None, 5, ["state-1"]])
def test_a_state_that_was_not_issued_asks(state: JsonValue) -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await asked_for_more(world)
        world.start(again(connection, state))
        await world.asked(2)
        assert len(world.server.sent) == 1

    play(story)


def test_a_state_continues_one_call_and_no_second() -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await asked_for_more(world)
        await world.start(again(connection))
        world.start(again(connection))
        await world.asked(2)
        assert len(world.server.sent) == 2

    play(story)


def test_a_deny_rule_and_the_stop_beat_it() -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await asked_for_more(world)
        world.rules.use((ROOTS, DENY))
        assert isinstance(await world.start(again(connection)), Refused)
        world.rules.use((ROOTS,))
        await world.stop.engage("window")
        assert isinstance(await world.start(again(connection)), Refused)
        assert len(world.server.sent) == 1

    play(story)


def test_what_is_asked_for_waits_for_a_person_and_nothing_is_seen_before() -> None:
    async def story() -> None:
        world = World(Rule(id="r", effect=Effect.ALLOW, tool="dispatch_order"))
        connection = await world.connect()
        world.server.answer_with = asking({"a": FORM})
        task = world.start(make_call(connection))
        request = await world.asked()
        assert (request.kind, task.done()) == (RequestKind.INPUT, False)
        world.answer(request, allow=False)
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.withheld
        world.server.answer_with = {"content": []}
        # What was not allowed continues nothing.
        world.start(again(connection))
        await world.asked(2)

    play(story)


@pytest.mark.parametrize(
    "requests",
    [
        {"a": {"method": "tools/call", "params": {}}},
        {"a": {"method": "sampling/createMessage", "params": []}},
        {"a": "roots/list"},
        {"a": {"params": {}}},
    ],
)
def test_what_it_asks_for_must_be_readable(requests: dict[str, Any]) -> None:
    async def story() -> None:
        world = World(Rule(id="r", effect=Effect.ALLOW, tool="dispatch_order"), ROOTS)
        connection = await world.connect()
        world.server.answer_with = asking(requests)
        assert isinstance(await world.start(make_call(connection)), Refused)
        deliveries = [entry.outcome for entry in world.log.of_type(RecordType.DELIVERY)]
        assert deliveries[-1] == "result_withheld"

    play(story)


def test_requests_of_a_result_that_does_not_say_so_are_judged_too() -> None:
    async def story() -> None:
        world = World(Rule(id="r", effect=Effect.ALLOW, tool="dispatch_order"))
        connection = await world.connect()
        world.server.answer_with = {"resultType": "complete", "inputRequests": {"a": FORM}}
        task = world.start(make_call(connection))
        assert (await world.asked()).kind is RequestKind.INPUT
        assert not task.done()

    play(story)


def test_a_result_that_asks_for_nothing_only_carries_its_state() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        world.server.answer_with = {"resultType": "input_required", "requestState": "state-1"}
        task = world.start(make_call(connection))
        world.answer(await world.asked(), allow=True)
        assert isinstance(await task, Forwarded)
        await world.start(again(connection, inputResponses={}))
        assert outcomes(world) == [Outcome.ALLOWED_ONCE.value, Outcome.CONTINUATION.value]

    play(story)


@pytest.mark.requirement("LAW-2")
@pytest.mark.parametrize(
    "responses",
    [{"b": {"stolen": "key"}}, {"a": {"roots": []}, "b": 1}, [{"stolen": "key"}], "stolen"],
)
def test_what_nobody_asked_for_is_not_carried_along(responses: JsonValue) -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await asked_for_more(world)
        world.start(again(connection, inputResponses=responses))
        await world.asked(2)
        assert len(world.server.sent) == 1

    play(story)
