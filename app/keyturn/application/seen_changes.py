"""Owns what an agent comes upon that differs from what a person agreed to."""

from collections.abc import Callable, Iterable

from keyturn.application.agreements import Agreements
from keyturn.application.connection import Connection
from keyturn.domain.canonical import digest_of
from keyturn.domain.closure_change import ClosureChange
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.definition import ReviewState, ToolDefinition, review_state, said_of
from keyturn.domain.step_up import NO_LABEL, Cause, Seen


class SeenChanges:
    """Compares what a connection comes upon with what was agreed to, and tells of it."""

    def __init__(self, agreements: Agreements) -> None:
        self._agreements = agreements
        self.tell: Callable[[Seen], None] = lambda _seen: None

    def was_reviewed(self, connection: Connection) -> bool:
        """Tell whether anything of a server was reviewed, so that what is new is a change."""
        server = connection.server.name
        return any(pin.server == server for pin in self._agreements.pins())

    def command(self, connection: Connection, change: ClosureChange | None = None) -> None:
        """Tell of a command that nobody agreed to; `change`: of which files it loads others."""
        if connection.agent_enrolled:
            self._tell(command_seen(connection, self._agreements, change))

    def tool(self, connection: Connection, tool: ToolDefinition, *, reviewed: bool) -> None:
        """Tell of a tool that is not as it was pinned, of a server that was reviewed before."""
        # Whoever proved no name is asked about every call as it is.
        if reviewed and connection.agent_enrolled:
            self._tell(tool_seen(connection, tool, self._agreements))

    def _tell(self, seen: Seen | None) -> None:
        if seen is not None:
            self.tell(seen)


def command_seen(
    connection: Connection, agreements: Agreements, change: ClosureChange | None = None
) -> Seen | None:
    """Return how a command that nobody agreed to differs from the last that somebody did.

    None for one that is agreed to, and for a server at its first sight.
    """
    server, launch, closure = connection.server, connection.launch, connection.closure
    latest = agreements.latest_consent(server.name)
    if latest is None or agreements.consented(connection):
        return None
    cause, mark, name = Cause.LAUNCH, launch.launch_hash, launch.executable
    if agreements.closure_changed(connection):
        cause = Cause.ISSUER if launch.url else Cause.CLOSURE
        mark = closure.closure_hash or "none"
        name = "" if change is None or launch.url else change.name
    elif changed := agreements.changed_values(connection):
        # The values themselves are kept nowhere; others after an agreement are another change.
        cause, name = Cause.VALUES, ", ".join(changed)
        mark = digest_of("\n".join((mark, latest.agreed_at, *changed)).encode())
    elif launch.url:
        cause, name = Cause.HOST, launch.url
    return Seen(
        agent=connection.agent,
        server=server.name,
        cause=cause,
        name=name or server.name,
        mark=mark,
    )


def tool_seen(connection: Connection, tool: ToolDefinition, agreements: Agreements) -> Seen | None:
    """Return how a tool differs from its pin, or that its server never had one of that name.

    None for one that is as it was agreed to, and for what is no tool and is new.
    """
    server = connection.server.name
    state = review_state(agreements.pin(connection, tool.name), tool)
    cause = Cause.DRIFT
    if state is ReviewState.UNREVIEWED:
        cause = Cause.NEW_TOOL
        if said_of(tool.name) is not None or agreements.named(server, tool.name):
            return None
    elif state is not ReviewState.CHANGED:
        return None
    return Seen(
        agent=connection.agent,
        server=server,
        cause=cause,
        name=tool.name,
        mark=digest_of(f"{tool.name}\n{tool.def_hash}".encode()),
    )


class SeenEnvironments:
    """Remembers in which environment each server was said to run, also of those that are gone."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def changed(self, servers: Iterable[ServerConfig]) -> tuple[ServerConfig, ...]:
        """Return the servers that were said to run in another one when they were seen last."""
        confirmed = [server for server in servers if server.confirmed]
        changed = tuple(
            server
            for server in confirmed
            if self._known.get(server.name, server.environment) != server.environment
        )
        self._known |= {server.name: server.environment for server in confirmed}
        return changed


def environment_seen(agent: str, server: ServerConfig) -> Seen:
    """Return that a server is said to run in another environment."""
    said = server.environment or NO_LABEL
    mark = f"{server.name} {said}"
    return Seen(agent=agent, server=server.name, cause=Cause.ENVIRONMENT, name=said, mark=mark)


def program_seen(agent: str, executable: str, sha256: str) -> Seen:
    """Return that an agent runs in another program, or in none that is seen."""
    return Seen(
        agent=agent,
        server="",
        cause=Cause.PROGRAM,
        name=executable,
        mark=sha256 or executable or "none",
    )
