"""Has the window begin anew in the language that a person chose, once nothing would be lost by it.

A window that begins anew has its place, its page, its filters and the open card from what the
broker keeps. What is half written is kept nowhere, because it may be a secret: it is waited for.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from keyturn.application.console_protocol import (
    IntentDone,
    PutSetting,
    RequestShown,
    StateChanged,
    Welcome,
)
from keyturn.application.window_messages import BeginAnew
from keyturn.application.window_setting_names import OPEN_CARD
from keyturn.gui.bridge import Bridge
from keyturn.gui.drafts import SEARCH, UNFINISHED, UNSAVED
from keyturn.gui.main_window import MainWindow
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.sending import IntentSender
from keyturn.gui.window_memory import WindowMemory
from keyturn.presentation.words import Words

LanguageOf = Callable[[Mapping[str, str]], str]
"""Which language settings mean."""


def is_half_written(window: MainWindow) -> bool:
    """Tell whether something stands on any page that a new window would not have."""
    return any(
        widget.property(UNSAVED)
        or (_holds_a_draft(widget) and widget.isVisibleTo(window.page_of(widget)))
        for widget in window.findChildren(QWidget)
    )


def _holds_a_draft(widget: QWidget) -> bool:
    if isinstance(widget, QLineEdit):
        typed = widget.isModified() and not widget.isReadOnly() and widget.text().strip()
        return bool(typed) and not widget.property(SEARCH)
    if isinstance(widget, QPlainTextEdit):
        typed = widget.document().isModified() and not widget.isReadOnly()
        return typed and bool(widget.toPlainText().strip())
    return bool(widget.property(UNFINISHED))


class OtherLanguage(QObject):
    """One for the window."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        sender: IntentSender,
        window: MainWindow,
        words: Words,
        memory: WindowMemory,
        language_of: LanguageOf,
        queue: QueuePresenter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge, self._sender = bridge, sender
        self._window, self._words, self._memory = window, words, memory
        self._language_of, self._queue = language_of, queue
        self._stored = ""
        self._wanted = self._told = self._asked = False
        bridge.welcomed.connect(self._on_welcome)
        bridge.request_shown.connect(self._on_request)
        bridge.state_changed.connect(self._on_state)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            # What was half written is finished or dropped where the focus was.
            application.focusChanged.connect(self._look)

    def _on_welcome(self, message: Welcome) -> None:
        self._stored = message.settings.get(OPEN_CARD, "")

    def _on_request(self, message: RequestShown) -> None:
        """Open the card that was open, where it waits still; a person is looking for it."""
        if message.request.id == self._stored:
            self._stored = ""
            self._queue.open_card(message.request.id)

    def _on_state(self, message: StateChanged) -> None:
        if message.settings is not None:
            self._wanted = self._language_of(message.settings) != self._words.language
            self._look()
            if self._told and not self._wanted:
                self._take_back()

    def _take_back(self) -> None:
        """Say no longer that it changes: the person thought better of it."""
        self._told = False
        if self._window.alert.accessibleName() == self._words("window.language_waits"):
            self._window.alert.clear()

    def _look(self) -> None:
        if not self._wanted or self._asked:
            return
        if not is_half_written(self._window):
            self._begin_anew()
        elif not self._told:
            self._told = True
            self._window.alert.tell(self._words("window.language_waits"))

    def _begin_anew(self) -> None:
        """Have the broker keep the open card, then end this window."""
        self._asked = True
        self._memory.remember()
        request = self._queue.open_request
        card = request.id if request is not None else ""

        def kept(_done: IntentDone) -> None:
            self._bridge.send(BeginAnew(n=self._bridge.next_number()))

        self._sender.send(lambda n: PutSetting(n=n, name=OPEN_CARD, value=card), kept)
