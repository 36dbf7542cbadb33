"""Owns how much of results each agent was given: in a session, and since midnight (UTC).

Counted in bytes; the operator says it in tokens, which are estimated. What is over it is cut, and
where nothing is left the result is held back. It is in memory: a restart begins anew.
"""

from collections import OrderedDict

from keyturn.application.connection import Connection
from keyturn.application.kept_texts import KeptTexts
from keyturn.application.ports.clock import Clock
from keyturn.domain.configuration import Limits
from keyturn.domain.result_controls import BYTES_A_TOKEN

USED_UP = "the agent's budget for results is used up"
LEAST_BYTES = 512
"""So little is not worth a cut: nothing of a result fits into it beside the words that say so."""
MOST_SESSIONS = 1_000
"""Sessions that are counted apart; the one longest unused is forgotten, its day is not."""
_DAY = len("2026-11-23")


class ResultBudgets:
    """Without limits nothing is counted."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self.kept = KeptTexts(clock)
        self._of_session = limits.result_tokens_per_session * BYTES_A_TOKEN
        self._of_day = limits.result_tokens_per_day * BYTES_A_TOKEN
        self._sessions: OrderedDict[str, int] = OrderedDict()
        self._days: dict[str, int] = {}
        self._today = ""

    def left(self, connection: Connection) -> int | None:
        """Return how many bytes an agent may still be given; None for any number."""
        left: list[int] = []
        if self._of_session:
            left.append(self._of_session - self._sessions.get(connection.session.id, 0))
        if self._of_day:
            self._begin_day()
            left.append(self._of_day - self._days.get(_agent(connection), 0))
        return max(0, min(left)) if left else None

    def given(self, connection: Connection, size: int) -> None:
        """Count what an agent was given."""
        if self._of_session:
            session = connection.session.id
            self._sessions[session] = self._sessions.get(session, 0) + size
            self._sessions.move_to_end(session)
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        if self._of_day:
            self._begin_day()
            agent = _agent(connection)
            self._days[agent] = self._days.get(agent, 0) + size

    def _begin_day(self) -> None:
        today = self._clock.now_utc()[:_DAY]
        # A clock that was put back gives nobody a second budget.
        if today > self._today:
            self._today = today
            self._days.clear()


def _agent(connection: Connection) -> str:
    """All that proved no name share one budget: anybody could take any name."""
    return connection.agent if connection.agent_enrolled else ""
