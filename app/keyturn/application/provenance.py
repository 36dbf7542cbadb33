"""Who asks: what a connection claims and what was observed of it, in the words of a request."""

from keyturn.application.approval_request import AskedBy
from keyturn.application.connection import Connection


def asked_by(connection: Connection) -> AskedBy:
    """Gather claims and observations of a connection; the two are never mixed."""
    host = connection.peer.host
    return AskedBy(
        client_name=connection.claims.name,
        client_version=connection.claims.version,
        agent_enrolled=connection.agent_enrolled,
        program_changed=connection.program_changed,
        host_pid=host.pid if host is not None else 0,
        host_name=host.name if host is not None else "",
        host_executable=host.executable if host is not None else "",
        parents=tuple(process.name for process in connection.peer.parents),
        workspace=connection.cwd,
        transport=connection.transport,
    )
