"""Owns how long a connection that talks nonsense is listened to."""

import asyncio

from keyturn.broker.ends import Downstream
from keyturn.broker.envelope import INVALID_REQUEST
from keyturn.broker.refusals import NONSENSE, error_line

MOST_MALFORMED = 1_000
"""Frames of one connection within the time, each of which is answered."""
SECONDS = 60.0


class Patience:
    """Counts one connection's malformed frames; when they are too many, says so and closes it."""

    __slots__ = ("_count", "_downstream", "_since")

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self._count = 0
        self._since = 0.0

    def try_on(self) -> None:
        """Count one."""
        now = asyncio.get_running_loop().time()
        if now - self._since > SECONDS:
            self._since, self._count = now, 0
        self._count += 1
        if self._count == MOST_MALFORMED:
            self._downstream.send(error_line(None, INVALID_REQUEST, NONSENSE))
            self._downstream.close()
