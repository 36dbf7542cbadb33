"""The first steps: by keyboard alone, in a longer language, at twice the size; past at any time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import (
    BECAUSE_PRACTICE,
    PRACTICE_AGENT,
    PRACTICE_SERVER,
    WithdrawCause,
)
from keyturn.application.console_protocol import (
    PutSetting,
    RequestShown,
    RequestWithdrawn,
    SetPosture,
    StateChanged,
    StopAll,
)
from keyturn.application.console_state import StopState
from keyturn.application.practice_messages import EndPractice, Practise
from keyturn.application.window_setting_names import FIRST_RUN, NOTICES_SEEN, SEEN, UNSEEN
from keyturn.domain.decision import Outcome
from keyturn.domain.policy import Posture
from keyturn.gui.first_steps.view import FirstStepsView
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.theme import Appearance
from keyturn.presentation.first_steps import SCREENS, Screen, Task
from tests.factories import make_request
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import settle
from tests.gui.test_accessibility import cut_buttons, cut_texts
from tests.pseudo_locale import lengthened, pseudo_words

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
MOST_STOPS = 60
NEW = msgspec.structs.replace(data.WELCOME, first=True)


@dataclass(slots=True)
class Newcomer:
    """A person at a new profile, who has a keyboard and nothing else."""

    scene: DeskScene
    names: list[str] = field(default_factory=list[str])
    """Of what had the focus on the way."""

    @property
    def view(self) -> FirstStepsView:
        """Return the first steps' screen."""
        found = self.scene.view(Page.FIRST_STEPS)
        assert isinstance(found, FirstStepsView)
        return found

    def press(self, name: str) -> None:
        """Go to something by Tab and press it with the space bar."""
        for _ in range(MOST_STOPS):
            focused = self.scene.window.focusWidget()
            if focused.objectName() == name:
                QTest.keyClick(focused, Qt.Key.Key_Space)
                return
            self.names.append(focused.objectName())
            QTest.keyClick(focused, Qt.Key.Key_Tab)
        raise AssertionError(f"{name} is not reached by Tab: {self.names[-MOST_STOPS:]}")

    def sent(self, kind: type) -> list[object]:
        """Return what was sent of a kind."""
        return [message for message in self.scene.bridge.sent if isinstance(message, kind)]

    def practise(self, task: Task, count: int = 1) -> None:
        """Have a task's calls sent, and answered at once."""
        self.press(f"do_task_{task.value}")
        assert isinstance(self.scene.bridge.sent[-1], Practise)
        ids = [f"practice-{task.value}-{number}" for number in range(count)]
        for id_ in ids:
            request = replace(
                make_request(id_, agent=PRACTICE_AGENT, server=PRACTICE_SERVER),
                because=BECAUSE_PRACTICE,
            )
            self.scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
        self.scene.bridge.answer()
        assert self.scene.window.page is Page.QUEUE
        assert self.scene.window.guide.isVisible()
        for id_ in ids:
            ended = RequestWithdrawn(
                id=id_, cause=WithdrawCause.DECIDED.value, outcome=Outcome.DENIED_USER.value
            )
            self.scene.bridge.request_withdrawn.emit(ended)
        self.press("guide_back")
        assert self.scene.window.page is Page.FIRST_STEPS
        assert not self.scene.window.guide.isVisible()


def newcomer(look: Look, clock: Clock, qtbot: QtBot) -> Newcomer:
    made = Newcomer(DeskScene(look, clock))
    made.scene.start(NEW)
    made.scene.window.activateWindow()
    qtbot.waitUntil(made.scene.window.isActiveWindow, timeout=5_000)
    return made


@pytest.fixture
def person(
    look: Look, clock: Clock, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newcomer]:
    rest_the_readers(monkeypatch)
    made = newcomer(look, clock, qtbot)
    yield made
    made.scene.close()


