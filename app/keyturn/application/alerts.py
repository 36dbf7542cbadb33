"""Owns what a person is told of beside cards: each thing once in a while, and few of them at once.

Nothing waits for it and nothing is answered by it. Agents and servers can bring it about, so that
what is the same is not repeated, and a flood is cut: all of it is in the history or in a log.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from keyturn.application.ports.clock import Clock

SAME_SECONDS = 600.0
"""How long the same is not told again."""
MOST_AT_ONCE = 5
"""Told within `SPAN_SECONDS`, of whatever kind and server."""
SPAN_SECONDS = 60.0
_SECOND = 1_000_000_000
_MOST_REMEMBERED = 100


class AlertKind(StrEnum):
    """What happened."""

    CREDENTIAL_KEPT_BACK = "credential_kept_back"
    """A client's answer to a server was a value of the keychain, and did not go out."""
    ANSWER_KEPT_BACK = "answer_kept_back"
    """A client's answer to a server held a secret or hidden text, and did not go out."""
    SERVER_UNREADABLE = "server_unreadable"
    """A server was ended, as nobody could tell what it answered."""
    SIGN_IN_WANTED = "sign_in_wanted"
    """What Keyturn was signed in with is not taken any more."""
    SIGN_IN_FAILED = "sign_in_failed"
    """A page to sign in was shown, and nothing came of it."""
    NO_SECOND_PERSON = "no_second_person"
    """A call was refused: its tool takes two persons, and nobody is named as the second one."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to know; the names are shown with what is hidden in them made visible."""

    kind: AlertKind
    server: str


class Alerts:
    """Between what happens and who tells it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tell: Callable[[Alert], None] = _nobody
        self._told: dict[Alert, int] = {}
        """When each was told last, the latest at the end."""
        self._lately: deque[int] = deque(maxlen=MOST_AT_ONCE)

    def attach(self, tell: Callable[[Alert], None]) -> None:
        """Name who tells it; it must be quick and must not raise."""
        self._tell = tell

    def happened(self, alert: Alert) -> None:
        """Tell it, unless it was told lately or too much was."""
        now = self._clock.monotonic_ns()
        last = self._told.get(alert)
        if last is not None and now - last < SAME_SECONDS * _SECOND:
            return
        if len(self._lately) == MOST_AT_ONCE and now - self._lately[0] < SPAN_SECONDS * _SECOND:
            return
        self._lately.append(now)
        self._told.pop(alert, None)
        self._told[alert] = now
        while len(self._told) > _MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        self._tell(alert)


def _nobody(_alert: Alert) -> None:
    """Tell nobody."""
