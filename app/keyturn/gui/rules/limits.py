"""The fields that bound a rule: numbers and an end of one that allows, windows of the others.

They hold what is typed, whole or not; what it means is worked out elsewhere.
"""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.domain.rule import Effect
from keyturn.gui.forms.fields import Labelled, LineField
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.rule_drafts import TypedLimits

_COUNTS: Final = {
    "per_minute": "rules.field_per_minute",
    "uses": "rules.field_uses",
    "touches_per_call": "rules.field_touches_per_call",
    "touches_per_hour": "rules.field_touches_per_hour",
}
_LONGEST_COUNT: Final = 7
_LONGEST_TIME: Final = 40
MOST_WINDOWS: Final = 12


class WindowFields(QWidget):
    """Begin and end of one window."""

    changed = Signal()

    def __init__(self, look: Look, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = look.words
        self.begins, self.ends = (
            LineField(
                look,
                words("forms.field_value", field=words(key), value=words("rules.window", n=number)),
                name=f"window_{number}_{part}",
                longest=_LONGEST_TIME,
            )
            for part, key in (("begins", "rules.field_begins"), ("ends", "rules.field_ends"))
        )
        line = row(self, gap=8)
        line.addWidget(Labelled(look, words("rules.field_begins"), self.begins), 1)
        line.addWidget(Labelled(look, words("rules.field_ends"), self.ends), 1)
        self.begins.textChanged.connect(self.changed)
        self.ends.textChanged.connect(self.changed)

    @property
    def typed(self) -> tuple[str, str]:
        """Return what stands in both."""
        return self.begins.text(), self.ends.text()

    def start(self, typed: tuple[str, str]) -> None:
        """Begin anew."""
        self.begins.setText(typed[0])
        self.ends.setText(typed[1])


class LimitFields(QWidget):
    """The fields that an effect can have; the others are out of sight and count for nothing."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = look.words
        self.counts = {
            name: LineField(look, words(key), name=f"rule_{name}", longest=_LONGEST_COUNT)
            for name, key in _COUNTS.items()
        }
        self.until = LineField(
            look, words("rules.field_until"), name="rule_until", longest=_LONGEST_TIME
        )
        self._look = look
        self.windows: list[WindowFields] = []
        self.more = Button(look, Kind.SOFT, words("rules.window_more"), name="rule_window_more")
        self._of_allow, self._of_others = QWidget(), QWidget()
        self._window_place = column(gap=8)
        self._fill()
        self.more.clicked.connect(self._on_more)

    @property
    def typed(self) -> TypedLimits:
        """Return what stands in all fields."""
        counts = {name: field.text() for name, field in self.counts.items()}
        windows = tuple(window.typed for window in self.windows)
        return TypedLimits(**counts, until=self.until.text(), windows=windows)

    def start(self, typed: TypedLimits) -> None:
        """Begin anew with what a draft has."""
        for name, field in self.counts.items():
            field.setText(str(getattr(typed, name)))
        self.until.setText(typed.until)
        for number, window in enumerate(self.windows):
            window.start(("", ""))
            window.setVisible(number == 0)
        for number, both in enumerate(typed.windows or (("", ""),)):
            self._window(number).start(both)
            self._window(number).show()
        self._show_more()

    def use_effect(self, effect: Effect) -> None:
        """Show what a rule of this effect can have."""
        self._of_allow.setVisible(effect is Effect.ALLOW)
        self._of_others.setVisible(effect is not Effect.ALLOW)

    def _fill(self) -> None:
        words = self._look.words
        allow = column(self._of_allow, gap=8)
        for pair in (("per_minute", "uses"), ("touches_per_call", "touches_per_hour")):
            line = row(gap=8)
            line.addWidget(self._labelled(pair[0]), 1)
            line.addWidget(self._labelled(pair[1]), 1)
            allow.addLayout(line)
        allow.addWidget(Labelled(self._look, words("rules.field_until"), self.until))
        self.until.textChanged.connect(self.changed)
        others = column(self._of_others, gap=8)
        others.addLayout(self._window_place)
        line = row(gap=8)
        line.addWidget(self.more)
        line.addStretch()
        others.addLayout(line)
        self._window(0)
        layout = column(self, gap=4)
        for place, key in (
            (self._of_allow, "rules.limits_hint"),
            (self._of_others, "rules.windows_hint"),
        ):
            hint = Text(self._look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
            hint.say(words(key))
            inside = place.layout()
            if inside is not None:
                inside.addWidget(hint)
            layout.addWidget(place)

    def _labelled(self, name: str) -> Labelled:
        field = self.counts[name]
        field.textChanged.connect(self.changed)
        return Labelled(self._look, self._look.words(_COUNTS[name]), field)

    def _window(self, number: int) -> WindowFields:
        while len(self.windows) <= number:
            window = WindowFields(self._look, len(self.windows) + 1)
            window.changed.connect(self.changed)
            self.windows.append(window)
            self._window_place.addWidget(window)
        return self.windows[number]

    def _on_more(self) -> None:
        shown = sum(not window.isHidden() for window in self.windows)
        window = self._window(shown)
        window.show()
        window.begins.setFocus()
        self._show_more()

    def _show_more(self) -> None:
        shown = sum(not window.isHidden() for window in self.windows)
        self.more.setVisible(shown < MOST_WINDOWS)
