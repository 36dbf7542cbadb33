"""The walk of what is asked for beside tools: resources, prompts, completions and tasks."""

from typing import Any

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.application.call import Forwarded, IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Posture
from keyturn.domain.record import Durability, RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.tier import LARGE_ARGUMENTS_BYTES
from tests.factories import (
    make_asked,
    make_call,
    make_connection,
    make_prompt,
    make_server,
    make_tool,
)
from tests.unit.application.gate_world import World, play

URI = "file:///notes/today.md"
READ: JsonObject = {"uri": URI}
PROMPT: JsonObject = {"name": "greet", "arguments": {"who": "Ada"}}
COMPLETE: JsonObject = {
    "ref": {"type": "ref/prompt", "name": "greet"},
    "argument": {"name": "who", "value": "A"},
}
ASKED: list[tuple[str, JsonObject]] = [("resources/read", READ), ("prompts/get", PROMPT)]
UNASKED: list[tuple[str, JsonObject]] = [
    ("completion/complete", COMPLETE),
    ("tasks/get", {"taskId": "t-1"}),
    ("tasks/cancel", {"taskId": "t-1"}),
    ("tasks/list", {}),
    ("resources/subscribe", READ),
]
CONTENTS: JsonObject = {"contents": [{"uri": URI, "text": "pay to DE02120300000000202051"}]}
KIND_OF = {
    "resources/read": Kind.READ,
    "resources/subscribe": Kind.READ,
    "prompts/get": Kind.PROMPT,
    "completion/complete": Kind.COMPLETE,
    "tasks/get": Kind.TASK,
    "tasks/cancel": Kind.TASK,
    "tasks/list": Kind.TASK,
}
NAME_OF = {
    "resources/read": URI,
    "resources/subscribe": URI,
    "prompts/get": "greet",
    "completion/complete": "greet",
}


def rule(effect: Effect, method: str, **changes: Any) -> Rule:
    name = NAME_OF.get(method, method)
    values: dict[str, Any] = {"id": "r-1", "kind": KIND_OF[method], "tool": name} | changes
    return Rule(effect=effect, **values)


async def connected(world: World, connection: Connection | None = None) -> Connection:
    """Have a server list a tool, and prompts that are agreed to."""
    prompts = (make_prompt(), make_prompt("dispatch_order"))
    return await world.connect(connection, make_tool(), *prompts)


def outcomes(world: World) -> list[str]:
    return [entry.outcome for entry in world.log.of_type(RecordType.DECISION)]


# ---------------------------------------------------------------- by rule


@pytest.mark.requirement("LAW-1", "ROUTE-RESOURCES", "ROUTE-PROMPTS")
@pytest.mark.requirement("ROUTE-COMPLETION", "ROUTE-TASKS")
@pytest.mark.parametrize(("method", "params"), ASKED + UNASKED[:4])
def test_what_a_rule_allows_is_committed_before_it_is_sent(method: str, params: JsonObject) -> None:
    async def story() -> None:
        world = World(rule(Effect.ALLOW, method))
        connection = await connected(world)
        incoming = make_asked(connection, method, params)
        assert isinstance(await world.start(incoming), Forwarded)
        assert world.server.sent == [params]
        assert world.server.recorded_before[0][-1] == Outcome.ALLOWED_RULE.value
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.details["method"] == method
        assert entry.tool == NAME_OF.get(method, method)
        assert entry.def_hash == (make_prompt().def_hash if method == "prompts/get" else "")

    play(story)


@pytest.mark.requirement("ROUTE-RESOURCES", "ROUTE-PROMPTS", "ROUTE-COMPLETION", "ROUTE-TASKS")
@pytest.mark.parametrize(("method", "params"), ASKED + UNASKED)
def test_what_a_rule_denies_is_not_sent(method: str, params: JsonObject) -> None:
    async def story() -> None:
        world = World(rule(Effect.DENY, method, name="Never"))
        connection = await connected(world)
        reply = await world.start(make_asked(connection, method, params))
        assert isinstance(reply, Refused)
        assert (reply.outcome, reply.rule) == (Outcome.DENIED_RULE, "Never")
        assert world.server.sent == []
        assert outcomes(world) == ["denied_rule"]

    play(story)


