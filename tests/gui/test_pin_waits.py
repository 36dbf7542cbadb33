"""While a change waits for the PIN, its form says so; left undone, it says that nothing changed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import (
    IntentDone,
    RequestShown,
    RequestWithdrawn,
    StateChanged,
)
from keyturn.application.pin_messages import PinState
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.rules.view import RulesView
from keyturn.gui.widgets.text import Text
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("PIN-1"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
BOTH = PinState(is_set=True, use="never", second="Bo", beside="Ada")


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start()
    made.window.show_page(Page.RULES)
    yield made
    made.close()


def label(scene: DeskScene) -> RulesView:
    """Label an agent, as a person does, up to the broker's word that it takes the PIN."""
    view = scene.view(Page.RULES)
    assert isinstance(view, RulesView)
    pane = view.environments
    view.show_environments()
    pane.label.setText("qa")
    pane.save.click()
    scene.bridge.intent_done.emit(
        IntentDone(n=scene.bridge.sent[-1].n, ok=False, sentence="Label it. It takes.", pin=True)
    )
    return view


def test_the_form_says_that_it_waits_and_then_that_nothing_was_changed(scene: DeskScene) -> None:
    view = label(scene)
    outcome = view.environments.outcome
    assert (outcome.outcome, outcome.sentence) == (Outcome.WAITING, "Waits for your PIN, above.")
    QTest.keyClick(scene.window.pin_bar.field, Qt.Key.Key_Escape)
    said = "Nothing was changed, because it takes your PIN."
    assert (outcome.outcome, outcome.sentence) == (Outcome.FAILED, said)


def test_two_persons_stand_in_what_was_just_decided(scene: DeskScene) -> None:
    scene.bridge.tell(StateChanged(pin=BOTH))
    request = replace(make_request("r-1"), two_persons=True)
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    ended = RequestWithdrawn(id="r-1", cause="decided", outcome="allowed_once")
    scene.bridge.request_withdrawn.emit(ended)
    scene.desk.queue.refresh_now()
    said = [text.text() for text in scene.view(Page.QUEUE).findChildren(Text)]
    assert any(text.startswith("Ada and Bo allowed ") for text in said)


def test_the_second_persons_field_has_its_ring_although_the_first_one_clicked(
    qtbot: QtBot, look: Look, clock: Clock
) -> None:
    """The ring says where to type; who clicked into the field before needed none."""
    sheets = SheetsScene(qtbot, look, clock)
    sheets.bridge.tell(StateChanged(pin=BOTH))
    sheets.ask(replace(make_request(), two_persons=True))
    sheets.confirm_card()
    field = sheets.view.card.pin.field
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    field.setText("1234")
    sheets.wait(2_000)
    sheets.key(Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    sent = sheets.decided()[-1]
    changes: list[bool] = []
    application = QApplication.instance()
    assert isinstance(application, QApplication)

    def on_focus(_old: QWidget | None, new: QWidget | None) -> None:
        changes.append(new is field)

    application.focusChanged.connect(on_focus)
    sheets.bridge.intent_done.emit(IntentDone(n=sent.n, ok=True, second="Bo"))
    assert field.hasFocus()
    # The ring follows the change of focus: without one there would be none.
    assert changes[-1:] == [True]
    application.focusChanged.disconnect(on_focus)
    let_go(sheets.window)
