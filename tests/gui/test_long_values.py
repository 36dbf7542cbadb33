"""However long a value is, the window lays out and paints only pieces of it at a time.

No clock: what is counted is how much is laid out at once, and how many boxes are looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from weakref import WeakSet

import pytest
from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPixmap, QTextDocument
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import RequestShown
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.gui import fitting
from keyturn.gui.look import Look
from keyturn.gui.queue.card_pane import RAW
from keyturn.gui.queue.first_card import FirstCard
from keyturn.gui.queue.view import QueueView
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import plain_runs
from keyturn.gui.theme import Type
from keyturn.gui.widgets import long_text
from keyturn.gui.widgets.argument_tree import ArgumentTree
from keyturn.gui.widgets.diff_view import DiffView
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.rows_view import RowsView
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.chunks import CHUNK
from keyturn.presentation.text_diff import diff_rows
from keyturn.presentation.verbs import read_verbs
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.sources import ROOT

pytestmark = pytest.mark.gui
SIZE = 100 * 1024
AT_ONCE = 2 * CHUNK
FEW = 12
"""Widgets of what a first card has and the empty one had not: chips and lamps."""
TEXTS = {
    "words": "a row of a table, and what stands in it " * (SIZE // 40),
    "lines": "a row of a table\n" * (SIZE // 17),
    "one word": "A" * SIZE,
    "hidden characters": "row\u200b\n" * (SIZE // 6),
    "marks alone": "a\u200b" * (SIZE // 2),
}


def rows_of(look: Look) -> RowsView:
    """Return the rows of a long argument whose words are wrapped."""
    tree = ArgumentTree(look)
    cards = CardBuilder(look.words, read_verbs(ROOT / "resources" / "verbs.toml"))
    tree.show_rows(cards.card(make_request(arguments={"text": TEXTS["words"]})).rows)
    return tree


def text_of(look: Look) -> LongText:
    """Return a long text that is measured as taller than it was guessed."""
    text = LongText(look, Type.VALUE)
    text.say("row\u200b " * 2_500)
    return text


def height_of(long: RowsView | LongText) -> int:
    """Return how tall all of it is."""
    if isinstance(long, LongText):
        return long.sizeHint().height()
    return long.verticalHeader().length()


@pytest.fixture
def scene(
    qtbot: QtBot, look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DeskScene]:
    """Return the whole window, shown."""
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    with qtbot.waitExposed(made.window):
        made.start()
    yield made
    made.close()


@pytest.mark.requirement("C9")
def test_a_card_of_100_kib_is_laid_out_in_pieces(
    qtbot: QtBot, scene: DeskScene, laid_out: list[int]
) -> None:
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    card = queue.card
    for name, key in (("words", "content"), ("lines", "path"), ("one word", "path")):
        laid_out.clear()
        arguments: JsonObject = {key: TEXTS[name], "to": "14 Quarry Road"}
        request = make_request(f"r-{name}", arguments=arguments, tier=Tier.T2)
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
        scene.desk.queue.open_card(request.id)
        # In this turn less than half of one of its three long texts; the rest is for later ones.
        assert 0 < sum(laid_out) < SIZE // 2, name
        qtbot.waitUntil(lambda: card.arguments.is_measured, timeout=30_000)
        card.choose_tab(RAW)
        qtbot.waitUntil(lambda: card.raw.is_measured, timeout=30_000)
        scene.window.grab()
        assert 0 < max(laid_out) <= AT_ONCE, name


@pytest.mark.requirement("C9")
def test_what_nobody_sees_holds_a_card_up_no_longer(scene: DeskScene, laid_out: list[int]) -> None:
    """Each mark takes as long as many letters; where marks are all there is, a piece has few."""
    request = make_request(arguments={"path": TEXTS["marks alone"]}, tier=Tier.T2)
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.open_card(request.id)
    scene.window.grab()
    assert 0 < max(laid_out) <= AT_ONCE
    assert sum(laid_out) < SIZE


@pytest.mark.requirement("C9", "Q1")
def test_a_row_of_the_list_is_laid_out_once(
    qtbot: QtBot, scene: DeskScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(look: Look, text: str, *given: Any, **more: Any) -> TextFlow:
        made.append(text)
        return laid_out(look, text, *given, **more)

    laid_out = fitting.fitted
    monkeypatch.setattr(fitting, "fitted", counted)
    for number in range(3):
        request = make_request(
            f"r-{number}", tool=f"t-{number}", arguments={"path": TEXTS["words"]}
        )
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.refresh_now()
    for number in (2, 1, 0):
        scene.desk.queue.open_card(f"r-{number}")
        scene.window.grab()
    scene.desk.queue.refresh_now()
    # The list gets a scroll bar, and each value is laid out for one width more.
    assert 0 < len(made) <= 2 * len(set(made))


@pytest.mark.requirement("C9")
def test_no_card_builds_much_that_the_one_before_had(scene: DeskScene) -> None:
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    ready = FirstCard(queue)
    for _ in range(1_000):
        ready.step()
    assert queue.card.isHidden() and queue.card.card is None
    for number in range(3):
        before = set(queue.findChildren(QWidget))
        request = replace(make_request(f"r-{number}"), session=f"s-{number}", ticket=f"T{number}")
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
        scene.desk.queue.open_card(request.id)
        built = set(queue.findChildren(QWidget)) - before
        assert len(built) <= FEW, [type(one).__name__ for one in built]
        shown = queue.card.provenance.findChildren(QLabel)
        assert {f"s-{number}", f"T{number}"} <= {label.text() for label in shown}


def test_what_readies_a_card_stops_at_one_that_came_first(scene: DeskScene) -> None:
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    ready = FirstCard(queue)
    request = make_request()
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.open_card(request.id)
    before = [label.text() for label in queue.card.findChildren(QLabel)]
    for _ in range(1_000):
        ready.step()
    assert [label.text() for label in queue.card.findChildren(QLabel)] == before


@pytest.mark.requirement("C9", "S2")
def test_the_pointer_over_a_text_has_qt_lay_out_none_of_it(scene: DeskScene) -> None:
    """Qt makes a document of a label that the pointer is over, unless it is told not to."""
    scene.build()
    request = make_request(arguments={"path": TEXTS["words"], "to": "14 Quarry Road"})
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.open_card(request.id)
    labels = scene.window.findChildren(QLabel)
    assert any(len(label.text()) > SIZE // 2 for label in labels)
    for label in labels:
        at = QPointF(1, 1)
        QCoreApplication.sendEvent(label, QEnterEvent(at, at, at))
        documents = label.findChildren(QTextDocument)
        # An empty one has a character.
        assert sum(one.characterCount() - 1 for one in documents) == 0, label.text()[:80]


def test_the_beginning_of_a_value_costs_what_is_shown_of_it(
    look: Look, laid_out: list[int]
) -> None:
    for text in TEXTS.values():
        flow = fitting.fitted(look, text, Type.VALUE, 300, lines=2)
        assert flow.line_count <= 2
    assert max(laid_out) < CHUNK


@pytest.mark.parametrize("make", [rows_of, text_of])
def test_another_width_shrinks_nothing_until_it_is_measured(
    qtbot: QtBot, look: Look, make: Callable[[Look], RowsView | LongText]
) -> None:
    """Else the page's scroll bar goes and comes, which is another width, without end."""
    long = make(look)
    qtbot.addWidget(long)
    long.resize(600, 400)
    long.show()
    qtbot.waitUntil(lambda: long.is_measured, timeout=30_000)
    before = height_of(long)
    for width in (588, 600, 588):
        long.resize(width, 400)
        assert abs(height_of(long) - before) < before // 10
        assert not long.is_measured
    qtbot.waitUntil(lambda: long.is_measured, timeout=30_000)


