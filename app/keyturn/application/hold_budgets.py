"""Owns the hold budget of each agent: the configured one, or a shorter one that its client taught.

A client ends a request after a time of its own, often in spite of progress. Answered before that,
the agent learns that nothing is decided and that the identical call can be repeated; answered
after, it learns nothing.
"""

import json
import logging
from collections.abc import Mapping

from keyturn.application.events import Observers, Topic
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.stores import SettingStore
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Actor
from keyturn.domain.errors import KeyturnError
from keyturn.domain.hold_budget import learned_seconds, noted
from keyturn.domain.record import Entry, RecordType

_log = logging.getLogger(__name__)

SETTING = "hold_budget:"
"""Before an agent's name: when its client gave up, in seconds."""
MOST_AGENTS = 1_000


class HoldBudgets:
    """What is known of each agent's patience; only of those who have proven who they are."""

    def __init__(
        self, *, store: SettingStore, log: DecisionLog, observers: Observers, limits: Limits
    ) -> None:
        self._store = store
        self._log = log
        self._observers = observers
        self._limits = limits
        self._tasks = TaskOwner()
        self._seen: dict[str, tuple[float, ...]] = {}

    async def load(self) -> None:
        """Read what earlier brokers learned; what cannot be read is as if it were not there."""
        settings = await self._store.settings()
        self._seen = {
            name.removeprefix(SETTING): _seconds(text)
            for name, text in settings.items()
            if name.startswith(SETTING)
        }

    async def close(self) -> None:
        """End what is still being written."""
        await self._tasks.close()

    def of(self, agent: str) -> float:
        """Return how many seconds a call of this agent is held, never more than configured."""
        learned = self.learned(agent)
        configured = self._limits.hold_seconds
        return configured if learned is None else min(configured, learned)

    def learned(self, agent: str) -> float | None:
        """Return the budget that its client taught; None where it taught none."""
        return learned_seconds(self._seen.get(agent, ()))

    def gave_up(self, agent: str, after: float) -> None:
        """Take note that its client gave up a waiting call after so many seconds."""
        before = self._seen.get(agent, ())
        seen = noted(before, after)
        if seen == before or (agent not in self._seen and len(self._seen) >= MOST_AGENTS):
            return
        held = self.learned(agent)
        self._seen[agent] = seen
        if self.learned(agent) != held:
            self._log.note(
                Entry(
                    type=RecordType.AGENT,
                    outcome="hold_learned",
                    agent=agent,
                    actor=Actor.KEYTURN,
                    details={"hold_ms": round(1000 * self.of(agent))},
                )
            )
        self._observers.changed(Topic.AGENTS)
        self._tasks.start(self._keep(agent, seen), "hold budget")

    async def _keep(self, agent: str, seen: tuple[float, ...]) -> None:
        try:
            await self._store.put_setting(SETTING + agent, json.dumps(seen))
        except KeyturnError as error:
            _log.warning("hold budget not kept agent=%s cause=%s", agent, error)


def without_budgets(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a person made."""
    return {name: text for name, text in settings.items() if not name.startswith(SETTING)}


def _seconds(text: str) -> tuple[float, ...]:
    parsed = parse_strict(text)
    values = parsed.value if isinstance(parsed, Parsed) else None
    if not isinstance(values, list):
        return ()
    seen: tuple[float, ...] = ()
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            seen = noted(seen, float(value))
    return seen
