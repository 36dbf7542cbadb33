"""The history's rows are in the order of time, and its header says no other."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from keyturn.gui import fitting
from keyturn.gui.history.model import Column, HistoryModel
from keyturn.gui.history.table import HistoryHeader, HistoryTable
from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.theme import TypeStyle
from tests.gui.gallery_more import HISTORY_ROWS
from tests.gui.scenes import let_go, settle

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


def test_pressing_a_title_moves_no_arrow_and_no_row(look: Look) -> None:
    """An arrow at a column that sorts nothing says that the rows are in its order."""
    model = HistoryModel()
    model.rows.show_rows(HISTORY_ROWS)
    table = HistoryTable(look, model)
    table.resize(1100, 500)
    table.show()
    settle(table)
    header = table.horizontalHeader()
    assert isinstance(header, HistoryHeader)
    before = header.grab().toImage()
    for column in Column:
        if not table.isColumnHidden(column):
            at = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
            QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
            settle(table)
            assert header.grab().toImage() == before
    numbers = [row.number for row in HISTORY_ROWS]
    assert numbers == sorted(numbers, reverse=True)
    let_go(table)


def test_who_decided_is_read_whole_beside_an_open_decision(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no room in one line has it in two small ones, which are as tall as the row."""
    decided = "what may reach what, built in"
    row = replace(HISTORY_ROWS[0], decided_by=replace(HISTORY_ROWS[0].decided_by, text=decided))
    drawn: list[TextFlow] = []
    fit = fitting.fitted

    def noted(
        look: Look, text: str, style: TypeStyle, width: int, *, lines: int = 1, brief: bool = False
    ) -> TextFlow:
        drawn.append(fit(look, text, style, width, lines=lines, brief=brief))
        return drawn[-1]

    monkeypatch.setattr(fitting, "fitted", noted)
    model = HistoryModel()
    model.rows.show_rows([row])
    table = HistoryTable(look, model)
    table.resize(840, 300)
    table.show()
    settle(table)
    table.grab()
    whole = [flow for flow in drawn if flow.source(0, flow.length) == decided]
    assert whole
    assert max(flow.height for flow in whole) <= table.rowHeight(0)
    let_go(table)
