"""In a language that is read from the right the window is mirrored, and no value ever is."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from PySide6.QtCore import QLocale, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QWidget
from pytestqt.qtbot import QtBot

from keyturn.gui.icons import Icons
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.qt_language import speak
from keyturn.gui.queue.view import QueueView
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import plain_runs
from keyturn.gui.theme import Appearance, Type
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.gui.widgets.timeline import Timeline
from keyturn.presentation.marks import Icon
from keyturn.presentation.words import Words
from tests.gui import gallery_more as more
from tests.gui import gallery_walk as walk
from tests.gui.conftest import RESOURCES, Clock, Dresser
from tests.gui.scenes import QueueScene, let_go, settle

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A1"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
SCENES = (
    *("queue-group", "rules-form", "access-detail", "agents-detail", "settings", "servers-form"),
)
PAINTED = (
    *("history", "review", "stopped", "queue-group", "queue-review-pin"),
    *("rules-detail", "servers-results"),
)
"""Scenes with rows that are painted; of arguments, which are never mirrored, there are none."""
LETTERS = dict(
    zip(range(ord("a"), ord("z") + 1), (chr(0x05D0 + n % 27) for n in range(26)), strict=True)
)
"""The letters of a script that is read from the right, in the place of ours."""
WIDE, LEAST = (1280, 720), (640, 480)


class MirroredWords(Words):
    """A pseudo-locale: every text in letters that are read from the right."""

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text in those letters."""
        return super().__call__(key, **values).translate(LETTERS)


@pytest.fixture
def mirrored() -> Iterator[None]:
    """Have the application read from the right, as `speak` does for such a language."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    application.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.usefixtures("mirrored")
def test_every_page_has_room_and_nothing_lies_beyond(
    dresser: Dresser, look: Look, name: str
) -> None:
    folder = RESOURCES / "translations"
    # The letters of another face are wider: the least window is walked in those it is made for.
    for words, percent, size in ((MirroredWords(folder), 100, WIDE), (Words(folder), 200, LEAST)):
        with closing(walk.Hall(dresser, Look(look.theme, look.icons, words))) as hall:
            window = hall.show(name)
            hall.theme.use(Appearance.LIGHT, text_percent=percent)
            window.resize(*size)
            walk.rest()
            assert window.size().toTuple() == size, percent
            assert walk.cut(window) == [], (percent, size)
            assert walk.beyond(window) == [], (percent, size)
            assert overlaps(window) == [], (percent, size)


def overlaps(window: QWidget) -> list[tuple[str, str]]:
    """Return buttons and words of one parent that lie over each other."""
    found: list[tuple[str, str]] = []
    parts = [w for w in walk.shown(window) if isinstance(w, Text | QAbstractButton)]
    by_parent: dict[int, list[QWidget]] = {}
    for part in parts:
        by_parent.setdefault(id(part.parentWidget()), []).append(part)
    for siblings in by_parent.values():
        for place, one in enumerate(siblings):
            others = (
                two for two in siblings[place + 1 :] if one.geometry().intersects(two.geometry())
            )
            found += [(one.objectName(), two.objectName()) for two in others]
    return found


def place(widget: QWidget, window: MainWindow) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


@pytest.fixture
def scene(look: Look, clock: Clock, mirrored: None) -> Iterator[QueueScene]:
    del mirrored
    made = QueueScene(look, clock)
    made.window.resize(*WIDE)
    made.window.show()
    settle(made.window)
    yield made
    let_go(made.window)


def test_rail_list_and_card_change_sides_and_so_does_the_decision_row(scene: QueueScene) -> None:
    window, queue = scene.window, scene.queue
    rail, pane, card = (place(one, window) for one in (window.rail, queue.pane, queue.card))
    assert card.right() < pane.left() <= pane.right() < rail.left()
    assert place(window.top_bar.stop_button, window).left() <= 24
    block = queue.card.block
    row = [block.deny, block.deny_with_message, block.later, block.rule, block.allow]
    lefts = [place(one, window).left() for one in row]
    assert lefts == sorted(lefts, reverse=True)
    assert place(block.deny, window).left() - place(block.allow, window).right() >= 24
    assert place(queue.split, window).left() < pane.left() < place(queue.split, window).right()


def test_arguments_look_the_same_whichever_way_the_window_is_read(
    look: Look, clock: Clock, scene: QueueScene
) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    there = pictures(scene.queue)
    application.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    plain = QueueScene(look, clock)
    plain.window.resize(*WIDE)
    plain.window.show()
    settle(plain.window)
    assert there == pictures(plain.queue)
    let_go(plain.window)


def pictures(queue: QueueView) -> list[object]:
    """Return what the arguments look like, readable and raw, at one size."""
    found: list[object] = []
    for tab, view in (("readable", queue.card.arguments), ("raw", queue.card.raw)):
        queue.card.choose_tab(tab)
        settle(queue.window())
        view.setFixedWidth(600)
        settle(queue.window())
        found.append(view.grab(QRect(0, 0, 600, 120)).toImage())
    return found


Drawn = tuple[str, int, int]
"""An icon's name, and where its middle is in the window."""


