"""Keeps the agents as the broker tells them, and sends what a person wants of them."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from keyturn.application.agent_messages import (
    EnrolAgent,
    FloodChoice,
    NewTask,
    ReviewChanges,
    RevokeAgent,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.console_protocol import (
    IntentDone,
    StateChanged,
    Welcome,
)
from keyturn.application.console_state import AgentState, ServerState
from keyturn.application.registry import checked_agent_name
from keyturn.application.result_messages import SetControls
from keyturn.application.sight_intents import ProfileState
from keyturn.domain.errors import KeyturnError
from keyturn.domain.result_controls import OF_AN_AGENT, ResultControls
from keyturn.gui.agents.sights_presenter import SightsPresenter
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import Outcome, OutcomeLine, telling
from keyturn.gui.sending import IntentSender
from keyturn.presentation.agents import Launch
from keyturn.presentation.agents_builder import AgentsBuilder, is_proposal
from keyturn.presentation.first_sight import Rows, first_sights
from keyturn.presentation.words import Words


class AgentsPresenter(QObject):
    """Between the broker's state and the agents' screen."""

    review_wanted = Signal()
    """A person wants to look through what gives access."""
    open_wanted = Signal(str, str)
    """Server and tool that a person wants to look at."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: AgentsView,
        words: Words,
        python: str,
        shim: str,
        parent: QObject | None = None,
    ) -> None:
        """`python` and `shim` are absolute paths, for the line that a host starts."""
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._builder = AgentsBuilder(words)
        self._words = words
        self._launch = Launch(python=python, shim=shim, home="")
        self._agents: tuple[AgentState, ...] = ()
        self._servers: tuple[ServerState, ...] = ()
        self._profiles: tuple[ProfileState, ...] = ()
        self._dismissed: frozenset[str] = frozenset()
        self._overdue = 0
        self._open = ""
        self._proposed: Rows = None
        """The list that the form was opened for; another one meanwhile changes nothing there."""
        self._untold = ""
        """An agent whose enrolment the broker carried out and has not shown yet."""
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        view.review_wanted.connect(self.review_wanted)
        view.enrol_wanted.connect(self._on_enrol_wanted)
        view.agent_chosen.connect(self._on_chosen)
        view.side_closed.connect(self._on_closed)
        view.proposals.accepted.connect(self._start_form)
        view.proposals.dropped.connect(self._on_dismissed)
        view.form.enrol_requested.connect(self._on_enrol)
        view.detail.enrol_requested.connect(self._start_form)
        view.detail.revoke_agreed.connect(self._on_revoke)
        view.detail.http_wanted.connect(self._on_http)
        view.detail.pause_wanted.connect(self._on_pause)
        view.detail.given_wished.connect(self._on_given)
        view.detail.new_task_agreed.connect(self._on_new_task)
        view.detail.open_wanted.connect(self.open_wanted)
        view.detail.looked.connect(self._on_looked)
        view.sight_closed.connect(self._on_sight_closed)
        self.sights = SightsPresenter(
            bridge=bridge, sender=sender, view=view, words=words, parent=self
        )
        self._show()

    # ---------------------------------------------------------------- from the broker

    def _on_welcome(self, message: Welcome) -> None:
        home = str(Path(message.database).parent)
        self._launch = Launch(python=self._launch.python, shim=self._launch.shim, home=home)

    def _on_state(self, message: StateChanged) -> None:
        if message.agents is None and message.servers is None and message.access is None:
            return
        if message.access is not None:
            self._overdue = sum(state.overdue for state in message.access)
        self._profiles = message.profiles if message.profiles is not None else self._profiles
        self._agents = message.agents if message.agents is not None else self._agents
        self._servers = message.servers if message.servers is not None else self._servers
        # What is proposed again later is shown again.
        self._dismissed &= {agent.name for agent in self._agents if is_proposal(agent)}
        if self._view.side is self._view.form:
            # What was confirmed since the form was opened is offered, too.
            sights = first_sights(self._servers, self._words, self._proposed)
            self._view.form.offer(sights)
        self._show()

    # ---------------------------------------------------------------- from the person

    def _on_enrol_wanted(self) -> None:
        self._start_form()

    def _start_form(self, name: str = "") -> None:
        agent = next((agent for agent in self._agents if agent.name == name), None)
        self._proposed = agent.proposed_list if agent is not None else None
        self._open = ""
        self._view.form.start(first_sights(self._servers, self._words, self._proposed), name)
        self._view.show_form()

    def open_agent(self, agent: str) -> None:
        """Open an agent, as a press on its row does; one that is not listed opens nothing."""
        self._on_chosen(agent)

    def _on_chosen(self, agent: str) -> None:
        self._open = agent
        for pane in (self._view.sight, self._view.profiles):
            if self._view.side is pane and pane.agent != agent:
                # What is beside the list is of the agent that is marked in it.
                self._view.show_side(None)
        self._show()

    def _on_closed(self) -> None:
        self._open = ""
        self._view.show_detail(None)
        self._view.table.setFocus()

    def _on_dismissed(self, agent: str) -> None:
        """Hide a proposal; the broker keeps it, and nothing was refused."""
        self._dismissed |= {agent}
        self._show()
        self._view.note.say(Outcome.DONE, self._words("agents.dismissed"))

    def _on_enrol(self, name: str, rows: Rows) -> None:
        outcome = self._view.form.outcome
        if not name:
            outcome.say(Outcome.OWED, self._words("agents.enrol_empty"))
        elif any(agent.name == name and agent.enrolled for agent in self._agents):
            outcome.say(Outcome.OWED, self._words("agents.enrol_known"))
        else:
            self._enrol(name, rows, outcome)

    def _enrol(self, name: str, rows: Rows, place: OutcomeLine) -> None:
        try:
            checked_agent_name(name)
        except KeyturnError:
            place.say(Outcome.OWED, self._words("agents.enrol_odd"))
            return
        place.say(Outcome.WAITING, self._words("forms.waiting"))

        def heard(done: IntentDone) -> None:
            if not done.ok:
                place.say(Outcome.FAILED, done.sentence)
                return
            self._open = self._untold = name
            self._show()

        self._sender.send(lambda n: EnrolAgent(n=n, name=name, rows=rows), heard)

    def _on_revoke(self, agent: str) -> None:
        said = self._words("agents.revoked")
        self._sender.send(lambda n: RevokeAgent(n=n, name=agent), telling(self._view.note, said))

    def _on_http(self, agent: str, on: bool) -> None:
        outcome = self._view.detail.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        said = self._words("agents.http_is_on" if on else "agents.http_is_off")
        self._sender.send(lambda n: SetAgentHttp(n=n, name=agent, on=on), telling(outcome, said))

    def _on_pause(self, agent: str, on: bool) -> None:
        outcome = self._view.detail.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        choice = FloodChoice.PAUSE if on else FloodChoice.GO_ON
        said = self._words("agents.pause_begun" if on else "agents.pause_ended")
        self._sender.send(
            lambda n: SettleFlood(n=n, agent=agent, choice=choice), telling(outcome, said)
        )

    def _on_given(self, agent: str, controls: ResultControls) -> None:
        outcome = self._view.detail.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        said = self._words("results.given_saved", agent=agent)
        self._sender.send(
            lambda n: SetControls(n=n, server=OF_AN_AGENT, tool=agent, controls=controls),
            telling(outcome, said),
        )

    def _on_new_task(self, agent: str) -> None:
        outcome = self._view.detail.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))

        def heard(done: IntentDone) -> None:
            said = self._words("agents.new_task_done")
            outcome.say(*((Outcome.DONE, said) if done.ok else (Outcome.FAILED, done.sentence)))

        self._sender.send(lambda n: NewTask(n=n, agent=agent), heard)

    def _on_looked(self, agent: str, shown: str) -> None:
        outcome = self._view.detail.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        said = self._words("agents.raised_lowered")
        self._sender.send(
            lambda n: ReviewChanges(n=n, agent=agent, shown=shown), telling(outcome, said)
        )

    def _on_sight_closed(self) -> None:
        """Go back to the agent whose list or profiles were open."""
        self._open = self._view.seen_agent
        self._view.show_side(None)
        self._show()

    # ---------------------------------------------------------------- showing

    def _show(self) -> None:
        self._view.show_page(self._builder.page(self._agents, self._dismissed, self._overdue))
        if not self._open:
            return
        agent = next((agent for agent in self._agents if agent.name == self._open), None)
        if agent is None or is_proposal(agent):
            self._close_gone()
            return
        if self._view.side in (self._view.sight, self._view.profiles):
            return
        self._view.show_detail(
            self._builder.detail(agent, self._agents, self._servers, self._launch, self._profiles)
        )
        outcome, done = self._view.detail.outcome, self._words("agents.enrol_done")
        if agent.enrolled and agent.name == self._untold:
            self._untold = ""
            outcome.say(Outcome.DONE, done)
        elif agent.connections and outcome.sentence == done:
            # It is there: what to put where is done.
            outcome.say(None)

    def _close_gone(self) -> None:
        """Close the pane of an agent that is gone; one just enrolled is still to come."""
        if self._view.side is self._view.detail and self._view.detail.agent == self._open:
            self._open = ""
            self._view.show_detail(None)
