"""The kept filters of the history: a line each to use or to remove, and a name for those in force.

It stands between the filters and the table, comes and goes with its button or Ctrl+S, and is gone
through by keyboard; Escape leaves it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeySequence, QShortcut

from keyturn.application.console_protocol import IntentDone, PutSetting, StateChanged, Welcome
from keyturn.application.window_setting_names import HISTORY_SAVED
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.fields import LineField
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.view import HistoryView
from keyturn.gui.local_time import local_now
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.escape_frame import EscapeFrame
from keyturn.gui.widgets.layouts import WrapLayout, clear, column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.history import FilterToken
from keyturn.presentation.marks import Icon
from keyturn.presentation.saved_filters import (
    LONGEST_NAME,
    SavedFilter,
    SavedRow,
    saved_filters,
    saved_rows,
    to_save,
)


def _tell(signal: SignalInstance, slot: str, _checked: bool = False) -> None:
    """Say which one was pressed; Qt tells beside it whether a button is checked."""
    signal.emit(slot)


class SavedPane(EscapeFrame):
    """Shows rows and a field; what is pressed comes out as signals."""

    chosen = Signal(str)
    """The slot whose filters are wanted."""
    remove_requested = Signal(str)
    """The slot that is to be empty."""
    save_requested = Signal(str)
    """The name that was typed."""
    left = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        words = look.words
        self.setObjectName("saved_pane")
        self.setProperty("surface", "raised")
        self.setProperty("edge", "bottom")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name = LineField(
            look, words("history.saved_as"), name="saved_name", longest=LONGEST_NAME
        )
        self.name.setPlaceholderText(words("history.saved_as"))
        self.save = Button(look, Kind.PLAIN, words("history.saved_keep"), name="save_filters")
        self.outcome = OutcomeLine(look, name="saved_outcome")
        self._none = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._none.say(words("history.saved_none"))
        self._rows = WrapLayout(gap=8)
        layout = column(self, (16, 8, 16, 8), gap=8)
        layout.addWidget(self._none)
        layout.addLayout(self._rows)
        line = row(gap=8)
        line.addWidget(self.name, 1)
        line.addWidget(self.save)
        layout.addLayout(line)
        layout.addWidget(self.outcome)
        self.save.clicked.connect(self._on_save)
        self.name.returnPressed.connect(self._on_save)
        self.hide()

    def show_rows(self, rows: Sequence[SavedRow]) -> None:
        """Show what is kept."""
        clear(self._rows)
        self._none.setVisible(not rows)
        for kept in rows:
            use = Button(self._look, Kind.PLAIN, kept.text, name=f"use_{kept.slot}")
            use.setAccessibleName(kept.spoken)
            use.clicked.connect(partial(_tell, self.chosen, kept.slot))
            name = f"remove_{kept.slot}"
            remove = Button(self._look, Kind.GHOST, "", Icon.CROSS, name=name, height=24)
            remove.setAccessibleName(kept.remove)
            remove.clicked.connect(partial(_tell, self.remove_requested, kept.slot))
            self._rows.addWidget(use)
            self._rows.addWidget(remove)

    def on_escape(self) -> None:
        """Leave it."""
        self.left.emit()

    def _on_save(self) -> None:
        self.save_requested.emit(self.name.text())


class SavedFilters(QObject):
    """Keeps the list true to the settings, and stores what a person names."""

    def __init__(
        self,
        *,
        look: Look,
        events: BrokerEvents,
        model: HistoryModel,
        view: HistoryView,
        sender: IntentSender,
        show: Callable[[Sequence[FilterToken]], None],
        parent: QObject | None = None,
    ) -> None:
        """`show` has the list narrowed."""
        super().__init__(parent)
        self._words, self._view, self._sender, self._show = look.words, view, sender, show
        self._saved: tuple[SavedFilter, ...] = ()
        self._tokens: tuple[FilterToken, ...] = ()
        self._settings: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        """What was put into slots and is not among the settings yet: the next one takes another."""
        self.pane = SavedPane(look)
        view.add_below_filters(self.pane)
        key = QShortcut(QKeySequence("Ctrl+S"), view)
        key.setObjectName("key_saved_filters")
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(self.toggle)
        view.saved_requested.connect(self.toggle)
        events.welcomed.connect(self._on_welcome)
        events.state_changed.connect(self._on_state)
        model.filters_changed.connect(self._on_filters)
        self.pane.chosen.connect(self._on_chosen)
        self.pane.remove_requested.connect(self._on_remove)
        self.pane.save_requested.connect(self._on_save)
        self.pane.left.connect(self.toggle)

    def toggle(self) -> None:
        """Come with the focus in the name, or go and leave the focus at the filters."""
        shown = self.pane.isHidden()
        reason = Qt.FocusReason.OtherFocusReason
        if not shown:
            self._view.filters.setFocus(reason)
        self.pane.outcome.say(None)
        self.pane.setVisible(shown)
        if shown:
            self.pane.name.setFocus(reason)

    def _on_welcome(self, message: Welcome) -> None:
        self._take(message.settings)

    def _on_state(self, state: StateChanged) -> None:
        if state.settings is not None:
            self._take(state.settings)

    def _take(self, settings: Mapping[str, str]) -> None:
        self._settings = {slot: settings.get(slot, "") for slot in HISTORY_SAVED}
        self._sent = {s: value for s, value in self._sent.items() if self._settings[s] != value}
        saved = saved_filters(self._settings, local_now(), self._words)
        if saved != self._saved or not saved:
            self._saved = saved
            self.pane.show_rows(saved_rows(saved, self._words))

    def _on_filters(self, tokens: Sequence[FilterToken]) -> None:
        self._tokens = tuple(tokens)

    def _on_chosen(self, slot: str) -> None:
        found = next((one for one in self._saved if one.slot == slot), None)
        if found is not None:
            # The list as it was kept, and not what is left of it by words that stand in the line.
            self._view.filters.line.clear()
            self._show(found.tokens)

    def _on_remove(self, slot: str) -> None:
        # The button that was pressed goes with its line.
        self.pane.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self._put(slot, "", "history.saved_removed")

    def _on_save(self, typed: str) -> None:
        made = to_save(
            typed,
            self._tokens,
            saved_filters(self._settings | self._sent, local_now(), self._words),
            self._words,
            search=self._view.filters.line.text(),
        )
        if made.fault:
            self.pane.outcome.say(Outcome.FAILED, made.fault)
            return
        self.pane.name.clear()
        self._put(made.slot, made.value, "history.saved_done")

    def _put(self, slot: str, value: str, done_key: str) -> None:
        self._sent[slot] = value

        def heard(done: IntentDone) -> None:
            if done.ok:
                self.pane.outcome.say(Outcome.DONE, self._words(done_key))
            else:
                self._sent.pop(slot, None)
                self.pane.outcome.say(Outcome.FAILED, done.sentence)

        self._sender.send(lambda n: PutSetting(n=n, name=slot, value=value), heard)
