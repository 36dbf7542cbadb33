"""The help in the window: one press leads there and one back, and nothing can be decided there."""

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QTextBlock
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import RequestShown, StateChanged
from keyturn.application.console_state import StopState
from keyturn.gui.help.presenter import STOPPED, SUBJECTS, HelpPresenter
from keyturn.gui.help.text import HelpText
from keyturn.gui.help.view import HelpView
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.theme import Appearance
from keyturn.presentation.help_pages import PAGES, HelpPage, HelpPages, HelpPlace, sections
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call
from tests.gui import gallery_walk as walk
from tests.gui import pages_data as data
from tests.gui.conftest import RESOURCES, Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.help_scene import HELP, help_screen
from tests.gui.scenes import let_go, settle

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
SINCE = "2026-11-29T10:00:00.000Z"


@pytest.fixture
def desk(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    """Return a window in which a call waits."""
    rest_the_readers(monkeypatch)
    scene = DeskScene(look, clock)
    scene.start()
    scene.bridge.request_shown.emit(RequestShown(request=a_call(), remaining_ms=None))
    settle(scene.window)
    yield scene
    scene.close()


@pytest.fixture
def reading(look: Look) -> Iterator[tuple[HelpView, HelpPresenter]]:
    """Return the screen alone, as it is for who comes from the queue."""
    view, presenter, _ = help_screen(look)
    presenter.open_from(Page.QUEUE)
    view.resize(1000, 700)
    view.show()
    view.activateWindow()
    settle(view)
    yield view, presenter
    let_go(view)


def press(scene: DeskScene, key: Qt.Key, mods: Qt.KeyboardModifier | None = None) -> None:
    """Press a key where the keyboard is."""
    QTest.keyClick(
        scene.window.focusWidget() or scene.window, key, mods or Qt.KeyboardModifier.NoModifier
    )
    settle(scene.window)


def come(view: HelpView, words: str, qtbot: QtBot) -> None:
    """Let the turns of the loop go by that a long page takes."""
    qtbot.waitUntil(lambda: words in view.text.toPlainText())
    settle(view)


def links(text: HelpText) -> set[str]:
    """Return where the stretches of a page lead."""
    found = set[str]()
    block: QTextBlock = text.document().begin()
    while block.isValid():
        place = block.begin()
        while not place.atEnd():
            found.add(place.fragment().charFormat().anchorHref())
            place += 1
        block = block.next()
    return found - {""}


def test_every_page_has_its_subject() -> None:
    assert set(SUBJECTS) == set(Page) - {Page.HELP}
    for place in (*SUBJECTS.values(), STOPPED):
        text = (HELP / f"{place.name}.md").read_text(encoding="utf-8")
        assert place.anchor in {"", *(one.anchor for one in sections(text))}, place


def test_one_press_leads_to_the_subject_and_one_back(desk: DeskScene, qtbot: QtBot) -> None:
    item = desk.window.findChild(QAbstractButton, "rail_queue")
    assert item is not None
    qtbot.waitUntil(lambda: "1" in item.accessibleName())
    desk.desk.queue.open_card(a_call().id)
    desk.bridge.sent.clear()
    shown = desk.desk.queue.open_request
    assert shown is not None
    press(desk, Qt.Key.Key_F1)
    assert desk.window.page is Page.HELP
    helped = desk.desk.pages.help.now()
    assert helped.place == SUBJECTS[Page.QUEUE]
    view = desk.view(Page.HELP)
    assert view.isAncestorOf(desk.window.focusWidget())
    # What waits is told, and everything can be stopped.
    assert desk.window.top_bar.stop_button.isVisible()
    assert item.isVisible()
    assert "1" in item.accessibleName()
    # Keys that decide a card decide nothing from here.
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace):
        press(desk, key, Qt.KeyboardModifier.ControlModifier)
    press(desk, Qt.Key.Key_Escape)
    assert desk.window.page is Page.QUEUE
    assert desk.window.isVisible()
    assert desk.desk.queue.open_request is shown
    desk.window.show_page(Page.SETTINGS)
    rail = desk.window.findChild(QAbstractButton, "rail_help")
    assert rail is not None
    rail.click()
    assert helped.place == SUBJECTS[Page.SETTINGS]
    rail.click()
    desk.button("help_close").click()
    assert desk.window.page is Page.SETTINGS
    desk.bridge.tell(StateChanged(stop=StopState(engaged=True, since_utc=SINCE)))
    desk.window.show_page(Page.HELP)
    assert helped.place == STOPPED
    desk.bridge.tell(StateChanged(stop=StopState(engaged=False)))
    desk.window.show_page(Page.HELP)
    desk.bridge.tell(StateChanged(stop=StopState(engaged=True, since_utc=SINCE)))
    assert desk.window.page is Page.QUEUE, "a stop takes the help away"
    assert desk.bridge.sent == []
    # A window that comes back is where one read about.
    desk.window.show_page(Page.SETTINGS)
    desk.window.show_page(Page.HELP)
    desk.desk.standing.memory.remember()
    values = {getattr(sent, "value", "") for sent in desk.bridge.sent}
    assert "settings" in values
    assert "help" not in values


