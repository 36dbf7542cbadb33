"""Another language costs nothing that a person has before them: it waits, or all is there again."""

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import (
    IntentDone,
    PutSetting,
    RequestShown,
    StateChanged,
)
from keyturn.application.window_messages import BeginAnew
from keyturn.application.window_setting_names import LANGUAGE, OPEN_CARD
from keyturn.gui.drafts import SEARCH
from keyturn.gui.look import Look
from keyturn.gui.other_language import is_half_written
from keyturn.gui.pages import Page
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.window_settings import PAGE
from tests.fakes.approval_requests import a_call
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A3"),
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
GERMAN = {LANGUAGE: "de"}


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    """Return a window whose language can be chosen."""
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock, language_of=lambda settings: settings.get(LANGUAGE, "en"))
    made.start()
    yield made
    made.close()


def choose(scene: DeskScene) -> None:
    """Let the broker say that German was chosen."""
    scene.bridge.tell(StateChanged(settings=GERMAN))


def begins_anew(scene: DeskScene) -> bool:
    """Carry out whatever was sent; tell whether the window asked for another one."""
    for message in list(scene.bridge.sent):
        if not isinstance(message, BeginAnew):
            scene.bridge.intent_done.emit(IntentDone(n=message.n, ok=True))
    return any(isinstance(message, BeginAnew) for message in scene.bridge.sent)


def stored(scene: DeskScene) -> dict[str, str]:
    puts = (one for one in scene.bridge.sent if isinstance(one, PutSetting))
    return {one.name: one.value for one in puts}


def show(scene: DeskScene, *ids: str) -> None:
    for one in ids:
        scene.bridge.request_shown.emit(RequestShown(request=a_call(id=one), remaining_ms=None))
    scene.desk.queue.refresh_now()


def test_a_window_that_holds_nothing_begins_anew_at_once_and_once(scene: DeskScene) -> None:
    choose(scene)
    assert begins_anew(scene)
    choose(scene)
    assert sum(isinstance(one, BeginAnew) for one in scene.bridge.sent) == 1


def test_the_language_that_is_spoken_changes_nothing(scene: DeskScene) -> None:
    scene.bridge.tell(StateChanged(settings={LANGUAGE: "en"}))
    assert not begins_anew(scene)
    assert scene.bridge.sent == []


def test_page_and_open_card_are_kept_before_it_ends(scene: DeskScene) -> None:
    show(scene, "call-a", "call-b", "call-c")
    scene.desk.queue.open_card("call-b")
    scene.window.show_page(Page.SETTINGS)
    choose(scene)
    assert (stored(scene)[OPEN_CARD], stored(scene)[PAGE]) == ("call-b", "settings")
    assert not any(isinstance(one, BeginAnew) for one in scene.bridge.sent), "not before it is kept"
    assert begins_anew(scene)


def test_the_new_window_opens_the_card_that_was_open_and_nothing_else(
    look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    anew = DeskScene(look, clock, language_of=lambda _settings: "en")
    kept = {OPEN_CARD: "call-b", PAGE: "settings"}
    anew.start(msgspec.structs.replace(data.WELCOME, settings=kept))
    show(anew, "call-a", "call-b", "call-c")
    assert anew.window.page is Page.SETTINGS
    request = anew.desk.queue.open_request
    assert request is not None
    assert request.id == "call-b"
    # A person opens another one, and the first comes once more: nothing moves.
    anew.desk.queue.open_card("call-c")
    show(anew, "call-b")
    request = anew.desk.queue.open_request
    assert request is not None
    assert request.id == "call-c"
    assert anew.bridge.sent == [], "opening a card decides nothing"
    anew.close()


def test_a_card_that_ended_meanwhile_is_not_missed(scene: DeskScene) -> None:
    scene.bridge.welcomed.emit(msgspec.structs.replace(data.WELCOME, settings={OPEN_CARD: "gone"}))
    show(scene, "call-a")
    request = scene.desk.queue.open_request
    assert request is None or request.id == "call-a"


def _type(scene: DeskScene, qtbot: QtBot, page: Page, form: str, name: str) -> QWidget:
    scene.window.show_page(page)
    button = scene.button(form)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    field = scene.view(page).findChild(QLineEdit, name) or scene.view(page).findChild(
        QPlainTextEdit, name
    )
    assert field is not None
    QTest.keyClicks(field, "half a name")
    return field


def test_nothing_that_is_half_written_is_lost(scene: DeskScene, qtbot: QtBot) -> None:
    scene.build()
    field = _type(scene, qtbot, Page.SERVERS, "new_server", "server_name")
    scene.window.show_page(Page.SETTINGS)
    choose(scene)
    assert not begins_anew(scene)
    assert scene.window.alert.isVisible()
    # Who takes it back is told no longer that it comes, and is told again the next time.
    scene.bridge.tell(StateChanged(settings={LANGUAGE: "en"}))
    assert not scene.window.alert.isVisible()
    choose(scene)
    assert not begins_anew(scene)
    assert scene.window.alert.isVisible()
    assert isinstance(field, QLineEdit)
    assert field.text() == "half a name"
    # It is dropped, and the focus goes on: then it is the time.
    scene.window.show_page(Page.SERVERS)
    QTest.mouseClick(scene.button("cancel_server"), Qt.MouseButton.LeftButton)
    assert not is_half_written(scene.window)
    application = QGuiApplication.instance()
    assert application is not None
    scene.window.show_page(Page.SETTINGS)
    qtbot.waitUntil(lambda: begins_anew(scene))


def test_what_is_searched_for_is_no_draft_and_words_to_an_agent_are_one(
    scene: DeskScene, qtbot: QtBot
) -> None:
    show(scene, "call-a")
    scene.window.grab()
    sheet = scene.desk.sheets.deny
    request = scene.desk.queue.open_request
    assert request is not None
    view = scene.view(Page.QUEUE)
    assert isinstance(view, QueueView)
    view.deny_with_message_requested.emit(request.id, request.digest)
    QTest.keyClicks(sheet.field, "ask for less")
    scene.window.show_page(Page.SETTINGS)
    assert is_half_written(scene.window), "it stays over a look at another page"
    scene.window.show_page(Page.QUEUE)
    assert sheet.field.toPlainText() == "ask for less"
    sheet.close_sheet()
    scene.build(Page.SETTINGS)
    scene.window.show_page(Page.SETTINGS)
    lines = [one for one in scene.view(Page.SETTINGS).findChildren(QLineEdit) if one.isVisible()]
    QTest.keyClicks(lines[0], "deutsch")
    assert not is_half_written(scene.window)


def test_every_line_to_type_in_counts_on_every_page(scene: DeskScene, qtbot: QtBot) -> None:
    """Whatever can be typed into is waited for: no field is forgotten, a PIN included."""
    scene.build()
    tried = 0
    for page in Page:
        scene.window.show_page(page)
        for field in scene.window.findChildren(QLineEdit):
            if field.isVisible() and field.isEnabled() and not field.property(SEARCH):
                QTest.keyClicks(field, "12")
                assert is_half_written(scene.window), field.objectName()
                field.clear()
                field.setModified(False)
                tried += 1
    assert tried, "there is nothing to type in any more"
