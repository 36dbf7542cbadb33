"""The history's presenter on a real database: a result's number leads to its call."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QModelIndex

from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.presenter import HistoryPresenter
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history import HistoryDetail
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.clock import FakeClock
from tests.gui import pages_data as data
from tests.gui.conftest import RESOURCES
from tests.gui.history_scene import open_history
from tests.gui.spy_bridge import SpyBridge
from tests.unit.storage.log_entries import decision, delivery

pytestmark = pytest.mark.gui
CALLS = 450
"""More than two pages."""
SLICE = 50
"""Rows that are worded, and shown, at a time: the window waits for as long as that takes."""


async def _write(folder: Path) -> None:
    writer = open_writer(folder, FakeClock())
    log = SqliteDecisionLog(writer)
    for n in range(1, CALLS + 1):
        log.note(decision(f"c-{n}", tool=f"tool_{n}", session="s-1"))
        log.note(msgspec.structs.replace(delivery(f"c-{n}"), details={"bytes": 1, "result": n}))
    await log.commit(decision("c-other", tool="elsewhere", session="s-2"))
    await writer.close()


@pytest.mark.parametrize("number", [1, CALLS])
def test_a_results_number_opens_its_call(tmp_path: Path, look: Look, number: int) -> None:
    async def story() -> HistoryDetail:
        await _write(tmp_path)
        bridge, model = SpyBridge(), HistoryModel()
        view = HistoryView(look, model)
        cards = CardBuilder(look.words, read_verbs(RESOURCES / "verbs.toml"))
        presenter = HistoryPresenter(
            bridge=bridge, model=model, view=view, builder=HistoryBuilder(look.words, cards)
        )
        shown: asyncio.Future[HistoryDetail] = asyncio.get_running_loop().create_future()

        def show(detail: HistoryDetail | None) -> None:
            if detail is not None and not shown.done():
                shown.set_result(detail)

        model.detail_changed.connect(show)
        bridge.welcomed.emit(
            msgspec.structs.replace(data.WELCOME, database=str(tmp_path / DATABASE_NAME))
        )
        presenter.open_result("s-1", number)
        try:
            return await asyncio.wait_for(shown, 20)
        finally:
            presenter.close()
            view.deleteLater()

    detail = asyncio.run(story())
    assert f"tool_{number}" in detail.server_tool


@pytest.mark.requirement("H1")
def test_a_page_that_is_asked_for_again_and_again_comes_once_and_in_slices(
    tmp_path: Path, look: Look
) -> None:
    """Qt asks for more with every step at the end of a list, however long the answer takes."""
    slices: list[int] = []

    def take_down(_parent: QModelIndex, first: int, last: int) -> None:
        slices.append(last - first + 1)

    async def story() -> list[int]:
        await _write(tmp_path)
        scene = open_history(look, tmp_path)
        rows = scene.model.rows
        try:
            await scene.until(bool)
            rows.rowsInserted.connect(take_down)
            while rows.canFetchMore(QModelIndex()):
                before = rows.rowCount()
                for _ in range(3):
                    rows.fetchMore(QModelIndex())
                await scene.until(lambda shown, before=before: len(shown) > before)
                rows.fetchMore(QModelIndex())
            return [row.number for row in scene.rows()]
        finally:
            scene.close()

    numbers = asyncio.run(story())
    assert len(numbers) == len(set(numbers)) == CALLS + 1
    assert numbers == sorted(numbers, reverse=True)
    assert 0 < max(slices) <= SLICE
