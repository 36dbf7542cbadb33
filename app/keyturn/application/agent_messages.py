"""The console protocol about agents: enrolled, let come over HTTP, raised, revoked."""

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


AgentIntent = EnrolAgent | SetAgentHttp | RevokeAgent | ReviewChanges
