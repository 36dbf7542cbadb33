"""Feeds the bar over a long queue, and sends what a person chooses there about an agent."""

from typing import Final

from PySide6.QtCore import QObject

from keyturn.application.agent_messages import FloodChoice, SettleFlood
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.application.console_state import AgentState
from keyturn.gui.bridge import Bridge
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.view import QueueView
from keyturn.gui.sending import IntentSender
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.triage import held_agents, held_view, triage_view
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_GOES_ON: Final = {FloodChoice.GO_ON, FloodChoice.CONTINUE}


class Triage(QObject):
    """Keeps the bar true to what waits and to what the broker says of agents."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        view: QueueView,
        queue: QueuePresenter,
        sender: IntentSender,
        words: Words,
        cards: CardBuilder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._queue = queue
        self._sender = sender
        self._words = words
        self._phrases = cards.phrases
        self._agents: tuple[AgentState, ...] = ()
        bridge.state_changed.connect(self._on_state)
        queue.waiting_changed.connect(self._on_waiting)
        view.triage.flood_settled.connect(self._on_settled)
        view.triage.deny_from_wanted.connect(self._on_deny_from)

    def _on_state(self, state: StateChanged) -> None:
        if state.agents is not None and state.agents != self._agents:
            self._agents = state.agents
            self._view.triage.show_held(held_view(self._agents, self._words))
            self._queue.hold(held_agents(self._agents))

    def _on_waiting(self, _count: int, _oldest_ms: int) -> None:
        bar = self._view.triage
        requests = [one.request for one in self._queue.waiting]
        shown = bar.shows_strip
        bar.show_triage(
            triage_view(
                requests,
                self._phrases,
                self._words,
                shown=shown,
                groups=len(self._queue.kept.groups()),
            )
        )

    def _on_settled(self, agent: str, enrolled: bool, choice: str) -> None:
        """Send it, and open the groups once a person may allow out of them."""
        self._view.triage.forget()
        outcome = self._view.triage.outcome

        def heard(done: IntentDone) -> None:
            if not done.ok:
                outcome.say(Outcome.FAILED, done.sentence)
            elif choice in _GOES_ON:
                name = shown_line(agent, self._words, most=40)
                outcome.say(Outcome.DONE, self._words("burst.goes_on", agent=name))
            elif choice == FloodChoice.REVIEW:
                self._queue.open_group_of(agent)

        self._sender.send(
            lambda n: SettleFlood(n=n, agent=agent, enrolled=enrolled, choice=choice), heard
        )

    def _on_deny_from(self, agent: str, enrolled: bool) -> None:
        """Deny each call of an agent that waits in this window now."""
        for one in self._queue.waiting:
            request = one.request
            if (request.agent, request.asked_by.agent_enrolled) == (agent, enrolled):
                self._queue.answers.deny(request.id, request.digest)
