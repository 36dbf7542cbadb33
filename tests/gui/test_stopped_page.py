"""The stopped screen: nobody resumes before its review was read whole and looked at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest

from keyturn.application.console_protocol import (
    IntentDone,
    Resume,
    StateChanged,
    Welcome,
    decode_from_window,
)
from keyturn.application.console_state import StopState
from keyturn.application.pin_messages import WithPin
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.stopped import presenter as module
from keyturn.gui.stopped.presenter import StoppedPresenter
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.gui.widgets.text import Text
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.stopped_builder import AroundTheStop, Reading, StoppedBuilder
from keyturn.presentation.verbs import read_verbs
from tests.gui.conftest import RESOURCES
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge
from tests.unit.presentation.recorded import Recorded

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
STOP = StopState(
    engaged=True,
    since_utc="2026-11-23T14:07:52.000Z",
    found_utc="2026-11-23T14:07:52.000Z",
    trigger="window",
)
SENT = Recorded(call="c-1", ts_utc="2026-11-23T14:07:50.000Z")
WHOLE = AroundTheStop(reading=Reading.WHOLE, sent=(SENT,), moment_utc="2026-11-23T14:07:52.000Z")


class HeldWorker:
    """Keeps what was asked of it until the test answers."""

    def __init__(self, _name: str) -> None:
        self.jobs: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def run(self, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.jobs.append((job, done))

    def close(self) -> None:
        self.jobs.clear()

    def answer(self, around: AroundTheStop | None = None) -> None:
        """Answer the oldest question, by what the job itself returns or with another answer."""
        job, done = self.jobs.pop(0)
        done(job() if around is None else around)


@dataclass(frozen=True, slots=True)
class Page:
    """The screen under test."""

    bridge: SpyBridge
    view: StoppedScreen
    worker: HeldWorker
    sender: IntentSender

    def tries_both_ways(self) -> list[Resume]:
        """Hold the button, type the word; return what was sent."""
        self.view.resume.hold.held.emit()
        self.view.resume.word.setText("")
        QTest.keyClicks(self.view.resume.word, "RESUME")
        self.view.resume.word.returnPressed.emit()
        # Neither does what an event that came too early could do.
        self.view.resume_requested.emit(True)
        return [message for message in self.bridge.sent if isinstance(message, Resume)]

    def offered(self) -> bool:
        return self.view.resume.hold.isEnabled()

    def says(self) -> str:
        return self.view.resume.hold.text() + "".join(
            text.text() for text in self.view.resume.findChildren(Text)
        )


@pytest.fixture
def page(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: object
) -> Iterator[Page]:
    """Return the screen of a stop whose review is being read."""
    workers: list[HeldWorker] = []

    def make(name: str) -> HeldWorker:
        workers.append(HeldWorker(name))
        return workers[0]

    monkeypatch.setattr(module, "Worker", make)
    monkeypatch.setattr(module, "AGAIN_MS", 20)
    bridge, view = SpyBridge(), StoppedScreen(look)
    history = HistoryBuilder(
        look.words, CardBuilder(look.words, read_verbs(RESOURCES / "verbs.toml"))
    )
    sender = IntentSender(bridge, view)
    presenter = StoppedPresenter(
        bridge=bridge,
        sender=sender,
        view=view,
        builder=StoppedBuilder(look.words, history),
    )
    welcome = Welcome(version="1", profile="", database=str(tmp_path / "keyturn.db"), settings={})
    bridge.welcomed.emit(welcome)
    bridge.tell(StateChanged(stop=STOP))
    view.resize(1200, 744)
    view.show()
    yield Page(bridge, view, workers[0], sender)
    presenter.close()
    let_go(view)


@pytest.mark.requirement("LAW-5")
def test_it_is_not_offered_before_the_review_is_read_and_looked_at(page: Page) -> None:
    assert not page.offered()
    assert page.tries_both_ways() == []
    page.worker.answer(WHOLE)
    assert not page.offered()
    assert page.tries_both_ways() == []
    page.view.looked_at.emit("c-1", True)
    assert page.offered()
    assert page.tries_both_ways()[0].looked_at == ("c-1",)


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize("content", [None, b"no database" * 1000])
def test_an_unreadable_database_keeps_it_stopped(
    page: Page, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "keyturn.db").write_bytes(content)
    page.worker.answer()
    assert not page.offered()
    assert page.tries_both_ways() == []


@pytest.mark.requirement("LAW-3")
def test_what_was_not_read_in_time_is_read_again(page: Page) -> None:
    page.worker.answer(AroundTheStop(reading=Reading.INCOMPLETE))
    assert page.tries_both_ways() == []
    QTest.qWait(10 * module.AGAIN_MS)
    page.worker.answer(AroundTheStop(reading=Reading.WHOLE))
    assert page.offered()


@pytest.mark.requirement("LAW-5")
def test_the_review_of_an_earlier_stop_is_none_of_this_one(page: Page) -> None:
    page.bridge.tell(StateChanged(stop=StopState(engaged=False)))
    again = StopState(engaged=True, since_utc=STOP.since_utc, found_utc="2026-11-23T15:00:00.000Z")
    page.bridge.tell(StateChanged(stop=again))
    page.worker.answer(AroundTheStop(reading=Reading.WHOLE))
    assert not page.offered()
    page.worker.answer(AroundTheStop(reading=Reading.WHOLE))
    assert page.offered()


def test_what_the_broker_says_against_it_is_shown_and_read_again(page: Page) -> None:
    page.worker.answer(AroundTheStop(reading=Reading.WHOLE))
    page.view.resume.hold.held.emit()
    page.bridge.answer(ok=False, sentence="Calls have not been looked at: 1.")
    assert "Calls have not been looked at: 1." in page.says()
    page.worker.answer(WHOLE)
    assert not page.offered()


@pytest.mark.requirement("PIN-1", "LAW-5")
def test_what_takes_the_pin_is_resumed_with_it(page: Page) -> None:
    """The very same, with what had been looked at when it was asked for."""
    page.worker.answer(AroundTheStop(reading=Reading.WHOLE))
    page.view.resume.hold.held.emit()
    asked = page.bridge.sent[-1]
    assert isinstance(asked, Resume)
    owed = IntentDone(n=asked.n, ok=False, sentence="End the stop.", pin=True)
    page.bridge.intent_done.emit(owed)
    page.sender.give_pin("1234")
    sent = page.bridge.sent[-1]
    assert isinstance(sent, WithPin)
    resumed = decode_from_window(sent.intent.encode())
    assert isinstance(resumed, Resume)
    assert (resumed.looked_at, resumed.careful) == (asked.looked_at, asked.careful)
    page.bridge.intent_done.emit(IntentDone(n=sent.n, ok=False, sentence="Wrong.", pin=True))
    page.sender.drop_pin()
    assert "End the stop." in page.says()
