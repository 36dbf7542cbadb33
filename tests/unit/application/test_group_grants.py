"""A rule that the window makes of a group decides, in the broker, what fits it and nothing else."""

import pytest

from keyturn.application.call import Forwarded
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.tier import Tier
from keyturn.presentation.group_rule import decided_by, group_sheet
from keyturn.presentation.rule_sheet import Span, draft, save_intent
from keyturn.presentation.words import Words
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.sources import ROOT
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

pytestmark = pytest.mark.requirement("LAW-4")

WORDS = Words(ROOT / "resources" / "translations")
TOOL = make_tool(inputSchema={"type": "object"})
SAID: tuple[JsonObject, ...] = (
    *({"path": f"/srv/{number}.ts", "mode": "0644"} for number in range(4)),
    {"path": "/home/ada/.ssh/authorized_keys", "mode": "0644"},
)


@pytest.mark.parametrize("span", [Span.QUARTER, Span.ALWAYS])
@pytest.mark.parametrize(("open_path", "through"), [(False, 4), (True, 5)])
def test_as_many_go_through_as_the_sheet_says(span: Span, open_path: bool, through: int) -> None:
    """The outlier goes through by no rule of the narrowest kind; by a wider one it is counted."""

    async def story() -> None:
        server = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T1),))
        world = BrokerWorld(servers=(server,))
        connection = await world.connect(make_connection(server=server), TOOL)
        walks = [
            world.start(make_call(connection, arguments=arguments, id_=f"c-{number}"))
            for number, arguments in enumerate(SAID)
        ]
        await world.asked(len(SAID))
        requests = [one.request for one in world.approvals.waiting()]
        odd = next(one for one in requests if "authorized_keys" in one.arguments)
        sheet = group_sheet(requests, {odd.id}, WORDS)
        ticked = {value.path for value in sheet.values} - ({"/path"} if open_path else set())
        made = draft(sheet, ticked, WORDS, span)
        assert decided_by(made.rule, requests, WORDS) == through
        await world.intents.carry_out(save_intent(1, made, sheet.request_id, sheet.digest))
        left = [one.request for one in world.approvals.waiting()]
        assert len(left) == len(SAID) - through
        if not open_path:
            assert left == [odd]
            assert not walks[-1].done()
        for walk in walks[:4]:
            assert isinstance(await walk, Forwarded)
        # What comes later is asked about, unless it fits.
        path: JsonObject = {"path": "/etc/passwd", "mode": "0644"}
        walks.append(world.start(make_call(connection, arguments=path, id_="c-later")))
        if not open_path:
            await world.asked(len(SAID) + 1)
        world.approvals.close()

    play(story)
