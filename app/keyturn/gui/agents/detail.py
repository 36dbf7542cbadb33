"""One agent in full: what it claims beside what is observed, what its host starts, revoke."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from keyturn.gui.agents.given_box import GivenBox
from keyturn.gui.agents.pause_box import PauseBox
from keyturn.gui.agents.raised_box import RaisedBox
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.forms.side_pane import SidePane, ValueBox, warning_rows
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.lamps import LampStrip
from keyturn.gui.widgets.layouts import column, divider, row
from keyturn.gui.widgets.pairs import PairList, Provenance
from keyturn.gui.widgets.text import Text
from keyturn.presentation.agents import AgentDetail, CommandLine, OverHttp
from keyturn.presentation.marks import Icon
from keyturn.presentation.sights import SightSaid
from keyturn.presentation.step_ups import RaisedSaid

_PAUSE: Final = "agent_pause"
_NEW_TASK: Final = "agent_new_task"
"""Object name of the button that puts the lamps out."""


class AgentPane(SidePane):
    """Shows an agent; its buttons ask for its enrolment or its end."""

    enrol_requested = Signal(str)
    revoke_agreed = Signal(str)
    sight_wanted = Signal(str)
    """Agent whose list is to be changed."""
    profiles_wanted = Signal(str)
    """Agent for which a profile is to be switched."""
    open_wanted = Signal(str, str)
    """Server and tool that changed."""
    looked = Signal(str, str)
    """Agent, and what of its changes was on screen."""
    new_task_agreed = Signal(str)
    pause_wanted = Signal(str, bool)
    """Agent, and whether it is to be paused; false ends its pause."""
    http_wanted = Signal(str, bool)
    """Agent, and whether it may come over HTTP."""
    given_wished = Signal(str, object)
    """Agent, and `ResultControls` with its budgets."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="agent_detail", parent=parent)
        words = look.words
        self._detail: AgentDetail | None = None
        self._chips = ChipRow(look)
        self.name = Text(look, Type.HEADLINE, wrap=True)
        self.claimed_name = Text(look, Type.VALUE_LARGE, wrap=True)
        self.boxes: list[ValueBox] = []
        self.enrol = Button(look, Kind.PRIMARY, words("agents.enrol_look"), name="enrol_unproven")
        self.revoke = Button(
            look, Kind.PLAIN, words("agents.revoke"), Icon.CROSS, name="revoke_agent"
        )
        self._asked = ""
        """Object name of the button that led to the question."""
        self.http = Button(look, Kind.PLAIN, "", name="agent_http")
        self.given = GivenBox(look)
        self._put_below(self.given)
        self.given.wished.connect(self._on_given)
        self.top.addWidget(self._chips, 1)
        self.head.addWidget(self.name)
        self.head.addWidget(self.claimed_name)
        self.action_row.addWidget(self.enrol)
        self.action_row.addWidget(self.http)
        self.action_row.addWidget(self.revoke)
        self.enrol.clicked.connect(self._on_enrol)
        self.http.clicked.connect(self._on_http)
        self.revoke.clicked.connect(self._on_revoke)
        self.question.agreed.connect(self._on_agreed)

    @property
    def agent(self) -> str:
        """Return the agent that is shown; "" for none."""
        return self._detail.agent if self._detail is not None else ""

    def show_detail(self, detail: AgentDetail) -> None:
        """Show an agent; another one than before takes back what was asked about the last."""
        if detail == self._detail:
            return
        if detail.agent != self.agent:
            self.show_actions()
            self.outcome.say(None)
        self._detail = detail
        words = self.look.words
        self._chips.show_chips(detail.chips)
        # Two faces: what only claims to be somebody is not set like somebody.
        self.name.say(detail.agent)
        self.name.setVisible(detail.enrolled)
        self.claimed_name.say(detail.agent)
        self.claimed_name.setVisible(not detail.enrolled)
        self.enrol.setVisible(not detail.enrolled)
        self.revoke.setVisible(detail.enrolled)
        self.http.setVisible(detail.http is not None)
        if detail.http is not None:
            text = detail.http.action
            spoken = words("forms.field_value", field=text, value=detail.agent)
            self.http.say(text, spoken)
        for button, text in (
            (self.enrol, words("agents.enrol_look")),
            (self.revoke, words("agents.revoke")),
        ):
            spoken = words("forms.field_value", field=text, value=detail.agent)
            button.say(text, spoken)
        self._fill(detail)

    def _put_below(self, last: QWidget) -> None:
        """Put what holds choices below a body that is made anew whenever the agent does a thing."""
        whole, self.body = self.body, column()
        whole.addLayout(self.body)
        whole.addWidget(last)
        whole.addStretch()

    def _fill(self, detail: AgentDetail) -> None:
        self.clear_body()
        self.given.show_given(detail.given, detail.agent)
        if detail.warnings:
            self.body.addSpacing(4)
            self.body.addWidget(warning_rows(self.look, detail.warnings))
            self.body.addSpacing(12)
        if detail.raised is not None:
            self._fill_raised(detail.raised)
        self.body.addWidget(PairList(self.look, detail.pairs))
        if detail.lamps:
            self.add_title(self.look.words("agents.lamps"))
            strip = LampStrip(self.look)
            strip.show_lamps(detail.lamps)
            self.body.addWidget(strip)
        if detail.new_task is not None:
            self._fill_new_task()
        if detail.pause is not None:
            self.add_title(self.look.words("agents.pause_title"))
            box = PauseBox(self.look, self.agent, detail.pause)
            box.pressed.connect(self._on_pause)
            self.body.addWidget(box)
        if detail.observed:
            self.body.addSpacing(8)
            self.body.addWidget(divider())
            self.body.addSpacing(8)
            both = Provenance(self.look, detail.claimed, detail.observed, stacked=True)
            self.body.addWidget(both)
        if detail.sight is not None:
            self._fill_sight(detail.sight)
        self._fill_commands(detail)
        if detail.http is not None:
            self._fill_http(detail.http)

    def _fill_new_task(self) -> None:
        text = self.look.words("agents.new_task")
        begin = Button(self.look, Kind.PLAIN, text, name=_NEW_TASK)
        begin.say(text, self.look.words("forms.field_value", field=text, value=self.agent))
        begin.clicked.connect(self._on_new_task)
        line = row(gap=8)
        line.addWidget(begin)
        line.addStretch()
        self.body.addSpacing(8)
        self.body.addLayout(line)

    def _fill_raised(self, said: RaisedSaid) -> None:
        self.add_title(self.look.words("agents.raised"))
        box = RaisedBox(self.look, self.agent, said)
        box.open_wanted.connect(self.open_wanted)
        box.looked.connect(self._on_looked)
        self.body.addWidget(box)
        self.body.addSpacing(12)

    def _on_looked(self, shown: str) -> None:
        self.looked.emit(self.agent, shown)

    def _fill_sight(self, sight: SightSaid) -> None:
        words = self.look.words
        self.add_title(words("agents.sight"))
        self._add_intro(sight.text)
        if sight.profile:
            self._add_intro(sight.profile)
        text = words("agents.sight_change")
        change = Button(self.look, Kind.PLAIN, text, name="agent_sight_open")
        change.say(text, words("forms.field_value", field=text, value=self.agent))
        change.clicked.connect(self._on_sight)
        text = words("agents.profiles_open")
        profiles = Button(self.look, Kind.PLAIN, text, name="agent_profiles_open")
        profiles.say(text, words("forms.field_value", field=text, value=self.agent))
        profiles.clicked.connect(self._on_profiles)
        line = row(gap=8)
        line.addWidget(change)
        line.addWidget(profiles)
        line.addStretch()
        self.body.addSpacing(8)
        self.body.addLayout(line)

    def _fill_commands(self, detail: AgentDetail) -> None:
        self.add_title(detail.commands_title)
        self._add_intro(detail.commands_intro)
        self.boxes = self._add_boxes(detail.commands, "command")

    def _fill_http(self, http: OverHttp) -> None:
        self.add_title(self.look.words("agents.http"))
        self._add_intro(http.intro)
        if http.warning is not None:
            self.body.addSpacing(8)
            self.body.addWidget(warning_rows(self.look, (http.warning,)))
        self.boxes += self._add_boxes(http.addresses, "address")

    def _add_intro(self, text: str) -> None:
        intro = Text(self.look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(text)
        self.body.addWidget(intro)

    def _add_boxes(self, lines: tuple[CommandLine, ...], name: str) -> list[ValueBox]:
        boxes = [
            ValueBox(self.look, line.text, label=line.server, name=f"{name}_{number}")
            for number, line in enumerate(lines)
        ]
        for box in boxes:
            self.body.addSpacing(8)
            self.body.addWidget(box)
            box.copied.connect(self._on_copied)
        return boxes

    def _on_copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.outcome.say(Outcome.DONE, self.look.words("forms.copied"))

    def _on_given(self, controls: object) -> None:
        self.given_wished.emit(self.agent, controls)

    def _on_enrol(self) -> None:
        self.enrol_requested.emit(self.agent)

    def _on_sight(self) -> None:
        self.sight_wanted.emit(self.agent)

    def _on_profiles(self) -> None:
        self.profiles_wanted.emit(self.agent)

    def _on_revoke(self) -> None:
        if self._detail is not None:
            self._asked = self.revoke.objectName()
            self.ask(self._detail.revoke)

    def _on_new_task(self) -> None:
        if self._detail is not None and self._detail.new_task is not None:
            self._asked = _NEW_TASK
            self.ask(self._detail.new_task)

    def _on_pause(self) -> None:
        pause = self._detail.pause if self._detail is not None else None
        if pause is not None and pause.question is not None:
            self._asked = _PAUSE
            self.ask(pause.question)
        else:
            self.pause_wanted.emit(self.agent, True)

    def _on_http(self) -> None:
        http = self._detail.http if self._detail is not None else None
        if http is not None and http.question is not None:
            self._asked = self.http.objectName()
            self.ask(http.question)
        elif http is not None:
            self.http_wanted.emit(self.agent, False)

    def _on_agreed(self) -> None:
        if self._asked == self.http.objectName():
            self.http_wanted.emit(self.agent, True)
        elif self._asked == _PAUSE:
            self.pause_wanted.emit(self.agent, False)
        elif self._asked == _NEW_TASK:
            self.new_task_agreed.emit(self.agent)
        else:
            self.revoke_agreed.emit(self.agent)
