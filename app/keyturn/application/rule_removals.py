"""Owns which rules a person took away last, so that they can be put back as they were.

Only what a person had in force comes back, with what was used of it; it takes the PIN as adding it
does. None of it outlives the broker.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from keyturn.application.ports.decision_log import DecisionLog
from keyturn.domain.record import Entry
from keyturn.domain.rule import Rule

MOST_REMOVED: Final = 2_000
"""Rules that are kept to be put back; the oldest go first."""
_AT_ONCE: Final = 10
"""Records that are made before the loop gets its turn."""


class RemoveRules(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="remove_rules"):
    """Remove rules, all or none."""

    n: int
    ids: tuple[str, ...]


class RestoreRules(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="restore_rules"
):
    """Put rules back that were removed; those of which nothing is known any more stay away."""

    n: int
    ids: tuple[str, ...]


RuleRemoval = RemoveRules | RestoreRules


class RemovedRules:
    """Kept by id; a later removal of the same id takes the place of the former."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def note(self, rules: Iterable[Rule]) -> None:
        """Keep rules that were removed."""
        for rule in rules:
            self._rules.pop(rule.id, None)
            self._rules[rule.id] = rule
        while len(self._rules) > MOST_REMOVED:
            del self._rules[next(iter(self._rules))]

    def named(self, ids: Iterable[str]) -> tuple[Rule, ...]:
        """Return those of these ids that are kept."""
        return tuple(self._rules[one] for one in dict.fromkeys(ids) if one in self._rules)


async def commit_each(log: DecisionLog, entries: Iterator[Entry]) -> None:
    """Record changes one by one, and let what else there is to do have its turn between."""
    while few := list(_first(entries)):
        await log.commit_all(few)


def _first(entries: Iterator[Entry]) -> Iterator[Entry]:
    for _ in range(_AT_ONCE):
        entry = next(entries, None)
        if entry is None:
            return
        yield entry
