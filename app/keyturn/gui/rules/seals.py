"""What another program changed of what a person agreed to, over the rules; and a person's answer.

Sealing it as it is asks once more in its place; so does leaving it out where calls may pass then.
"""

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.application.pin_messages import SettleSeals, UnlockSeals
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.list_page import NoticeBar
from keyturn.gui.forms.outcome import PageNote, telling
from keyturn.gui.forms.question import QuestionPane
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.seals import SealsShown, seals_shown
from keyturn.presentation.words import Words

_MOST_HEIGHT: Final = 220
HELD_MS: Final = 700
"""For so long a table that has just come takes no press: it stands where another one stood, and
the second press of a double click was meant for that one."""


class SealPane(QFrame):
    """One table that was changed: a banner, its rows, and two ways."""

    settled = Signal(str, str, bool)
    """Table, what was shown, whether to seal it as it is."""
    unlock_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: SealsShown | None = None
        self._accepting = False
        """What the question that is open is about."""
        words = look.words
        self.setObjectName("seals")
        self.notice = NoticeBar(look, name="seals_notice")
        self.rows = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        self.rows.setObjectName("seals_rows")
        self.rows.setAccessibleName(words("seals.list_spoken"))
        self._scroll = ScrollPane("raised", (16, 8, 16, 8))
        self._scroll.body.addWidget(self.rows)
        self._scroll.body.addStretch()
        self._scroll.setMaximumHeight(_MOST_HEIGHT)
        self.drop = Button(look, Kind.PLAIN, words("seals.drop"), name="seals_drop")
        self.accept = Button(look, Kind.SOFT, words("seals.accept"), name="seals_accept")
        self.question = QuestionPane(look, name="seals_question")
        self._ways = QFrame()
        self._ways.setProperty("surface", "raised")
        self._ways.setProperty("edge", "bottom")
        self._note = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        buttons = row(gap=8)
        buttons.addWidget(self.drop)
        buttons.addWidget(self.accept)
        buttons.addWidget(self._note, 1)
        ways = column(self._ways, (16, 8, 16, 12), gap=8)
        ways.addLayout(buttons)
        ways.addWidget(self.question)
        layout = column(self)
        layout.addWidget(self.notice)
        layout.addWidget(self._scroll)
        layout.addWidget(self._ways)
        self.notice.action_pressed.connect(self.unlock_requested)
        self.drop.clicked.connect(self._on_drop)
        self.accept.clicked.connect(self._on_accept)
        self.question.agreed.connect(self._on_agreed)
        self.held = QTimer(self)
        self.held.setSingleShot(True)
        self.held.setInterval(HELD_MS)
        self.question.hide()
        self.hide()

    def show_seals(self, shown: SealsShown | None) -> None:
        """Show what does not hold, or nothing; a question about something else is taken back."""
        if shown == self._shown:
            return
        if self._shown is not None:
            self.held.start()
        self._shown = shown
        self.question.hide()
        self.setVisible(shown is not None)
        if shown is None:
            return
        self.notice.show_notice(shown.notice)
        self.rows.say("\n".join(shown.lines))
        self._scroll.setVisible(bool(shown.lines))
        self._ways.setVisible(bool(shown.table))
        self._note.say(shown.note)
        self.accept.setVisible(shown.question is not None)

    def _on_drop(self) -> None:
        if self.held.isActive():
            return
        question = self._shown.drop_question if self._shown is not None else None
        if question is None:
            self._settle(accept=False)
        else:
            self._accepting = False
            self.question.ask(question, self.drop)

    def _on_accept(self) -> None:
        if self.held.isActive():
            return
        if self._shown is not None and self._shown.question is not None:
            self._accepting = True
            self.question.ask(self._shown.question, self.accept)

    def _on_agreed(self) -> None:
        self._settle(accept=self._accepting)

    def _settle(self, *, accept: bool) -> None:
        if self._shown is not None:
            self.settled.emit(self._shown.table, self._shown.shown, accept)


class SealsPresenter(QObject):
    """Between the broker's word on the seals and the pane."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        pane: SealPane,
        note: PageNote,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._pane = pane
        self._note = note
        self._words = words
        bridge.state_changed.connect(self._on_state)
        pane.settled.connect(self._on_settled)
        pane.unlock_requested.connect(self._on_unlock)

    def _on_state(self, message: StateChanged) -> None:
        if message.seals is not None:
            self._pane.show_seals(seals_shown(message.seals, self._words))

    def _on_settled(self, table: str, shown: str, accept: bool) -> None:
        said = self._words("seals.accepted" if accept else "seals.dropped")
        self._sender.send(
            lambda n: SettleSeals(n=n, table=table, shown=shown, accept=accept),
            telling(self._note, said),
        )

    def _on_unlock(self) -> None:
        said = self._words("seals.unlocked")
        self._sender.send(lambda n: UnlockSeals(n=n), telling(self._note, said))
