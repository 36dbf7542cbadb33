"""A frame that has a use for Escape, and takes it before the window does.

The window goes out of sight at Escape, and whatever was open in it would go with it.
"""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget


class EscapeFrame(QFrame):
    """Says what Escape does in it by `on_escape`; every other key goes its way."""

    def on_escape(self) -> None:
        """Do what Escape does here."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        """Claim Escape, so that it arrives as a key and not as the window's shortcut."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave at Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.on_escape()
        else:
            super().keyPressEvent(event)


def innermost_open(place: QWidget) -> EscapeFrame | None:
    """Return the frame in `place`, or `place`, that has none open in it; None if none is open."""
    within = [one for one in place.findChildren(EscapeFrame) if one.isVisible()]
    if isinstance(place, EscapeFrame) and place.isVisible():
        within.append(place)
    outer = {
        one for one in within for other in within if one is not other and one.isAncestorOf(other)
    }
    return next((one for one in within if one not in outer), None)