@pytest.mark.parametrize(("method", "params"), ASKED + UNASKED[:4])
def test_what_a_rule_asks_about_waits_for_a_person(method: str, params: JsonObject) -> None:
    async def story() -> None:
        world = World(rule(Effect.ASK, method), rule(Effect.ALLOW, method, id="r-2"))
        connection = await connected(world)
        task = world.start(make_asked(connection, method, params))
        request = await world.asked()
        assert (request.kind, request.method) == (RequestKind.CALL, method)
        world.answer(request, allow=True)
        assert isinstance(await task, Forwarded)
        assert outcomes(world) == ["allowed_once"]

    play(story)


@pytest.mark.requirement("ROUTE-RESOURCES")
@pytest.mark.parametrize(
    ("method", "params", "path", "value"),
    [
        ("resources/read", READ, "/uri", URI),
        ("prompts/get", PROMPT, "/arguments/who", "Ada"),
        ("completion/complete", COMPLETE, "/argument/value", "A"),
        ("tasks/get", {"taskId": "t-1"}, "/taskId", "t-1"),
    ],
)
def test_the_conditions_of_a_rule_look_at_the_params(
    method: str, params: JsonObject, path: str, value: JsonValue
) -> None:
    async def story(wanted: JsonValue) -> list[str]:
        when = (Condition(path=path, op=Operator.EQ, value=wanted),)
        world = World(rule(Effect.DENY, method, tool="*", when=when))
        world.rules.posture = Posture.ASK_WRITES
        connection = await connected(world)
        await world.start(make_asked(connection, method, params))
        return outcomes(world)

    async def both() -> None:
        assert await story(value) == ["denied_rule"]
        assert "denied_rule" not in await story("another")

    play(both)


@pytest.mark.requirement("ROUTE-RESOURCES")
@pytest.mark.parametrize("uri", ["file:///%6eotes/today.md", "FILE:///notes/x/../today.md"])
def test_another_spelling_of_what_a_rule_denies_is_denied(uri: str) -> None:
    async def story() -> None:
        world = World(rule(Effect.DENY, "resources/read"))
        world.rules.posture = Posture.ASK_WRITES
        connection = await connected(world)
        reply = await world.start(make_asked(connection, "resources/read", {"uri": uri}))
        assert isinstance(reply, Refused)
        assert outcomes(world) == ["denied_rule"]

    play(story)


# ---------------------------------------------------------------- by default


@pytest.mark.requirement("ROUTE-RESOURCES", "ROUTE-PROMPTS")
@pytest.mark.parametrize(("method", "params"), ASKED)
def test_without_a_rule_reading_asks_in_the_stricter_posture(
    method: str, params: JsonObject
) -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        task = world.start(make_asked(connection, method, {**params, "_meta": {"bound": 1}}))
        request = await world.asked()
        assert request.tool == NAME_OF[method]
        assert (request.because, request.tier.name) == (Because.NO_RULE.value, "T0")
        assert "_meta" not in request.arguments
        assert request.bound_meta == '{"bound":1}'
        assert (request.definition, request.first_use) == ("", False)
        world.answer(request, allow=False, message="Not now.")
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.message == "Not now."
        assert world.server.sent == []

    play(story)


@pytest.mark.parametrize(("method", "params"), ASKED)
def test_without_a_rule_reading_is_allowed_in_the_other_posture(
    method: str, params: JsonObject
) -> None:
    async def story() -> None:
        world = World()
        world.rules.posture = Posture.ASK_WRITES
        connection = await connected(world)
        assert isinstance(await world.start(make_asked(connection, method, params)), Forwarded)
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.policy["because"] == Because.POSTURE_READS.value
        assert world.log.records[-2].durability is Durability.WRITTEN

    play(story)


@pytest.mark.parametrize(("method", "params"), ASKED)
def test_an_agent_that_is_not_enrolled_always_asks(method: str, params: JsonObject) -> None:
    async def story() -> None:
        world = World(rule(Effect.ALLOW, method))
        world.rules.posture = Posture.ASK_WRITES
        connection = await connected(world, make_connection(enrolled=False))
        task = world.start(make_asked(connection, method, params))
        request = await world.asked()
        assert request.because == Because.UNKNOWN_AGENT.value
        world.answer(request, allow=False)
        await task

    play(story)


