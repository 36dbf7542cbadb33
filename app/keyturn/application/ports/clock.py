"""The clock port: the only source of time for deadlines, records and grants."""

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget it; harmless when it already ran."""
        ...


class Clock(Protocol):
    """Wall time for people, monotonic time for deadlines."""

    @property
    def boot_id(self) -> str:
        """Identify the machine's boot that monotonic times belong to."""
        ...

    def now_utc(self) -> str:
        """Return wall time as `2026-11-23T14:07:52.123Z`."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never jump with the wall clock."""
        ...

    def call_at(self, when_ns: int, callback: Callable[[], None]) -> Timer:
        """Call back on the event loop once `monotonic_ns` has reached `when_ns`."""
        ...
