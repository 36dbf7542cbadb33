"""Owns the list of what takes the PIN, in words: as the broker sorts changes, a line a group."""

from collections.abc import Iterator
from typing import Final

from keyturn.presentation.card import Pair
from keyturn.presentation.words import Words

GROUPS: Final = {
    "save_rule": "rules",
    "remove_rule": "rules",
    "remove_rules": "rules",
    "restore_rules": "rules",
    "set_tier": "tools",
    "set_controls": "results",
    "put_server": "environments",
    "remove_server": "environments",
    "set_environment": "environments",
    "set_reach": "environments",
    "enrol_agent": "agents",
    "set_agent_http": "agents",
    "review_changes": "agents",
    "new_task": "agents",
    "set_sight": "sights",
    "profiles_only": "sights",
    "switch_profile": "sights",
    "end_profile": "sights",
    "put_profile": "sights",
    "remove_profile": "sights",
    "settle_seals": "seals",
    "resume": "stop",
    "use_rules": "stop",
    "flood": "pauses",
    "set_pin": "pin",
    "set_second": "pin",
    "remove_second": "pin",
}
"""By the tag of an intent that takes it: the line that says so."""
_AROUND: Final = ("when", "calls", *dict.fromkeys(GROUPS.values()), "both", "starts")
"""Under which choice it holds at all is said first: the list is long."""


def pin_uses(words: Words) -> tuple[Pair, ...]:
    """Return what is changed and when that takes the PIN, in the order of the list."""
    return tuple(_lines(words))


def _lines(words: Words) -> Iterator[Pair]:
    for group in _AROUND:
        yield Pair(key=words(f"pin_uses.of_{group}"), value=words(f"pin_uses.said_{group}"))
