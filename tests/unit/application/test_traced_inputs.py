"""What servers ask, and what is said to have been answered, can be the origin of a value."""

import asyncio

import pytest

from keyturn.application.inputs import ServerInput
from keyturn.domain.canonical import JsonObject
from tests.unit.application.gate_world import World, play

QUESTION: JsonObject = {
    "message": "Send it to ops@north-quarry.example?",
    "requestedSchema": {"type": "object", "properties": {"to": {"type": "string"}}},
}
ANSWER: JsonObject = {"action": "accept", "content": {"to": "14 Quarry Road, Hangar 9"}}


@pytest.mark.requirement("TRACE-SAID")
def test_an_answer_that_goes_to_the_server_is_traced_and_is_no_servers_word() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        asked = ServerInput(
            id="i-1", connection=connection, method="elicitation/create", params=QUESTION
        )
        assert not world.inputs.keeps_back(asked, ANSWER, freely=True)
        (origin,) = connection.session.trace({"address": "14 Quarry Road, Hangar 9"}).origins
        assert (origin.tool, origin.untrusted) == ("elicitation/create", False)

    play(story)


@pytest.mark.requirement("TRACE-SAID")
def test_a_question_that_passes_is_traced_as_anybodys_text() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        asked = ServerInput(
            id="i-1", connection=connection, method="sampling/createMessage", params=QUESTION
        )
        lamps = connection.session.lamps
        task = asyncio.get_running_loop().create_task(world.inputs.decide(asked))
        world.answer(await world.asked(), allow=True)
        assert (await task).allows
        (origin,) = connection.session.trace({"to": QUESTION["message"]}).origins
        assert origin.untrusted
        assert connection.session.lamps is lamps

    play(story)
