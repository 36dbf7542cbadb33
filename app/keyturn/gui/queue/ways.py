"""The ways out of the queue: what an empty one offers, the history, the call a value came from."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import AgentState
from keyturn.gui.bridge import Bridge
from keyturn.gui.pages import Page
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.proposed import Proposed
from keyturn.presentation.queue_empty import Leads, empty_queue
from keyturn.presentation.words import Words

_PAGES: Final = {Leads.AGENTS: Page.AGENTS, Leads.HISTORY: Page.HISTORY}


class QueueWays(QObject):
    """Says where a person wants to go; the window goes there."""

    page_wanted = Signal(object)
    """The `Page`."""
    proposed_changed = Signal(object)
    """`Proposed`, as far as it is known."""
    agent_wanted = Signal(str)
    """An agent around which something changed."""
    result_wanted = Signal(str, int)
    """A session and the number of a result in it: the person wants to see that call."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        view: QueueView,
        open_request: Callable[[], ApprovalRequest | None],
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._open_request = open_request
        self._words = words
        self._agents: tuple[AgentState, ...] = ()
        self._proposed = Proposed()
        self._hidden = 0
        bridge.state_changed.connect(self._on_state)
        view.history_requested.connect(self._on_history)
        view.way_wanted.connect(self._on_way)
        view.pane.hidden_changed.connect(self._on_hidden)
        view.source_requested.connect(self._on_source)
        view.card.raised.action_pressed.connect(self._on_raised)
        view.show_empty(empty_queue((), words))

    def _on_state(self, state: StateChanged) -> None:
        before = (self._agents, self._proposed)
        self._agents = state.agents if state.agents is not None else self._agents
        self._proposed = self._proposed.after(state)
        if state.agents is not None or (self._agents, self._proposed) != before:
            self._show()
        self.proposed_changed.emit(self._proposed)

    def _show(self) -> None:
        total = self._proposed.total
        self._view.show_empty(empty_queue(self._agents, self._words, total, self._hidden))

    def _on_hidden(self, count: int) -> None:
        if count != self._hidden:
            self._hidden = count
            self._show()

    def _on_history(self) -> None:
        self.page_wanted.emit(Page.HISTORY)

    def _on_way(self, leads: Leads) -> None:
        if leads is Leads.ALL:
            # The button goes with what it says.
            self._view.pane.list.setFocus(Qt.FocusReason.OtherFocusReason)
            self._view.pane.show_filter(high_risk_only=False)
        else:
            self.page_wanted.emit(_PAGES[leads])

    def _on_raised(self) -> None:
        request = self._open_request()
        if request is not None:
            self.agent_wanted.emit(request.agent)

    def _on_source(self, opens: str) -> None:
        request = self._open_request()
        kind, _, number = opens.partition(":")
        if request is not None and kind == "result" and number.isdecimal():
            self.result_wanted.emit(request.session, int(number))
