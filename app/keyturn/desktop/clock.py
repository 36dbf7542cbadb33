"""The system's clock, as the clock port wants it."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from keyturn.desktop.wall_time import utc_text

_NANOSECONDS = 1_000_000_000


class LoopTimer:
    """A timer on the event loop that never runs early."""

    def __init__(self, when_ns: int, callback: Callable[[], None]) -> None:
        self._when_ns = when_ns
        self._callback = callback
        self._handle = self._arm()

    def cancel(self) -> None:
        """Forget it; harmless when it already ran."""
        self._handle.cancel()

    def _arm(self) -> asyncio.TimerHandle:
        delay = max(0, self._when_ns - time.monotonic_ns()) / _NANOSECONDS
        return asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        # The loop counts in floating seconds and may be some nanoseconds early.
        if time.monotonic_ns() < self._when_ns:
            self._handle = self._arm()
        else:
            self._callback()


class SystemClock:
    """Implements the Clock port; its times are those of this boot of this machine."""

    def __init__(self) -> None:
        self._boot_id = _read_boot_id()

    @property
    def boot_id(self) -> str:
        """Identify the machine's boot that monotonic times belong to."""
        return self._boot_id

    def now_utc(self) -> str:
        """Return wall time as `2026-11-23T14:07:52.123Z`."""
        return utc_text(time.time_ns())

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never jump with the wall clock."""
        return time.monotonic_ns()

    def call_at(self, when_ns: int, callback: Callable[[], None]) -> LoopTimer:
        """Call back on the running event loop once `monotonic_ns` has reached `when_ns`."""
        return LoopTimer(when_ns, callback)


if sys.platform == "linux":

    def _read_boot_id() -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()

else:
    # Only here: every command that needs the time would wait for its import.
    import psutil

    def _read_boot_id() -> str:
        return f"boot-{int(psutil.boot_time())}"
