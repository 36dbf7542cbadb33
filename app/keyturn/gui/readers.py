"""What Keyturn has screen readers told beside Qt: sentences, the place of the keyboard, a role."""

from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
)
from PySide6.QtWidgets import QAccessibleWidget, QApplication, QWidget


def announce(widget: QWidget, sentence: str, *, assertive: bool = False) -> None:
    """Have a screen reader say a sentence once: after what it is saying, or in its place."""
    if not sentence or not QAccessible.isActive():
        return
    event = QAccessibleAnnouncementEvent(widget, sentence)
    level = QAccessible.AnnouncementPoliteness
    event.setPoliteness(level.Assertive if assertive else level.Polite)
    QAccessible.updateAccessibility(event)


def tell_focus(page: QWidget) -> None:
    """Tell where in a page the keyboard is, once the page that was given it has handed it on.

    Qt tells of the inner widget first and of the page last.
    """
    focused = QApplication.focusWidget()
    if focused is not None and page.isAncestorOf(focused) and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(focused, QAccessible.Event.Focus))


class WindowRole:
    """Has readers know a window as one; made once at start, kept as long as the application.

    Of a plain widget Qt says that it is a filler, and readers pass fillers over.
    """

    def __init__(self, window: type[QWidget]) -> None:
        """Speak for each window of this class."""
        self._window = window
        self._made: list[QAccessibleInterface] = []
        QAccessible.installFactory(self._make)

    def _make(self, _class_name: str, watched: object) -> QAccessibleInterface | None:
        if not isinstance(watched, self._window):
            return None
        # Without a name of its own it has its title's.
        made = QAccessibleWidget(watched, QAccessible.Role.Window)
        self._made.append(made)
        return made
