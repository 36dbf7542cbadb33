"""What a person typed for a server, or to an agent in Keyturn: looked at, and known as theirs."""

import pytest

from keyturn.application.approval_request import Answer, AnswerVerdict, ApprovalRequest, Route
from keyturn.application.call import Forwarded, Refused
from keyturn.application.typed_faults import HOLDS_A_SECRET, HOLDS_HIDDEN
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Outcome
from keyturn.domain.rule import Effect
from keyturn.domain.typed import IN_KEYTURN, InputFinding, InputFindingKind
from tests.factories import make_asked, make_call
from tests.unit.application.gate_world import World, play, settle
from tests.unit.application.test_gate_requests import connected, rule

SECRET = InputFinding(kind=InputFindingKind.SECRET, what="password")
HIDDEN = InputFinding(kind=InputFindingKind.HIDDEN)
ORDER = InputFinding(kind=InputFindingKind.ORDER, what="ignore previous")
PROMPT = "prompts/get"
CHECKED = pytest.mark.requirement("INPUT-11")


def finding(finding: InputFinding, words: str = "hunter2") -> World:
    """Make a world that lets prompts and calls through, and finds this in those words."""
    reading = rule(Effect.ALLOW, "resources/read", id="r-2", tool="*")
    world = World(rule(Effect.ALLOW, PROMPT), reading)
    world.input_check.found[words] = finding
    return world


def asking_for(text: str) -> JsonObject:
    return {"name": "greet", "arguments": {"who": text}}


@CHECKED
@pytest.mark.parametrize(("found", "fault"), [(SECRET, HOLDS_A_SECRET), (HIDDEN, HOLDS_HIDDEN)])
def test_a_prompts_argument_with_a_secret_or_hidden_text_is_refused(
    found: InputFinding, fault: str
) -> None:
    async def story() -> None:
        world = finding(found)
        connection = await connected(world)
        reply = await world.start(make_asked(connection, PROMPT, asking_for("it is hunter2")))
        assert isinstance(reply, Refused)
        assert (reply.outcome, reply.faults) == (Outcome.REFUSED_INVALID_ARGUMENTS, (fault,))
        assert world.server.sent == []
        assert await world.start(make_asked(connection, PROMPT, asking_for("Ada"), id_="call-2"))
        assert world.server.sent == [asking_for("Ada")]

    play(story)


@CHECKED
def test_pasted_orders_and_other_requests_go_their_way() -> None:
    async def story() -> None:
        world = finding(ORDER)
        connection = await connected(world)
        ordered = make_asked(connection, PROMPT, asking_for("hunter2"))
        assert isinstance(await world.start(ordered), Forwarded)
        world.input_check.found["hunter2"] = SECRET
        read: JsonObject = {"uri": "file:///hunter2"}
        asked = make_asked(connection, "resources/read", read, id_="call-2", request_id=2)
        assert isinstance(await world.start(asked), Forwarded)

    play(story)


@CHECKED
@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ({"action": "accept", "content": {"name": "hunter2"}}, True),
        ({"action": "accept", "content": {"name": "Ada"}}, False),
        # A model's answer, which nobody typed.
        ({"role": "assistant", "content": {"type": "text", "text": "hunter2"}}, False),
    ],
)
def test_an_answer_to_a_form_in_a_call_holds_no_hidden_text(
    answer: JsonObject, refused: bool
) -> None:
    async def story() -> None:
        world = finding(HIDDEN)
        connection = await connected(world)
        params: JsonObject = {"uri": "file:///a", "inputResponses": {"a": answer}}
        task = world.start(make_asked(connection, "resources/read", params))
        await settle()
        assert (task.done() and isinstance(task.result(), Refused)) is refused
        if not task.done():
            world.answer(await world.asked(), allow=False)
            await task

    play(story)


def typed(world: World, request: ApprovalRequest, message: str, route: Route) -> None:
    """Deny as somebody who answers by a way does, with a message to the agent."""
    world.approvals.answer(
        Answer(
            id=request.id,
            digest=request.digest,
            verdict=AnswerVerdict.DENY,
            route=route,
            message=message,
        )
    )


@pytest.mark.requirement("INPUT-10")
@pytest.mark.parametrize("route", Route)
def test_a_message_that_a_person_typed_in_keyturn_is_known_as_theirs(route: Route) -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        task = world.start(make_call(connection))
        typed(world, await world.asked(), "Kotka harbour", route)
        await task
        origins = connection.session.trace({"to": "Kotka harbour"}).origins
        here = route in (Route.WINDOW, Route.ACCESSIBILITY, Route.TERMINAL)
        assert [origin.tool for origin in origins] == [IN_KEYTURN] * here

    play(story)
