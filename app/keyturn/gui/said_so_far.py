"""Keeps what the broker has said, so that a page built late shows the same as one built early."""

from typing import Final

from PySide6.QtCore import QObject

from keyturn.application.approval_request import RequestKind
from keyturn.application.console_protocol import (
    RequestShown,
    RequestWithdrawn,
    StateChanged,
    Welcome,
)
from keyturn.gui.broker_events import BrokerEvents

_REVIEWS: Final = frozenset({RequestKind.COMMAND, RequestKind.DEFINITION, RequestKind.CHANGE})
"""What pages hear of requests; calls are the queue's, which is never late."""


class SaidSoFar(QObject):
    """Made before every other listener, so that it is behind none of them."""

    def __init__(self, events: BrokerEvents, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._events = events
        self._welcome: Welcome | None = None
        self._reviews: dict[str, RequestShown] = {}
        self._state = StateChanged()
        events.welcomed.connect(self._on_welcome)
        events.request_shown.connect(self._on_shown)
        events.request_withdrawn.connect(self._on_withdrawn)
        events.state_changed.connect(self._on_state)

    def new_tools(self, server: str) -> int:
        """Return how many tools of a server wait for their first review."""
        requests = [shown.request for shown in self._reviews.values()]
        return sum(r.server == server and r.kind is RequestKind.DEFINITION for r in requests)

    def events_from_now(self, parent: QObject) -> BrokerEvents:
        """Return what a page listens to: nothing of before is in it until `tell` is called."""
        late = BrokerEvents(parent)
        early = self._events
        early.welcomed.connect(late.welcomed)
        early.request_shown.connect(late.request_shown)
        early.request_detached.connect(late.request_detached)
        early.request_withdrawn.connect(late.request_withdrawn)
        early.state_changed.connect(late.state_changed)
        early.intent_done.connect(late.intent_done)
        return late

    def tell(self, late: BrokerEvents) -> None:
        """Say once more, to this page alone, what still holds of what it missed."""
        if self._welcome is not None:
            late.welcomed.emit(self._welcome)
        for shown in self._reviews.values():
            late.request_shown.emit(shown)
        late.state_changed.emit(self._state)

    def _on_welcome(self, welcome: Welcome) -> None:
        self._welcome = welcome

    def _on_shown(self, shown: RequestShown) -> None:
        if shown.request.kind in _REVIEWS:
            self._reviews[shown.request.id] = shown

    def _on_withdrawn(self, withdrawn: RequestWithdrawn) -> None:
        self._reviews.pop(withdrawn.id, None)

    def _on_state(self, state: StateChanged) -> None:
        self._state = self._state.followed_by(state)