def test_what_is_looked_for_is_found_marked_and_left_again(
    reading: tuple[HelpView, HelpPresenter],
) -> None:
    view, presenter = reading
    QTest.keyClick(view.text, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.focusWidget() is view.search.line
    QTest.keyClicks(view.search.line, "untrusted value")
    assert view.found.isVisible()
    assert not view.pages.isVisible()
    view.found.selectRow(0)
    assert presenter.place == HelpPlace("flows", "values-from-untrusted-text")
    assert view.text.extraSelections()
    view.search.line.setText("zzzz")
    assert view.nothing.isVisible()
    view.on_escape()
    assert view.pages.isVisible()
    assert view.text.extraSelections() == []
    before = presenter.place
    view.pages.selectRow(1)
    assert presenter.place.anchor
    assert view.text.verticalScrollBar().value() > 0
    QTest.keyClick(view.text, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert presenter.place == before
    view.back.setFocus(Qt.FocusReason.TabFocusReason)
    view.back.click()
    assert view.focusWidget() is view.text, "what goes hands the keyboard on to no other button"
    assert presenter.place == SUBJECTS[Page.QUEUE]
    assert not view.back.isVisible()


def test_a_link_leads_to_its_page_and_none_leads_out(
    reading: tuple[HelpView, HelpPresenter], look: Look
) -> None:
    view, presenter = reading
    presenter.open(HelpPlace("touches"))
    assert links(view.text) == {"commands.md"}
    view.text.anchorClicked.emit(QUrl("commands.md"))
    assert presenter.place == HelpPlace("commands")
    text = "# A\n\n![x](https://e.example/x.png) [web](https://e.example) <img src='file:///a'>\n"
    text += "https://e.example/y [on](flows.md#the-lamps) <a href='file:///etc'>file</a>\n"
    view.text.show_page(HelpPage("flows", "A", text, sections(text), is_translated=True))
    assert links(view.text) == {"flows.md#the-lamps"}
    for kind in range(1, 6):
        for place in ("https://e.example/x.png", str(HELP / "queue-light.png")):
            assert view.text.loadResource(kind, QUrl(place)) is None
    view.text.anchorClicked.emit(QUrl("https://e.example"))
    assert presenter.place == HelpPlace("commands")
    assert HelpPages(HELP, look.words).page("flows").title == "What was read"


def test_every_page_is_shown_in_every_dress_and_said_by_its_name(
    reading: tuple[HelpView, HelpPresenter], look: Look, qtbot: QtBot
) -> None:
    view, presenter = reading
    for name in ("security-model", "first-approval"):
        presenter.open(HelpPlace(name))
        assert view.text.accessibleName() == look.words(PAGES[name])
        assert not view.note.isVisible()
    presenter.open(HelpPlace("security-model", "a-pin-of-yours"))
    come(view, "A PIN of yours", qtbot)
    view.resize(592, 400)
    look.theme.use(Appearance.DARK, text_percent=200)

    def at_top() -> str:
        return view.text.cursorForPosition(QPoint(0, 0)).block().text()

    qtbot.waitUntil(lambda: at_top() == "A PIN of yours")
    settle(view)
    for found in (walk.nameless, walk.twins, walk.small, walk.cut):
        assert found(view) == []
    assert not view.pages.isVisible()
    view.all_pages.click()
    assert view.pages.isVisible()
    assert view.focusWidget() is view.search.line
    view.pages.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(2):
        QTest.keyClick(view.pages, Qt.Key.Key_Up)
    assert view.pages.isVisible(), "by arrows one gets to any of them"
    QTest.keyClick(view.pages, Qt.Key.Key_Return)
    assert presenter.place.name == "http"
    assert view.text.isVisible()
    assert view.focusWidget() is view.text
    assert view.text.horizontalScrollBar().maximum() == 0


def test_the_longest_table_is_dressed_turn_by_turn(
    reading: tuple[HelpView, HelpPresenter], qtbot: QtBot
) -> None:
    view, presenter = reading
    presenter.open(HelpPlace("matrix"))
    assert "Clients and servers" not in view.text.toPlainText()
    come(view, "Clients and servers", qtbot)


def test_what_has_no_german_says_so(look: Look) -> None:
    german = Look(look.theme, look.icons, Words(RESOURCES / "translations", "de"))
    view, presenter, _ = help_screen(german)
    try:
        presenter.open_from(Page.QUEUE)
        assert view.note.isHidden()
        assert "Während ein Aufruf auf Sie wartet" in view.text.toPlainText()
        presenter.open(HelpPlace("http"))
        assert not view.note.isHidden()
        assert view.note.text() == "Diese Seite gibt es nur auf Englisch."
        assert view.text.accessibleName() == "Agenten, Server über HTTP"
    finally:
        let_go(view)


def test_no_word_of_an_agent_or_a_server_comes_into_it(desk: DeskScene) -> None:
    """What they can name, they name: the help shows its own files, to the letter."""
    evil = "Press Allow now"
    agents = tuple(msgspec.structs.replace(agent, name=evil) for agent in data.AGENTS)
    desk.bridge.tell(StateChanged(agents=agents))
    request = a_call(id="r-evil", agent=evil, tool=evil)
    desk.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
    desk.window.show_page(Page.HELP)
    view = desk.view(Page.HELP)
    words = [part.accessibleName() for part in view.findChildren(QWidget)]
    text = view.findChild(HelpText, "help_text")
    assert isinstance(text, HelpText)
    assert evil not in " ".join((*words, text.toPlainText()))
    assert text.isReadOnly()
