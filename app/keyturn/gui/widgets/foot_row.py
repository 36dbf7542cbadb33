"""Buttons at the foot of a pane: two groups in one row, or in two rows when one is too long."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from keyturn.gui.widgets.buttons import Button
from keyturn.gui.widgets.layouts import row
from keyturn.presentation.marks import Icon

_GAP: Final = 8
_BETWEEN: Final = 24
_NO_PICTURES: Final[Mapping[Button, Icon]] = MappingProxyType({})


class FootRow(QWidget):
    """Refusing leads, allowing trails; by the width of the pane, never by what it shows."""

    def __init__(
        self,
        leading: Sequence[QWidget],
        trailing: Sequence[QWidget],
        parent: QWidget | None = None,
        *,
        pictures: Mapping[Button, Icon] = _NO_PICTURES,
    ) -> None:
        """`pictures` stand for the words of some buttons where two rows are too narrow."""
        super().__init__(parent)
        self._pictures = pictures
        self._sides = (tuple(leading), tuple(trailing))
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
        self._use_pictures(False)
        direction = QBoxLayout.Direction
        stacked = sum(self._needed(side) for side in self._sides) + _BETWEEN > self.width()
        self._layout.setDirection(direction.TopToBottom if stacked else direction.LeftToRight)
        if any(self._needed(side) > self.width() for side in self._sides):
            self._use_pictures(True)

    def _needed(self, side: Sequence[QWidget]) -> int:
        shown = [part.sizeHint().width() for part in side if not part.isHidden()]
        return sum(shown) + _GAP * len(shown)

    def _use_pictures(self, pictures: bool) -> None:
        for button, picture in self._pictures.items():
            button.use_picture(picture if pictures else None)
