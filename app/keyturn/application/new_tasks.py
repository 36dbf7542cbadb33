"""Owns the beginning of a new task: the one way in which the lamps of live sessions go out.

Only a person at the window begins one. Keyturn cannot see what an agent still has in mind, so that
whoever presses has to know that the agent itself began anew; nothing that was asked before is let
through by it (`Because.EARLIER_TASK`).
"""

from keyturn.application.events import Observers, Topic
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.rulebook import RuleBook
from keyturn.application.sessions import Sessions
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.record import Entry, RecordType


class NewTasks:
    """Begins new tasks of agents; each is recorded before it takes effect."""

    def __init__(
        self, *, sessions: Sessions, rules: RuleBook, log: DecisionLog, observers: Observers
    ) -> None:
        self._sessions = sessions
        self._rules = rules
        self._log = log
        self._observers = observers

    async def begin(self, agent: str) -> None:
        """Begin one for all sessions of an agent; raises ConfigurationError where it has none."""
        sessions = self._sessions.of(agent)
        if not sessions:
            raise ConfigurationError(filled("No agent named {name} is connected.", name=agent))
        await self._log.commit(
            Entry(
                type=RecordType.AGENT,
                agent=agent,
                outcome="new_task",
                actor=Actor.HUMAN,
                details={
                    "sessions": [
                        {"session": one.id, "task": one.task + 1, "lamps": one.lamps.letters()}
                        for one in sessions
                    ]
                },
            )
        )
        # Those that joined meanwhile were not shown as lit, and share what the others had.
        for session in self._sessions.of(agent):
            session.begin_task()
        self._rules.grants.end_agent(agent)
        self._observers.changed(Topic.AGENTS)
