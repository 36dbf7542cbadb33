"""Who comes back after a while is told what ended without an answer, and can look at it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from keyturn.domain.decision import Outcome
from keyturn.gui.away import AWAY_MS, AwayWatch
from keyturn.gui.look import Look
from tests.gui.conftest import Clock
from tests.gui.history_scene import of_each_outcome, open_history, write
from tests.gui.scenes import let_go

pytestmark = pytest.mark.gui
BEFORE = "2026-11-01T00:00:00.000Z"


@pytest.mark.parametrize(("away", "told"), [(AWAY_MS - 1, False), (AWAY_MS, True)])
@pytest.mark.usefixtures("look")
def test_five_minutes_are_away(away: int, told: bool) -> None:
    window, clock, back = QWidget(), Clock(), list[str]()
    watch = AwayWatch(window, clock, lambda: datetime(2026, 11, 23, 14, 7, tzinfo=UTC))
    watch.back.connect(back.append)
    for event in (QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate):
        QApplication.sendEvent(window, QEvent(event))
    clock.advance(away)
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    assert back == (["2026-11-23T14:07:00.000Z"] if told else [])
    let_go(window)


@pytest.mark.parametrize("press", ["review_missed", "dismiss_missed"])
def test_what_ended_without_an_answer_is_offered_once(
    tmp_path: Path, look: Look, press: str
) -> None:
    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        said: asyncio.Queue[str] = asyncio.Queue()
        scene.presenter.missed.found.connect(said.put_nowait)
        button = scene.view.findChild(QAbstractButton, press)
        assert button is not None
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            scene.presenter.look_for_missed(BEFORE)
            assert await said.get() == (
                "2 calls ended while you were away. "
                "1 expired without an answer. The agent gave up on 1."
            )
            assert not button.isHidden()
            button.click()
            wanted = 2 if press == "review_missed" else len(Outcome)
            found = await scene.until(lambda rows: len(rows) == wanted)
            texts = {row.outcome.text for row in found}
            assert {"Expired", "Withdrawn"} <= texts
            banner = button.parentWidget()
            assert banner is not None
            assert banner.isHidden()
        finally:
            scene.close()

    asyncio.run(story())


def test_nothing_is_said_where_nothing_was_missed(tmp_path: Path, look: Look) -> None:
    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        said = list[str]()
        scene.presenter.missed.found.connect(said.append)
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            scene.presenter.look_for_missed("2027-01-01T00:00:00.000Z")
            # The worker does one thing after the other: the rows come after the answer.
            scene.presenter.show_filters(())
            await scene.until(lambda rows: len(rows) == len(Outcome))
            assert said == []
        finally:
            scene.close()

    asyncio.run(story())
