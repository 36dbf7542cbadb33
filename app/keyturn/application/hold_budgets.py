"""Owns the hold budget of each agent: the configured one, or a shorter one that its client taught.

A client ends a request after a time of its own, often in spite of progress. Answered before that,
the agent learns that nothing is decided and that the identical call can be repeated; answered
after, it learns nothing.

A call that waits over several rounds has two such times: the client's for one request, and that of
whoever bounds all of them together.
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
SETTING_IN_ALL = "hold_in_all:"
"""The same, for calls that waited over several rounds already, counted from the first."""
_SETTINGS = (SETTING, SETTING_IN_ALL)
MOST_KEPT = 2_000


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
        """By the setting that keeps it."""

    async def load(self) -> None:
        """Read what earlier brokers learned; what cannot be read is as if it were not there."""
        settings = await self._store.settings()
        self._seen = {
            name: _seconds(text) for name, text in settings.items() if name.startswith(_SETTINGS)
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
        return learned_seconds(self._seen.get(SETTING + agent, ()))

    def in_all(self, agent: str) -> float | None:
        """Return the budget of all rounds together; None where nobody taught any."""
        return learned_seconds(self._seen.get(SETTING_IN_ALL + agent, ()))

    def gave_up(self, agent: str, after: float, *, in_rounds: bool = False) -> None:
        """Take note that its client gave up a waiting call after so many seconds.

        With `in_rounds` it had been had to ask again before, and all of that time counts.
        """
        setting = (SETTING_IN_ALL if in_rounds else SETTING) + agent
        before = self._seen.get(setting, ())
        seen = noted(before, after)
        if seen == before or (setting not in self._seen and len(self._seen) >= MOST_KEPT):
            return
        held = learned_seconds(before)
        self._seen[setting] = seen
        learned = learned_seconds(seen)
        if learned is not None and learned != held:
            self._note(agent, self.of(agent) if not in_rounds else learned, in_rounds=in_rounds)
        self._observers.changed(Topic.AGENTS)
        self._tasks.start(self._keep(setting, seen), "hold budget")

    def _note(self, agent: str, seconds: float, *, in_rounds: bool) -> None:
        name = "hold_in_all_ms" if in_rounds else "hold_ms"
        self._log.note(
            Entry(
                type=RecordType.AGENT,
                outcome="hold_learned",
                agent=agent,
                actor=Actor.KEYTURN,
                details={name: round(1000 * seconds)},
            )
        )

    async def _keep(self, setting: str, seen: tuple[float, ...]) -> None:
        try:
            await self._store.put_setting(setting, json.dumps(seen))
        except KeyturnError as error:
            _log.warning("hold budget not kept setting=%s cause=%s", setting, error)


def without_budgets(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a person made."""
    return {name: text for name, text in settings.items() if not name.startswith(_SETTINGS)}


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
