"""From a decision of the past to a rule: the identical call is allowed, and names the rule."""

import asyncio
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QPushButton

from keyturn.application.console_protocol import SaveRule, StateChanged
from keyturn.application.console_state import AgentState
from keyturn.application.pin_guard import rule_of
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Outcome
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.presentation.history import HistoryDetail
from keyturn.presentation.rules_builder import RulesBuilder
from keyturn.storage.queries.items import HistoryItem
from tests.factories import make_call, make_connection
from tests.gui import pages_data as data
from tests.gui.history_scene import open_history, write
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge
from tests.unit.application.gate_world import World

pytestmark = pytest.mark.gui
NAME = "Dispatch, seen once"
ARGUMENTS: JsonObject = {"order_id": "NW-1041"}


@pytest.mark.requirement("H7")
def test_the_identical_call_is_allowed_unasked_and_shows_the_rules_name(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        await world.agreements.set_tier(world.pin_shown(), Tier.T1, Lamps.NONE)
        first = world.start(make_call(connection, arguments=ARGUMENTS, id_="c-1"))
        world.answer(await world.asked(), allow=True)
        await first

        saved = await _make_rule(tmp_path / "before", look, world, make_connection().server.name)
        await world.rules.add(saved)
        await world.start(make_call(connection, arguments=ARGUMENTS, id_="c-2", request_id=2))

        assert len(world.approver.shown) == 1
        assert len(world.server.arrivals) == 2
        rows = await _rows(tmp_path / "after", look, world)
        assert [row for row in rows if row[0] != "you"] == [(NAME, Outcome.ALLOWED_RULE.value)]

    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
    asyncio.run(story())


async def _decisions(folder: Path, world: World) -> None:
    entries = [one.entry for one in world.log.records if one.entry.type.value == "decision"]
    await write(folder, entries)


async def _make_rule(folder: Path, look: Look, world: World, server: str) -> Rule:
    """Press "Make rule" beside the decision, choose to allow, name it, and save it."""
    await _decisions(folder, world)
    scene = open_history(look, folder)
    bridge = SpyBridge()
    builder = RulesBuilder(look.words)
    view = RulesView(look, builder.effects())
    rules = RulesPresenter(
        bridge=bridge, sender=IntentSender(bridge), view=view, builder=builder, words=look.words
    )
    tool = structs.replace(data.SERVERS[0].tools[0], name="dispatch_order")
    known = structs.replace(data.SERVERS[0], name=server, tools=(tool,))
    agent = AgentState(name="analyst", enrolled=True, connections=1)
    bridge.tell(StateChanged(agents=(agent,), servers=(known,)))
    wanted: list[HistoryItem] = []
    scene.presenter.rule_wanted.connect(wanted.append)
    scene.presenter.rule_wanted.connect(rules.start_rule_about)
    shown = asyncio.Event()
    details: list[HistoryDetail] = []
    scene.model.detail_changed.connect(details.append)
    scene.model.detail_changed.connect(shown.set)
    try:
        [row] = await scene.until(lambda rows: len(rows) == 1)
        scene.view.table.row_chosen.emit(row.number)
        await asyncio.wait_for(shown.wait(), 20)
        make = scene.view.detail.findChild(QPushButton, "make_rule")
        assert make is not None
        make.click()
        assert wanted[0].server == server
        allow = view.form.findChild(ChoiceRow, f"effect_{Effect.ALLOW.value}")
        assert allow is not None
        allow.click()
        view.form.name_line.setText(NAME)
        view.form.save.click()
        message = bridge.sent[-1]
        assert isinstance(message, SaveRule)
        return rule_of(message.data)
    finally:
        scene.close()
        rules.close()
        let_go(view)


async def _rows(folder: Path, look: Look, world: World) -> list[tuple[str, str]]:
    await _decisions(folder, world)
    scene = open_history(look, folder)
    try:
        rows = await scene.until(lambda rows: len(rows) == 2)
        return [(row.decided_by.text, _name(row.outcome.text, look)) for row in rows]
    finally:
        scene.close()


def _name(said: str, look: Look) -> str:
    """Return the outcome that a word stands for."""
    return next(o.value for o in Outcome if look.words(f"history.outcome_{o.value}") == said)
