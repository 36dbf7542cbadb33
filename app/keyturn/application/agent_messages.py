"""The console protocol about agents: enrolled, let come over HTTP, raised, revoked."""

from enum import StrEnum

import msgspec


class EnrolAgent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="enrol_agent"):
    """Make a token for an agent."""

    n: int
    name: str
    rows: tuple[str, ...] | None = None
    """All that it sees, as `SightRow.text` writes it; None leaves what it sees as it is."""


class SetAgentHttp(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_agent_http"
):
    """Let an agent connect over HTTP too, or no longer."""

    n: int
    name: str
    on: bool


class RevokeAgent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="revoke_agent"):
    """Take an agent's token away and end its connections."""

    n: int
    name: str


class ChangeState(msgspec.Struct, frozen=True, kw_only=True):
    """What changed around an agent and was looked at by nobody."""

    server: str
    cause: str
    """A `Cause`."""
    since: str
    names: tuple[str, ...] = ()
    more: int = 0
    """So many are not named."""


class RaisedState(msgspec.Struct, frozen=True, kw_only=True):
    """Why an agent's changing calls take more than they would."""

    changes: tuple[ChangeState, ...] = ()
    """Empty where nobody knows what changed."""
    shown: str = ""
    """To be sent back once somebody has looked."""


class ReviewChanges(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="review_changes"
):
    """Say that a person has looked at what changed around an agent, as it was on screen."""

    n: int
    agent: str
    shown: str


class NewTask(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="new_task"):
    """Begin a new task of an agent: its sessions' lamps go out, what they read is forgotten."""

    n: int
    agent: str


class FloodChoice(StrEnum):
    """What a person makes of an agent that asks too much, or of one that they paused."""

    REVIEW = "review"
    """Look at what waits: it can be allowed, and the hold ends when nothing of it waits."""
    CONTINUE = "continue"
    DENY_AND_PAUSE = "deny_and_pause"
    PAUSE = "pause"
    GO_ON = "go_on"
    """End the pause."""


class FloodState(msgspec.Struct, frozen=True, kw_only=True):
    """Why an agent is held, in numbers; and whether a person has paused it."""

    cause: str = ""
    """A `FloodCause`; empty for an agent that is not held."""
    count: int = 0
    seconds: int = 0
    """In how many; 0 where no time is counted."""
    reviewing: bool = False
    paused: bool = False
    since: str = ""
    """Paused since then, in UTC; empty where that is not known."""
    paused_as: str = ""
    """The enrolled agent whose pause it falls under; empty for its own."""


class SettleFlood(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="flood"):
    """Choose what becomes of an agent that is held, pause it, or let it go on."""

    n: int
    agent: str
    choice: str
    """A `FloodChoice`."""
    enrolled: bool = True
    """False for all agents together that proved no name."""


AgentIntent = EnrolAgent | SetAgentHttp | RevokeAgent | ReviewChanges | NewTask | SettleFlood
