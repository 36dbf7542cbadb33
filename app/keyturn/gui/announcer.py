"""Owns what screen readers are told unasked: arrivals, alerts, the state; at most once in 5 s.

An agent that asks a hundred times must not talk a person down: what comes within the pace is told
together. A stop, its end, and what a person decided are told at once.
"""

from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestShown, RequestWithdrawn
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.readers import announce
from keyturn.presentation.announcements import Announcements, is_by_a_person, is_risky
from keyturn.presentation.decided import Decided
from keyturn.presentation.topbar import ProtectionState, TopBarView

PACE_MS: Final = 5_000
GATHER_MS: Final = 150
"""What arrives within this time is told together from the first."""


class Announcer(QObject):
    """One for the window."""

    def __init__(
        self,
        *,
        window: QWidget,
        events: BrokerEvents,
        announcements: Announcements,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._announcements = announcements
        self._arrived = dict[str, ApprovalRequest]()
        self._alerts: list[str] = []
        self._state = ProtectionState.PROTECTING
        self._problem = ""
        self._untold = ""
        """A state that nobody was told of yet."""
        self._done: list[Decided] = []
        self.acts = QTimer(self)
        """Runs while what a person decided at one go comes in; no agent can start it."""
        self.acts.setSingleShot(True)
        self.acts.setInterval(GATHER_MS)
        self.acts.timeout.connect(self._on_acts)
        self.pace = QTimer(self)
        """Runs from what was told to what may be told next."""
        self.pace.setSingleShot(True)
        self.pace.timeout.connect(self._on_pace)
        events.request_shown.connect(self._on_shown)
        events.request_withdrawn.connect(self._on_withdrawn)

    def tell(self, text: str) -> None:
        """Tell what happened beside the cards: one plain line."""
        self._alerts.append(text)
        self._gather()

    def tell_decided(self, decided: Decided) -> None:
        """Tell the person who decided it that it was done."""
        if is_by_a_person(decided):
            self._done.append(decided)
            self.acts.start()

    def show_top_bar(self, view: TopBarView) -> None:
        """Tell how Keyturn stands when that is another than before."""
        before, self._state = self._state, view.state
        same, self._problem = view.problem == self._problem, view.problem
        if view.state is before and same:
            return
        self._untold = self._announcements.state(view)
        if ProtectionState.STOPPED in {before, view.state}:
            # What waited was refused by the stop: there is nothing to tell of it.
            self._arrived.clear()
            self._speak()
        else:
            self._gather()

    def close(self) -> None:
        """Tell nothing more: the window is going."""
        self.pace.stop()
        self.acts.stop()

    def _on_shown(self, message: RequestShown) -> None:
        self._arrived[message.request.id] = message.request
        self._gather()

    def _on_withdrawn(self, message: RequestWithdrawn) -> None:
        """Forget what nobody can answer any more."""
        self._arrived.pop(message.id, None)

    def _gather(self) -> None:
        if not self.pace.isActive():
            self.pace.start(GATHER_MS)

    def _on_pace(self) -> None:
        if self._arrived or self._alerts or self._untold:
            self._speak()

    def _on_acts(self) -> None:
        done, self._done = self._done, []
        announce(self._window, self._announcements.decisions(done))

    def _speak(self) -> None:
        arrived, self._arrived = list(self._arrived.values()), {}
        alerts, self._alerts = self._alerts, []
        state, self._untold = self._untold, ""
        assertive = bool(state) or any(is_risky(request) for request in arrived)
        parts = (
            state,
            self._announcements.alerts(alerts),
            self._announcements.arrivals(arrived),
        )
        announce(self._window, " ".join(filter(None, parts)), assertive=assertive)
        self.pace.start(PACE_MS)
