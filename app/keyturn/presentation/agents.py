"""Owns what the agents' screen says: who is enrolled, who is connected, who only claims to be."""

from dataclasses import dataclass

from keyturn.presentation.card import Chip, Lamp, Pair
from keyturn.presentation.cells import ListRow, Notice, Proposal, Question
from keyturn.presentation.marks import IconText
from keyturn.presentation.result_controls import ControlsView
from keyturn.presentation.sights import SightSaid
from keyturn.presentation.step_ups import RaisedSaid


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPage:
    """The screen without what is open beside the list."""

    rows: tuple[ListRow, ...]
    summary: str
    proposals: tuple[Proposal, ...]
    warning: Notice | None = None
    overdue: Notice | None = None
    """Of the access review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """What a host starts instead of the server's own command."""

    server: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverHttp:
    """How an agent comes over HTTP, or that it may not."""

    on: bool
    intro: str
    addresses: tuple[CommandLine, ...]
    """One for each server."""
    warning: IconText | None
    action: str
    """Words on the button that changes it."""
    question: Question | None
    """Asked before it is turned on; turning it off asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSaid:
    """Whether a person paused the agent, and how that is changed."""

    intro: str
    action: str
    """Words on the button that changes it."""
    question: Question | None
    """Asked before it goes on; to pause it asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDetail:
    """One agent in full."""

    agent: str
    chips: tuple[Chip, ...]
    lamps: tuple[Lamp, ...]
    new_task: Question | None
    """Asked before its lamps go out; None where no lamp is lit."""
    pairs: tuple[Pair, ...]
    claimed: tuple[Pair, ...]
    observed: tuple[Pair, ...]
    warnings: tuple[IconText, ...]
    enrolled: bool
    commands_title: str
    commands_intro: str
    commands: tuple[CommandLine, ...]
    http: OverHttp | None
    """None for one that is not enrolled."""
    sight: SightSaid | None
    """None for one that is not enrolled."""
    given: ControlsView | None
    """How much of results it is given; None for one that is not enrolled."""
    raised: RaisedSaid | None
    """Why its calls take more; None where they do not."""
    pause: PauseSaid | None
    """None for one that is not enrolled."""
    revoke: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Where the shim is and which profile it serves."""

    python: str
    """Absolute path of an interpreter; the shim needs nothing but its standard library."""
    shim: str
    home: str
    """The profile's folder."""
