"""The form for a rule: effect, who, what, how far; it says what it says before it is saved."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule import Kind as RuleKind
from keyturn.gui.drafts import UNFINISHED
from keyturn.gui.forms.fields import Labelled, LineField, NamePicker
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.forms.side_pane import RaisedBox, SidePane, warning_rows
from keyturn.gui.look import Look
from keyturn.gui.rules.conditions import ConditionFields
from keyturn.gui.rules.limits import LimitFields
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import clear, column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.rule_drafts import RuleDraft
from keyturn.presentation.rules import EffectChoice, RuleChoices, RulePreview

_LONGEST_NAME = 80


class RuleForm(SidePane):
    """Holds a draft and tells every change of it; what it means is worked out elsewhere."""

    draft_changed = Signal(object)
    """`RuleDraft`."""
    save_requested = Signal(object)
    """`RuleDraft`, complete."""

    def __init__(
        self, look: Look, effects: tuple[EffectChoice, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, name="rule_form", parent=parent)
        self.setProperty(UNFINISHED, True)
        words = look.words
        self._missing = ""
        self._kind = RuleKind.CALL
        self._base: Rule | None = None
        """The rule that is changed; None for a new one."""
        self._effects = {
            choice.effect: ChoiceRow(
                look, choice.title, choice.note, name=f"effect_{choice.effect.value}", radio=True
            )
            for choice in effects
        }
        self.never = ChoiceRow(look, words("rules.never_choice"), name="rule_never")
        self.agent = NamePicker(look, words("rules.agent"), name="rule_agent")
        self.server = NamePicker(look, words("rules.server"), name="rule_server")
        self.tool = NamePicker(look, words("rules.tool"), name="rule_tool")
        self.name_line = LineField(
            look, words("rules.name_hint"), name="rule_name", longest=_LONGEST_NAME
        )
        self.conditions = ConditionFields(look)
        self.limits = LimitFields(look)
        self._title = Text(look, Type.TITLE)
        self.bounds = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        self.sentence = Text(look, Type.TITLE_WRAPPED, wrap=True)
        self._warnings = column()
        self.told = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.told.setObjectName("rule_study")
        self.save = Button(look, Kind.PRIMARY, words("rules.save"), name="save_rule")
        self._fill()
        self._connect()

    @property
    def _effect(self) -> Effect:
        effects = (effect for effect, row in self._effects.items() if row.isChecked())
        return next(effects, Effect.ASK)

    @property
    def draft(self) -> RuleDraft:
        """Return what is chosen so far."""
        return RuleDraft(
            effect=self._effect,
            agent=self.agent.name,
            server=self.server.name,
            tool=self.tool.name,
            name=self.name_line.text(),
            never=self.never.isChecked() and self._effects[Effect.DENY].isChecked(),
            kind=self._kind,
            limits=self.limits.typed,
            when=self.conditions.typed,
            base=self._base,
        )

    def start(self, draft: RuleDraft, *, proposed: bool = False) -> None:
        """Begin a rule anew, with what one has that is changed, or with what was proposed."""
        self._kind, self._base = draft.kind, draft.base
        words = self.look.words
        title = "rules.change_title" if draft.base else "rules.add_title"
        self._title.say(words("rules.proposed_title" if proposed else title))
        self.conditions.start(draft.when)
        self.limits.start(draft.limits)
        self.limits.use_effect(draft.effect)
        self._effects[draft.effect].setChecked(True)
        self.name_line.setText(draft.name)
        self.never.setChecked(draft.never)
        self.never.setVisible(draft.effect is Effect.DENY)
        self.outcome.say(None)

    def show_choices(self, choices: RuleChoices, draft: RuleDraft) -> None:
        """Offer what is known; the draft's names are chosen where they still exist."""
        self.agent.show_choices(choices.agents, draft.agent)
        self.server.show_choices(choices.servers, draft.server)
        self.tool.show_choices(choices.tools, draft.tool)
        self.conditions.offer(choices.paths)

    def show_preview(self, preview: RulePreview) -> None:
        """Show what the draft says and what it would do."""
        self._missing = preview.missing
        self.conditions.say_faults(preview.faults)
        token = Token.TEXT_SECONDARY if preview.missing else Token.TEXT_PRIMARY
        self.sentence.use_token(token)
        self.sentence.say(preview.sentence or preview.missing)
        self.bounds.say("\n".join(preview.bounds))
        self.bounds.setVisible(bool(preview.bounds))
        clear(self._warnings)
        self._warnings.addWidget(warning_rows(self.look, preview.warnings))

    def show_study(self, lines: tuple[str, ...]) -> None:
        """Show what past calls say of the draft; nothing while that is not known."""
        self.told.say("\n".join(lines))

    def _fill(self) -> None:
        words = self.look.words
        intro = Text(self.look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("rules.add_intro"))
        self.top.addWidget(self._title, 1)
        self.head.addWidget(intro)
        self.add_title(words("rules.effect"), first=True)
        for row in self._effects.values():
            self.body.addWidget(row)
        self.body.addWidget(self.never)
        self.body.addSpacing(16)
        for label, field in (
            (words("rules.agent"), self.agent),
            (words("rules.server"), self.server),
            (words("rules.tool"), self.tool),
            (words("rules.name_hint"), self.name_line),
        ):
            self.body.addWidget(Labelled(self.look, label, field))
            self.body.addSpacing(8)
        self.add_title(words("rules.conditions_title"))
        self.body.addWidget(self.conditions)
        self.add_title(words("rules.preview"))
        box = RaisedBox(self.look, name="rule_preview")
        inside = column(box, (12, 8, 12, 8))
        inside.addWidget(self.sentence)
        inside.addWidget(self.bounds)
        self.body.addWidget(box)
        self.body.addSpacing(8)
        self.body.addLayout(self._warnings)
        self.body.addWidget(self.told)
        self.add_title(words("rules.limits_title"))
        self.body.addWidget(self.limits)
        self.body.addStretch()
        self.action_row.addWidget(self.save)

    def _connect(self) -> None:
        for row in self._effects.values():
            row.toggled.connect(self._on_changed)
        self.never.toggled.connect(self._on_changed)
        for picker in (self.agent, self.server, self.tool):
            picker.chosen.connect(self._on_changed)
        self.conditions.changed.connect(self._on_changed)
        self.limits.changed.connect(self._on_changed)
        self.name_line.textChanged.connect(self._on_changed)
        self.name_line.returnPressed.connect(self._on_save)
        self.save.clicked.connect(self._on_save)

    def _on_changed(self) -> None:
        self.outcome.say(None)
        self.never.setVisible(self._effects[Effect.DENY].isChecked())
        self.limits.use_effect(self._effect)
        self.draft_changed.emit(self.draft)

    def _on_save(self) -> None:
        if self._missing:
            self.outcome.say(Outcome.OWED, self._missing)
            empty = [field for field in (self.agent, self.server, self.tool) if not field.name]
            if empty:
                empty[0].setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                self.conditions.go_to_fault()
            return
        self.save_requested.emit(self.draft)
