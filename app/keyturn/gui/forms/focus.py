"""Moves the focus away from what is about to be hidden, to where a key can do no harm.

Qt hands the focus of a hidden widget to the next one in the window, which may be the stop.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def has_focus(widget: QWidget) -> bool:
    """Tell whether the focus is in a widget or in one of its children."""
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def leave(widget: QWidget, rest: QWidget) -> None:
    """Give the focus to `rest` if it is in `widget`; call it before `widget` is hidden."""
    if has_focus(widget):
        rest.setFocus(Qt.FocusReason.OtherFocusReason)
