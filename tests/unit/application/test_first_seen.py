"""A destination is new until a call to it was allowed, in all sessions that share lamps."""

from dataclasses import replace

import pytest

from keyturn.application.sessions import Sessions
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.destinations import MOST_MARKED, destinations_in
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from tests.factories import PEER, make_call, make_connection, make_server
from tests.fakes.ids import FakeIds
from tests.unit.application.gate_world import World, play

MILL: JsonObject = {"to": "Mill Lane 66"}
HARBOUR: JsonObject = {"to": "Harbour Street 9"}


@pytest.mark.requirement("FLOW-FIRST")
def test_it_is_new_until_a_call_to_it_was_allowed() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        said: list[list[str]] = []
        answers = [(MILL, False), (MILL, True), (MILL, True), (HARBOUR, True)]
        for number, (arguments, allow) in enumerate(answers, 1):
            task = world.start(make_call(connection, arguments=arguments, id_=f"call-{number}"))
            request = await world.asked(number)
            said.append([one.name for one in request.first_seen])
            world.answer(request, allow=allow)
            await task
        # Denied again it would be the fourth time that it is new.
        assert said == [["mill lane 66"], ["mill lane 66"], [], ["harbour street 9"]]

    play(story)


@pytest.mark.requirement("FLOW-FIRST")
def test_a_new_one_is_marked_however_many_known_ones_stand_before_it() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        known: list[JsonValue] = [f"u{n}@example.org" for n in range(300)]
        for number, cc in enumerate((known, [*known, "eve@evil.example"]), 1):
            arguments: JsonObject = {"cc": cc}
            task = world.start(make_call(connection, arguments=arguments, id_=f"call-{number}"))
            world.answer(await world.asked(number), allow=True)
            await task
        first, second = world.approver.shown
        assert len(first.first_seen) == MOST_MARKED
        assert [one.name for one in second.first_seen] == ["eve@evil.example"]

    play(story)


@pytest.mark.requirement("FLOW-FIRST")
@pytest.mark.parametrize(("labels", "new"), [(Lamps.U, 0), (Lamps.U | Lamps.X, 1)])
def test_what_only_reads_sends_nowhere_unless_it_tells(labels: Lamps, new: int) -> None:
    async def story() -> None:
        world = World()
        server = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T0, labels=labels),))
        connection = await world.connect(make_connection(server=server))
        task = world.start(make_call(connection, arguments=MILL))
        request = await world.asked()
        assert len(request.first_seen) == new
        world.answer(request, allow=False)
        await task

    play(story)


@pytest.mark.requirement("FLOW-FIRST", "TASK-NEW")
def test_sessions_that_share_lamps_share_it_and_a_new_task_forgets() -> None:
    sessions = Sessions(FakeIds(), MemoryTraceIndexes())
    hosted = sessions.join("analyst", PEER)
    hidden = sessions.join("analyst", replace(PEER, host=None))
    to = destinations_in(MILL)
    assert hidden.first_seen(to) == to
    hosted.sent_to.note(to)
    assert hidden.first_seen(to) == hosted.first_seen(to) == ()
    assert sessions.join("coder", PEER).first_seen(to) == to
    hosted.begin_task()
    assert hidden.first_seen(to) == to
