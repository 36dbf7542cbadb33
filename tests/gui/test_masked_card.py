"""The secrets of a call are on screen only while somebody holds the button, and never spoken."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, product
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.gui import text_flow
from keyturn.gui.look import Look
from keyturn.gui.queue.card_pane import DIFF, RAW, READABLE, CardPane
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import Ink, Run, value_runs
from keyturn.gui.theme import Theme, Type, TypeStyle
from keyturn.gui.widgets.argument_tree import ArgumentTree
from keyturn.gui.widgets.reveal_row import HoldToLook
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation.card import CardView
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.concealed import Concealed, TextMask
from keyturn.presentation.verbs import read_verbs
from tests.fakes.masked_calls import CREDENTIAL, TOKEN, masked_call, searching
from tests.gui.scenes import let_go
from tests.sources import ROOT

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("CARD-MASK"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
LEFT = Qt.MouseButton.LeftButton
SECRETS = (TOKEN, CREDENTIAL)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is laid out to be painted from now on."""
    shown: list[str] = []
    make = TextFlow.__init__

    def keep(flow: TextFlow, runs: Sequence[Run], style: TypeStyle, theme: Theme) -> None:
        shown.append("".join(run.shown for run in runs))
        make(flow, runs, style, theme)

    monkeypatch.setattr(text_flow.TextFlow, "__init__", keep)
    return shown


@pytest.fixture
def pane(painted: list[str], qtbot: QtBot, look: Look) -> Iterator[CardPane]:
    """Return a card on screen of a call that holds a token and a credential."""
    del painted
    made = CardPane(look)
    made.resize(760, 900)
    made.show_card(card_of(look, {"token": TOKEN, "note": f"Bearer {CREDENTIAL}"}))
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=2_000)
    yield made
    let_go(made)


def card_of(look: Look, arguments: JsonObject, **changes: Any) -> CardView:
    cards = CardBuilder(look.words, read_verbs(ROOT / "resources" / "verbs.toml"))
    request = masked_call(arguments, searching(github_work=CREDENTIAL))
    return cards.card(replace(request, tier=Tier.T1, **changes))


def button_of(pane: CardPane) -> HoldToLook:
    return pane.reveal.row.button


def spoken(pane: CardPane) -> Iterator[str]:
    """Yield what readers are told of everything on the card."""
    for widget in (pane, *pane.findChildren(QWidget)):
        found = QAccessible.queryAccessibleInterface(widget)
        if isinstance(widget, QLabel):
            yield widget.text()
        for part in (found, *(found.child(n) for n in range(min(found.childCount(), 40)))):
            yield part.text(QAccessible.Text.Name)
            yield part.text(QAccessible.Text.Description)
            yield part.text(QAccessible.Text.Value)


def holds_any(texts: Iterable[str]) -> bool:
    return any(secret in text for text in texts for secret in SECRETS)


def shows(pane: CardPane, painted: list[str]) -> bool:
    """Tell whether what is laid out anew for a picture holds a secret."""
    QApplication.sendPostedEvents()
    pane.grab()
    found = holds_any(painted)
    painted.clear()
    return found