@pytest.mark.requirement("ROUTE-COMPLETION", "ROUTE-TASKS")
@pytest.mark.parametrize(("method", "params"), UNASKED)
@pytest.mark.parametrize("posture", list(Posture))
def test_completions_and_tasks_are_noted_where_no_rule_speaks_of_them(
    method: str, params: JsonObject, posture: Posture
) -> None:
    async def story() -> None:
        world = World(rule(Effect.DENY, method, tool="another"))
        world.rules.posture = posture
        connection = await connected(world)
        assert isinstance(await world.start(make_asked(connection, method, params)), Forwarded)
        assert world.server.sent == [params]
        (entry,) = world.log.of_type(RecordType.PASSED)
        assert entry.details == {"method": method}
        assert world.server.recorded_before[0][-1] == entry.outcome
        (awaited,) = [one.awaited for one in world.log.records if one.entry is entry]
        assert awaited
        assert world.log.of_type(RecordType.DECISION) == []
        assert world.log.of_type(RecordType.DELIVERY) == []

    play(story)


@pytest.mark.requirement("LAW-1")
@pytest.mark.parametrize(("method", "params"), UNASKED)
def test_what_nobody_is_asked_about_is_not_sent_without_a_record(
    method: str, params: JsonObject
) -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        world.log.failure = LogUnavailable("The disk is full.")
        reply = await world.start(make_asked(connection, method, params))
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.ERROR_BROKER
        assert not reply.unknown
        assert world.server.sent == []

    play(story)


def test_a_completion_too_large_to_read_at_a_glance_asks() -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        large: JsonObject = {**COMPLETE, "context": {"x": "y" * LARGE_ARGUMENTS_BYTES}}
        task = world.start(make_asked(connection, "completion/complete", large))
        world.answer(await world.asked(), allow=False)
        assert isinstance(await task, Refused)

    play(story)


@pytest.mark.parametrize(("method", "params"), ASKED)
def test_what_stands_beside_the_known_params_is_allowed_by_no_rule(
    method: str, params: JsonObject
) -> None:
    async def story() -> None:
        world = World(rule(Effect.ALLOW, method))
        connection = await connected(world)
        task = world.start(make_asked(connection, method, {**params, "more": 1}))
        request = await world.asked()
        assert request.because == Because.OTHER_PARAMS.value
        assert '"more":1' in request.arguments
        world.answer(request, allow=False)
        await task

    play(story)


# ---------------------------------------------------------------- refused before that


@pytest.mark.requirement("LAW-5")
@pytest.mark.parametrize(("method", "params"), ASKED + UNASKED)
def test_the_stop_refuses_all_of_them(method: str, params: JsonObject) -> None:
    async def story() -> None:
        world = World(rule(Effect.ALLOW, method))
        connection = await connected(world)
        await world.stop.engage("window")
        reply = await world.start(make_asked(connection, method, params))
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_PAUSED
        assert world.server.sent == []

    play(story)


@pytest.mark.parametrize(
    ("method", "params", "outcome"),
    [
        ("resources/read", {"uri": 1}, Outcome.REFUSED_MALFORMED),
        ("prompts/get", {"name": "x", "arguments": []}, Outcome.REFUSED_MALFORMED),
        ("completion/complete", {"ref": {"type": "x"}}, Outcome.REFUSED_MALFORMED),
        ("resources/read", {"uri": "x" * 9000}, Outcome.REFUSED_INVALID_ARGUMENTS),
        ("prompts/get", {"name": "x" * 9000}, Outcome.REFUSED_UNREVIEWED),
    ],
)
def test_what_names_nothing_that_can_be_judged_is_refused(
    method: str, params: JsonObject, outcome: Outcome
) -> None:
    async def story() -> None:
        world = World(rule(Effect.ALLOW, method, tool="*"))
        connection = await connected(world)
        reply = await world.start(make_asked(connection, method, params))
        assert isinstance(reply, Refused)
        assert reply.outcome is outcome
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.details["method"] == method
        assert len(entry.tool) <= 200

    play(story)


