"""Columns of keys and values: what is claimed, what Keyturn observed, what was recorded."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.chip import ChipLabel
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import column, divider, row
from keyturn.gui.widgets.text import LONGEST, Text, ValueText
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.marks import Icon, Role

KEY_WIDTH: Final = 84
_BETWEEN: Final = 24
_BETWEEN_STACKED: Final = 16
_GAP: Final = 8
"""Of the width of a key: no key touches its value."""


class PairList(QWidget):
    """Rows of 20 px: keys of one width, values wrapped and selectable."""

    def __init__(
        self,
        look: Look,
        pairs: Sequence[Pair] = (),
        *,
        key_width: int = KEY_WIDTH,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._key_width = key_width
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(0)
        self._grid.setHorizontalSpacing(_GAP)
        self._grid.setColumnStretch(1, 1)
        self._measure()
        for place, pair in enumerate(pairs):
            self._add(place, pair)

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        width = self._look.theme.tall(self._key_width)
        self._grid.setColumnMinimumWidth(0, width - _GAP)

    def _add(self, place: int, pair: Pair) -> None:
        top = Qt.AlignmentFlag.AlignTop
        key = Text(self._look, Type.PAIR, Token.TEXT_TERTIARY)
        key.say(pair.key)
        value = ValueText(self._look, Type.VALUE if pair.exact else Type.PAIR, most=LONGEST)
        value.say(pair.value)
        value.setAccessibleName(f"{pair.key}: {value.text()}")
        self._grid.addWidget(key, place, 0, top)
        self._grid.addWidget(value, place, 1)
        if pair.differs:
            chip = Chip(role=Role.WARNING, icon=Icon.ATTENTION, text=pair.differs)
            self._grid.addWidget(ChipLabel(self._look, chip), place, 2, top)


class Provenance(QWidget):
    """Claimed beside observed, with two words and two icons; below each other when narrow."""

    def __init__(
        self,
        look: Look,
        claimed: Sequence[Pair],
        observed: Sequence[Pair],
        *,
        title: str = "",
        stacked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`title` says who claims it; empty for the agent."""
        super().__init__(parent)
        self._look = look
        self._stacked = stacked
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        claims = self._side(Icon.CLAIMED, title or look.words("card.claimed"), claimed)
        facts = self._side(Icon.OBSERVED, look.words("card.observed"), observed)
        self._sides = (claims, facts)
        for side in self._sides:
            self._box.addWidget(side, 1, Qt.AlignmentFlag.AlignTop)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand beside each other only where both have room."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the room of the wider side: beside each other is for where there is more."""
        widest = max(side.minimumSizeHint().width() for side in self._sides)
        return QSize(widest, super().minimumSizeHint().height())

    def _fit(self) -> None:
        needed = sum(side.minimumSizeHint().width() for side in self._sides) + _BETWEEN
        stacked = self._stacked or needed > self.width()
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.TopToBottom if stacked else direction.LeftToRight)
        self._box.setSpacing(_BETWEEN_STACKED if stacked else _BETWEEN)

    def _side(self, icon: Icon, title: str, pairs: Sequence[Pair]) -> QWidget:
        side = QWidget()
        head = row(gap=4)
        head.addWidget(IconLabel(self._look, icon, Token.TEXT_SECONDARY, 16))
        words = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        words.say(title)
        head.addWidget(words, 1)
        layout = column(side)
        layout.addLayout(head)
        layout.addSpacing(4)
        layout.addWidget(divider())
        layout.addSpacing(4)
        layout.addWidget(PairList(self._look, pairs))
        return side
