"""The whole text of a result that was cut is shown when a person asks for it, as plain text."""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtGui import QGuiApplication

from keyturn.gui.history.detail import RESULT, DetailPane
from keyturn.gui.history.kept_text import MOST_SHOWN, KeptTextBox
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.presenter import HistoryPresenter
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.widgets.text import Text
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history import HistoryDetail
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.result_controls import kept_text
from keyturn.presentation.verbs import read_verbs
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.clock import FakeClock
from tests.gui import gallery_more as more
from tests.gui import pages_data as data
from tests.gui.conftest import RESOURCES
from tests.gui.spy_bridge import SpyBridge
from tests.unit.storage.log_entries import decision
from tests.unit.storage.test_kept_texts import kept

pytestmark = [pytest.mark.gui, pytest.mark.requirement("RESULT-KEPT")]
TEXT = "<b>all</b> of it\n\u202e"


def box_of(pane: DetailPane) -> KeptTextBox:
    """Return the box on the result's tab."""
    pane.choose_tab(RESULT)
    box = pane.findChild(KeptTextBox)
    assert box is not None
    return box


def test_a_button_in_the_history_opens_it(tmp_path: Path, look: Look) -> None:
    async def story() -> str:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        await log.commit(decision("c-1", session="s-1"))
        entry = kept("c-1", TEXT)
        log.note(msgspec.structs.replace(entry, details={**entry.details, "result": 1}))
        await log.commit(decision("c-2"))
        await writer.close()
        bridge, model = SpyBridge(), HistoryModel()
        view = HistoryView(look, model)
        cards = CardBuilder(look.words, read_verbs(RESOURCES / "verbs.toml"))
        presenter = HistoryPresenter(
            bridge=bridge, model=model, view=view, builder=HistoryBuilder(look.words, cards)
        )
        opened: asyncio.Future[HistoryDetail] = asyncio.get_running_loop().create_future()
        model.detail_changed.connect(opened.set_result)
        path = str(tmp_path / DATABASE_NAME)
        bridge.welcomed.emit(msgspec.structs.replace(data.WELCOME, database=path))
        presenter.open_result("s-1", 1)
        try:
            await asyncio.wait_for(opened, 20)
            box = box_of(view.detail)
            told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            show = box.show_text

            def shown(whole: str | None) -> None:
                show(whole)
                told.set_result(None)

            box.show_text = shown
            box.show_button.click()
            await asyncio.wait_for(told, 20)
            assert not box.text.isHidden()
            box.copy_button.click()
            return box.text.text()
        finally:
            presenter.close()
            view.deleteLater()

    assert asyncio.run(story()) == TEXT
    assert QGuiApplication.clipboard().text() == TEXT


def test_of_a_very_long_one_the_beginning_is_laid_out_and_all_is_copied(look: Look) -> None:
    kept = kept_text({"kept": MOST_SHOWN + 1}, look.words)
    assert kept is not None
    box = KeptTextBox(look, kept)
    box.show_text("x" * (MOST_SHOWN + 1))
    assert len(box.text.text()) == MOST_SHOWN
    box.copy_button.click()
    assert len(QGuiApplication.clipboard().text()) == MOST_SHOWN + 1


def test_one_that_is_gone_says_so_and_another_decision_gets_no_foreign_text(look: Look) -> None:
    pane = DetailPane(look)
    note = kept_text({"kept": 5}, look.words)
    pane.show_detail(replace(more.DETAIL, number=7, result=more.DETAIL.decided, kept=note))
    box = box_of(pane)
    pane.show_kept(8, "of another")
    assert box.text.isHidden()
    pane.show_kept(7, None)
    assert any("gone" in text.text() for text in box.findChildren(Text))
    assert box.show_button.isHidden()
    pane.show_detail(replace(more.DETAIL, number=8))
    pane.show_kept(8, "too late")


def test_where_nothing_is_kept_there_is_no_button(look: Look) -> None:
    assert kept_text({"kept": 0}, look.words) is None
    assert kept_text({"bytes": 9}, look.words) is None
