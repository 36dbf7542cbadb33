"""Columns of keys and values: what is claimed, what Keyturn observed, what was recorded."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.chip import ChipLabel
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import column, divider, row
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.marks import Icon, Role

KEY_WIDTH: Final = 84
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
        value = ValueText(self._look, Type.VALUE if pair.exact else Type.PAIR)
        value.say(pair.value)
        value.setAccessibleName(f"{pair.key}: {pair.value}")
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
        layout = column(self, gap=16) if stacked else row(self, gap=24)
        claims = self._side(Icon.CLAIMED, title or look.words("card.claimed"), claimed)
        facts = self._side(Icon.OBSERVED, look.words("card.observed"), observed)
        layout.addWidget(claims, 1, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(facts, 1, Qt.AlignmentFlag.AlignTop)

    def _side(self, icon: Icon, title: str, pairs: Sequence[Pair]) -> QWidget:
        side = QWidget()
        head = row(gap=4)
        head.addWidget(IconLabel(self._look, icon, Token.TEXT_SECONDARY, 16))
        words = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        words.say(title)
        head.addWidget(words)
        head.addStretch()
        layout = column(side)
        layout.addLayout(head)
        layout.addSpacing(4)
        layout.addWidget(divider())
        layout.addSpacing(3)
        layout.addWidget(PairList(self._look, pairs))
        return side
