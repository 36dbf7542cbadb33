"""Every character of every argument can be brought on screen by keyboard; none is cut short."""

import json
from collections.abc import Iterator

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QAbstractItemView, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestShown
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.card_pane import CardPane
from keyturn.gui.queue.view import QueueView
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import value_runs
from keyturn.gui.theme import Type
from keyturn.gui.widgets.scroll_pane import page_around
from keyturn.presentation.card import ValueKind
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.json_nodes import nodes, quoted_text
from keyturn.presentation.verbs import read_verbs
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import lay_out, settle
from tests.payload_corpus import Payload, sent
from tests.sources import ROOT

pytestmark = pytest.mark.gui
MOST_KEYS = 4_000
PAGES = 600
"""So many may lie between the top of a card and its arguments."""
SHORT = 10_000
"""Longer arguments take up to a minute each, page by page; `--thorough 2` reads them all."""
LONG = sorted((p for p in sent() if len(p.text) >= SHORT), key=lambda one: len(one.text))
WIDE, LEAST = (1280, 800), (640, 480)
PARTS = 6
SHARE = 3
"""Of these the usual run reads every third; `--thorough 3` reads them all."""
SHARE_LEAST = 24
"""The same in the smallest window; `--thorough 3` reads them all there, too."""
CONTROL = Qt.KeyboardModifier.ControlModifier


class Reader:
    """A person who reads a card with the keyboard only."""

    def __init__(self, qtbot: QtBot, scene: DeskScene) -> None:
        self.qtbot = qtbot
        self.scene = scene
        queue = scene.window.findChild(QueueView)
        assert queue is not None
        self.card: CardPane = queue.card
        page = page_around(self.card.arguments)
        assert page is not None
        self.page = page

    def open(self, request: ApprovalRequest, size: tuple[int, int] = WIDE) -> None:
        """Open its card in a window so large, and wait until all of it is laid out."""
        self.scene.window.resize(*size)
        self.rest()
        assert self.scene.window.size().toTuple() == size
        self.scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
        self.scene.desk.queue.open_card(request.id)
        self.qtbot.waitUntil(lambda: self.card.arguments.is_measured, timeout=30_000)
        self.rest()

    def rest(self) -> None:
        """Let the window lay out what it has to."""
        settle(self.scene.window)

    def in_front(self) -> bool:
        """Bring the window there; tell whether it is."""
        self.scene.window.activateWindow()
        return self.scene.window.isActiveWindow()

    def press(self, key: Qt.Key) -> None:
        """Press a key where the focus is."""
        focused = self.scene.window.focusWidget()
        assert focused is not None
        self.qtbot.keyClick(focused, key)
        # What counts as seen is what was painted of the values; all the rest takes five times that.
        lay_out()
        for part in (self.card.arguments, self.card.raw):
            if part.isVisible():
                part.repaint()

    def go_to(self, widget: QWidget) -> None:
        """Press Tab until the focus is on it."""
        self.card.rest_focus()
        passed: list[str] = []
        for _ in range(20):
            focused = self.scene.window.focusWidget()
            if focused is widget:
                return
            passed.append(focused.objectName())
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab goes to {passed}, not to {widget.objectName()}")

    def go_up(self) -> None:
        """Turn pages back until nothing moves."""
        places = [view.verticalScrollBar() for view in (self.page, self.card.arguments)]
        before: list[int] = []
        while before != (now := [bar.value() for bar in places]):
            before = now
            self.press(Qt.Key.Key_PageUp)

    def go_to_top_of(self, part: QWidget) -> None:
        """Turn pages until its first line is on screen."""
        band = part.visibleRegion().boundingRect()
        for _ in range(PAGES):
            band = part.visibleRegion().boundingRect()
            if not band.isEmpty() and band.top() == 0:
                return
            self.press(Qt.Key.Key_PageDown if band.isEmpty() else Qt.Key.Key_PageUp)
        raise AssertionError(f"the top of {part.objectName()} never comes on screen, but {band}")

    def read_raw(self, *, by_tab: bool = False) -> tuple[int, int]:
        """Turn the pages of the Raw tab; return how much there is, and how much was seen, in px.

        `by_tab` goes to it past what stands above, which may be the same value, large.
        """
        raw = self.card.raw
        self.card.rest_focus()
        # Shortcuts are for a window in front, which this platform forgets now and then.
        self.qtbot.waitUntil(self.in_front, timeout=5_000)
        self.qtbot.keyClick(self.scene.window, Qt.Key.Key_J, CONTROL)
        self.rest()
        self.qtbot.waitUntil(lambda: raw.is_measured, timeout=30_000)
        if by_tab:
            tab = self.card.findChild(QWidget, "tab_raw")
            assert tab is not None
            self.go_to(tab)
            self.go_to_top_of(raw)
        else:
            self.go_up()
        seen = Seen()
        for _ in range(MOST_KEYS):
            band = raw.visibleRegion().boundingRect()
            if not seen.add(band, 0) and not band.isEmpty():
                break
            if seen.length >= raw.height():
                break
            self.press(Qt.Key.Key_PageDown)
        return raw.height(), seen.length

    def read_tree(self, key: Qt.Key, *, by_tab: bool = False) -> tuple[int, int]:
        """Go down the readable arguments with one key; return the same."""
        tree = self.card.arguments
        self.go_to(tree)
        if by_tab:
            self.go_to_top_of(tree.viewport())
        else:
            self.go_up()
        seen, still = Seen(), 0
        for _ in range(MOST_KEYS):
            band = tree.viewport().visibleRegion().boundingRect()
            still = 0 if seen.add(band, tree.verticalScrollBar().value()) else still + 1
            if still > tree.model().rowCount() + PAGES:
                break
            if seen.length >= tree.verticalHeader().length():
                break
            self.press(key)
        # The last key may have given the rows another width, at which they are measured again.
        self.qtbot.waitUntil(lambda: tree.is_measured, timeout=30_000)
        self.rest()
        return tree.verticalHeader().length(), seen.length


