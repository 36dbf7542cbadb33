"""Owns a server's instructions: pinned like a tool, and taken out of what says them until then.

Hosts put them into the model's context unasked, so what nobody reviewed does not pass: a stated
exception to law 7, as the lists of tools are.
"""

from keyturn.application.agreements import Agreements
from keyturn.application.connection import Connection
from keyturn.broker.envelope import ServerFrame, result_line
from keyturn.broker.eras import ServerSays
from keyturn.broker.members import members_of, repeats_a_key
from keyturn.domain.alike import folded
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.definition import (
    ReviewState,
    ToolDefinition,
    pinned_instructions,
    review_state,
)

_MEMBER = "instructions"


def instructions_of(says: ServerSays) -> ToolDefinition | None:
    """Return what is pinned of them; None for none, and for what could not be reviewed."""
    try:
        return pinned_instructions(says.instructions)
    except ValueError:
        return None


def with_agreed_instructions(
    frame: ServerFrame,
    said: ToolDefinition | None,
    connection: Connection,
    agreements: Agreements,
) -> bytes:
    """Return the answer to `initialize` or `server/discover` without what nobody agreed to.

    The original bytes where nothing has to go.
    """
    result = bytes(frame.result or b"")
    members = members_of(result)
    if members is None or frame.id is None:
        return frame.line
    # A careless reader may take another spelling of the member for it.
    spoken = {key for key in members if folded(key) == _MEMBER}
    if not spoken:
        return frame.line
    agreed = said is not None and _agreed(said, connection, agreements)
    gone = spoken - {_MEMBER} if agreed else spoken
    if not gone and not repeats_a_key(result, members):
        return frame.line
    kept = {key: value for key, value in members.items() if key not in gone}
    return result_line(frame.id, kept)


def _agreed(said: ToolDefinition, connection: Connection, agreements: Agreements) -> bool:
    state = review_state(agreements.pin(connection, said.name), said)
    if state is ReviewState.UNREVIEWED:
        return connection.server.review is ReviewMode.ACCEPT
    return state is ReviewState.PINNED
