"""The rows of the form that say on which arguments a rule holds: path, test, value.

They hold what is typed, whole or not; what it means is worked out elsewhere.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from keyturn.gui.forms.fields import Labelled, LineField, NamePicker
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import NORMAL, Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.cells import NameChoice
from keyturn.presentation.marks import Icon
from keyturn.presentation.typed_conditions import (
    WITHOUT_PATH,
    WITHOUT_VALUE,
    TypedCondition,
    choices_of_tests,
)

_LONGEST: Final = 4_000
MOST_SHOWN: Final = 16
"""Rows beyond which no other one is offered; a rule that has more shows all of them."""


class PathField(QWidget):
    """A line for an argument, and a list of those that the chosen tools say they take."""

    def __init__(
        self, look: Look, spoken: str, choose: str, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.line = LineField(look, spoken, name=name, longest=_LONGEST)
        self.known = Button(look, Kind.GHOST, "", Icon.OPEN, name=f"{name}_known", height=NORMAL)
        self.known.setAccessibleName(choose)
        self.menu = QMenu(self)
        self.menu.setObjectName(f"{name}_menu")
        self._paths: tuple[NameChoice, ...] = ()
        line = row(self, gap=4)
        line.addWidget(self.line, 1)
        line.addWidget(self.known)
        self.known.hide()
        self.known.clicked.connect(self._open)
        self.menu.triggered.connect(self._on_triggered)

    def offer(self, paths: Sequence[NameChoice]) -> None:
        """Offer other arguments; what stands in the line stays."""
        if tuple(paths) == self._paths:
            return
        self._paths = tuple(paths)
        self.menu.clear()
        for path in self._paths:
            # An ampersand would become a shortcut letter and vanish.
            action = QAction(path.text.replace("&", "&&"), self.menu)
            action.setData(path.name)
            self.menu.addAction(action)
        self.known.setVisible(bool(self._paths))

    def _open(self) -> None:
        self.menu.setMinimumWidth(self.width())
        self.menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _on_triggered(self, action: QAction) -> None:
        self.line.setText(str(action.data()))
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)


class ConditionRow(QWidget):
    """One condition."""

    changed = Signal()
    removed = Signal()

    def __init__(
        self, look: Look, number: int, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        words = look.words
        name = f"{name}_{number}"
        self._choices = choices_of_tests(words)
        self._given = self._stands = TypedCondition()
        """What it was begun with, and how that stands in the fields."""
        spoken = words("rules.condition_n", n=number)
        labels = {
            key: words("forms.field_value", field=words(f"rules.condition_{key}"), value=spoken)
            for key in ("path", "test", "value", "known", "remove")
        }
        self.place = PathField(look, labels["path"], labels["known"], name=f"{name}_path")
        self.path = self.place.line
        self.test = NamePicker(look, labels["test"], name=f"{name}_test")
        self.value = LineField(look, labels["value"], name=f"{name}_value", longest=_LONGEST)
        self.remove = Button(look, Kind.GHOST, "", Icon.CROSS, name=f"{name}_remove", height=NORMAL)
        self.remove.setAccessibleName(labels["remove"])
        self._value_box = Labelled(look, words("rules.condition_value"), self.value)
        self.fault = Text(look, Type.NOTE, Token.WARNING_FG, wrap=True)
        self._fill(look)
        self.start(TypedCondition())
        self.path.textChanged.connect(self.changed)
        self.value.textChanged.connect(self.changed)
        self.test.chosen.connect(self._on_test)
        self.remove.clicked.connect(self.removed)

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
        self.say_fault("")
        self._show_fields()

    def say_fault(self, fault: str) -> None:
        """Say beside the fields what is wrong with them; "" for nothing."""
        self.fault.say(fault)
        self.fault.setVisible(bool(fault))
        for field in (self.path, self.test, self.value):
            field.setAccessibleDescription(fault)

    def _fill(self, look: Look) -> None:
        words = look.words
        lines = column(self, gap=8)
        top = row(gap=4)
        top.addWidget(Labelled(look, words("rules.condition_path"), self.place), 1)
        top.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignBottom)
        lines.addLayout(top)
        lines.addWidget(Labelled(look, words("rules.condition_test"), self.test))
        lines.addWidget(self._value_box)
        lines.addWidget(self.fault)
        QWidget.setTabOrder(self.path, self.place.known)
        QWidget.setTabOrder(self.place.known, self.remove)
        QWidget.setTabOrder(self.remove, self.test)
        QWidget.setTabOrder(self.test, self.value)

    def _now(self) -> TypedCondition:
        return TypedCondition(path=self.path.text(), test=self.test.name, value=self.value.text())

    def _on_test(self) -> None:
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        self.place.setEnabled(self.test.name not in WITHOUT_PATH)
        self._value_box.setVisible(self.test.name not in WITHOUT_VALUE)


class ConditionFields(QWidget):
    """All conditions of a draft, and a button for one more."""

    changed = Signal()

    def __init__(
        self, look: Look, *, name: str = "condition", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._name = name
        self._paths: tuple[NameChoice, ...] = ()
        self.rows: list[ConditionRow] = []
        self.more = Button(look, Kind.SOFT, look.words("rules.condition_more"), name=f"{name}_more")
        self._place = column(gap=16)
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
        """Return what stands in the rows that are shown, in their order."""
        return tuple(one.typed for one in self._shown())

    def start(self, typed: Sequence[TypedCondition]) -> None:
        """Begin anew with what a draft has."""
        _blocked = QSignalBlocker(self)
        for number, one in enumerate(typed or (TypedCondition(),)):
            self._row(number).start(one)
            self._row(number).show()
        for one in self.rows[max(1, len(typed)) :]:
            one.start(TypedCondition())
            one.hide()
        self._show_more()

    def offer(self, paths: Sequence[NameChoice]) -> None:
        """Offer arguments of the chosen tools in each row."""
        self._paths = tuple(paths)
        for one in self.rows:
            one.place.offer(self._paths)

    def say_faults(self, faults: Sequence[str]) -> None:
        """Say beside each row what is wrong with it, in their order."""
        for number, one in enumerate(self.rows):
            one.say_fault(faults[number] if number < len(faults) else "")

    def go_to_fault(self) -> bool:
        """Put the focus into the first row that cannot be read; tell whether there is one."""
        odd = next((one for one in self._shown() if one.fault.text()), None)
        if odd is not None:
            odd.path.setFocus(Qt.FocusReason.OtherFocusReason)
        return odd is not None

    def _shown(self) -> list[ConditionRow]:
        return [one for one in self.rows if not one.isHidden()]

    def _row(self, number: int) -> ConditionRow:
        while len(self.rows) <= number:
            one = ConditionRow(self._look, len(self.rows) + 1, name=self._name)
            one.place.offer(self._paths)
            one.changed.connect(self.changed)
            one.removed.connect(self._on_removed)
            self.rows.append(one)
            self._place.addWidget(one)
        return self.rows[number]

    def _on_removed(self) -> None:
        gone = self.sender()
        left = [one.typed for one in self._shown() if one is not gone]
        self.start(left)
        self.more.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _on_more(self) -> None:
        one = self._row(len(self._shown()))
        one.show()
        one.path.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_more()

    def _show_more(self) -> None:
        shown = self._shown()
        self.more.setVisible(len(shown) < MOST_SHOWN)
        # A row that is made later would be reached after what stands beneath it.
        for before, one in pairwise(shown):
            QWidget.setTabOrder(before.value, one.path)
        QWidget.setTabOrder(shown[-1].value, self.more)
