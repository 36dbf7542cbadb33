"""The way back: who goes on, how, and a second of holding or a typed word. Never one click."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from keyturn.gui.look import Look
from keyturn.gui.readers import announce
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.hold_button import HoldButton
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, clear, column, fix_height, row
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.stopped import ResumePanel

WIDTH: Final = 376
_WORD: Final = "RESUME"
"""Typed as it is in every language: it is a key, not a text."""


class ResumePane(QFrame):
    """Asks to resume the chosen agents; which are allowed to be chosen is said from outside."""

    resume_requested = Signal(bool)
    """Whether carefully, with rules still suspended."""
    agent_toggled = Signal(str, bool)
    carefully_toggled = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._panel: ResumePanel | None = None
        self.setObjectName("resume_panel")
        self.setProperty("surface", "raised")
        self.setProperty("edge", "left")
        self._sentence = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self._agents = column()
        self._ways = column()
        self._owed = Text(look, Type.CAPTION, Token.WARNING_FG, wrap=True)
        self._owed_icon = IconLabel(look, Icon.CONFIRM, Token.WARNING_FG, 16)
        self.hold = HoldButton(look)
        self.word = QLineEdit()
        self._build()

    def show_panel(self, panel: ResumePanel) -> None:
        """Show who can go on and how."""
        previous, self._panel = self._panel, panel
        words = self._look.words
        self._sentence.say(panel.sentence)
        self._owed.say(panel.owed)
        self._owed.setVisible(bool(panel.owed))
        self._owed_icon.setVisible(bool(panel.owed))
        self.hold.say(words("stopped.hold", n=panel.chosen()))
        self.hold.setEnabled(panel.chosen() > 0)
        if previous is None or previous.agents != panel.agents:
            self._show_agents(panel)
        if previous is None or (previous.carefully, previous.rules) != (
            panel.carefully,
            panel.rules,
        ):
            self._show_ways(panel)

    def _build(self) -> None:
        words = self._look.words
        title = Text(self._look, Type.TITLE)
        title.say(words("stopped.resume"))
        scroll = ScrollPane("raised", (24 - EDGE, 32, 24, 32))
        outer = column(self)
        outer.addWidget(scroll)
        layout = scroll.body
        layout.addWidget(title)
        layout.addSpacing(4)
        layout.addWidget(self._sentence)
        layout.addSpacing(16)
        layout.addWidget(self._label(words("stopped.who")))
        layout.addSpacing(4)
        layout.addLayout(self._agents)
        layout.addSpacing(16)
        layout.addWidget(self._label(words("stopped.how")))
        layout.addSpacing(4)
        layout.addLayout(self._ways)
        layout.addStretch()
        owed = row(gap=8)
        owed.addWidget(self._owed_icon)
        owed.addWidget(self._owed, 1)
        layout.addLayout(owed)
        layout.addSpacing(8)
        layout.addWidget(self.hold)
        layout.addSpacing(12)
        typed = row(gap=8)
        hint = Text(self._look, Type.CAPTION, Token.TEXT_TERTIARY)
        hint.say(words("stopped.or_type", word=_WORD))
        self.word.setObjectName("resume_word")
        self.word.setAccessibleName(words("stopped.or_type", word=_WORD))
        fix_height(self.word, self._look.theme, 32)
        typed.addWidget(hint)
        typed.addWidget(self.word, 1)
        layout.addLayout(typed)
        self.hold.held.connect(self._on_held)
        self.word.returnPressed.connect(self._on_typed)

    def _label(self, text: str) -> Text:
        label = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        label.say(text)
        return label

    def _show_agents(self, panel: ResumePanel) -> None:
        clear(self._agents)
        for agent in panel.agents:
            choice = ChoiceRow(
                self._look, agent.agent, agent.note, name=f"agent_{agent.agent}", role=agent.role
            )
            choice.setChecked(agent.chosen)
            choice.setAccessibleDescription(agent.held_by)
            choice.clicked.connect(self._on_agent)
            self._agents.addWidget(choice)

    def _show_ways(self, panel: ResumePanel) -> None:
        words = self._look.words
        clear(self._ways)
        group = QWidget()
        ways = column(group)
        careful = ChoiceRow(
            self._look,
            words("stopped.carefully"),
            words("stopped.carefully_note"),
            name="resume_carefully",
            radio=True,
        )
        with_rules = ChoiceRow(
            self._look,
            words("stopped.with_rules"),
            words("stopped.with_rules_note", n=panel.rules),
            name="resume_with_rules",
            radio=True,
        )
        careful.setChecked(panel.carefully)
        with_rules.setChecked(not panel.carefully)
        careful.toggled.connect(self.carefully_toggled)
        ways.addWidget(careful)
        ways.addWidget(with_rules)
        self._ways.addWidget(group)

    def _on_agent(self, chosen: bool) -> None:
        agent = self.sender().objectName().removeprefix("agent_")
        self.agent_toggled.emit(agent, chosen)

    def _on_held(self) -> None:
        if self._panel is not None and self._panel.chosen():
            self.resume_requested.emit(self._panel.carefully)

    def _on_typed(self) -> None:
        # The field can always be typed in, so that a review that is read meanwhile does not take
        # the words from under a person's hands; it does nothing before resuming is offered.
        if self._panel is None or self.word.text() != _WORD:
            return
        if self._panel.chosen():
            self.word.clear()
            self._on_held()
        else:
            announce(self, self._panel.owed)
