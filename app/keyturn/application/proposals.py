"""What may be proposed over the socket: who can reach it must not grow or hold up the broker."""

from collections.abc import Mapping

from keyturn.domain.canonical import canonical
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import ConfigurationError

PROPOSALS = 20
"""Most proposals kept of a kind."""
PROPOSAL_BYTES = 32 * 1024
"""Longest command and environment that are kept of a proposed server."""
PROPOSED_ENTRIES = 20
"""Most that it may name in the keychain: they go one by one, and no server is changed meanwhile."""


def check_proposal(server: ServerConfig, servers: Mapping[str, ServerConfig]) -> None:
    """Raise ConfigurationError for a proposal that no window should have to show."""
    values = [*server.env, *server.env.values(), *server.headers, *server.headers.values()]
    if len(canonical([*server.command, server.url, *values])) > PROPOSAL_BYTES:
        raise ConfigurationError(
            "The command of the server is too long.", mend="Put it into a script."
        )
    if len(server.credential_names()) > PROPOSED_ENTRIES:
        raise ConfigurationError(
            "The server names too many entries of the keychain.",
            mend="Add it in Keyturn's window.",
        )
    existing = servers.get(server.name)
    proposed = [s for s in servers.values() if not s.confirmed]
    if existing is None and len(proposed) >= PROPOSALS:
        raise ConfigurationError(
            "Too many proposed servers wait for Keyturn's window.",
            mend="Confirm or remove them there first.",
        )
    if existing is not None and existing.confirmed:
        raise ConfigurationError(
            f"A server named {server.name} is already configured.",
            mend="Choose another name, or remove it in Keyturn's window first.",
        )
