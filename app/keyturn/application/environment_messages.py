"""The console protocol about environments: labels, and the pairs that may cross."""

import msgspec


class SetEnvironment(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_environment"
):
    """Label an agent, a server or a credential; an empty label takes it back."""

    n: int
    of: str
    """`agent`, `former` (one that was revoked), `server` or `credential`."""
    name: str
    server: str = ""
    """Whose credential it is."""
    environment: str


class SetReach(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_reach"):
    """Let agents of one environment reach another, or no longer."""

    n: int
    agent: str
    other: str
    on: bool
