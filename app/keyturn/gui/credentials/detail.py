"""One credential: a field that shows nothing, and the question before its value goes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.fields import SecretField
from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.forms.side_pane import SidePane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.layouts import clear, column
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Text
from keyturn.presentation.card import Pair
from keyturn.presentation.credentials import CredentialDetail
from keyturn.presentation.marks import Icon


class CredentialPane(SidePane):
    """Takes a value and gives it away once; nothing here can show one."""

    store_requested = Signal(str)
    """Row id; whoever hears it takes the value out of the field."""
    remove_agreed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="credential_detail", parent=parent)
        words = look.words
        self._detail: CredentialDetail | None = None
        self._chips = ChipRow(look)
        self.name = Text(look, Type.VALUE_LARGE, wrap=True)
        self.field = SecretField(look, words("credentials.value"), name="credential_value")
        self.typed = Text(look, Type.CAPTION, Token.TEXT_SECONDARY, wrap=True)
        self.store = Button(look, Kind.PRIMARY, "", name="store_credential")
        self.remove = Button(look, Kind.PLAIN, "", Icon.CROSS, name="remove_credential")
        self._pair_place = QWidget()
        self._pairs = column(self._pair_place)
        self._pairs_shown: tuple[Pair, ...] = ()
        self._build()
        self.store.clicked.connect(self._on_store)
        self.field.returnPressed.connect(self._on_store)
        self.field.length_changed.connect(self._on_length)
        self.remove.clicked.connect(self._on_remove)
        self.question.agreed.connect(self._on_agreed)

    @property
    def row_id(self) -> str:
        """Return the credential that is shown; "" for none."""
        return self._detail.row_id if self._detail is not None else ""

    def show_detail(self, detail: CredentialDetail) -> None:
        """Show a credential; another one than before empties the field first."""
        if detail == self._detail:
            return
        if detail.row_id != self.row_id:
            self.forget()
            self.show_actions()
            self.outcome.say(None)
        self._detail = detail
        words = self.look.words
        self._chips.show_chips(detail.chips)
        self.name.say(detail.name)
        self.store.say(
            detail.store, words("forms.field_value", field=detail.store, value=detail.name)
        )
        removing = words("credentials.remove")
        self.remove.say(removing, words("forms.field_value", field=removing, value=detail.name))
        self.remove.setVisible(detail.stored)
        if detail.pairs != self._pairs_shown:
            self._pairs_shown = detail.pairs
            leave(self._pair_place, self.rest)
            clear(self._pairs)
            self._pairs.addWidget(PairList(self.look, detail.pairs))
        self._on_length(len(self.field.text()))

    def forget(self) -> None:
        """Empty the field."""
        self.field.take()

    def _build(self) -> None:
        self.top.addWidget(self._chips, 1)
        self.head.addWidget(self.name)
        self.body.addWidget(self._pair_place)
        self.add_title(self.look.words("credentials.value"))
        self.body.addWidget(self.field)
        self.body.addSpacing(4)
        self.body.addWidget(self.typed)
        self.body.addStretch()
        self.action_row.addWidget(self.store)
        self.action_row.addWidget(self.remove)

    def _on_length(self, length: int) -> None:
        if self._detail is None:
            return
        said = self.look.words("credentials.typed", n=length) if length else self._detail.hint
        self.typed.say(said)
        if length:
            self.outcome.say(None)

    def _on_store(self) -> None:
        detail = self._detail
        if detail is None:
            return
        if detail.cannot:
            self.outcome.say(Outcome.OWED, detail.cannot)
        elif not self.field.text():
            self.outcome.say(Outcome.OWED, self.look.words("credentials.empty"))
        else:
            self.store_requested.emit(detail.row_id)

    def _on_remove(self) -> None:
        if self._detail is not None:
            self.ask(self._detail.remove)

    def _on_agreed(self) -> None:
        self.remove_agreed.emit(self.row_id)