class Seen:
    """Which pixels of a column have been on screen, from its top without a gap."""

    def __init__(self) -> None:
        self.length = 0

    def add(self, band: QRect, scrolled: int) -> bool:
        """Take what is on screen; return whether that is more than before."""
        if band.isEmpty():
            return False
        top, end = band.top() + scrolled, band.bottom() + 1 + scrolled
        more = top <= self.length < end
        self.length = max(self.length, end) if more else self.length
        return more


@pytest.fixture
def reader(
    qtbot: QtBot, look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    rest_the_readers(monkeypatch)
    scene = DeskScene(look, clock)
    with qtbot.waitExposed(scene.window):
        scene.start()
    qtbot.waitUntil(scene.window.isActiveWindow, timeout=2_000)
    yield Reader(qtbot, scene)
    scene.close()


def request_of(number: int, payload: Payload) -> ApprovalRequest:
    parsed = parse_strict(payload.text)
    assert isinstance(parsed, Parsed)
    assert isinstance(parsed.value, dict)
    return make_request(f"r-{number}", arguments=parsed.value, tier=Tier.T1)


@pytest.mark.requirement("C4")
@pytest.mark.parametrize("part", range(PARTS))
def test_every_character_comes_on_screen_by_keyboard(
    reader: Reader, part: int, thorough: int
) -> None:
    short = [payload for payload in sent() if len(payload.text) < SHORT]
    for number, payload in list(enumerate(short))[part :: PARTS * max(1, SHARE // thorough)]:
        request = request_of(number, payload)
        reader.open(request)
        key = Qt.Key.Key_Down if number % 2 else Qt.Key.Key_PageDown
        there, seen = reader.read_tree(key)
        assert seen >= there, payload.name
        assert reader.card.arguments.unseen is None, payload.name
        there, seen = reader.read_raw()
        assert seen >= there, payload.name


@pytest.mark.requirement("C4")
def test_every_character_comes_on_screen_in_the_smallest_window(
    reader: Reader, thorough: int
) -> None:
    short = [payload for payload in sent() if len(payload.text) < SHORT]
    for number, payload in list(enumerate(short))[:: 1 if thorough > 2 else SHARE_LEAST]:
        reader.open(request_of(number, payload), LEAST)
        there, seen = reader.read_tree(Qt.Key.Key_PageDown)
        assert seen >= there, payload.name
        assert reader.card.arguments.unseen is None, payload.name
        there, seen = reader.read_raw()
        assert seen >= there, payload.name


@pytest.mark.requirement("C4")
@pytest.mark.timeout(600)
def test_every_character_of_a_long_argument_comes_on_screen(reader: Reader, thorough: int) -> None:
    """All of them in both windows by `--thorough 2`; else the one that takes the least time."""
    for number, payload in enumerate(LONG if thorough > 1 else LONG[:1]):
        read_long(reader, request_of(number, payload), WIDE, payload.name)
        if thorough > 1:
            read_long(reader, request_of(len(LONG) + number, payload), LEAST, payload.name)


def read_long(reader: Reader, request: ApprovalRequest, size: tuple[int, int], name: str) -> None:
    """Go to it by Tab, past what stands above: that may be the same value, large and whole."""
    reader.open(request, size)
    there, seen = reader.read_tree(Qt.Key.Key_PageDown, by_tab=True)
    assert seen >= there, name
    assert reader.card.arguments.unseen is None, name
    there, seen = reader.read_raw(by_tab=True)
    assert seen >= there, name


@pytest.mark.requirement("C4")
def test_nothing_of_an_argument_is_elided(reader: Reader, look: Look) -> None:
    cards = CardBuilder(look.words, read_verbs(ROOT / "resources" / "verbs.toml"))
    for number, payload in enumerate(sent()):
        request = request_of(number, payload)
        card = cards.card(request)
        for row in card.rows:
            flow = TextFlow(value_runs(row.value, row.spans, look.words), Type.VALUE, look.theme)
            assert flow.source(0, flow.length) == row.value, payload.name
        leaves = [node for node in nodes(json.loads(request.arguments)) if node.is_leaf]
        if len(leaves) == sum(row.value_kind is ValueKind.EXACT for row in card.rows):
            shown = [row.value for row in card.rows if row.value_kind is ValueKind.EXACT]
            assert shown == [quoted_text(node.value) for node in leaves], payload.name
        else:
            assert card.rows[-1].left_out, payload.name
    views = reader.card.findChildren(QAbstractItemView)
    assert len(views) >= 2
    assert {view.textElideMode() for view in views} == {Qt.TextElideMode.ElideNone}


def test_a_call_without_arguments_leaves_nothing_to_look_at(reader: Reader) -> None:
    reader.open(make_request("r-none", arguments={}, tier=Tier.T2))
    assert reader.card.arguments.unseen is None
