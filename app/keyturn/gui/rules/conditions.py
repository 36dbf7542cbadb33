"""The rows of the form that say on which arguments a rule holds: path, test, value.

They hold what is typed, whole or not; what it means is worked out elsewhere.
"""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.fields import Labelled, LineField, NamePicker
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.typed_conditions import (
    WITHOUT_PATH,
    WITHOUT_VALUE,
    TypedCondition,
    choices_of_tests,
)

_LONGEST: Final = 4_000
MOST_SHOWN: Final = 16
"""Rows beyond which no other one is offered; a rule that has more shows all of them."""


class ConditionRow(QWidget):
    """One condition."""

    changed = Signal()

    def __init__(self, look: Look, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = look.words
        self._choices = choices_of_tests(words)
        self._given = self._stands = TypedCondition()
        """What it was begun with, and how that stands in the fields."""
        labels = {
            key: words(
                "forms.field_value",
                field=words(f"rules.condition_{key}"),
                value=words("rules.condition_n", n=number),
            )
            for key in ("path", "test", "value")
        }
        self.path, self.value = (
            LineField(look, labels[key], name=f"condition_{number}_{key}", longest=_LONGEST)
            for key in ("path", "value")
        )
        self.test = NamePicker(look, labels["test"], name=f"condition_{number}_test")
        lines = column(self, gap=8)
        line = row(gap=8)
        line.addWidget(Labelled(look, words("rules.condition_path"), self.path), 1)
        line.addWidget(Labelled(look, words("rules.condition_test"), self.test), 1)
        lines.addLayout(line)
        self._value_box = Labelled(look, words("rules.condition_value"), self.value)
        lines.addWidget(self._value_box)
        self.start(TypedCondition())
        self.path.textChanged.connect(self.changed)
        self.value.textChanged.connect(self.changed)
        self.test.chosen.connect(self._on_test)

    @property
    def typed(self) -> TypedCondition:
        """Return what stands in the row; what nobody touched as it was given, be it too long."""
        now = self._now()
        return self._given if now == self._stands else now

    def start(self, typed: TypedCondition) -> None:
        """Begin anew."""
        self._given = typed
        self.path.setText(typed.path)
        self.value.setText(typed.value)
        self.test.show_choices(self._choices, typed.test)
        # What a line cannot hold as it is cannot be edited there without being cut.
        self.value.setEnabled(self.value.text() == typed.value)
        self._stands = self._now()
        self._show_fields()

    def _now(self) -> TypedCondition:
        return TypedCondition(path=self.path.text(), test=self.test.name, value=self.value.text())

    def _on_test(self) -> None:
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        self.path.setEnabled(self.test.name not in WITHOUT_PATH)
        self._value_box.setVisible(self.test.name not in WITHOUT_VALUE)


class ConditionFields(QWidget):
    """All conditions of a draft, and a button for one more."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.rows: list[ConditionRow] = []
        self.more = Button(
            look, Kind.SOFT, look.words("rules.condition_more"), name="rule_condition_more"
        )
        self._place = column(gap=12)
        layout = column(self, gap=8)
        layout.addLayout(self._place)
        line = row(gap=8)
        line.addWidget(self.more)
        line.addStretch()
        layout.addLayout(line)
        hint = Text(look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        hint.say(look.words("rules.conditions_hint"))
        layout.addWidget(hint)
        self._row(0)
        self.more.clicked.connect(self._on_more)

    @property
    def typed(self) -> tuple[TypedCondition, ...]:
        """Return what stands in all rows."""
        return tuple(one.typed for one in self.rows)

    def start(self, typed: tuple[TypedCondition, ...]) -> None:
        """Begin anew with what a draft has."""
        for number, one in enumerate(self.rows):
            one.start(TypedCondition())
            one.setVisible(number == 0)
        for number, one in enumerate(typed):
            self._row(number).start(one)
            self._row(number).show()
        self._show_more()

    def _row(self, number: int) -> ConditionRow:
        while len(self.rows) <= number:
            one = ConditionRow(self._look, len(self.rows) + 1)
            one.changed.connect(self.changed)
            self.rows.append(one)
            self._place.addWidget(one)
        return self.rows[number]

    def _on_more(self) -> None:
        one = self._row(sum(not one.isHidden() for one in self.rows))
        one.show()
        one.path.setFocus()
        self._show_more()

    def _show_more(self) -> None:
        self.more.setVisible(sum(not one.isHidden() for one in self.rows) < MOST_SHOWN)
