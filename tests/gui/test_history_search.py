"""The history's search on a real database: what is typed becomes filters, and filters find."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import AgentState
from keyturn.domain.decision import Outcome
from keyturn.gui import fitting
from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.presentation.history import FilterToken, HistoryDetail, HistorySummary
from keyturn.storage.queries import history
from keyturn.storage.read_only import DATABASE_NAME
from tests.gui.history_scene import HistoryScene, of_each_outcome, open_history, write

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]
"""What completes is in a popup, which the display without a display can neither raise nor hold."""
AGENT = AgentState(name="coder", enrolled=True, connections=0)


def type_filter(scene: HistoryScene, text: str) -> None:
    """Type into the field and press Enter."""
    line = scene.view.filters.line
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


@pytest.mark.requirement("H3")
def test_each_outcome_is_found_by_the_word_that_its_row_says(tmp_path: Path, look: Look) -> None:
    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        try:
            rows = await scene.until(lambda rows: len(rows) == len(Outcome))
            icons = {row.outcome.icon for row in rows}
            assert len(icons) == len(Outcome)
            for row in rows:
                scene.presenter.show_filters(())
                await scene.until(lambda rows: len(rows) == len(Outcome))
                type_filter(scene, f"outcome: {row.outcome.text}")
                found = await scene.until(lambda rows: len(rows) == 1)
                assert found == [row]
        finally:
            scene.close()

    asyncio.run(story())


@pytest.mark.requirement("H1")
def test_tokens_narrow_together_and_words_stay_words(tmp_path: Path, look: Look) -> None:
    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        narrowed: list[tuple[FilterToken, ...]] = []
        scene.view.filters.filters_changed.connect(narrowed.append)
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            type_filter(scene, "agent:coder")
            type_filter(scene, "outcome:refused")
            found = await scene.until(lambda rows: len(rows) < len(Outcome) // 2)
            assert {row.agent for row in found} == {"coder"}
            type_filter(scene, "colour:red")
            type_filter(scene, "")
            assert scene.view.filters.line.text() == "colour:red"
            assert len(narrowed) == 2
        finally:
            scene.close()

    asyncio.run(story())


@pytest.mark.requirement("H1")
def test_what_is_typed_is_completed_with_the_names_that_there_are(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        scene.bridge.tell(StateChanged(agents=(AGENT,)))
        field = scene.view.filters
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            QTest.keyClicks(field.line, "agent:co")
            completer = field.line.completer()
            assert completer is not None
            assert completer.completionCount() == 1
            completer.setCurrentRow(0)
            assert completer.currentCompletion() == "agent:coder"
            field.line.setText(completer.currentCompletion())
            completer.activated.emit(completer.currentCompletion())
            found = await scene.until(lambda rows: len(rows) == len(Outcome) // 2)
            assert {row.agent for row in found} == {"coder"}
            assert field.line.text() == ""
        finally:
            scene.close()

    asyncio.run(story())


@pytest.mark.requirement("H1")
def test_what_was_painted_once_is_laid_out_no_more(
    tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    fitted = fitting.fitted

    def counted(look: Look, text: str, *given: Any, **more: Any) -> TextFlow:
        made.append(text)
        return fitted(look, text, *given, **more)

    monkeypatch.setattr(fitting, "fitted", counted)

    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            scene.view.grab()
            painted = len(made)
            assert painted
            for _ in range(3):
                scene.view.grab()
            assert len(made) == painted
        finally:
            scene.close()

    asyncio.run(story())


@pytest.mark.requirement("H6")
def test_verify_is_pressed_and_says_which_record_is_the_first_that_was_changed(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> list[str]:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        heard: asyncio.Queue[str] = asyncio.Queue()

        def hear(summary: HistorySummary) -> None:
            heard.put_nowait(summary.chain.text if summary.chain else "")

        scene.model.summary_changed.connect(hear)
        button = scene.view.findChild(QAbstractButton, "verify_log")
        assert button is not None
        try:
            assert await heard.get() == ""
            button.click()
            said = [await heard.get(), await heard.get()]
            change(tmp_path / DATABASE_NAME)
            button.click()
            return [*said, await heard.get(), await heard.get()]
        finally:
            scene.close()

    checking = look.words("history.chain_checking")
    assert asyncio.run(story()) == [
        checking,
        "20 records checked, all hold",
        checking,
        "Changed: record 3 is the first that does not hold",
    ]


def change(database: Path) -> None:
    """Edit the history of two decisions, as somebody with the file could."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE calls SET tool = 'other' WHERE seq IN (3, 7)")


@pytest.mark.requirement("H1")
def test_a_search_that_ran_out_of_time_goes_on_by_itself(
    tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that finds only the oldest row, by looks that each get over one window."""
    monkeypatch.setattr(history, "_WINDOW", 4)

    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            monkeypatch.setattr(history.HistoryQuery, "_window", late_after_a_window())
            type_filter(scene, "outcome:allowed_once")
            found = await scene.until(lambda rows: len(rows) == 1)
            assert found[0].number == 1
        finally:
            scene.close()

    asyncio.run(story())


def late_after_a_window() -> Callable[..., None]:
    """Return a look at a window that has time for every other one."""
    real: Callable[..., None] = vars(history.HistoryQuery)["_window"]
    looks = itertools.count()

    def look(query: history.HistoryQuery, *given: Any) -> None:
        if next(looks) % 2:
            error = sqlite3.OperationalError("interrupted")
            error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
            raise error
        real(query, *given)

    return look


def test_only_what_a_standing_rule_allowed_offers_to_revoke_it(tmp_path: Path, look: Look) -> None:
    async def story() -> dict[str, str]:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        shown: asyncio.Queue[HistoryDetail] = asyncio.Queue()
        scene.model.detail_changed.connect(shown.put_nowait)
        wanted: list[str] = []
        scene.presenter.revoke_wanted.connect(wanted.append)
        button = scene.view.detail.findChild(QAbstractButton, "revoke_rule")
        assert button is not None
        offered: dict[str, str] = {}
        try:
            for row in await scene.until(lambda rows: len(rows) == len(Outcome)):
                scene.view.table.row_chosen.emit(row.number)
                detail = await shown.get()
                assert button.isHidden() == (not detail.rule_id)
                button.click()
                offered |= {row.outcome.text: wanted.pop()} if wanted else {}
            return offered
        finally:
            scene.close()

    assert asyncio.run(story()) == {"Allowed by rule": "r-1"}