def test_a_tool_that_changes_withdraws_no_prompt_of_its_name() -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        task = world.start(make_asked(connection, "prompts/get", {"name": "dispatch_order"}))
        request = await world.asked()
        changed = make_tool(description="Now does more.")
        await world.reviews.listed(connection, (changed, make_prompt("dispatch_order")))
        world.answer(request, allow=True)
        assert isinstance(await task, Forwarded)

    play(story)


@pytest.mark.parametrize(("method", "params"), ASKED)
def test_a_stop_between_the_answer_and_the_write_keeps_it_from_being_sent(
    method: str, params: JsonObject
) -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        task = world.start(make_asked(connection, method, params))
        request = await world.asked()
        world.log.hold()
        world.answer(request, allow=True)
        stopping = world.stop.engage("window")
        world.log.release()
        await stopping
        assert isinstance(await task, Refused)
        assert world.server.sent == []

    play(story)


# ---------------------------------------------------------------- what comes back


@pytest.mark.requirement("ROUTE-RESOURCES")
def test_what_was_read_lights_the_lamp_and_is_traced_as_untrusted() -> None:
    async def story() -> None:
        world = World(rule(Effect.ALLOW, "resources/read"))
        connection = await connected(world)
        world.server.answer_with = CONTENTS
        await world.start(make_asked(connection, "resources/read", READ))
        assert connection.session.lamps is Lamps.U
        task = world.start(
            make_call(
                connection, arguments={"to": "DE02120300000000202051"}, id_="call-2", request_id=2
            )
        )
        request = await world.asked()
        (origin,) = request.trace.origins
        assert (origin.tool, origin.untrusted, origin.result) == (URI, True, 1)
        assert [call.method for call in request.earlier] == ["resources/read"]
        world.answer(request, allow=False)
        await task

    play(story)


def test_an_answer_beyond_the_limits_is_withheld_and_said_so() -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        world.server.answer_with = {"values": list(range(60_000))}
        reply = await world.start(make_asked(connection, "completion/complete", COMPLETE))
        assert isinstance(reply, Refused)
        assert reply.withheld
        (entry,) = world.log.of_type(RecordType.DELIVERY)
        assert entry.outcome == "result_withheld"

    play(story)


def test_a_production_server_raises_what_reading_is_held_for() -> None:
    async def story() -> None:
        world = World()
        world.rules.posture = Posture.ASK_WRITES
        connection = await world.connect(
            make_connection(server=make_server(environment="production"))
        )
        task = world.start(make_asked(connection, "resources/read", READ))
        request = await world.asked()
        assert request.tier.name == "T1"
        world.answer(request, allow=False)
        await task

    play(story)


# ---------------------------------------------------------------- asked within


def asking(requests: JsonObject, **more: JsonValue) -> JsonObject:
    return {"resultType": "input_required", "inputRequests": requests, **more}


ROOTS = Rule(id="r-roots", effect=Effect.ALLOW, kind=Kind.ROOTS)
ROOTS_ASKED: JsonObject = {"method": "roots/list", "params": {}}
FORM: JsonObject = {"method": "elicitation/create", "params": {"message": "Which one?"}}


def again(connection: Connection, params: JsonObject, **changes: JsonValue) -> IncomingCall:
    more: JsonObject = {"inputResponses": {"a": {"roots": []}}, "requestState": "s", **changes}
    return make_asked(connection, "resources/read", {**params, **more}, id_="call-2", request_id=2)


@pytest.mark.requirement("LAW-1")
def test_the_same_reading_goes_on_with_the_input_that_was_allowed() -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await connected(world)
        world.server.answer_with = asking({"a": ROOTS_ASKED}, requestState="s")
        task = world.start(make_asked(connection, "resources/read", READ))
        world.answer(await world.asked(), allow=True)
        await task
        world.server.answer_with = CONTENTS
        assert isinstance(await world.start(again(connection, READ)), Forwarded)
        assert outcomes(world) == ["allowed_once", "allowed_rule", "continuation"]

    play(story)


