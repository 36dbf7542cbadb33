"""The history's search on a real database: what is typed becomes filters, and filters find."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import AgentState
from keyturn.domain.decision import Outcome
from keyturn.gui.look import Look
from keyturn.presentation.history import FilterToken
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


@pytest.mark.requirement("H6")
def test_verify_is_pressed_and_says_which_record_is_the_first_that_was_changed(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> list[str]:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        heard: asyncio.Queue[str] = asyncio.Queue()
        scene.model.summary_changed.connect(
            lambda summary: heard.put_nowait(summary.chain.text if summary.chain else "")
        )
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
