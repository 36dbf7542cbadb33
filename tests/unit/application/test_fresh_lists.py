"""Before a person is asked about a call that reaches far, its tool is looked at once more."""

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.application.call import Refused
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.unit.application.gate_world import World, play

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, server="logistics", tool="dispatch_order")


@pytest.mark.parametrize(
    ("tier", "rules", "looks"),
    [
        (Tier.T0, (), []),
        (Tier.T1, (), []),
        (Tier.T2, (), [(30.0, 3.0)]),
        (None, (), [(30.0, 3.0)]),
        (Tier.T2, (ALLOW,), []),
    ],
)
def test_a_list_of_tools_is_made_fresh_for_a_card_that_reaches_far(
    tier: Tier | None, rules: tuple[Rule, ...], looks: list[tuple[float, float]]
) -> None:
    async def story() -> None:
        world = World(*rules)
        server = make_server(tools=(ToolSetting(pattern="*", tier=tier),))
        connection = await world.connect(make_connection(server=server))
        task = world.start(make_call(connection))
        if not rules:
            world.answer(await world.asked(), allow=False)
        await task
        assert world.server.looks == looks

    play(story)


def test_a_tool_that_changed_in_a_fresh_list_is_refused_and_not_asked_about() -> None:
    async def story() -> None:
        world = World()
        server = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T2),))
        connection = await world.connect(make_connection(server=server))
        changed = make_tool(description="Also copies the order elsewhere.")
        world.server.on_look = lambda: world.reviews.listed(connection, [changed])
        reply = await world.gate.handle(make_call(connection), world.server)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.BLOCKED_DEFINITION_CHANGED
        assert [request.kind for request in world.approver.shown] == [RequestKind.CHANGE]
        await world.reviews.close()

    play(story)
