"""Columns of keys and values: what is claimed, what Keyturn observed, what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
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
        self._rows: list[_Row] = []
        self._pairs: tuple[Pair, ...] = ()
        self.show_pairs(pairs)

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """Show other pairs; rows that look alike say other words, and are not made anew."""
        for place, pair in enumerate(pairs):
            if place < len(self._rows) and self._pairs[place].differs == pair.differs:
                self._rows[place].say(pair)
            else:
                self._drop(place)
                self._rows.insert(place, self._add(place, pair))
        while len(self._rows) > len(pairs):
            self._drop(len(self._rows) - 1)
        self._pairs = tuple(pairs)

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        width = self._look.theme.tall(self._key_width)
        self._grid.setColumnMinimumWidth(0, width - _GAP)

    def _add(self, place: int, pair: Pair) -> "_Row":
        top = Qt.AlignmentFlag.AlignTop
        key = Text(self._look, Type.PAIR, Token.TEXT_TERTIARY)
        value = ValueText(self._look, Type.PAIR, most=LONGEST)
        self._grid.addWidget(key, place, 0, top)
        self._grid.addWidget(value, place, 1)
        made = _Row(key, value)
        if pair.differs:
            chip = Chip(role=Role.WARNING, icon=Icon.ATTENTION, text=pair.differs)
            made.chip = ChipLabel(self._look, chip)
            self._grid.addWidget(made.chip, place, 2, top)
        made.say(pair)
        return made

    def _drop(self, place: int) -> None:
        """Let a row go, where there is one."""
        for widget in self._rows.pop(place).widgets() if place < len(self._rows) else ():
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()


@dataclass(slots=True)
class _Row:
    """The widgets of a pair."""

    key: Text
    value: ValueText
    chip: ChipLabel | None = None

    def say(self, pair: Pair) -> None:
        """Show a pair that looks like the one that it was made for."""
        self.key.say(pair.key)
        self.value.use_style(Type.VALUE if pair.exact else Type.PAIR)
        self.value.say(pair.value)
        self.value.setAccessibleName(f"{pair.key}: {self.value.text()}")

    def widgets(self) -> tuple[QWidget, ...]:
        """Return all of them."""
        return (self.key, self.value, *([self.chip] if self.chip is not None else []))


class Provenance(QWidget):
    """Claimed beside observed, with two words and two icons; below each other when narrow."""

    def __init__(
        self,
        look: Look,
        claimed: Sequence[Pair] = (),
        observed: Sequence[Pair] = (),
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
        self._sides = (_Side(look, Icon.CLAIMED), _Side(look, Icon.OBSERVED))
        for side in self._sides:
            self._box.addWidget(side, 1, Qt.AlignmentFlag.AlignTop)
        self.show_sides(claimed, observed, title=title)

    def show_sides(
        self, claimed: Sequence[Pair], observed: Sequence[Pair], *, title: str = ""
    ) -> None:
        """Show others in place; a card would build some forty widgets anew."""
        claims, facts = self._sides
        claims.show_side(title or self._look.words("card.claimed"), claimed)
        facts.show_side(self._look.words("card.observed"), observed)
        self._fit()

    def use_stacked(self, stacked: bool) -> None:
        """Have both sides below each other, whatever room there is."""
        self._stacked = stacked
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


class _Side(QWidget):
    """What one of both says, below its icon and title."""

    def __init__(self, look: Look, icon: Icon) -> None:
        super().__init__()
        head = row(gap=4)
        head.addWidget(IconLabel(look, icon, Token.TEXT_SECONDARY, 16))
        self._title = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self._pairs = PairList(look)
        head.addWidget(self._title, 1)
        layout = column(self)
        layout.addLayout(head)
        layout.addSpacing(4)
        layout.addWidget(divider())
        layout.addSpacing(4)
        layout.addWidget(self._pairs)

    def show_side(self, title: str, pairs: Sequence[Pair]) -> None:
        """Show other pairs."""
        self._title.say(title)
        self._pairs.show_pairs(pairs)