def test_a_long_text_keeps_few_of_its_pieces_laid_out(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = WeakSet[TextFlow]()
    lay_out = TextFlow.lay_out

    def noted(self: TextFlow, width: float) -> TextFlow:
        alive.add(self)
        return lay_out(self, width)

    monkeypatch.setattr(TextFlow, "lay_out", noted)
    monkeypatch.setattr(long_text, "MOST_KEPT", 3)
    text = LongText(look, Type.VALUE)
    qtbot.addWidget(text)
    said = "a row\n" * (10 * CHUNK // 6)
    text.say(said)
    text.resize(600, 400)
    qtbot.waitUntil(lambda: text.is_measured, timeout=30_000)
    assert 0 < len(alive) <= 3
    text.select_all()
    # What is copied is all of it, though most is laid out anew for that.
    assert text.selected_text() == said
    assert 0 < len(alive) <= 3


def test_a_long_line_of_a_difference_is_laid_out_in_pieces(
    qtbot: QtBot, look: Look, laid_out: list[int]
) -> None:
    before, after = (f"first\n{word} {TEXTS['words']}\nlast" for word in ("old", "new"))
    view = DiffView(look)
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show_rows(diff_rows(before, after))
    view.show()
    qtbot.waitUntil(lambda: view.is_measured, timeout=30_000)
    assert 0 < max(laid_out) <= AT_ONCE
    # Four lines: one that stays above, two that differ, one that stays below.
    assert view.line_count() == 4
    assert view.unseen == (2, 4)
    spoken = [str(view.model().index(row, 0).data()) for row in range(view.model().rowCount())]
    assert sum(map(len, spoken)) >= len(before) + len(after) - len("first\nlast\n")


def test_what_a_list_keeps_is_what_it_shows(look: Look) -> None:
    kept = fitting.KeptFlows(look, 4)
    texts = [text + end for text in TEXTS.values() for end in ("", "and more")]
    for text in texts * 2:
        fresh = fitting.fitted(look, text, Type.VALUE, 300, lines=2)
        again = kept.fitted(text, Type.VALUE, 300, lines=2)
        assert again.source(0, again.length) == fresh.source(0, fresh.length)
        assert kept.fitted(text, Type.VALUE, 300, lines=2) is again
        assert kept.fitted(text, Type.VALUE, 200, lines=2) is not again


def test_only_the_boxes_on_screen_are_looked_at(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = TextFlow(plain_runs(TEXTS["hidden characters"], look.words), Type.VALUE, look.theme)
    flow.lay_out(600)
    looked: list[int] = []
    box = getattr(TextFlow, "_box")  # noqa: B009  # what is counted is inside

    def counted(self: TextFlow, line: object, number: int, placed: object) -> QRectF | None:
        looked.append(number)
        found: QRectF | None = box(self, line, number, placed)
        return found

    monkeypatch.setattr(TextFlow, "_box", counted)
    picture = QPixmap(600, 400)
    painter = QPainter(picture)
    flow.paint(painter, QPointF(0, -5_000), QColor("black"), clip=QRectF(0, 0, 600, 400))
    painter.end()
    assert 0 < len(looked) < 200
