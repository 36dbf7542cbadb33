"""What the history looks for survives a restart, and no record says what that is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.console_protocol import PutSetting
from keyturn.application.window_setting_names import (
    HISTORY_FILTERS,
    LONGEST_TYPED,
    OF_THE_WINDOW,
    TYPED,
)
from keyturn.gui.history.filter_memory import FilterMemory
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.widgets.inputs import FilterChip
from keyturn.gui.widgets.text import Text
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_filters import KEYS, kept_filters, read_filters, read_search
from keyturn.presentation.words import Words
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.sources import ROOT

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("W4"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
WORDS = Words(ROOT / "resources" / "translations")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DENIED = FilterToken(key="outcome", value="denied_user")
OF_CODER = FilterToken(key="agent", value="coder")
NAMED = st.sampled_from(
    [*(key for key in KEYS if key not in {"since", "until"}), "arg.to", "arg./body/title", "arg.Ü"]
)
TOKENS = st.lists(
    st.builds(FilterToken, key=NAMED, value=st.text("abc :,é", min_size=1).map(str.strip)).filter(
        lambda token: bool(token.value)
    ),
    max_size=6,
)
MakeDesk = Callable[[str], DeskScene]


@given(TOKENS, st.text('ab :."-ü', max_size=40))
def test_filters_and_words_come_back_as_they_were(tokens: list[FilterToken], words: str) -> None:
    text = kept_filters(tokens, words)
    assert len(text) <= LONGEST_TYPED
    assert read_filters(text, NOW) == tuple(tokens)
    assert read_search(text) == words.strip()


@given(st.lists(st.builds(FilterToken, key=st.text(), value=st.text()), max_size=3), st.text())
def test_they_come_back_whole_or_not_at_all(tokens: list[FilterToken], words: str) -> None:
    text = kept_filters(tokens, words)
    assert not text or read_filters(text, NOW) == tuple(tokens)
    assert read_search(text) in {"", words.strip()}


def test_more_than_is_kept_is_not_kept_in_part() -> None:
    assert kept_filters((OF_CODER, FilterToken(key="host", value="x" * LONGEST_TYPED))) == ""


@given(st.text())
def test_what_is_no_filter_is_left_out(text: str) -> None:
    read = read_filters(text, NOW)
    assert all(token.key in KEYS or token.key.startswith("arg.") for token in read)


def test_it_is_a_setting_that_decides_about_nothing() -> None:
    assert HISTORY_FILTERS in OF_THE_WINDOW
    assert HISTORY_FILTERS in TYPED


@pytest.fixture
def desk(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDesk]:
    """Return what makes a window with its history, as it comes up with these filters stored."""
    rest_the_readers(monkeypatch)
    made: list[DeskScene] = []

    def make(stored: str) -> DeskScene:
        scene = DeskScene(look, clock)
        made.append(scene)
        settings = {HISTORY_FILTERS: stored} if stored else {}
        scene.start(msgspec.structs.replace(data.WELCOME, settings=settings))
        scene.build(Page.HISTORY)
        return scene

    yield make
    for scene in made:
        scene.close()


def view_of(scene: DeskScene) -> HistoryView:
    """Return the history's screen."""
    view = scene.view(Page.HISTORY)
    assert isinstance(view, HistoryView)
    return view


def stored(scene: DeskScene) -> list[str]:
    """Let the moment pass; return what was stored of filters."""
    memory = view_of(scene).findChild(FilterMemory)
    assert memory is not None
    memory.still.stop()
    memory.still.timeout.emit()
    sent = scene.bridge.sent
    return [m.value for m in sent if isinstance(m, PutSetting) and m.name == HISTORY_FILTERS]


def test_filters_are_stored_once_still_and_shown_after_a_restart(desk: MakeDesk) -> None:
    first = desk("")
    assert stored(first) == []
    view_of(first).filters_wanted.emit((OF_CODER,))
    view_of(first).filters_wanted.emit((OF_CODER, DENIED))
    (text,) = stored(first)
    assert stored(first) == [text]
    second = desk(text)
    chips = view_of(second).filters.findChildren(FilterChip)
    said = [text.text() for chip in chips for text in chip.findChildren(Text)]
    # The record's own name is kept, for a window of any language, and its word is shown.
    assert said == ["agent: coder", f"outcome: {WORDS('history.outcome_denied_user')}"]
    assert stored(second) == []
    view_of(second).filters_wanted.emit(())
    assert stored(second) == [""]


def test_filters_into_arguments_and_words_come_back(desk: MakeDesk) -> None:
    first = desk("")
    into = FilterToken(key="arg.to", value="14 Quarry Road")
    view_of(first).filters_wanted.emit((OF_CODER, into))
    view_of(first).filters.line.setText("hangar")
    (text,) = stored(first)
    second = desk(text)
    assert view_of(second).filters.line.text() == "hangar"
    chips = view_of(second).filters.findChildren(FilterChip)
    said = [text.text() for chip in chips for text in chip.findChildren(Text)]
    assert said == ["agent: coder", "arg.to: 14 Quarry Road"]
    assert stored(second) == []
    view_of(second).filters.clear_all()
    assert stored(second) == [""]
