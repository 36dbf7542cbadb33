"""What happened, for whoever shows it: topics that changed, published to observers."""

from collections.abc import Callable
from enum import StrEnum


class Topic(StrEnum):
    """Parts of the broker's state that a window shows."""

    STOP = "stop"
    QUEUE = "queue"
    AGENTS = "agents"
    SERVERS = "servers"
    RULES = "rules"
    CREDENTIALS = "credentials"
    SETTINGS = "settings"
    HISTORY = "history"
    HEALTH = "health"
    SEALS = "seals"
    ACCESS = "access"


class Observers:
    """Tells subscribers which topics changed; they read the state themselves, coalesced."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Topic], None]] = []

    def subscribe(self, subscriber: Callable[[Topic], None]) -> Callable[[], None]:
        """Add a subscriber; returns the call that removes it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def changed(self, topic: Topic) -> None:
        """Tell every subscriber; they must be quick and must not raise."""
        for subscriber in tuple(self._subscribers):
            subscriber(topic)
