"""Chips: an icon and a word on the tint of a role; they wrap and are never elided."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import plain_runs
from keyturn.gui.theme import Type
from keyturn.gui.widgets.layouts import WrapLayout, clear
from keyturn.presentation.card import Chip

_ICON = 14
_PADDING = 8
_GAP = 6


def paint_chip(painter: QPainter, rect: QRectF, look: Look, chip: Chip) -> None:
    """Draw a chip into `rect`; for delegates, which have no widgets."""
    theme = look.theme
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = QPen(theme.role_colour(chip.role), 1) if theme.high_contrast else Qt.PenStyle.NoPen
    painter.setPen(edge)
    painter.setBrush(theme.role_tint(chip.role))
    painter.drawRoundedRect(rect, 4, 4)
    left = rect.left() + _PADDING
    if chip.icon is not None:
        square = QRectF(left, round(rect.center().y() - _ICON / 2), _ICON, _ICON)
        look.icons.paint(painter, square, chip.icon, theme.role_colour(chip.role))
        left += _ICON + _GAP
    flow = _flow(look, chip)
    top = rect.top() + (rect.height() - flow.height) // 2
    flow.paint(painter, QPointF(left, top), theme.role_colour(chip.role))
    painter.restore()


def chip_size(look: Look, chip: Chip) -> QSize:
    """Return the size of a chip's contents and padding."""
    icon = _ICON + _GAP if chip.icon is not None else 0
    width = _flow(look, chip).used_width + icon + 2 * _PADDING
    return QSize(round(width), look.theme.tall(24))


def _flow(look: Look, chip: Chip) -> TextFlow:
    runs = plain_runs(chip.text, look.words, one_line=True)
    return TextFlow(runs, Type.LABEL, look.theme).lay_out()


class ChipLabel(QLabel):
    """A chip as a widget; one that opens something takes click, Enter and Space."""

    pressed = Signal(str)
    """Id of what the chip opens."""

    def __init__(self, look: Look, chip: Chip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._look = look
        self.show_chip(chip)

    def show_chip(self, chip: Chip) -> None:
        """Show another chip in place."""
        self._chip = chip
        self.setText(chip.text)
        self.setAccessibleName(chip.text)
        self.setObjectName(f"chip_{chip.icon or chip.role}")
        opens = chip.opens is not None
        # One Tab stop for the whole head of a card: its chips are reached by the arrow keys.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus if opens else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if opens else Qt.CursorShape.ArrowCursor)
        self.updateGeometry()
        self.update()

    @property
    def chip(self) -> Chip:
        """Return what is shown."""
        return self._chip

    def sizeHint(self) -> QSize:
        """Return the chip's size."""
        return chip_size(self._look, self._chip)

    def minimumSizeHint(self) -> QSize:
        """Return the same: a chip is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the chip."""
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        paint_chip(painter, QRectF(self.rect()), self._look, self._chip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open what the chip opens."""
        if self._chip.opens is not None and self.rect().contains(event.position().toPoint()):
            self.pressed.emit(self._chip.opens)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open what the chip opens."""
        opening = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if opening and self._chip.opens is not None:
            self.pressed.emit(self._chip.opens)
        else:
            super().keyPressEvent(event)


class ChipRow(QWidget):
    """The chips of a card, in order, wrapped."""

    pressed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._layout = WrapLayout(self)
        self._shown: tuple[Chip, ...] = ()

    def show_chips(self, chips: Sequence[Chip]) -> None:
        """Show `chips`; the same ones again change nothing."""
        if tuple(chips) == self._shown:
            return
        self._shown = tuple(chips)
        clear(self._layout)
        for chip in chips:
            label = ChipLabel(self._look, chip, self)
            label.pressed.connect(self.pressed)
            self._layout.addWidget(label)
            label.show()
        self.updateGeometry()
