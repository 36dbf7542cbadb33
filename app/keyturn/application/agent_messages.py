"""The console protocol about agents: enrolled, let come over HTTP, revoked."""

import msgspec


class EnrolAgent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="enrol_agent"):
    """Make a token for an agent."""

    n: int
    name: str


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