@pytest.mark.requirement("LAW-2")
@pytest.mark.parametrize(
    "changes", [{"uri": "file:///other"}, {"inputResponses": {"b": 1}}, {"requestState": "t"}]
)
def test_another_reading_with_the_same_state_asks(changes: JsonObject) -> None:
    async def story() -> None:
        world = World(ROOTS)
        connection = await connected(world)
        world.server.answer_with = asking({"a": ROOTS_ASKED}, requestState="s")
        task = world.start(make_asked(connection, "resources/read", READ))
        world.answer(await world.asked(), allow=True)
        await task
        task = world.start(again(connection, READ, **changes))
        world.answer(await world.asked(2), allow=False)
        assert isinstance(await task, Refused)

    play(story)


@pytest.mark.requirement("ROUTE-TASKS")
@pytest.mark.parametrize("allow", [True, False])
def test_what_a_task_asks_for_is_asked_once_however_often_it_is_looked_at(allow: bool) -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        world.server.answer_with = {"taskId": "t-1", "inputRequests": {"a": FORM}}
        look = make_asked(connection, "tasks/get", {"taskId": "t-1"})
        task = world.start(look)
        request = await world.asked()
        assert request.kind is RequestKind.INPUT
        world.answer(request, allow=allow)
        assert isinstance(await task, Forwarded if allow else Refused)
        look = make_asked(connection, "tasks/get", {"taskId": "t-1"}, id_="call-2", request_id=2)
        assert isinstance(await world.start(look), Forwarded if allow else Refused)
        assert len(world.approver.shown) == 1

    play(story)


@pytest.mark.requirement("ROUTE-TASKS")
@pytest.mark.parametrize(
    ("params", "asks"),
    [
        ({"taskId": "t-1", "inputResponses": {"a": {"action": "accept"}}}, False),
        ({"taskId": "t-1"}, False),
        ({"taskId": "t-1", "inputResponses": {"b": 1}}, True),
        ({"taskId": "t-1", "inputResponses": [1]}, True),
        ({"taskId": "t-2", "inputResponses": {"a": 1}}, True),
    ],
)
def test_a_task_is_given_only_what_it_was_allowed_to_ask_for(
    params: JsonObject, asks: bool
) -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world)
        world.server.answer_with = {"taskId": "t-1", "inputRequests": {"a": FORM}}
        task = world.start(make_asked(connection, "tasks/get", {"taskId": "t-1"}))
        world.answer(await world.asked(), allow=True)
        await task
        world.server.answer_with = {}
        task = world.start(
            make_asked(connection, "tasks/update", params, id_="call-2", request_id=2)
        )
        if asks:
            request = await world.asked(2)
            assert request.because == Because.NOT_ASKED.value
            world.answer(request, allow=False)
        assert isinstance(await task, Refused if asks else Forwarded)

    play(story)


UNPROVEN = ("analyst (not proven)", "analyst", "somebody")


@pytest.mark.requirement("LAW-6", "ROUTE-COMPLETION", "ROUTE-TASKS")
@pytest.mark.parametrize("claimed", UNPROVEN)
@pytest.mark.parametrize(("method", "params"), ASKED + UNASKED)
def test_what_is_denied_to_an_agent_is_not_sent_without_its_token(
    method: str, params: JsonObject, claimed: str
) -> None:
    async def story() -> None:
        world = World(rule(Effect.DENY, method, agent="analyst", never=True))
        connection = await connected(world, make_connection(agent=claimed, enrolled=False))
        reply = await world.start(make_asked(connection, method, params))
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.DENIED_RULE
        assert world.server.sent == []
        call = Rule(id="r", effect=Effect.DENY, agent="analyst", tool="dispatch_order", never=True)
        world.rules.use((call,))
        reply = await world.start(make_call(connection, arguments={"order": 7}))
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.DENIED_RULE

    play(story)


@pytest.mark.requirement("LAW-6", "ROUTE-TASKS")
def test_who_proved_no_name_is_asked_about_before_it_changes_a_task() -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world, make_connection(agent="somebody", enrolled=False))
        asked = world.start(make_asked(connection, "tasks/cancel", {"taskId": "t-1"}))
        request = await world.asked()
        assert request.because == Because.UNKNOWN_AGENT.value
        assert world.server.sent == []
        world.answer(request, allow=False)
        await asked
        assert isinstance(
            await world.start(make_asked(connection, "tasks/get", {"taskId": "t-1"})), Forwarded
        )

    play(story)
