"""Each part does what it promises: whole text, true copies, looks that count, holds that hold."""

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QGuiApplication,
    QImage,
    QMouseEvent,
    QPainter,
    QPointingDevice,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from keyturn.gui.look import Look
from keyturn.gui.style import RING_GAP, RING_WIDTH
from keyturn.gui.theme import Appearance, Token, Type
from keyturn.gui.widgets.argument_tree import ArgumentDelegate, ArgumentModel, ArgumentTree
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.command_lines import CommandLines
from keyturn.gui.widgets.decisive_box import DecisiveBox
from keyturn.gui.widgets.diff_view import DiffView
from keyturn.gui.widgets.flow_graph import FlowGraphView
from keyturn.gui.widgets.hold_button import HOLD_MS, HoldButton
from keyturn.gui.widgets.inputs import FilterField
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.notices import Banner, EmptyState, Toast
from keyturn.gui.widgets.source_excerpt import ExcerptBox
from keyturn.gui.widgets.tabs import TabRow
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.gui.widgets.timeline import Timeline
from keyturn.gui.widgets.top_bar import TopBar
from keyturn.presentation.card import ArgumentRow, Chip, CommandLine
from keyturn.presentation.flow_graph import FlowGraph, FlowSource
from keyturn.presentation.history import FilterToken
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.topbar import ProtectionState
from tests.gui import gallery_data as data
from tests.gui import gallery_more as more
from tests.gui.scenes import let_go

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


