"""Owns what the agents' screen says: who is enrolled, who is connected, what each may expect."""

from dataclasses import dataclass

from keyturn.presentation.card import Pair
from keyturn.presentation.marks import IconText


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """One enrolled agent."""

    agent: str
    state: IconText
    sessions: str
    calls: str
    """Per minute, with its unit."""
    waiting: str
    hold_budget: str
    paused: bool
    claimed: tuple[Pair, ...] = ()
    observed: tuple[Pair, ...] = ()
