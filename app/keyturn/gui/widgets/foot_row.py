"""Buttons at the foot of a pane: two groups in one row, or in two rows when one is too long."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from keyturn.gui.widgets.layouts import row

_GAP: Final = 8
_BETWEEN: Final = 24


class FootRow(QWidget):
    """Refusing leads, allowing trails; by the width of the pane, never by what it shows."""

    def __init__(
        self,
        leading: Sequence[QWidget],
        trailing: Sequence[QWidget],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._parts = (*leading, *trailing)
        first: QHBoxLayout = row(gap=_GAP)
        for widget in leading:
            first.addWidget(widget)
        first.addStretch()
        second: QHBoxLayout = row(gap=_GAP)
        second.addStretch()
        for widget in trailing:
            second.addWidget(widget)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_GAP)
        self._layout.addLayout(first, 1)
        self._layout.addLayout(second)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take one row or two."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._fit()

    def _fit(self) -> None:
        shown = [part.sizeHint().width() for part in self._parts if not part.isHidden()]
        needed = sum(shown) + _GAP * len(shown) + _BETWEEN
        direction = QBoxLayout.Direction
        stacked = needed > self.width()
        self._layout.setDirection(direction.TopToBottom if stacked else direction.LeftToRight)
