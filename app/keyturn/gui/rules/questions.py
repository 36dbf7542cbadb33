"""The pane that asks the rules: can this ever happen, and what would become of one call."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.fields import Labelled, NamePicker
from keyturn.gui.forms.side_pane import RaisedBox, SidePane
from keyturn.gui.look import Look
from keyturn.gui.readers import announce
from keyturn.gui.rules.conditions import ConditionFields
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, fix_height, row
from keyturn.gui.widgets.text import Text
from keyturn.gui.worker import Worker
from keyturn.presentation.rule_drafts import RuleDraft
from keyturn.presentation.rule_questions import AskedOfRules, call_lines, ever_lines
from keyturn.presentation.rules import RuleChoices
from keyturn.presentation.rules_builder import RulesBuilder, RulesState, state_after
from keyturn.presentation.typed_conditions import faults_of
from keyturn.presentation.words import Words

_ARGUMENTS_TALL = 88


class QuestionsPane(SidePane):
    """Holds what is asked; the answers are worked out elsewhere, and change nothing."""

    asked_changed = Signal()
    ever_wanted = Signal()
    call_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="rule_questions", parent=parent)
        words = look.words
        self.agent = NamePicker(
            look, words("rules.agent"), name="ask_agent", empty=words("rules.ask_any_agent")
        )
        self.server = NamePicker(
            look, words("rules.server"), name="ask_server", empty=words("rules.ask_any_server")
        )
        self.tool = NamePicker(
            look, words("rules.tool"), name="ask_tool", empty=words("rules.ask_any_tool")
        )
        self.conditions = ConditionFields(look, name="ask_condition")
        self.ever = Button(look, Kind.PRIMARY, words("rules.ask_ever"), name="ask_ever")
        self.call = Button(look, Kind.PLAIN, words("rules.ask_call"), name="ask_call")
        self.arguments = QPlainTextEdit()
        self.arguments.setObjectName("ask_arguments")
        self.arguments.setAccessibleName(words("rules.ask_arguments"))
        self.arguments.setTabChangesFocus(True)
        fix_height(self.arguments, look.theme, _ARGUMENTS_TALL)
        self.answer = Text(look, Type.BODY, wrap=True)
        self.answer.setObjectName("ask_answer")
        self._box = RaisedBox(look, name="ask_answer_box")
        self._fill()
        self._connect()
        self.drop_foot()

    @property
    def asked(self) -> AskedOfRules:
        """Return what stands in the fields."""
        return AskedOfRules(
            agent=self.agent.name,
            server=self.server.name,
            tool=self.tool.name,
            when=self.conditions.typed,
            arguments=self.arguments.toPlainText(),
        )

    def show_choices(self, choices: RuleChoices, asked: AskedOfRules) -> None:
        """Offer what is known; what is chosen stays where it still exists."""
        self.agent.show_choices(choices.agents, asked.agent)
        self.server.show_choices(choices.servers, asked.server)
        self.tool.show_choices(choices.tools, asked.tool)
        self.conditions.offer(choices.paths)

    def show_answer(self, lines: tuple[str, ...]) -> None:
        """Show an answer, and have it read out; nothing for none."""
        self.answer.say("\n".join(lines))
        self._box.setVisible(bool(lines))
        announce(self, " ".join(lines))

    def _fill(self) -> None:
        words = self.look.words
        title = Text(self.look, Type.TITLE)
        title.say(words("rules.ask_title"))
        self.top.addWidget(title, 1)
        intro = Text(self.look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("rules.ask_intro"))
        self.head.addWidget(intro)
        inside = column(self._box, (12, 8, 12, 8))
        inside.addWidget(self.answer)
        self.head.addSpacing(8)
        self.head.addWidget(self._box)
        self._box.hide()
        for key, field in (
            ("rules.agent", self.agent),
            ("rules.server", self.server),
            ("rules.tool", self.tool),
        ):
            self.body.addWidget(Labelled(self.look, words(key), field))
            self.body.addSpacing(8)
        self.add_title(words("rules.ask_ever"))
        self.body.addWidget(self.conditions)
        self.body.addSpacing(8)
        self.body.addLayout(_alone(self.ever))
        self.add_title(words("rules.ask_call_title"))
        self.body.addWidget(Labelled(self.look, words("rules.ask_arguments"), self.arguments))
        self.body.addSpacing(8)
        self.body.addLayout(_alone(self.call))
        self.body.addStretch()

    def _connect(self) -> None:
        for picker in (self.agent, self.server, self.tool):
            picker.chosen.connect(self.asked_changed)
        self.conditions.changed.connect(self.asked_changed)
        self.arguments.textChanged.connect(self.asked_changed)
        self.ever.clicked.connect(self.ever_wanted)
        self.call.clicked.connect(self.call_wanted)


class QuestionsPresenter(QObject):
    """Between the rules as the broker tells them and the pane; what is asked is sent nowhere."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        pane: QuestionsPane,
        builder: RulesBuilder,
        words: Words,
        worker: Worker | None = None,
    ) -> None:
        super().__init__(pane)
        self._pane = pane
        self._builder = builder
        self._words = words
        self._worker = worker
        self._state = RulesState()
        bridge.state_changed.connect(self._on_state)
        pane.asked_changed.connect(self._on_changed)
        pane.ever_wanted.connect(self._on_ever)
        pane.call_wanted.connect(self._on_call)
        self._offer()

    def close(self) -> None:
        """Answer nothing more."""
        if self._worker is not None:
            self._worker.close()

    def _on_state(self, message: StateChanged) -> None:
        state = state_after(self._state, message)
        if state != self._state:
            # An answer about other rules than those of now must not stand.
            stale = state.all_rules != self._state.all_rules or state.posture != self._state.posture
            self._state = state
            self._offer()
            if stale:
                self._pane.show_answer(())

    def _on_changed(self) -> None:
        self._offer()
        self._pane.conditions.say_faults(faults_of(self._pane.asked.when, self._words))
        self._pane.show_answer(())

    def _on_ever(self) -> None:
        self._answer(ever_lines)

    def _on_call(self) -> None:
        self._answer(call_lines)

    def _answer(self, lines: Callable[[AskedOfRules, RulesState, Words], tuple[str, ...]]) -> None:
        asked, state = self._pane.asked, self._state
        job = partial(lines, asked, state, self._words)
        if self._worker is None:
            self._pane.show_answer(job())
            return

        def done(found: tuple[str, ...]) -> None:
            if (self._pane.asked, self._state) == (asked, state):
                self._pane.show_answer(found)

        self._worker.run(job, done)

    def _offer(self) -> None:
        asked = self._pane.asked
        draft = RuleDraft(agent=asked.agent, server=asked.server, tool=asked.tool)
        choices = self._builder.choices(self._state, asked.server, draft)
        self._pane.show_choices(choices, asked)


def _alone(button: Button) -> QHBoxLayout:
    line = row(gap=8)
    line.addWidget(button)
    line.addStretch()
    return line
