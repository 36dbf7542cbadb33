"""What the command line asked for, above the list: a row each, with two buttons."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.forms.focus import leave
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, clear, column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.cells import Proposal
from keyturn.presentation.marks import Icon


class ProposalRow(QFrame):
    """One proposal; nothing of it is done before a button is pressed."""

    accepted = Signal(str)
    dropped = Signal(str)

    def __init__(
        self, look: Look, proposal: Proposal, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._proposal = proposal
        self.setObjectName(name)
        self.accept = Button(look, Kind.PLAIN, "", name=f"{name}_accept")
        self.drop = Button(look, Kind.SOFT, "", name=f"{name}_drop")
        named = look.words("forms.field_value", field=proposal.accept, value=proposal.name)
        self.accept.say(proposal.accept, named)
        named = look.words("forms.field_value", field=proposal.drop, value=proposal.name)
        self.drop.say(proposal.drop, named)
        self.accept.setVisible(bool(proposal.accept))
        self.accept.clicked.connect(self._on_accept)
        self.drop.clicked.connect(self._on_drop)
        strong = Text(look, Type.BODY_STRONG, wrap=True)
        strong.say(proposal.strong)
        rest = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        rest.say(proposal.rest)
        texts = column()
        texts.addWidget(strong)
        texts.addWidget(rest)
        layout = row(self, (16, 8, 16, 8 + EDGE), gap=8)
        middle = Qt.AlignmentFlag.AlignVCenter
        layout.addWidget(IconLabel(look, Icon.NOTICE, Token.INFO_FG, 20), 0, middle)
        layout.addSpacing(4)
        layout.addLayout(texts, 1)
        layout.addWidget(self.drop, 0, middle)
        layout.addWidget(self.accept, 0, middle)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill, and part it from what is below."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Token.SURFACE_RAISED))
        edge = QRectF(0, self.height() - 1, self.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))

    def _on_accept(self) -> None:
        self.accepted.emit(self._proposal.name)

    def _on_drop(self) -> None:
        self.dropped.emit(self._proposal.name)


class ProposalList(QWidget):
    """All proposals, first come first shown."""

    accepted = Signal(str)
    dropped = Signal(str)

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.rest: QWidget | None = None
        """What gets the focus when the row that had it is gone."""
        self._shown: tuple[Proposal, ...] = ()
        self.rows: list[ProposalRow] = []
        self.setObjectName(name)
        self._layout = column(self)
        self.hide()

    def show_proposals(self, proposals: Sequence[Proposal]) -> None:
        """Show proposals; the same ones again change nothing."""
        if tuple(proposals) == self._shown:
            return
        self._shown = tuple(proposals)
        if self.rest is not None:
            leave(self, self.rest)
        clear(self._layout)
        self.rows = [
            ProposalRow(self._look, proposal, name=f"{self.objectName()}_{number}")
            for number, proposal in enumerate(self._shown)
        ]
        for line in self.rows:
            line.accepted.connect(self.accepted)
            line.dropped.connect(self.dropped)
            self._layout.addWidget(line)
        self.setVisible(bool(self.rows))