class Stage:
    """Shows widgets, each in a window that leaves it alone."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self._hosts: list[QWidget] = []

    def __call__(self, widget: QWidget, width: int = 720, height: int = 400) -> None:
        """Show a widget at a size."""
        host = QWidget()
        self._hosts.append(host)
        host.resize(width, height)
        widget.setParent(host)
        widget.resize(width, height)
        with self._qtbot.waitExposed(host):
            host.show()
        widget.show()

    def clear(self) -> None:
        """Delete the windows."""
        for host in self._hosts:
            let_go(host)


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    """Return a place to show widgets on."""
    made = Stage(qtbot)
    yield made
    made.clear()


def row(number: int, value: str) -> ArgumentRow:
    """Return an argument."""
    return ArgumentRow(path=f"/{number}", depth=0, key=f"key{number}", value=value)


# --- arguments ----------------------------------------------------------------------------------


def test_few_arguments_are_seen_at_once(qtbot: QtBot, look: Look, stage: Stage) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows(data.CARD.rows)
    qtbot.waitUntil(lambda: tree.unseen is None, timeout=2_000)
    assert tree.line_count() == 5


def test_lines_below_the_edge_are_unseen_until_scrolled_to(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows([row(number, f'"value {number}"') for number in range(240)])
    qtbot.waitUntil(lambda: tree.unseen is not None and tree.unseen[0] > 1, timeout=2_000)
    assert tree.unseen is not None
    assert tree.unseen[1] == 240
    bar = tree.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    tree.viewport().repaint()
    assert tree.unseen is not None, "the lines between were never on screen"
    for value in range(0, bar.maximum() + 1, 100):
        bar.setValue(value)
        tree.viewport().repaint()
    qtbot.waitUntil(lambda: tree.unseen is None, timeout=2_000)


def test_the_same_rows_for_another_request_are_unseen_again(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows(data.CARD.rows)
    qtbot.waitUntil(lambda: tree.unseen is None, timeout=2_000)
    tree.forget_seen()
    assert tree.unseen is not None
    qtbot.waitUntil(lambda: tree.unseen is None, timeout=2_000)


@pytest.mark.parametrize(
    "value",
    ['"' + "word " * 30_000 + '"', '"' + "x" * 150_000 + '"', "line\n" * 8_000, "\u202e" * 4_000],
)
def test_a_long_value_is_all_there(qtbot: QtBot, look: Look, stage: Stage, value: str) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows([row(1, value), row(2, "1")])
    qtbot.waitUntil(lambda: tree.model().rowCount() > 1, timeout=2_000)
    tree.setCurrentIndex(tree.model().index(0, 0))
    qtbot.keyClick(tree, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == value


def test_the_ring_of_a_row_leaves_its_letters_whole(look: Look) -> None:
    """Drawn inside the row, it needs room before the first letter."""
    model, delegate = ArgumentModel(look), ArgumentDelegate(look)
    model.show_rows([ArgumentRow(path="/argv", depth=0, key="argv", value="x")])
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, 700, 28)
    option.widget = host = QWidget()
    host.resize(700, 28)
    image = QImage(700, 28, QImage.Format.Format_RGB32)
    image.fill(QColor("#ffffff"))
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0, 0))
    painter.end()
    ink = [x for x in range(100) if any(image.pixelColor(x, y).value() < 200 for y in range(24))]
    assert RING_WIDTH + RING_GAP <= ink[0] < 12


def test_a_long_key_gets_the_room_it_needs(qtbot: QtBot, look: Look, stage: Stage) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows([ArgumentRow(path="/k", depth=0, key="k" * 200, value="1")])
    wanted = 4 * look.theme.line(Type.VALUE)
    qtbot.waitUntil(lambda: tree.rowHeight(0) > wanted, timeout=2_000)


def test_a_dragged_selection_copies_exactly_what_it_covers(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows([row(1, '"pay\u202e\u200bnow"')])
    qtbot.mousePress(tree.viewport(), LEFT, pos=QPoint(170, 12))
    qtbot.mouseMove(tree.viewport(), QPoint(520, 12))
    place = QPointF(520, 12)
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        place,
        LEFT,
        LEFT,
        Qt.KeyboardModifier.NoModifier,
        QPointingDevice.primaryPointingDevice(),
    )
    QApplication.sendEvent(tree.viewport(), move)
    assert tree.selected_text().startswith('"pay\u202e')


def test_an_origin_opens_its_source(qtbot: QtBot, look: Look, stage: Stage) -> None:
    tree = ArgumentTree(look)
    stage(tree)
    tree.show_rows(data.CARD.rows)
    with qtbot.waitSignal(tree.source_requested) as opened:
        qtbot.mouseClick(tree.viewport(), LEFT, pos=QPoint(560, 14))
    assert opened.args == [0]
    tree.setCurrentIndex(tree.model().index(2, 0))
    with qtbot.waitSignal(tree.source_requested):
        qtbot.keyClick(tree, Qt.Key.Key_Return)


def test_rows_say_where_their_value_came_from(qtbot: QtBot, look: Look) -> None:
    tree = ArgumentTree(look)
    qtbot.addWidget(tree)
    tree.show_rows(data.CARD.rows)
    index = tree.model().index(3, 0)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f'address: "{data.ADDRESS}", reports, result 3'


# --- long texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{}", "a\u202eb", "x" * 50_000, "one two\n" * 5_000])
def test_a_long_text_is_selected_and_copied_whole(
    qtbot: QtBot, look: Look, stage: Stage, text: str
) -> None:
    view = LongText(look, Type.VALUE)
    stage(view)
    view.say(text)
    view.select_all()
    assert view.selected_text() == text
    qtbot.waitUntil(lambda: view.sizeHint().height() > 0, timeout=2_000)


def test_a_long_text_is_as_tall_as_its_lines(qtbot: QtBot, look: Look, stage: Stage) -> None:
    view = LongText(look, Type.VALUE)
    stage(view)
    view.say("line\n" * 2_999 + "end")
    wanted = 3_000 * look.theme.line(Type.VALUE)
    qtbot.waitUntil(lambda: view.sizeHint().height() == wanted, timeout=3_000)


def test_a_changed_definition_shows_hidden_characters(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    diff = DiffView(look)
    stage(diff)
    diff.show_rows(more.REVIEW.diff)
    index = diff.model().index(3, 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).startswith("added:")
    qtbot.waitUntil(lambda: diff.rowHeight(3) > diff.rowHeight(0), timeout=2_000)


# --- confirming, holding, looking ---------------------------------------------------------------


def test_a_confirmed_box_keeps_its_size(qtbot: QtBot, look: Look, stage: Stage) -> None:
    box = DecisiveBox(look, data.CARD.decisive[0])
    stage(box, 448, 92)
    before = box.sizeHint()
    box.show_confirmed(True)
    assert box.sizeHint() == before
    assert not box.confirm_button.isVisible()


@pytest.mark.parametrize(("width", "under"), [(188, True), (240, True), (448, False)])
def test_the_name_of_an_owed_value_is_never_broken_up_for_the_reason(
    look: Look, stage: Stage, width: int, under: bool
) -> None:
    reason_of = "Came from reports, result 3"
    value = replace(data.CARD.decisive[0], key="Ship to address", owed_reason=reason_of)
    box = DecisiveBox(look, value)
    stage(box, width, 200)
    words = {text.text(): text for text in box.findChildren(Text)}
    name, reason, shown = (words[text] for text in (value.key, reason_of, value.value))
    assert name.width() >= name.sizeHint().width()
    assert (reason.y() >= name.geometry().bottom()) is under
    places = [(one.pos(), one.height()) for one in (name, shown)]
    box.show_confirmed(True)
    layout = box.layout()
    assert layout is not None and layout.activate()
    assert [(one.pos(), one.height()) for one in (name, shown)] == places


def test_a_press_anywhere_in_an_owed_box_confirms_it(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    box = DecisiveBox(look, data.CARD.decisive[0])
    stage(box, 448, 92)
    with qtbot.waitSignal(box.confirmed) as confirmed:
        qtbot.mouseClick(box, LEFT, pos=QPoint(8, 80))
    assert confirmed.args == ["/ship_to/address"]
    with qtbot.waitSignal(box.confirmed):
        qtbot.keyClick(box.confirm_button, Qt.Key.Key_Space)


def test_a_value_that_owes_nothing_cannot_be_confirmed(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    box = DecisiveBox(look, data.CARD.decisive[1])
    stage(box, 200, 92)
    with qtbot.assertNotEmitted(box.confirmed):
        qtbot.mouseClick(box, LEFT)


@pytest.mark.requirement("K7")
def test_holding_for_a_second_resumes_and_less_does_not(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    button = HoldButton(look)
    stage(button, 320, 48)
    with qtbot.assertNotEmitted(button.held):
        qtbot.mouseClick(button, LEFT)
        qtbot.keyClick(button, Qt.Key.Key_Space)
        button.click()
        qtbot.mousePress(button, LEFT)
        qtbot.wait(100)
        qtbot.mouseRelease(button, LEFT)
    with qtbot.waitSignal(button.held, timeout=3 * HOLD_MS):
        qtbot.mousePress(button, LEFT)


def test_looking_at_a_row_takes_a_press_or_space(qtbot: QtBot, look: Look, stage: Stage) -> None:
    timeline = Timeline(look)
    stage(timeline, 760, 364)
    timeline.show_rows(more.STOPPED.timeline)
    rect = timeline.visualRect(timeline.model().index(3, 0))
    with qtbot.waitSignal(timeline.looked_at) as looked:
        qtbot.mouseClick(timeline.viewport(), LEFT, pos=QPoint(750, rect.center().y()))
    assert looked.args == ["4", True]
    timeline.setCurrentIndex(timeline.model().index(1, 0))
    with qtbot.waitSignal(timeline.looked_at) as looked:
        qtbot.keyClick(timeline, Qt.Key.Key_Space)
    assert looked.args == ["2", False]


# --- small parts --------------------------------------------------------------------------------


@pytest.mark.qt_log_ignore("This plugin does not support")  # the popup of what completes
def test_a_typed_filter_becomes_a_chip_and_backspace_takes_it_out(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    field = FilterField(look, name="filter")
    stage(field, 500, 40)
    with qtbot.waitSignal(field.filters_changed) as changed:
        qtbot.keyClicks(field.line, "tier:T3")
        qtbot.keyClick(field.line, Qt.Key.Key_Return)
    assert changed.args == [(FilterToken(key="tier", value="T3"),)]
    assert field.line.text() == ""
    with qtbot.waitSignal(field.filters_changed) as changed:
        qtbot.keyClick(field.line, Qt.Key.Key_Backspace)
    assert changed.args == [()]


def test_tabs_are_one_stop_and_stepped_through(qtbot: QtBot, look: Look, stage: Stage) -> None:
    tabs = TabRow(look, [("a", "Alpha"), ("b", "Beta"), ("c", "Gamma")], name="tabs")
    stage(tabs)
    buttons = tabs.findChildren(QAbstractButton)
    stops = [b for b in buttons if b.focusPolicy() is Qt.FocusPolicy.StrongFocus]
    assert len(stops) == 1
    with qtbot.waitSignal(tabs.tab_chosen) as chosen:
        qtbot.keyClick(tabs, Qt.Key.Key_Left)
    assert chosen.args == ["c"]
    assert tabs.active() == "c"


def test_a_chip_that_opens_something_takes_click_and_enter(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    chips = ChipRow(look)
    stage(chips)
    chips.show_chips(data.CARD.chips)
    label = chips.findChild(QWidget, f"chip_{Icon.TRACED}")
    assert label is not None
    with qtbot.waitSignal(chips.pressed) as pressed:
        qtbot.mouseClick(label, LEFT)
    assert pressed.args == ["origins"]
    with qtbot.waitSignal(chips.pressed):
        qtbot.keyClick(label, Qt.Key.Key_Return)


def test_server_text_in_a_chip_is_inert(qtbot: QtBot, look: Look, stage: Stage) -> None:
    chips = ChipRow(look)
    stage(chips)
    chips.show_chips([Chip(role=Role.NEUTRAL, icon=None, text="<b>x</b>\n\u202ey")])
    assert chips.heightForWidth(700) == look.theme.tall(24)


def test_a_stopped_bar_offers_the_next_level_and_never_resume(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    bar = TopBar(look)
    stage(bar, 1280, 56)
    bar.show_view(data.TOP_BAR)
    stop = bar.stop_button
    button = stop.findChild(QAbstractButton, "stop_all_agents")
    assert button is not None
    stopped = replace(data.TOP_BAR, state=ProtectionState.STOPPED, state_text="Stopped")
    pressed: list[int] = []
    stop.stop_requested.connect(pressed.append)
    offered: list[str] = []
    for level in range(4):
        bar.show_view(replace(stopped, stop_level=level) if level else data.TOP_BAR)
        offered.append(button.text())
        qtbot.mouseClick(button, LEFT)
    assert offered == [
        "Stop all agents",
        "Stop servers too",
        "Disconnect agents",
        "Agents disconnected",
    ]
    assert pressed == [1, 2, 3, 3]


def test_the_arrow_opens_the_further_levels_as_long_as_they_are_further(
    qtbot: QtBot, look: Look, stage: Stage
) -> None:
    bar = TopBar(look)
    stage(bar, 1280, 56)
    pressed: list[int] = []
    bar.stop_button.stop_requested.connect(pressed.append)
    servers = bar.stop_button.findChild(QAction, "stop_servers")
    disconnect = bar.stop_button.findChild(QAction, "disconnect_agents")
    assert servers is not None
    assert disconnect is not None
    servers.trigger()
    disconnect.trigger()
    assert pressed == [2, 3]
    stopped = replace(data.TOP_BAR, state=ProtectionState.STOPPED, stop_level=2)
    bar.show_view(stopped)
    assert (servers.isEnabled(), disconnect.isEnabled()) == (False, True)


def test_a_grant_can_be_ended_from_the_bar(qtbot: QtBot, look: Look, stage: Stage) -> None:
    bar = TopBar(look)
    stage(bar, 1280, 56)
    bar.show_view(data.TOP_BAR)
    end = bar.findChild(QAbstractButton, "end_g1")
    assert end is not None
    assert end.accessibleName() == f"End: {data.GRANT.text}"
    with qtbot.waitSignal(bar.grant_end_requested) as ended:
        qtbot.mouseClick(end, LEFT)
    assert ended.args == ["g1"]


def test_a_source_can_be_opened(qtbot: QtBot, look: Look, stage: Stage) -> None:
    box = ExcerptBox(look, data.EXCERPT)
    stage(box)
    button = box.findChild(QAbstractButton, "open_source")
    assert button is not None
    with qtbot.waitSignal(box.source_requested) as opened:
        qtbot.mouseClick(button, LEFT)
    assert opened.args == ["result-3"]


def test_notices_say_and_offer_what_they_are_given(qtbot: QtBot, look: Look, stage: Stage) -> None:
    banner = Banner(look, Role.WARNING, Icon.ATTENTION)
    banner.say("coder is held.", "The limit is 30 in 60 s.")
    button = banner.add_action("go_on", "Continue")
    stage(banner, 700, 44)
    with qtbot.waitSignal(banner.action_pressed) as pressed:
        qtbot.mouseClick(button, LEFT)
    assert pressed.args == ["go_on"]
    toast = Toast(look, "Rule deleted")
    stage(toast, 300, 44)
    undo = toast.findChild(QAbstractButton, "toast_undo")
    assert undo is not None
    with qtbot.waitSignal(toast.undo_pressed):
        qtbot.mouseClick(undo, LEFT)
    empty = EmptyState(look, Icon.QUEUE)
    empty.say("Nothing waiting.", "3 agents connected.", "View last calls")
    stage(empty, 700, 500)
    action = empty.findChild(QAbstractButton, "empty_action")
    assert action is not None
    with qtbot.waitSignal(empty.action_pressed):
        qtbot.mouseClick(action, LEFT)


@pytest.mark.parametrize("width", [420, 765, 1_600])
def test_an_empty_page_shows_every_line_of_what_it_says(
    look: Look, stage: Stage, width: int
) -> None:
    empty = EmptyState(look, Icon.QUEUE)
    told = look.words("queue.empty_set_up"), look.words("queue.empty_proposed", n=2)
    empty.say(look.words("queue.empty_no_agent"), " ".join(told), "Set up an agent")
    stage(empty, width, 740)
    for text in empty.findChildren(Text):
        assert text.height() >= text.heightForWidth(text.width()), text.text()


@pytest.mark.parametrize("note", ["", "What it means, which takes a line or two as well."])
@pytest.mark.parametrize("width", [160, 1_200])
def test_the_mark_of_a_choice_stands_at_its_first_line(
    look: Look, stage: Stage, note: str, width: int
) -> None:
    words = "Everything that you reviewed, now and later, whoever offers it"
    choice = ChoiceRow(look, words, note, name="choice", radio=True)
    stage(choice, width, choice.heightForWidth(width))
    line = look.theme.line(Type.BODY)
    first = 4 if note else (36 - line) / 2
    assert abs(choice.mark_place().center().y() - (first + line / 2)) <= 1


def coloured(look: Look, icon: Icon, token: Token) -> Callable[[int, int], QColor]:
    """Return a function that reads a pixel of an icon."""
    image = look.icons.pixmap(icon, 32, look.theme.colour(token), 1.0).toImage()
    return image.pixelColor


def test_icons_take_the_colour_of_their_text(look: Look) -> None:
    pixel = coloured(look, Icon.TIER_3, Token.T3_FG)
    assert pixel(16, 16).name() == look.theme.colour(Token.T3_FG).name()


@pytest.mark.requirement("N6")
def test_tier_shapes_differ_in_shape_and_not_only_in_colour(look: Look) -> None:
    tiers = (Icon.TIER_0, Icon.TIER_1, Icon.TIER_2, Icon.TIER_3)
    black = QColor(0, 0, 0)
    pictures = [look.icons.pixmap(icon, 16, black, 1.0).toImage() for icon in tiers]
    for place, one in enumerate(pictures):
        for other in pictures[place + 1 :]:
            apart = sum(
                abs(one.pixelColor(x, y).alpha() - other.pixelColor(x, y).alpha()) > 128
                for x in range(16)
                for y in range(16)
            )
            assert apart >= 12


def test_a_change_of_theme_moves_nothing(qtbot: QtBot, look: Look, stage: Stage) -> None:
    bar = TopBar(look)
    stage(bar, 1280, 56)
    bar.show_view(data.TOP_BAR)
    before = [child.geometry() for child in bar.findChildren(QWidget)]
    for appearance in (Appearance.DARK, Appearance.HIGH_CONTRAST, Appearance.LIGHT):
        look.theme.use(appearance)
        bar.grab()
        assert [child.geometry() for child in bar.findChildren(QWidget)] == before


def test_what_commands_do_is_read_out_whole_and_gone_with_them(look: Look, stage: Stage) -> None:
    lines = CommandLines(look)
    stage(lines, width=300)
    said = "/sql deletes from orders, no WHERE: every row " * 3
    lines.show_lines([CommandLine(role=Role.WARNING, icon=Icon.ATTENTION, text=said)])
    (text,) = lines.findChildren(QLabel, "command_line")
    assert (text.text(), text.accessibleName()) == (said, said)
    assert text.heightForWidth(260) > text.heightForWidth(2_000)
    lines.show_lines(())
    assert lines.isHidden()


@pytest.mark.requirement("FLOW-GRAPH")
def test_the_graph_of_sources_is_spoken_whole_and_goes_with_its_card(
    look: Look, stage: Stage
) -> None:
    """Names of servers are plain text, with what is hidden in them made visible."""
    hostile = "mail\u202e<b>x</b>"
    source = FlowSource(name=hostile, gave="result 3 gave to", untrusted=True, untrusted_words="U")
    graph = FlowGraph(sources=(source, source), target="bank / pay", rest="", spoken="all of it")
    view = FlowGraphView(look)
    stage(view)
    view.show_graph(graph)
    assert view.isVisible() and view.accessibleName() == "all of it"
    assert not view.grab().isNull()
    shown = [text.accessibleName() for text in view.findChildren(ValueText)]
    assert len(shown) == 3 and not any("\u202e" in one for one in shown)
    view.show_graph(None)
    assert not view.isVisible()
