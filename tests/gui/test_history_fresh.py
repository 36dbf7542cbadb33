"""A decision is in the history half a second after it was made: what each step of that may take."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from keyturn.application.console_protocol import StateChanged
from keyturn.approvers.console import COALESCE_SECONDS
from keyturn.gui.history.presenter import REFRESH_MS
from keyturn.gui.look import Look
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from tests.fakes.clock import FakeClock
from tests.gui.history_scene import HistoryScene, open_history
from tests.unit.storage.log_entries import decision

pytestmark = pytest.mark.gui
READING_MS = 100.0
"""Left for reading and wording the first page: 6 ms of the processor's (see RESULTS.md)."""


def waiting(scene: HistoryScene) -> list[QTimer]:
    """Return what will read again."""
    timers = scene.presenter.findChildren(QTimer)
    return [one for one in timers if one.isActive() and one.interval() == REFRESH_MS]


@pytest.mark.requirement("H2")
def test_what_the_broker_and_the_window_wait_for_is_less_than_half_a_second() -> None:
    assert COALESCE_SECONDS * 1000 + REFRESH_MS + READING_MS <= 500


@pytest.mark.requirement("H2")
def test_a_decision_of_a_log_that_grows_is_read_when_the_broker_tells_of_it(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> None:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        await log.commit(decision("c-1"))
        scene = open_history(look, tmp_path)
        try:
            await scene.until(lambda rows: len(rows) == 1)
            assert waiting(scene) == []
            for n in range(2, 6):
                await log.commit(decision(f"c-{n}"))
                scene.bridge.tell(StateChanged(history=n))
                [timer] = waiting(scene)
                timer.stop()
                timer.timeout.emit()
                await scene.until(lambda rows, n=n: len(rows) == n)
        finally:
            scene.close()
            await writer.close()

    asyncio.run(story())
