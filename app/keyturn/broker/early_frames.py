"""Owns a client's frames, in order, while its server is not there yet."""

from collections import deque
from collections.abc import Callable

from keyturn.application.slices import Slices
from keyturn.broker.ends import Downstream
from keyturn.broker.envelope import ClientFrame, RequestId, read_client

_WAITING_BYTES = 1 << 20
"""Bytes of frames that are kept; then the client's end is not read."""

Receive = Callable[[bytes], None]


class EarlyFrames:
    """Keeps frames, and hands them on in slices once somebody takes them."""

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._waits = False
        self._afterwards: list[Callable[[], None]] = []

    def keep(self, line: bytes) -> None:
        """Take one line for later."""
        self._waits = True
        self._lines.append(line)
        self._bytes += len(line)
        if self._bytes > _WAITING_BYTES:
            self._downstream.hold_reading("starting")

    def afterwards(self, act: Callable[[], None]) -> None:
        """Act once all that was kept is handed on; at once where nothing is."""
        if self._waits:
            self._afterwards.append(act)
        else:
            act()

    def first_id(self) -> RequestId | None:
        """Return the id of the request that came first; None when it is none."""
        frame = read_client(self._lines[0])
        return frame.id if isinstance(frame, ClientFrame) else None

    async def hand_on(self, receiver: Callable[[], Receive]) -> None:
        """Hand on all, each to who takes it by then; no line comes between the last and the end."""
        slices = Slices()
        while self._lines:
            await slices.pause()
            receiver()(self._lines.popleft())
        self._waits = False
        for act in self._afterwards:
            act()
        self._afterwards.clear()
        self._downstream.release_reading("starting")
