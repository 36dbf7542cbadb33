"""Filters of the history are kept by a name: few, short, as plain text, and by keyboard alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from keyturn.application.console_protocol import IntentDone, PutSetting, StateChanged
from keyturn.application.window_setting_names import (
    HISTORY_SAVED,
    LONGEST_VALUE,
    OF_THE_WINDOW,
)
from keyturn.domain.decision import Delivery, Outcome
from keyturn.gui.history.saved import SavedPane
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.widgets.inputs import FilterChip
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_filters import KEYS, filter_of
from keyturn.presentation.saved_filters import (
    LONGEST_NAME,
    SavedFilter,
    saved_filters,
    saved_rows,
    to_save,
)
from keyturn.presentation.words import Words
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import settle
from tests.sources import ROOT

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("H3"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = Words(ROOT / "resources" / "translations")
DENIED = FilterToken(key="outcome", value="denied_user")
OF_CODER = FilterToken(key="agent", value="coder")
KEPT = {HISTORY_SAVED[0]: "Mine\nagent:coder\noutcome:denied_user"}


@given(
    name=st.text(max_size=60),
    tokens=st.lists(
        st.builds(
            FilterToken,
            key=st.sampled_from([*KEYS, "arg.to"]),
            value=st.text(min_size=1, max_size=60),
        ),
        max_size=5,
    ),
    held=st.integers(0, len(HISTORY_SAVED)),
)
def test_what_is_kept_comes_back_as_it_was_or_is_not_kept(
    name: str, tokens: list[FilterToken], held: int
) -> None:
    saved = [
        SavedFilter(slot=slot, name=f"kept {slot}", tokens=(DENIED,))
        for slot in HISTORY_SAVED[:held]
    ]
    made = to_save(name, tokens, saved, WORDS)
    if made.fault:
        assert (made.slot, made.value) == ("", "")
        assert made.fault.endswith(".")
        return
    assert made.slot in set(HISTORY_SAVED) - {one.slot for one in saved}
    assert len(made.value) <= LONGEST_VALUE
    assert not any(token.key in ("host", "arg.to") for token in tokens)
    read = saved_filters({made.slot: made.value}, NOW, WORDS)
    assert all(one.name == " ".join(name.split()) for one in read)
    assert all(len(one.tokens) <= len(tokens) for one in read)


@given(st.dictionaries(st.sampled_from(HISTORY_SAVED), st.text(max_size=400)))
def test_whatever_stands_in_the_settings_is_a_short_list_of_plain_text(
    settings: dict[str, str],
) -> None:
    saved = saved_filters(settings, NOW, WORDS)
    assert len(saved) <= len(HISTORY_SAVED)
    for row in saved_rows(saved, WORDS):
        assert row.text.isprintable()
        assert len(row.text) < 10 * LONGEST_NAME


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_list_finds_the_same_in_another_language(language: str) -> None:
    """An outcome is typed by its word; kept by it, the list would find nothing in the other one."""
    words, other = (
        Words(ROOT / "resources" / "translations", one)
        for one in (language, "de" if language == "en" else "en")
    )
    said = [words(f"history.outcome_{one.value}") for one in Outcome]
    said += [words(f"history.delivery_{one.value}") for one in Delivery]
    for value in (*said, f"{said[0]},{said[1]}", "denied_user", "refused", "ünknown, x"):
        made = to_save("name", (FilterToken(key="outcome", value=value),), (), words)
        (read,) = saved_filters({made.slot: made.value}, NOW, other)
        meant = filter_of((FilterToken(key="outcome", value=value),), "", words, NOW)
        assert filter_of(read.tokens, "", other, NOW) == meant
        (same,) = saved_filters({made.slot: made.value}, NOW, words)
        assert filter_of(same.tokens, "", words, NOW) == meant


def test_they_are_settings_that_decide_about_nothing() -> None:
    assert set(HISTORY_SAVED) <= OF_THE_WINDOW
    assert len(HISTORY_SAVED) == 8


def test_the_ninth_is_refused_and_the_same_name_takes_its_place_again() -> None:
    saved = [
        SavedFilter(slot=slot, name=f"n {number}", tokens=(DENIED,))
        for number, slot in enumerate(HISTORY_SAVED)
    ]
    assert to_save("ninth", (OF_CODER,), saved, WORDS).fault
    again = to_save(" n  3 ", (OF_CODER,), saved, WORDS)
    assert (again.slot, again.value) == (HISTORY_SAVED[3], "n 3\nagent:coder")


@pytest.mark.parametrize("key", ["host", "arg.to", "session"])
def test_what_looks_into_an_argument_is_not_kept(key: str) -> None:
    secret = FilterToken(key=key, value="hunter2")
    made = to_save("name", (OF_CODER, secret), (), WORDS)
    assert made.fault == WORDS("history.saved_not")
    assert made.value == ""


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    """Return a window with its history on screen, and one list kept."""
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start(msgspec.structs.replace(data.WELCOME, settings=KEPT))
    made.bridge.tell(StateChanged(settings=KEPT))
    made.build(Page.HISTORY)
    made.window.show_page(Page.HISTORY)
    yield made
    made.close()


def pane_of(scene: DeskScene) -> SavedPane:
    (pane,) = scene.view(Page.HISTORY).findChildren(SavedPane)
    return pane


def button(pane: SavedPane, name: str) -> QPushButton:
    """Return a button; the one before it goes with the next turn of the loop."""
    return pane.findChildren(QPushButton, name)[-1]


def key(scene: DeskScene, name: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    QTest.keyClick(scene.window.focusWidget() or scene.window, name, modifier)


def puts(scene: DeskScene) -> list[tuple[str, str]]:
    sent = [one for one in scene.bridge.sent if isinstance(one, PutSetting)]
    return [(one.name, one.value) for one in sent if one.name in HISTORY_SAVED]


def test_a_list_is_used_named_and_removed_without_a_pointer(scene: DeskScene) -> None:
    control, plain = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
    view = scene.view(Page.HISTORY)
    assert isinstance(view, HistoryView)
    pane = pane_of(scene)
    assert pane.isHidden()
    view.filters.setFocus()
    key(scene, Qt.Key.Key_S, control)
    assert pane.isVisible()
    assert scene.window.focusWidget() is pane.name
    use = button(pane, f"use_{HISTORY_SAVED[0]}")
    assert "agent: coder" in use.accessibleName()
    use.setFocus()
    key(scene, Qt.Key.Key_Space, plain)
    assert len(view.filters.findChildren(FilterChip)) == 2
    pane.name.setFocus()
    QTest.keyClicks(pane.name, "Denied to coder")
    key(scene, Qt.Key.Key_Return, plain)
    assert puts(scene) == [(HISTORY_SAVED[1], "Denied to coder\nagent:coder\noutcome:denied_user")]
    scene.bridge.intent_done.emit(IntentDone(n=scene.bridge.sent[-1].n, ok=True))
    scene.bridge.tell(StateChanged(settings=dict(KEPT) | dict(puts(scene))))
    assert button(pane, f"use_{HISTORY_SAVED[1]}").text() == "Denied to coder"
    settle(scene.window)
    remove = button(pane, f"remove_{HISTORY_SAVED[0]}")
    remove.setFocus()
    key(scene, Qt.Key.Key_Space, plain)
    assert puts(scene)[-1] == (HISTORY_SAVED[0], "")
    assert scene.window.focusWidget() is pane.name
    key(scene, Qt.Key.Key_Escape, plain)
    assert pane.isHidden()
    assert scene.window.isVisible(), "Escape leaves the list and not the window"


def test_what_cannot_be_kept_says_why_and_stores_nothing(scene: DeskScene) -> None:
    view, pane = scene.view(Page.HISTORY), pane_of(scene)
    assert isinstance(view, HistoryView)
    view.saved_requested.emit()
    pane.name.setText("empty")
    pane.save.click()
    assert pane.outcome.sentence == WORDS("history.saved_nothing")
    view.filters_wanted.emit((FilterToken(key="host", value="example.com"),))
    pane.save.click()
    assert pane.outcome.sentence == WORDS("history.saved_not")
    assert puts(scene) == []


def test_two_lists_named_in_one_breath_take_two_places_and_none_loses_words(
    scene: DeskScene,
) -> None:
    view, pane = scene.view(Page.HISTORY), pane_of(scene)
    assert isinstance(view, HistoryView)
    for name, token in (("one", OF_CODER), ("two", DENIED)):
        view.filters_wanted.emit((token,))
        pane.name.setText(name)
        pane.save.click()
    assert [slot for slot, _ in puts(scene)] == list(HISTORY_SAVED[1:3])
    # What was refused is free again.
    scene.bridge.intent_done.emit(IntentDone(n=scene.bridge.sent[-1].n, ok=False, sentence="No."))
    pane.name.setText("three")
    pane.save.click()
    assert puts(scene)[-1][0] == HISTORY_SAVED[2]
    # Words beside filters are neither dropped without a word nor left to narrow another list.
    before = puts(scene)
    view.filters.line.setText("hangar")
    pane.name.setText("hangar of coder")
    pane.save.click()
    assert puts(scene) == before
    assert pane.outcome.sentence == WORDS("history.saved_words")
    button(pane, f"use_{HISTORY_SAVED[0]}").click()
    assert view.filters.line.text() == ""


def test_a_name_of_markup_or_hidden_characters_is_plain_text(scene: DeskScene) -> None:
    settings = {HISTORY_SAVED[0]: "<b>x</b>\u202e\nagent:coder"}
    scene.bridge.tell(StateChanged(settings=settings))
    use = button(pane_of(scene), f"use_{HISTORY_SAVED[0]}")
    assert "\u202e" not in use.text() + use.accessibleName()
    assert "<b>" in use.text()
