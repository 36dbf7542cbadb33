"""The one button that opens the way: always the same size, always readable, armed or not.

It decides nothing. It tells presses apart that came from the window system from those that a
program made, and those of assistive technology from both (console.md section 3.11).
"""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleInterface,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QAccessibleWidget, QStylePainter, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.readers import announce
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase, plain_runs
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import restyle
from keyturn.presentation.arming import ArmState, Owed
from keyturn.presentation.marks import Icon

WIDTH: Final = 200
_RING: Final = 28
_OWED_ICONS: Final = {
    Owed.CONFIRM: Icon.CONFIRM,
    Owed.LOOK: Icon.LOOK,
    Owed.TYPE_NAME: Icon.CONFIRM,
    Owed.PIN: Icon.CONFIRM,
    Owed.NOTHING: Icon.CHECK,
}


class AllowButton(Button):
    """Allow once, Allow one retry, Accept definition: unarmed until the arming says so."""

    gripped = Signal()
    """A press of the window system began on the button."""
    let_go = Signal()
    """That press ended on the button."""
    pressed_by_accessibility = Signal()

    def __init__(
        self, look: Look, *, name: str, kind: Kind = Kind.ALLOW, parent: QWidget | None = None
    ) -> None:
        self._reason = ""
        self._short = ""
        self._armed = False
        self._owed = Owed.REQUEST
        self._progress = 0.0
        self._least = WIDTH
        self._reasons: tuple[str, ...] = ()
        self._done = Icon.CHECK
        self.is_real: Callable[[QKeyEvent], bool] = QKeyEvent.spontaneous
        """Tells a key of the window system from one that a program made up."""
        super().__init__(look, kind, "", name=name, height=DECISION, parent=parent)
        restyle(self, "state", "unarmed")

    def show_state(self, state: ArmState, reason: str, short: str = "") -> None:
        """Show whether it can be activated, and the reason why not (or the shortcut).

        `short` is drawn where `reason` has no room; readers are told `reason`.
        """
        self._short = short or reason
        changed = (state.armed, reason) != (self._armed, self._reason)
        moved = abs(state.progress - self._progress) > 0.01
        self._armed, self._reason, self._owed = state.armed, reason, state.owed
        self._progress = state.progress
        if changed:
            restyle(self, "state", "armed" if state.armed else "unarmed")
            self.setAccessibleDescription(reason)
            if self.hasFocus():
                announce(self, reason)
        if changed or moved:
            self.update()

    def make_room_for(self, reasons: Sequence[str]) -> None:
        """Become wide enough for every reason that one review can have, before it is shown."""
        self._reasons = tuple(reasons)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        """Make the same room when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        flows = (TextFlow([phrase(text)], Type.CAPTION, self._look.theme) for text in self._reasons)
        widths = (14 + _RING + 8 + round(flow.lay_out().used_width) + 14 for flow in flows)
        self._least = max((WIDTH, *widths))
        self.updateGeometry()

    def use_goes_on(self, goes_on: bool) -> None:
        """Look like a way on to somebody else, or like what allows: only the latter is green."""
        self._kind = Kind.PRIMARY if goes_on else Kind.ALLOW
        self._done = Icon.CLOSED if goes_on else Icon.CHECK
        restyle(self, "kind", self._kind.value)
        self.update()

    @property
    def armed(self) -> bool:
        """Tell whether the button is drawn as one that acts."""
        return self._armed

    @property
    def reason(self) -> str:
        """Return the second line."""
        return self._reason

    def sizeHint(self) -> QSize:
        """Return one size for every text and state, so that nothing under a pointer moves."""
        around = 14 + _RING + 8 + 14
        # Reasons grow with the text size, what is around them does not.
        least = around + self._look.theme.tall(WIDTH - around)
        width = round(around + self._flow().used_width)
        return QSize(max(least, width, self._least), self._tall())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin an activation, unless a program made the event up."""
        if event.spontaneous() and event.button() is Qt.MouseButton.LeftButton:
            self.setDown(True)
            self.gripped.emit()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer off and back on the button."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.setDown(self.rect().contains(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End an activation on the button; anywhere else it comes to nothing."""
        was_down = self.isDown()
        self.setDown(False)
        if was_down and event.spontaneous() and event.button() is Qt.MouseButton.LeftButton:
            self.let_go.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Begin an activation by Enter or Space; a repeated key begins nothing."""
        if not _is_activation(event):
            super().keyPressEvent(event)
        elif self.is_real(event) and not event.isAutoRepeat():
            self.setDown(True)
            self.gripped.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End an activation by Enter or Space."""
        if not _is_activation(event):
            super().keyReleaseEvent(event)
        elif self.is_real(event) and not event.isAutoRepeat() and self.isDown():
            self.setDown(False)
            self.let_go.emit()

    def nextCheckState(self) -> None:
        """Do nothing: `click()` of a program ends here and in a signal that nobody is told of."""

    def _text_token(self) -> Token:
        return super()._text_token() if self._armed else Token.TEXT_SECONDARY

    def _text_left(self) -> int:
        return 14 + _RING + 8 if not self._armed else 14 + 16 + 12

    def _paint_content(self, painter: QStylePainter) -> None:
        theme = self._look.theme
        mirror(painter, self.rect(), self.layoutDirection())
        colour = theme.colour(self._text_token())
        if self._armed:
            icon = QRectF(14, (self.height() - 16) // 2, 16, 16)
            self._look.icons.paint(painter, icon, self._done, colour)
        else:
            self._paint_ring(painter)
        first = self._flow()
        left = self._text_left()
        second = self._second_line(self.width() - left - 6)
        second_line = theme.line(Type.CAPTION)
        top = (self.height() - first.height - second_line + 4) // 2
        first.paint(painter, QPointF(left, top - 1), colour)
        second.paint(painter, QPointF(left, top + first.height - 4), colour)

    def _second_line(self, room: int) -> TextFlow:
        for text in (self._reason, self._short):
            runs = plain_runs(text, self._look.words, one_line=True)
            flow = TextFlow(runs, Type.CAPTION, self._look.theme).lay_out()
            if flow.used_width <= room:
                break
        return flow

    def _paint_ring(self, painter: QPainter) -> None:
        """Draw how much of the time has passed, and inside it what a person owes."""
        theme = self._look.theme
        ring = QRectF(13, (self.height() - _RING) // 2, _RING, _RING).adjusted(1, 1, -1, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(Token.BORDER_SUBTLE), 2))
        painter.drawEllipse(ring)
        if not theme.reduced_motion:
            arc = QPen(theme.colour(Token.ACCENT), 2)
            arc.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(arc)
            # Qt counts sixteenths of a degree, against the clock, from three o'clock.
            painter.drawArc(ring, 90 * 16, round(-360 * 16 * self._progress))
        painter.restore()
        icon = _OWED_ICONS.get(self._owed, Icon.CLOCK)
        square = QRectF(0, 0, 16, 16)
        square.moveCenter(ring.center())
        square.moveTo(round(square.x()), round(square.y()))
        self._look.icons.paint(painter, square, icon, theme.colour(Token.TEXT_SECONDARY))


class AllowInterface(QAccessibleWidget):
    """What assistive technology sees of the button: its press has its own way in."""

    def __init__(self, button: AllowButton) -> None:
        super().__init__(button, QAccessible.Role.Button, button.accessibleName())
        self._button = button

    def actionNames(self) -> list[str]:
        """Return that it can be pressed and focused."""
        return [
            QAccessibleActionInterface.pressAction(),
            QAccessibleActionInterface.setFocusAction(),
        ]

    def doAction(self, actionName: str) -> None:  # noqa: N803  # Qt's name
        """Pass a press on under its own name; the arming still has to agree."""
        if actionName == QAccessibleActionInterface.pressAction():
            self._button.pressed_by_accessibility.emit()
        else:
            self._button.setFocus()


class AccessibleAllow:
    """Hands out `AllowInterface`; made once at start, kept as long as the application."""

    def __init__(self) -> None:
        self._made: list[QAccessibleInterface] = []
        QAccessible.installFactory(self._make)

    def _make(self, _class_name: str, watched: object) -> QAccessibleInterface | None:
        if not isinstance(watched, AllowButton):
            return None
        made = AllowInterface(watched)
        self._made.append(made)
        return made


def _is_activation(event: QKeyEvent) -> bool:
    return event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
