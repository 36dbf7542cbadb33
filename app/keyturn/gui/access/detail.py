"""One thing that gives access, in full: keep it, narrow it, take it away."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.side_pane import SidePane, warning_rows
from keyturn.gui.look import Look
from keyturn.gui.theme import Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.layouts import WrapLayout
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Text
from keyturn.presentation.access import AccessDetail
from keyturn.presentation.marks import Icon


class AccessPane(SidePane):
    """Shows one thing; its buttons say what a person decides of it."""

    keep_requested = Signal(str)
    """Id of the row."""
    narrow_requested = Signal(str)
    revoke_agreed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="access_detail", parent=parent)
        self._detail: AccessDetail | None = None
        self._chips = ChipRow(look)
        self.title = Text(look, Type.TITLE_WRAPPED, wrap=True)
        self.keep = Button(look, Kind.PRIMARY, "", name="keep_access")
        self.narrow = Button(look, Kind.PLAIN, "", name="narrow_access")
        self.revoke = Button(look, Kind.PLAIN, "", Icon.CROSS, name="revoke_access")
        self.top.addWidget(self._chips, 1)
        self.head.addWidget(self.title)
        deciding = QWidget()
        line = WrapLayout(deciding)
        line.addWidget(self.keep)
        line.addWidget(self.revoke)
        self.action_row.addWidget(self.narrow)
        self.action_row.addWidget(deciding)
        self.keep.clicked.connect(self._on_keep)
        self.narrow.clicked.connect(self._on_narrow)
        self.revoke.clicked.connect(self._on_revoke)
        self.question.agreed.connect(self._on_agreed)

    @property
    def row_id(self) -> str:
        """Return the row that is shown; "" for none."""
        return self._detail.row_id if self._detail is not None else ""

    def show_detail(self, detail: AccessDetail) -> None:
        """Show one thing; another one than before takes back what was asked about the last."""
        if detail == self._detail:
            return
        if detail.row_id != self.row_id:
            self.show_actions()
            self.outcome.say(None)
        self._detail = detail
        self._chips.show_chips(detail.chips)
        self.title.say(detail.title)
        words = self.look.words
        for button, text in (
            (self.keep, words("access.keep")),
            (self.narrow, detail.narrow),
            (self.revoke, words("access.revoke")),
        ):
            button.say(text, words("forms.field_value", field=text, value=detail.title))
        self._fill(detail)

    def _fill(self, detail: AccessDetail) -> None:
        self.keep.setVisible(detail.keeps)
        self.narrow.setVisible(bool(detail.narrow))
        self.clear_body()
        if detail.warnings:
            self.body.addSpacing(4)
            self.body.addWidget(warning_rows(self.look, detail.warnings))
            self.body.addSpacing(12)
        self.body.addWidget(PairList(self.look, detail.pairs))
        if detail.lines:
            self.add_title(detail.lines_title)
            for line in detail.lines:
                self.body.addWidget(value_label(self.look, line))
        self.body.addStretch()

    def _on_keep(self) -> None:
        self.keep_requested.emit(self.row_id)

    def _on_narrow(self) -> None:
        self.narrow_requested.emit(self.row_id)

    def _on_revoke(self) -> None:
        if self._detail is not None:
            self.ask(self._detail.revoke)

    def _on_agreed(self) -> None:
        self.revoke_agreed.emit(self.row_id)