def copied(pane: CardPane) -> str:
    """Return what a person copies off the Raw tab."""
    pane.raw.select_all()
    QTest.keyClick(pane.raw, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    return QGuiApplication.clipboard().text()


@pytest.mark.requirement("C5")
def test_nothing_paints_or_speaks_a_secret_until_it_is_held(
    pane: CardPane, painted: list[str]
) -> None:
    assert any("your credential github-work" in text for text in painted)
    for tab in (RAW, READABLE):
        pane.choose_tab(tab)
        assert not shows(pane, painted)
    assert not holds_any(spoken(pane))
    assert pane.reveal.row.isVisible()
    stands = pane.block.geometry()
    assert pane.arguments.unseen is None
    QTest.mousePress(button_of(pane), LEFT)
    assert shows(pane, painted)
    # Whoever listens hears what stands there instead.
    assert not holds_any(spoken(pane))
    # Who looks far below scrolls the button away from under the pointer.
    away = button_of(pane).rect().bottomRight() * 3
    QTest.mouseMove(button_of(pane), away)
    assert button_of(pane).is_looking
    assert pane.block.geometry() == stands
    QTest.mouseRelease(button_of(pane), LEFT, pos=away)
    assert not shows(pane, painted)
    # What was read stays read, and nothing that decides has moved.
    assert pane.block.geometry() == stands
    assert pane.arguments.unseen is None


def test_space_holds_and_enter_does_not(pane: CardPane) -> None:
    button = button_of(pane)
    button.setFocus()
    QTest.keyPress(button, Qt.Key.Key_Space)
    assert button.is_looking
    QTest.keyRelease(button, Qt.Key.Key_Space)
    assert not button.is_looking
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert not button.is_looking


def test_what_takes_the_eyes_away_hides_again(
    pane: CardPane, look: Look, qtbot: QtBot, painted: list[str]
) -> None:
    button = button_of(pane)
    other, ids = QWidget(), map(str, count())
    qtbot.addWidget(other)

    def leave() -> None:
        other.show()
        other.activateWindow()
        qtbot.waitUntil(other.isActiveWindow, timeout=2_000)

    ways: tuple[Callable[[], object], ...] = (
        pane.headline.sentence.setFocus,
        lambda: pane.show_card(card_of(look, {"token": TOKEN}, id=next(ids))),
        leave,
        lambda: pane.reveal.row.hide() or pane.reveal.row.show(),
    )

    def hold() -> None:
        button.setFocus()
        QTest.mousePress(button, LEFT)

    def toggle() -> None:
        # As a reader presses it, with the focus elsewhere.
        pane.headline.sentence.setFocus()
        button.click()

    def toggle_there() -> None:
        button.setFocus()
        button.click()

    away = product([toggle], ways[1:])
    for start, way in (*product([hold], ways), *away, (toggle_there, ways[0])):
        pane.show()
        pane.activateWindow()
        qtbot.waitUntil(pane.isActiveWindow, timeout=2_000)
        start()
        assert button.is_looking
        way()
        assert not button.is_looking
        painted.clear()
        assert not shows(pane, painted)
        QTest.mouseRelease(button, LEFT)


def test_a_reader_shows_them_for_ten_seconds(pane: CardPane, qtbot: QtBot) -> None:
    button = button_of(pane)
    timer = button.findChild(QTimer)
    assert timer is not None
    found = QAccessible.queryAccessibleInterface(button)
    found.actionInterface().doAction(QAccessibleActionInterface.pressAction())
    qtbot.waitUntil(lambda: button.is_looking, timeout=2_000)
    assert timer.isActive()
    assert timer.interval() == 10_000
    timer.timeout.emit()
    assert not button.is_looking


def test_a_copy_is_what_is_on_screen(pane: CardPane) -> None:
    pane.choose_tab(RAW)
    assert "[your credential github-work, 40 characters" in copied(pane)
    assert not holds_any([copied(pane)])
    tree = pane.arguments
    tree.setCurrentIndex(tree.model().index(0, 0))
    assert not holds_any([tree.selected_text()])
    QTest.mousePress(button_of(pane), LEFT)
    assert pane.card is not None
    # The same card again, as with every change of what is around it, takes nothing away.
    pane.show_card(pane.card)
    pane.raw.select_all()
    assert pane.raw.selected_text() == pane.card.raw_json
    assert CREDENTIAL in tree.selected_text()
    QTest.mouseRelease(button_of(pane), LEFT)
    assert not holds_any([pane.raw.selected_text(), tree.selected_text()])


def test_what_is_hidden_is_edited_only_after_a_look(pane: CardPane, look: Look) -> None:
    row = pane.reveal.row
    assert not pane.reveal.may_edit()
    assert button_of(pane).hasFocus()
    text = row.findChild(Text, "reveal_text")
    assert text is not None
    assert "before you edit" in text.text()
    QTest.mouseClick(button_of(pane), LEFT)
    assert pane.reveal.may_edit()
    # A look at one card is none at another.
    pane.show_card(card_of(look, {"token": TOKEN}, id="c-2"))
    assert not pane.reveal.may_edit()
    pane.show_card(card_of(look, {"order": 41}, id="c-3"))
    assert pane.reveal.may_edit()
    assert not row.isVisible()


@pytest.mark.requirement("C4")
def test_what_was_read_stays_read_after_a_look(qtbot: QtBot, look: Look) -> None:
    tree = ArgumentTree(look)
    tree.resize(700, 200)
    many: JsonObject = {f"a{n:02}": f"value {n}" for n in range(40)}
    tree.show_rows(card_of(look, {**many, "token": TOKEN}).rows)
    with qtbot.waitExposed(tree):
        tree.show()
    qtbot.waitUntil(lambda: tree.is_measured, timeout=2_000)
    for place in range(0, tree.verticalScrollBar().maximum() + 100, 100):
        tree.verticalScrollBar().setValue(place)
        tree.grab()
    assert tree.unseen is None
    tree.reveal(True)
    tree.reveal(False)
    qtbot.waitUntil(lambda: tree.is_measured, timeout=2_000)
    tree.grab()
    assert tree.unseen is None
    # Nor does a look show what was never on screen.
    tree.forget_seen()
    tree.scrollToTop()
    tree.reveal(True)
    tree.grab()
    assert tree.unseen is not None
    let_go(tree)


def test_a_text_that_spells_a_mask_is_drawn_as_any_text(look: Look) -> None:
    mask = "[GitHub token, 40 characters, ends abcd]"
    (run,) = value_runs(mask, (), look.words)
    assert run.ink is Ink.PLAIN
    (real,) = value_runs(mask, (), look.words, [TextMask(0, len(mask), TOKEN)])
    assert real.ink is Ink.SECRET


def test_a_text_that_hides_nothing_any_more_reveals_nothing(
    qtbot: QtBot, look: Look, painted: list[str]
) -> None:
    text = ValueText(look, Type.VALUE)
    qtbot.addWidget(text)
    text.say_concealed(Concealed("[key]", (TextMask(0, 5, TOKEN),)))
    text.say_concealed(Concealed("plain"))
    text.reveal(True)
    text.flow()
    assert not holds_any([*painted, text.text()])
    assert text.text() == "plain"


def test_what_is_compared_shows_it_while_it_is_held_alone(
    pane: CardPane, look: Look, painted: list[str]
) -> None:
    old = f"mode one\nkey {TOKEN}"
    pane.show_card(card_of(look, {"old_string": old, "new_string": f"{old}\nmore"}, id="c-2"))
    pane.choose_tab(DIFF)
    assert not shows(pane, painted)
    QTest.mousePress(button_of(pane), LEFT)
    assert shows(pane, painted)
    # Neither another look nor another size keeps it on screen.
    pane.resize(700, 800)
    QTest.mouseRelease(button_of(pane), LEFT)
    assert not shows(pane, painted)
    assert not holds_any(spoken(pane))
