"""Owns how much of results each agent was given: of all and of each tool, in a session and a day.

Counted in bytes; a person says it in tokens, which are estimated. What is over it is cut, and where
nothing is left the result is held back. It is in memory: a restart begins anew. A day begins at
midnight (UTC).
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from keyturn.application.connection import Connection
from keyturn.application.kept_texts import KeptTexts
from keyturn.application.ports.clock import Clock
from keyturn.domain.configuration import Limits
from keyturn.domain.result_controls import BYTES_A_TOKEN, STRICTEST, ResultControls

USED_UP = "the agent's budget for results is used up"
LEAST_BYTES = 512
"""So little is not worth a cut: nothing of a result fits into it beside the words that say so."""
MOST_SESSIONS = 1_000
"""Sessions that are counted apart; the one longest unused is forgotten, its day is not."""
MOST_DAYS = 20_000
"""Agents and tools whose day is counted; beyond them all that are new share one."""
_DAY = len("2026-11-23")


class OfTool(NamedTuple):
    """A tool that gave a result, and what a person chose for it."""

    server: str = ""
    tool: str = ""
    controls: ResultControls = STRICTEST


_ANY = OfTool()


class _Spent(NamedTuple):
    """What is spent against what: all of an agent's results, or those of one tool."""

    server: str
    tool: str
    of_session: int
    of_day: int
    """Most bytes of each; 0 for any number."""


_NONE = _Spent("", "", 0, 0)


class ResultBudgets:
    """Without limits a day is counted all the same, so that it can be shown."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self.kept = KeptTexts(clock)
        self._of_session = limits.result_tokens_per_session * BYTES_A_TOKEN
        self._of_day = limits.result_tokens_per_day * BYTES_A_TOKEN
        self._sessions: OrderedDict[str, Counter[tuple[str, str]]] = OrderedDict()
        self._days: Counter[tuple[str, str, str]] = Counter()
        self._today = ""
        self.chosen: Callable[[str], ResultControls] = lambda _: STRICTEST
        """What a person chose for an agent that proved its name; the smaller one counts."""

    def left(self, connection: Connection, of: OfTool = _ANY) -> int | None:
        """Return how many bytes an agent may still be given; None for any number."""
        left: list[int] = []
        session = self._sessions.get(connection.session.id, Counter())
        self._begin_day()
        for spent in self._budgets(connection, of):
            if spent.of_session:
                left.append(spent.of_session - session[spent.server, spent.tool])
            if spent.of_day:
                left.append(spent.of_day - self._days[self._day_key(connection, spent)])
        return max(0, min(left)) if left else None

    def given(self, connection: Connection, size: int, of: OfTool = _ANY) -> bool:
        """Count what an agent was given; tell whether there is a budget that it goes off."""
        self._begin_day()
        budgets = self._budgets(connection, of)
        for spent in budgets or [_NONE]:
            if spent.of_session:
                self._session(connection.session.id)[spent.server, spent.tool] += size
            self._days[self._day_key(connection, spent)] += size
        return bool(budgets)

    def used_by(self, agent: str) -> int:
        """Return how many tokens of all results an agent that proved its name had today."""
        self._begin_day()
        return -(-self._days[agent, "", ""] // BYTES_A_TOKEN)

    def used_today(self, server: str, tool: str) -> tuple[tuple[str, int], ...]:
        """Return how many tokens of a tool's results each agent was given today, most first.

        Only of tools that have a budget; an empty name stands for all that proved none.
        """
        self._begin_day()
        used = Counter({k[0]: n for k, n in self._days.items() if k[1:] == (server, tool) and n})
        return tuple((agent, -(-n // BYTES_A_TOKEN)) for agent, n in used.most_common())

    def _budgets(self, connection: Connection, of: OfTool) -> list[_Spent]:
        """Return the budgets that a result goes off; an agent's is the first, where any is."""
        proven = connection.agent_enrolled
        chosen = self.chosen(connection.agent) if proven else STRICTEST
        of_session = _least(self._of_session, chosen.session_tokens * BYTES_A_TOKEN)
        of_day = _least(self._of_day, chosen.day_tokens * BYTES_A_TOKEN)
        tools = of.controls.session_tokens or of.controls.day_tokens
        found: list[_Spent] = []
        if of_session or of_day or tools:
            found.append(_Spent("", "", of_session, of_day))
        session, day = of.controls.session_tokens, of.controls.day_tokens
        if session or day:
            ends = (session * BYTES_A_TOKEN, day * BYTES_A_TOKEN)
            found.append(_Spent(of.server, of.tool, *ends))
        return found

    def _session(self, session: str) -> "Counter[tuple[str, str]]":
        counts = self._sessions.setdefault(session, Counter())
        self._sessions.move_to_end(session)
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return counts

    def _day_key(self, connection: Connection, spent: _Spent) -> tuple[str, str, str]:
        key = (_agent(connection), spent.server, spent.tool)
        room = key in self._days or len(self._days) < MOST_DAYS
        return key if room else ("", spent.server, spent.tool)

    def _begin_day(self) -> None:
        today = self._clock.now_utc()[:_DAY]
        # A clock that was put back gives nobody a second budget.
        if today > self._today:
            self._today = today
            self._days.clear()


def _least(one: int, other: int) -> int:
    """Return the smaller limit; 0 is none."""
    return min(filter(None, (one, other)), default=0)


def _agent(connection: Connection) -> str:
    """All that proved no name share one budget: anybody could take any name."""
    return connection.agent if connection.agent_enrolled else ""
