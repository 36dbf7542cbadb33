"""A clock that moves only when a test moves it."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 11, 23, 14, 7, 52, tzinfo=UTC)


class FakeTimer:
    """A call that is due later."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget it."""
        self.callback = None


class FakeClock:
    """Wall and monotonic time from one counter; `advance` runs what has become due, in order."""

    def __init__(self, boot_id: str = "boot-1") -> None:
        self.boot_id = boot_id
        self.wall_shift_seconds = 0.0
        """What a person or NTP did to the wall clock alone."""
        self._now_ns = 1_000_000_000
        self._count = 0
        self._due: list[tuple[int, int, FakeTimer]] = []

    def now_utc(self) -> str:
        """Return wall time as `2026-11-23T14:07:52.123Z`."""
        seconds = self._now_ns / 1e9 + self.wall_shift_seconds
        moment = _START + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

    def monotonic_ns(self) -> int:
        """Return the counter."""
        return self._now_ns

    def call_at(self, when_ns: int, callback: Callable[[], None]) -> FakeTimer:
        """Keep a callback for `advance`."""
        timer = FakeTimer(callback)
        self._count += 1
        heapq.heappush(self._due, (when_ns, self._count, timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move on; each callback sees the time that it asked for."""
        end = self._now_ns + round(seconds * 1e9)
        while self._due and self._due[0][0] <= end:
            when, _, timer = heapq.heappop(self._due)
            self._now_ns = max(self._now_ns, when)
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
        self._now_ns = end
