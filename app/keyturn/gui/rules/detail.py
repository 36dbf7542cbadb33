"""One rule in full: what it says, what it covers, what keeps it from acting; off, on, remove."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.side_pane import SidePane, warning_rows
from keyturn.gui.look import Look
from keyturn.gui.theme import Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.rules import RuleDetail


class RulePane(SidePane):
    """Shows a rule; its buttons ask for it to change, to rest, to act or to go."""

    toggle_requested = Signal(str, bool)
    """Id of the rule, and whether it shall act."""
    change_requested = Signal(str)
    """Id of the rule that is to be changed in the form."""
    remove_agreed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="rule_detail", parent=parent)
        self._detail: RuleDetail | None = None
        self._chips = ChipRow(look)
        self.sentence = Text(look, Type.TITLE_WRAPPED, wrap=True)
        self.remove = Button(
            look, Kind.PLAIN, look.words("rules.remove"), Icon.CROSS, name="remove_rule"
        )
        self.change = Button(look, Kind.PLAIN, "", name="change_rule")
        self.toggle = Button(look, Kind.PLAIN, "", name="toggle_rule")
        self.top.addWidget(self._chips, 1)
        self.head.addWidget(self.sentence)
        self.action_row.addWidget(self.change)
        self.action_row.addWidget(self.toggle)
        self.action_row.addWidget(self.remove)
        self.remove.clicked.connect(self._on_remove)
        self.change.clicked.connect(self._on_change)
        self.toggle.clicked.connect(self._on_toggle)
        self.question.agreed.connect(self._on_agreed)

    @property
    def rule_id(self) -> str:
        """Return the id of the rule that is shown; "" for none."""
        return self._detail.rule_id if self._detail is not None else ""

    def show_detail(self, detail: RuleDetail) -> None:
        """Show a rule; another one than before takes back what was asked about the last."""
        if detail == self._detail:
            return
        if detail.rule_id != self.rule_id:
            self.show_actions()
            self.outcome.say(None)
        self._detail = detail
        self._chips.show_chips(detail.chips)
        self.sentence.say(detail.sentence)
        self.toggle.say(detail.toggle)
        words = self.look.words
        self.change.say(
            words("rules.change"),
            words("forms.field_value", field=words("rules.change"), value=detail.sentence),
        )
        self.remove.say(
            words("rules.remove"),
            words("forms.field_value", field=words("rules.remove"), value=detail.sentence),
        )
        self._fill(detail)

    def ask_removal(self, rule_id: str) -> None:
        """Ask whether a rule is to be removed, if it is the one that is shown."""
        if rule_id == self.rule_id:
            self._on_remove()

    def _fill(self, detail: RuleDetail) -> None:
        self.clear_body()
        if detail.warnings:
            self.body.addSpacing(4)
            self.body.addWidget(warning_rows(self.look, detail.warnings))
            self.body.addSpacing(12)
        if detail.conditions:
            self.add_title(self.look.words("rules.conditions_title"), first=True)
            for condition in detail.conditions:
                self.body.addWidget(value_label(self.look, condition))
            self.body.addSpacing(12)
        if detail.limits:
            self.add_title(self.look.words("rules.limits_title"), first=not detail.conditions)
            for limit in detail.limits:
                text = Text(self.look, Type.BODY, wrap=True)
                text.say(limit)
                self.body.addWidget(text)
            self.body.addSpacing(12)
        self.body.addWidget(PairList(self.look, detail.pairs))
        self.body.addStretch()

    def _on_change(self) -> None:
        self.change_requested.emit(self.rule_id)

    def _on_toggle(self) -> None:
        if self._detail is not None:
            self.toggle_requested.emit(self._detail.rule_id, not self._detail.enabled)

    def _on_remove(self) -> None:
        if self._detail is not None:
            self.ask(self._detail.remove)

    def _on_agreed(self) -> None:
        self.remove_agreed.emit(self.rule_id)
