"""Environments beside the rules: the built-in rule under the list, labels and pairs in a pane."""

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from keyturn.application.agent_messages import ReviewChanges
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.domain.environment import LONGEST_LABEL
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.fields import Labelled, LineField, NamePicker
from keyturn.gui.forms.list_page import FootLine
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.forms.side_pane import SidePane
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender, heard_of_all
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.environments import (
    EnvironmentsShown,
    EnvironmentsState,
    environments_shown,
    labelled,
    pair_question,
)
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_GAP: Final = 8


class EnvironmentRule(FootLine):
    """The built-in rule as a line under the list, and the way to its labels."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(
            look,
            name="environment_rule",
            button="open_environments",
            action=look.words("environments.open"),
            parent=parent,
        )


class EnvironmentsPane(SidePane):
    """Takes a label for what is chosen, and pairs that may cross."""

    thing_chosen = Signal(str)
    label_wanted = Signal(str)
    """The label of what is chosen."""
    looked = Signal(object)
    """Tuple of agent and what was on screen of what changed around it."""
    pair_wanted = Signal(str, str)
    pair_agreed = Signal(str, str)
    pair_unwanted = Signal(str)
    """Key of a pair."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="environments", parent=parent)
        words = look.words
        self._shown: EnvironmentsShown | None = None
        self._asked = ("", "")
        self.thing = NamePicker(look, words("environments.thing"), name="environment_thing")
        self.label = _line(look, "environments.label", "environment_label")
        self.save = _button(look, Kind.PRIMARY, "environments.save", "save_environment")
        self.agent = _line(look, "environments.pair_agent", "reach_agent")
        self.other = _line(look, "environments.pair_other", "reach_other")
        self.add = _button(look, Kind.PLAIN, "environments.pair_add", "add_reach")
        self.pair = NamePicker(look, words("environments.pair_chosen"), name="reach_pair")
        self.remove = _button(look, Kind.PLAIN, "environments.pair_remove", "remove_reach")
        self._proposals = Text(look, Type.NOTE, Token.WARNING_FG, wrap=True)
        self._raised = Text(look, Type.NOTE, Token.WARNING_FG, wrap=True)
        self.looked_at = _button(look, Kind.PLAIN, "environments.raised_done", "label_looked_at")
        self._no_pairs = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._fill()
        self.thing.chosen.connect(self.thing_chosen)
        self.save.clicked.connect(self._on_save)
        self.label.returnPressed.connect(self._on_save)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.looked_at.clicked.connect(self._on_looked_at)
        self.question.agreed.connect(self._on_agreed)

    def show_environments(self, shown: EnvironmentsShown) -> None:
        """Show labels and pairs; what is being typed for the same thing stays."""
        before, self._shown = self._shown, shown
        if before == shown:
            return
        self.thing.show_choices(shown.things, shown.chosen)
        if before is None or (before.chosen, before.label) != (shown.chosen, shown.label):
            self.label.setText(shown.label)
        self._proposals.say(shown.proposals)
        self._proposals.setVisible(bool(shown.proposals))
        self._raised.say(shown.raised.text)
        self._raised.setVisible(bool(shown.raised.text))
        self.looked_at.setVisible(bool(shown.raised.looked))
        self.save.setEnabled(bool(shown.chosen))
        chosen = self.pair.name or (shown.pairs[0].name if shown.pairs else "")
        self.pair.show_choices(shown.pairs, chosen)
        for widget in (self.pair, self.remove):
            widget.setVisible(bool(shown.pairs))
        self._no_pairs.setVisible(not shown.pairs)

    def ask_about(self, agent: str, other: str) -> None:
        """Ask once more before a pair may cross."""
        self._asked = (agent, other)
        self.ask(pair_question(agent, other, self.look.words))

    def _fill(self) -> None:
        words = self.look.words
        title = Text(self.look, Type.TITLE)
        title.say(words("environments.title"))
        self.top.addWidget(title, 1)
        self.body.addWidget(_note(self.look, "environments.intro"))
        self.add_title(words("environments.labels"))
        self.body.addWidget(Labelled(self.look, words("environments.thing"), self.thing))
        self.body.addSpacing(_GAP)
        self.body.addWidget(Labelled(self.look, words("environments.label"), self.label))
        # The ring around a field that has the focus stands outside of it.
        self.body.addSpacing(4)
        self.body.addWidget(_note(self.look, "environments.label_hint"))
        self.body.addWidget(self._proposals)
        self.body.addWidget(self._raised)
        self.body.addWidget(self.looked_at)
        self.add_title(words("environments.pairs"))
        self._no_pairs.say(words("environments.no_pairs"))
        self.body.addWidget(self._no_pairs)
        standing = row(gap=_GAP)
        standing.addWidget(self.pair, 1)
        standing.addWidget(self.remove)
        self.body.addLayout(standing)
        self.body.addSpacing(_GAP)
        for field, key in (
            (self.agent, "environments.pair_agent"),
            (self.other, "environments.pair_other"),
        ):
            self.body.addWidget(Labelled(self.look, words(key), field))
        self.body.addSpacing(_GAP)
        self.body.addWidget(self.add)
        self.body.addStretch()
        self.action_row.addWidget(self.save)

    def _on_save(self) -> None:
        if self._shown is not None and self._shown.chosen:
            self.label_wanted.emit(self.label.text().strip())

    def _on_looked_at(self) -> None:
        if self._shown is not None:
            self.looked.emit(self._shown.raised.looked)

    def _on_add(self) -> None:
        self.pair_wanted.emit(self.agent.text().strip(), self.other.text().strip())

    def _on_remove(self) -> None:
        self.pair_unwanted.emit(self.pair.name)

    def _on_agreed(self) -> None:
        self.pair_agreed.emit(*self._asked)


