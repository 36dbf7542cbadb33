"""Owns the streams of one client that it can take up again, and how much they keep together."""

from collections import OrderedDict

from keyturn.broker.http_stream import Stream
from keyturn.broker.replay import event_of

KEPT_SECONDS = 300.0
"""How long a stream that nobody reads can be taken up again."""
SESSION_BYTES = 4 * 1024 * 1024
SESSION_STREAMS = 256
"""Of one client together, beside those whose answer is not there yet."""


class KeptStreams:
    """The streams of one client that it can take up again."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}
        self._held: OrderedDict[str, int] = OrderedDict()
        """Bytes that each keeps, the one that has not changed for longest first."""
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes that are kept in all."""
        return self._bytes

    def __len__(self) -> int:
        """Return how many streams there are."""
        return len(self._streams)

    def add(self, stream: Stream) -> None:
        """Take one in; the oldest that are over make room."""
        over = [one for one in self._streams.values() if one.over]
        for one in over[: max(0, len(over) - SESSION_STREAMS + 1)]:
            self.remove(one)
        self._streams[stream.key] = stream

    def remove(self, stream: Stream) -> None:
        """Forget one."""
        self._streams.pop(stream.key, None)
        self._bytes -= self._held.pop(stream.key, 0)

    def holds(self, stream: Stream, size: int) -> None:
        """Count what a stream keeps; over the session's bound the longest unchanged give back."""
        if stream.key not in self._streams:
            return
        self._bytes += size - self._held.pop(stream.key, 0)
        if size:
            self._held[stream.key] = size
        while self._bytes > SESSION_BYTES:
            key, given_back = self._held.popitem(last=False)
            self._bytes -= given_back
            self._streams[key].give_back()

    def find(self, event_id: str) -> tuple[Stream, int] | None:
        """Return the stream that an event was on and its number there."""
        key, number = event_of(event_id) or ("", 0)
        stream = self._streams.get(key)
        return None if stream is None else (stream, number)

    def all(self) -> tuple[Stream, ...]:
        """Return all."""
        return tuple(self._streams.values())
