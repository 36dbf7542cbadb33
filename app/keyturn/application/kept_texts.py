"""Owns how much of results that were cut is kept for the person, so that nobody fills the log.

What is kept is already without secrets. It hangs on the record of its delivery, as arguments hang
on their decision's: committed to, pruned and exported with it. Agents have no way to it.
"""

from keyturn.application.connection import Connection
from keyturn.application.ports.clock import Clock
from keyturn.domain.canonical import JsonObject

MOST_OF_ONE = 8 * 1024 * 1024
"""Bytes of one text; no more of a result is looked at in any case."""
MOST_A_DAY = 64 * 1024 * 1024
"""Bytes of one agent's results since midnight (UTC); what is beyond it is cut and not kept."""
_DAY = len("2026-11-23")


class KeptTexts:
    """Counts in memory: a restart begins anew, and no agent restarts a broker."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._today = ""
        self._bytes: dict[str, int] = {}

    def take(self, connection: Connection, whole: bytes, details: JsonObject) -> bytes:
        """Return what of a text is kept, and say in `details` whether it is."""
        if not whole:
            return b""
        today = self._clock.now_utc()[:_DAY]
        if today > self._today:
            self._today = today
            self._bytes.clear()
        agent = connection.agent if connection.agent_enrolled else ""
        used = self._bytes.get(agent, 0) + len(whole)
        if len(whole) > MOST_OF_ONE or used > MOST_A_DAY:
            details["not_kept"] = True
            return b""
        self._bytes[agent] = used
        details["kept"] = len(whole)
        return whole