class EnvironmentsPresenter(QObject):
    """Between the broker's state and what is shown of environments."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        rule: EnvironmentRule,
        pane: EnvironmentsPane,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._rule = rule
        self._pane = pane
        self._words = words
        self._told = StateChanged()
        self._state = EnvironmentsState()
        self._chosen = ""
        bridge.state_changed.connect(self._on_state)
        pane.thing_chosen.connect(self._on_chosen)
        pane.label_wanted.connect(self._on_label)
        pane.looked.connect(self._on_looked)
        pane.pair_wanted.connect(self._on_pair)
        pane.pair_agreed.connect(self._on_agreed)
        pane.pair_unwanted.connect(self._on_unwanted)
        self._show()

    def _on_state(self, message: StateChanged) -> None:
        before = self._told
        self._told = StateChanged(
            agents=message.agents if message.agents is not None else before.agents,
            servers=message.servers if message.servers is not None else before.servers,
            reach=message.reach if message.reach is not None else before.reach,
            settings=message.settings if message.settings is not None else before.settings,
        )
        if self._told != before:
            told = self._told
            things = labelled(told.agents or (), told.servers or (), told.settings or {})
            self._state = EnvironmentsState(
                things=things, reach=told.reach or (), agents=told.agents or ()
            )
            self._show()

    def _on_chosen(self, key: str) -> None:
        self._chosen = key
        self._pane.outcome.say(None)
        self._show()

    def _on_label(self, label: str) -> None:
        thing = self._state.find(self._chosen)
        if thing is None:
            return
        self._pane.outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        name, words = shown_line(thing.name, self._words), self._words
        told = shown_line(label, words) or words("owed.no_label")
        said = words("environments.saved", name=name, label=told)
        self._sender.send(
            lambda n: SetEnvironment(
                n=n, of=thing.of, name=thing.name, server=thing.server, environment=label
            ),
            lambda done: self._say(done, said),
        )

    def _on_looked(self, looked: tuple[tuple[str, str], ...]) -> None:
        """Say of each agent that a person looked at this; the broker asks for the PIN once."""
        self._pane.outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        said = self._words("environments.raised_lowered")
        heard = heard_of_all(len(looked), lambda done: self._say(done, said))
        self._sender.send_all((partial(_review, agent, shown), heard) for agent, shown in looked)

    def _on_pair(self, agent: str, other: str) -> None:
        if agent and other:
            self._pane.ask_about(agent, other)
        else:
            self._pane.outcome.say(Outcome.OWED, self._words("environments.pair_empty"))

    def _on_agreed(self, agent: str, other: str) -> None:
        self._set(agent, other, on=True, said="environments.pair_added")

    def _on_unwanted(self, key: str) -> None:
        agent, _, other = key.partition("\0")
        self._set(agent, other, on=False, said="environments.pair_removed")

    def _set(self, agent: str, other: str, *, on: bool, said: str) -> None:
        self._pane.outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        pair = {"agent": shown_line(agent, self._words), "other": shown_line(other, self._words)}
        self._sender.send(
            lambda n: SetReach(n=n, agent=agent, other=other, on=on),
            lambda done: self._say(done, self._words(said, **pair)),
        )

    def _say(self, done: IntentDone, said: str) -> None:
        if done.ok:
            self._pane.outcome.say(Outcome.DONE, said)
        else:
            self._pane.outcome.say(Outcome.FAILED, done.sentence)

    def _show(self) -> None:
        shown = environments_shown(self._state, self._chosen, self._words)
        self._chosen = shown.chosen
        self._rule.text.say(shown.rule)
        self._pane.show_environments(shown)


def _review(agent: str, shown: str, number: int) -> ReviewChanges:
    return ReviewChanges(n=number, agent=agent, shown=shown)


def _line(look: Look, key: str, name: str) -> LineField:
    return LineField(look, look.words(key), name=name, longest=LONGEST_LABEL)


def _button(look: Look, kind: Kind, key: str, name: str) -> Button:
    return Button(look, kind, look.words(key), name=name)


def _note(look: Look, key: str) -> Text:
    text = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
    text.say(look.words(key))
    return text
