"""What may be proposed over the socket: who can reach it must not grow or hold up the broker."""

from collections.abc import Mapping, Sequence

from keyturn.domain.canonical import canonical
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.sight import row_of

PROPOSALS = 20
"""Most proposals kept of a kind."""
PROPOSAL_BYTES = 32 * 1024
"""Longest command and environment that are kept of a proposed server."""
ProposedList = tuple[str, ...] | None
"""All that a proposed agent is to see, as `SightRow.text` writes it; None: that was not said."""
PROPOSED_ROWS = 100
"""Most lines of one: a person reads them before it is enrolled."""
PROPOSED_ENTRIES = 20
"""Most that it may name in the keychain: they go one by one, and no server is changed meanwhile."""


def checked_list(texts: Sequence[str]) -> ProposedList:
    """Return a list that a window can show; raises ConfigurationError for another one."""
    if len(texts) > PROPOSED_ROWS or sum(map(len, texts)) > PROPOSAL_BYTES:
        raise ConfigurationError(
            f"The list has more than {PROPOSED_ROWS} lines, or is too long.",
            mend="Set it in Keyturn's window.",
        )
    try:
        return tuple(row_of(text).text for text in texts)
    except ValueError as fault:
        raise ConfigurationError(
            f"The list {fault}.", mend="Write SERVER/TOOL, as in reports/read_*."
        ) from None


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
