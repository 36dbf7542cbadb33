"""The choice of a review: one radio row a tier, one checkbox a label; all of it always visible."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QFrame, QWidget

from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import PillButton
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import WrapLayout, clear, column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon, tier_icon, tier_role
from keyturn.presentation.tier_choice import TierChoice, TierOption

_SIDE_BY_SIDE: Final = 700


class TierBox(QFrame):
    """Shows a `TierChoice` and holds what a person makes of it."""

    changed = Signal()

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._choice: TierChoice | None = None
        self._tiers: list[tuple[Tier | None, ChoiceRow]] = []
        self._labels: list[tuple[str, ChoiceRow]] = []
        self.setObjectName(name)
        self._proposal = Text(look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        self._tier_column = column()
        self._label_column = column()
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sides.setSpacing(16)
        self._sides.addLayout(self._side("tiers.title", self._tier_column), 1)
        self._sides.addLayout(self._side("tiers.labels", self._label_column), 1)
        layout = column(self, gap=8)
        layout.addLayout(self._sides)
        layout.addWidget(self._proposal)

    def show_choice(self, choice: TierChoice) -> None:
        """Show a choice as it is preselected; the same one again changes nothing."""
        if choice == self._choice:
            return
        self._choice = choice
        self._proposal.say(choice.proposal)
        self._proposal.setVisible(bool(choice.proposal))
        self._show_tiers(choice)
        self._show_labels(choice)

    def start_over(self) -> None:
        """Go back to what is preselected."""
        choice, self._choice = self._choice, None
        if choice is not None:
            self.show_choice(choice)

    @property
    def tier(self) -> Tier | None:
        """Return the chosen tier; None leaves the tool unconfirmed."""
        return next((tier for tier, box in self._tiers if box.isChecked()), None)

    @property
    def spoken(self) -> str:
        """Return the choice in a few words: "As T1 Changes here"."""
        options = self._choice.options if self._choice is not None else ()
        chosen = next((option for option in options if option.tier == self.tier), None)
        if chosen is None or chosen.tier is None:
            return self._look.words("tiers.stays_unconfirmed")
        return self._look.words("tiers.as_chosen", tier=chosen.text)

    @property
    def labels(self) -> str:
        """Return the letters that are ticked."""
        return "".join(letter for letter, box in self._labels if box.isChecked())

    def choose(self, tier: Tier | None, labels: str) -> None:
        """Choose what a person had chosen before."""
        for other, box in self._tiers:
            box.setChecked(other == tier)
        for letter, box in self._labels:
            box.setChecked(letter in labels)

    def controls(self) -> list[QWidget]:
        """Return what takes the focus, in the order of reading."""
        return [box for _value, box in (*self._tiers, *self._labels)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the two groups side by side where there is room."""
        super().resizeEvent(event)
        wide = event.size().width() >= self._look.theme.tall(_SIDE_BY_SIDE)
        kind = QBoxLayout.Direction
        self._sides.setDirection(kind.LeftToRight if wide else kind.TopToBottom)

    def _side(self, key: str, rows: QBoxLayout) -> QBoxLayout:
        side = column(gap=4)
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(self._look.words(key))
        side.addWidget(title)
        side.addLayout(rows)
        side.addStretch()
        return side

    def _show_tiers(self, choice: TierChoice) -> None:
        clear(self._tier_column)
        self._tiers = []
        for option in choice.options:
            name = f"tier_{option.shown_tier.name}"
            box = ChoiceRow(self._look, option.text, option.note, name=name, radio=True)
            box.setChecked(option.tier == choice.chosen)
            box.toggled.connect(self.changed)
            self._tier_column.addWidget(box)
            self._tiers.append((option.tier, box))

    def _show_labels(self, choice: TierChoice) -> None:
        clear(self._label_column)
        self._labels = []
        for option in choice.labels:
            box = ChoiceRow(self._look, option.text, name=f"label_{option.letter}")
            box.setChecked(option.letter in choice.ticked)
            box.toggled.connect(self.changed)
            self._label_column.addWidget(box)
            self._labels.append((option.letter, box))


class TierPills(QWidget):
    """The same choice in two short lines, for a list of many tools: the tier, then the labels."""

    changed = Signal()

    def __init__(
        self, look: Look, choice: TierChoice, tool: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._tiers: dict[PillButton, Tier | None] = {}
        self._labels: dict[str, PillButton] = {}
        tiers = WrapLayout(gap=4, line_gap=4)
        labels = WrapLayout(gap=4, line_gap=4)
        for option in choice.options:
            pill = self._tier_pill(look, option, tool)
            self._group.addButton(pill)
            pill.setChecked(option.tier == choice.chosen)
            self._tiers[pill] = option.tier
            tiers.addWidget(pill)
        for label in choice.labels:
            pill = PillButton(look, label.short, Icon.ADDED, name=f"pill_{label.letter}")
            pill.setAccessibleName(look.words("tiers.label_spoken", tool=tool, label=label.text))
            pill.setToolTip(label.text)
            pill.toggled.connect(self._on_label)
            pill.setChecked(label.letter in choice.ticked)
            self._labels[label.letter] = pill
            labels.addWidget(pill)
        layout = column(self, gap=4)
        layout.addLayout(tiers)
        layout.addLayout(labels)
        self._rest_on_chosen()
        self._group.buttonToggled.connect(self._rest_on_chosen)
        self._group.buttonToggled.connect(self.changed)
        for pill in self._labels.values():
            pill.toggled.connect(self.changed)

    @property
    def tier(self) -> Tier | None:
        """Return the chosen tier; None leaves the tool unconfirmed."""
        return next((tier for pill, tier in self._tiers.items() if pill.isChecked()), None)

    @property
    def labels(self) -> str:
        """Return the letters that are ticked."""
        return "".join(letter for letter, pill in self._labels.items() if pill.isChecked())

    def controls(self) -> list[QWidget]:
        """Return what takes the focus, in the order of reading."""
        return [*self._tiers, *self._labels.values()]

    def choose(self, tier: Tier | None, labels: str) -> None:
        """Choose a tier and labels, as they were before the list was drawn anew."""
        for pill, other in self._tiers.items():
            pill.setChecked(other == tier)
        for letter, pill in self._labels.items():
            pill.setChecked(letter in labels)

    def _rest_on_chosen(self) -> None:
        """Have Tab stop at the tier that is chosen; Qt stops at the first, chosen or not."""
        for pill in self._tiers:
            stop = Qt.FocusPolicy.StrongFocus if pill.isChecked() else Qt.FocusPolicy.ClickFocus
            pill.setFocusPolicy(stop)

    def _on_label(self, ticked: bool) -> None:
        """Say by more than its weight that a label is chosen."""
        pill = self.sender()
        if isinstance(pill, PillButton):
            pill.use_icon(Icon.CHECK if ticked else Icon.ADDED)

    @staticmethod
    def _tier_pill(look: Look, option: TierOption, tool: str) -> PillButton:
        tier = option.shown_tier
        pill = PillButton(look, option.text, tier_icon(tier), name=f"pill_{tier.name}")
        pill.use_icon_token(look.theme.role_token(tier_role(tier)))
        spoken = look.words("tiers.spoken", tool=tool, tier=option.text, note=option.note)
        pill.setAccessibleName(spoken)
        pill.setToolTip(option.note)
        return pill
