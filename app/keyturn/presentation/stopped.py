"""Owns what the stopped screen says: what happened around the stop, what a person has looked at."""

from dataclasses import dataclass

from keyturn.presentation.card import Chip
from keyturn.presentation.marks import Icon, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """A number in a box."""

    value: str
    words: str
    role: Role = Role.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One thing that happened around the stop."""

    row_id: str
    time: str
    icon: Icon
    role: Role
    text: str
    note: str
    strong: bool = False
    outcome: Chip | None = None
    looked_at: bool | None = None
    """None where no look is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAgent:
    """An agent that may be let go on."""

    agent: str
    chosen: bool
    note: str
    role: Role = Role.NEUTRAL
    held_by: str = ""
    """Why it cannot be chosen yet; empty when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePanel:
    """What resuming would do, and who is in it."""

    sentence: str
    agents: tuple[ResumeAgent, ...]
    carefully: bool
    rules: int
    owed: str = ""
    """What still has to be looked at; empty when nothing."""

    def chosen(self) -> int:
        """Count the agents that would go on."""
        return sum(agent.chosen for agent in self.agents)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedView:
    """The screen that stands in the place of every other while agents are stopped."""

    title: str
    sentence: str
    stats: tuple[Stat, ...]
    looked_at: str
    """"3 of 4 looked at"."""
    timeline: tuple[TimelineRow, ...]
    resume: ResumePanel