@pytest.mark.parametrize("name", PAINTED)
def test_what_is_painted_stands_on_the_other_side(
    dresser: Dresser, look: Look, monkeypatch: pytest.MonkeyPatch, mirrored: None, name: str
) -> None:
    del mirrored
    from_right = drawn(dresser, look, monkeypatch, name)
    QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    from_left = drawn(dresser, look, monkeypatch, name)
    assert len(from_left) > 10
    there = Counter((icon, WIDE[0] - x, y) for icon, x, y in from_left)
    # A pixel is what rounding comes to.
    missed = [
        (icon, x, y)
        for icon, x, y in (there - Counter(from_right)).elements()
        if not {(icon, x - 1, y), (icon, x + 1, y)} & set(from_right)
    ]
    assert missed == []


def drawn(dresser: Dresser, look: Look, monkeypatch: pytest.MonkeyPatch, name: str) -> list[Drawn]:
    """Return the icons of a scene and where they are, whichever way the painter is turned."""
    found: list[Drawn] = []

    def paint(self: Icons, painter: QPainter, rect: QRectF, icon: Icon, colour: QColor) -> None:
        place, device = painter.combinedTransform().mapRect(rect).center(), painter.device()
        if isinstance(device, QWidget):
            at = device.mapTo(device.window(), place)
            found.append((icon.value, round(at.x()), round(at.y())))

    with closing(walk.Hall(dresser, look)) as hall:
        window = hall.show(name)
        window.resize(*WIDE)
        walk.rest()
        # A painter's device is known as a widget once it was met as one.
        met = [area.viewport() for area in window.findChildren(QAbstractScrollArea)]
        with monkeypatch.context() as watched:
            watched.setattr(Icons, "paint", paint)
            window.grab()
        del met
    return found


@pytest.mark.usefixtures("mirrored")
def test_a_press_on_the_mark_at_the_end_of_a_row_is_a_press_on_the_other_side(
    qtbot: QtBot, look: Look
) -> None:
    timeline = Timeline(look)
    qtbot.addWidget(timeline)
    timeline.resize(760, 364)
    timeline.show_rows(more.STOPPED.timeline)
    timeline.show()
    row = timeline.visualRect(timeline.model().index(3, 0)).center().y()
    left = Qt.MouseButton.LeftButton
    looked: list[tuple[str, bool]] = []

    def note(row_id: str, on: bool) -> None:
        looked.append((row_id, on))

    timeline.looked_at.connect(note)
    for x in (750, 10):
        QTest.mouseClick(timeline.viewport(), left, pos=QPoint(x, row))
    assert looked == [("4", True)]


@pytest.mark.usefixtures("mirrored")
def test_our_words_begin_at_the_right_and_values_at_the_left(look: Look) -> None:
    words, value = Text(look, Type.BODY, wrap=True), ValueText(look, Type.VALUE)
    for label in (words, value):
        label.say("rm -rf /srv --no-preserve-root && a few words more than a line has room for")
        label.resize(240, 100)
    assert (words.is_mirrored, value.is_mirrored) == (True, False)
    flow = TextFlow(plain_runs(words.text(), look.words), Type.BODY, look.theme)
    plain = flow.lay_out(240).used_width
    assert flow.read_from_right().lay_out(240).used_width == plain
    assert value.flow().source(0, value.flow().length) == value.text()
    for label in (words, value):
        label.deleteLater()


@pytest.mark.parametrize(("language", "from_right"), [("en", False), ("de", False), ("he", True)])
def test_a_language_says_which_way_it_is_read(
    mirrored: None, language: str, from_right: bool
) -> None:
    del mirrored
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    speak(application, language)
    wanted = QLocale(language).textDirection()
    assert application.layoutDirection() is wanted
    assert (wanted is Qt.LayoutDirection.RightToLeft) is from_right
