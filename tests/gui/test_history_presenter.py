"""The history's presenter on a real database: a result's number leads to its call."""

import asyncio
from pathlib import Path

import msgspec
import pytest

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
from tests.gui.spy_bridge import SpyBridge
from tests.unit.storage.log_entries import decision, delivery

pytestmark = pytest.mark.gui
CALLS = 450
"""More than two pages."""


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
