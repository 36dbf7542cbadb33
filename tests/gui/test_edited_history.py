"""History shows what an agent asked for beside what a person had sent in its place."""

import pytest
from pytestqt.qtbot import QtBot

from keyturn.domain.decision import Outcome
from keyturn.gui.history.detail import DetailPane
from keyturn.gui.look import Look
from keyturn.gui.widgets.text import Text
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.recorded_call import RecordedDetail
from keyturn.presentation.verbs import read_verbs
from tests.gui.conftest import RESOURCES
from tests.unit.presentation.recorded import Recorded

pytestmark = [pytest.mark.gui, pytest.mark.requirement("EDIT-2")]
ASKED = '{"address":"14 Quarry Road"}'
MINE = '{"address":"2 Mill Lane"}'


@pytest.mark.parametrize("asked", [ASKED, None])
def test_both_stand_under_the_call(qtbot: QtBot, look: Look, asked: str | None) -> None:
    builder = HistoryBuilder(
        look.words, CardBuilder(look.words, read_verbs(RESOURCES / "verbs.toml"))
    )
    item = Recorded(outcome=Outcome.ALLOWED_MODIFIED.value, arguments=MINE)
    found = RecordedDetail(item=item, arguments=MINE, decision=None, asked=asked)
    detail = builder.detail(found)
    pane = DetailPane(look)
    qtbot.addWidget(pane)
    pane.show_detail(detail)
    said = [one.text() for one in pane.findChildren(Text)]
    assert ("Asked by the agent" in said) is (asked is not None)
    assert [row.value for row in detail.arguments] == ['"2 Mill Lane"']
    assert [row.value for row in detail.asked] == (['"14 Quarry Road"'] if asked else [])
    assert builder.outcome(item).text == "Allowed, edited"
