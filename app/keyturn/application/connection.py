"""A live downstream connection: who is at its other end, and what its server listed on it."""

from dataclasses import dataclass, field

from keyturn.application.ports.processes import ObservedPeer
from keyturn.application.sessions import Session
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.launch import LaunchIdentity

STDIO = "stdio"
"""Through the shim."""
OVER_HTTP = "http"
OWN_AGENT = "keyturn"
"""The broker itself, when it reviews a server without an agent; no agent can have that name."""
NOT_PROVEN = " (not proven)"
"""Follows a name that is an enrolled agent's where its token is missing, or that none can have."""
_UNPROVEN = "?"
"""No agent's name."""


@dataclass(slots=True, kw_only=True)
class Claims:
    """What the client says of itself; shown as claimed, never used to decide."""

    name: str = ""
    version: str = ""


@dataclass(slots=True, kw_only=True)
class Connection:
    """One agent's link to one server."""

    id: str
    agent: str
    agent_enrolled: bool
    """False: the token was absent or wrong; every call asks."""
    program_sha256: str = ""
    """Of the program that its host process runs; empty when not known."""
    program_changed: bool = False
    """That is not the program that the agent was enrolled in; every call asks."""
    token_sha256: str = field(default="", repr=False)
    """Of the token that proved it; a new token ends what an earlier one opened."""
    server: ServerConfig
    session: Session
    peer: ObservedPeer
    launch: LaunchIdentity
    closure: Closure = NO_CLOSURE
    reads_compiled: bool = False
    """Its server was started so that it reads compiled files, as they were agreed to."""
    """What its command would load, as it was when the connection was opened."""
    cwd: str
    """The agent's working directory as its shim says."""
    transport: str = STDIO
    """How it came: `STDIO` or `OVER_HTTP`."""
    opened_after: int = 0
    """How many judged calls its session had made before it was opened."""
    claims: Claims = field(default_factory=Claims)
    catalogue: dict[str, ToolDefinition] = field(default_factory=dict[str, ToolDefinition])
    """Tools as the server last listed them on this connection, by name."""

    @property
    def is_known(self) -> bool:
        """Whether it is the agent that a person enrolled, in the program that they enrolled."""
        return self.agent_enrolled and not self.program_changed

    @property
    def claimed(self) -> str:
        """The name that its agent goes by, whether or not it proved it."""
        return self.agent if self.agent_enrolled else self.agent.removesuffix(NOT_PROVEN)

    @property
    def shares_as(self) -> str:
        """Whose part of the room for all its large payloads take.

        Each connection that proved no name has one of its own, within one part of all of them
        together: anybody could open any number of connections.
        """
        return self.agent if self.agent_enrolled else f"{_UNPROVEN}/{self.id}"

    @property
    def launched(self) -> tuple[str, str]:
        """The server's name and the hash of its launch: what is agreed to holds for the two."""
        return self.server.name, self.launch.launch_hash