@pytest.mark.requirement("F3")
def test_all_of_it_is_done_by_keyboard_in_a_longer_language_at_twice_the_size(
    look: Look, clock: Clock, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    look.theme.use(Appearance.LIGHT, text_percent=200)
    made = newcomer(replace(look, words=pseudo_words(tmp_path)), clock, qtbot)
    window = made.scene.window
    window.resize(640, 480)
    try:
        go_through(made)
    finally:
        made.scene.close()


def go_through(made: Newcomer) -> None:
    """Do all there is to do, and look at each screen on the way."""
    seen: list[Screen | None] = []

    def looked() -> None:
        settle(made.scene.window)
        seen.append(made.view.screen_shown)
        assert cut_texts(made.view) == []
        assert cut_buttons(made.view) == []
        assert made.scene.window.width() == 640
        assert QApplication.activeModalWidget() is None

    looked()
    made.press("first_next")
    looked()
    in_force = data.STATE.posture
    other = next(one for one in Posture if one.value != in_force)
    made.press(f"first_{other.value}")
    # No single press loosens anything: what was chosen acts with the next one.
    assert not made.sent(SetPosture)
    made.press("first_next")
    chosen = made.scene.bridge.sent[-1]
    assert isinstance(chosen, SetPosture)
    assert chosen.posture == other.value
    made.scene.bridge.answer()
    looked()
    for task, count in ((Task.HARMLESS, 1), (Task.TAIL, 1), (Task.BURST, 12)):
        made.practise(task, count)
        looked()
    made.press("do_task_stop")
    assert isinstance(made.scene.bridge.sent[-1], StopAll)
    made.scene.bridge.tell(
        StateChanged(stop=StopState(engaged=True, since_utc="2026-11-20T03:04:05.000Z"))
    )
    made.scene.bridge.tell(StateChanged(stop=StopState(engaged=False)))
    made.press("guide_back")
    assert all(line.state for line in made.view.tasks.values())
    made.press("first_next")
    looked()
    made.press("notice_try")
    made.scene.bridge.answer()
    assert made.scene.window.page is Page.FIRST_STEPS
    made.press("notice_unseen")
    made.scene.bridge.answer()
    looked()
    made.press("notice_seen")
    made.scene.bridge.answer()
    made.press("first_next")
    assert made.scene.window.page is Page.QUEUE
    settings = [(m.name, m.value) for m in made.sent(PutSetting) if isinstance(m, PutSetting)]
    assert settings[-3:] == [(NOTICES_SEEN, UNSEEN), (NOTICES_SEEN, SEEN), (FIRST_RUN, SEEN)]
    assert isinstance(made.sent(EndPractice)[-1], EndPractice)
    assert [screen for screen in Screen if screen in seen] == list(SCREENS)


@pytest.mark.parametrize("past", range(len(SCREENS) - 1))
def test_every_screen_can_be_gone_past(person: Newcomer, past: int) -> None:
    for _ in range(past):
        person.press("first_next")
    person.press("first_skip")
    assert person.scene.window.page is Page.QUEUE
    assert any(m.name == FIRST_RUN for m in person.sent(PutSetting) if isinstance(m, PutSetting))


def test_only_a_new_profile_begins_with_them(
    look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    for welcome in (
        data.WELCOME,
        msgspec.structs.replace(NEW, settings={**NEW.settings, FIRST_RUN: SEEN}),
    ):
        scene = DeskScene(look, clock)
        scene.start(welcome)
        assert scene.window.page is not Page.FIRST_STEPS
        scene.close()


def test_they_are_found_again_in_the_settings(person: Newcomer) -> None:
    person.press("first_next")
    person.press("first_skip")
    person.scene.window.show_page(Page.SETTINGS)
    person.scene.button("do_first_steps").click()
    assert person.scene.window.page is Page.FIRST_STEPS
    assert person.view.screen_shown is Screen.SEES


def test_a_real_call_is_no_practice(person: Newcomer) -> None:
    person.press("first_next")
    person.press("first_next")
    person.press("do_task_harmless")
    shown = RequestShown(request=make_request("r-1"), remaining_ms=50_000)
    person.scene.bridge.request_shown.emit(shown)
    person.scene.bridge.request_withdrawn.emit(
        RequestWithdrawn(id="r-1", cause=WithdrawCause.DECIDED.value, outcome="denied_user")
    )
    assert person.view.tasks[Task.HARMLESS].state == ""


def test_what_cannot_be_sent_is_said_and_leads_nowhere(person: Newcomer) -> None:
    person.press("first_next")
    person.press("first_next")
    person.press("do_task_burst")
    person.scene.bridge.answer(ok=False, sentence="All agents are stopped.")
    assert person.scene.window.page is Page.FIRST_STEPS
    assert person.view.outcome.sentence == "All agents are stopped."


def test_a_longer_language_keeps_the_places_of_values() -> None:
    text = lengthened("Saved {n} of {of:>3} rules.")
    assert "{n}" in text
    assert "{of:>3}" in text
    said, short = text.format(n=1, of=2), "Saved 1 of   2 rules."
    assert len(said) - len(short) >= 0.4 * len("Saved of rules")


def test_nothing_of_it_is_named_twice(person: Newcomer) -> None:
    names = [
        child.accessibleName()
        for child in person.view.findChildren(QWidget)
        if child.isVisible() and child.accessibleName()
    ]
    assert len(names) == len(set(names))
