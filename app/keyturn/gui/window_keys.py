"""Tells keys that the window system made from those that a program of the process made up.

Qt marks the former as spontaneous. While a screen reader listens on Linux the mark is lost: Qt's
bridge takes each key from the window, asks the reader whether it is one of its own, and hands a
copy on that looks made up. Whoever uses a reader could then allow nothing by keyboard. So the key
is noted where it comes in, and one copy of it counts.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAccessible, QGuiApplication, QInputEvent, QKeyEvent, QWindow

COPY_MS: Final = 1_000
"""The bridge gives a reader 100 ms to answer; a busy window gets to the copy later than that."""
_MOST: Final = 32
_MOST_LATE_MS: Final = 60_000
_STAMPS: Final = 1 << 32
KEYS: Final = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease})


@dataclass(frozen=True, slots=True)
class _Key:
    kind: QEvent.Type
    key: int
    place: int
    modifiers: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Came:
    key: _Key
    made_ms: int
    focus: QObject | None
    """What had the keyboard then: a program that is told of the key may move that."""


def late_ms(event: QEvent) -> int:
    """Return how long ago an input was made: a window that was held up hears of it later.

    X servers and compositors stamp inputs by the system's monotonic clock, in 32 bits of
    milliseconds. 0 for what is stamped by no such clock.
    """
    stamp = event.timestamp() if isinstance(event, QInputEvent) else 0
    late = (time.monotonic_ns() // 1_000_000 - stamp) % _STAMPS
    return late if stamp and late < _MOST_LATE_MS else 0


class WindowKeys:
    """Fed with every event of the application, before the bridge has it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """`now_ms` is a monotonic clock in milliseconds."""
        self._now_ms = now_ms
        self._came: deque[_Came] = deque(maxlen=_MOST)
        self._real: _Key | None = None
        self._made_ms = 0
        self.missed = False
        """A key came that looks made up, while a reader listens: the bridge may have been first."""

    def note(self, watched: QObject, event: QEvent) -> None:
        """Take in one event; whether its key is real holds until the next one."""
        if not isinstance(event, QKeyEvent) or event.type() not in KEYS:
            return
        if isinstance(watched, QWindow):
            if event.spontaneous() and QAccessible.isActive():
                made = self._now_ms() - late_ms(event)
                self._came.append(_Came(_key_of(event), made, QGuiApplication.focusObject()))
            return
        key = _key_of(event)
        self._made_ms = self._now_ms() - late_ms(event)
        real = self._take(key) or event.spontaneous()
        self._real = key if real else None
        self.missed = not real and QAccessible.isActive()

    def is_real(self, event: QKeyEvent) -> bool:
        """Tell whether the window system made the key that is being handed out."""
        return event.spontaneous() or self._real == _key_of(event)

    def made_ms(self, event: QEvent) -> int:
        """Return when an input was made that is being handed out; it may come long after that."""
        if isinstance(event, QKeyEvent) and self._real == _key_of(event):
            return self._made_ms
        return self._now_ms() - late_ms(event)

    def forget(self) -> None:
        """Let no key count that came before."""
        self._came.clear()
        self._real = None

    def _take(self, key: _Key) -> bool:
        """Use up the key that this is a copy of, and what came before it."""
        last = self._now_ms() - COPY_MS
        while self._came and self._came[0].made_ms < last:
            self._came.popleft()
        place = next((at for at, came in enumerate(self._came) if came.key == key), -1)
        if place < 0:
            return False
        for _ in range(place):
            self._came.popleft()
        came = self._came.popleft()
        self._made_ms = came.made_ms
        return came.focus is QGuiApplication.focusObject()


def _key_of(event: QKeyEvent) -> _Key:
    return _Key(
        event.type(),
        event.key(),
        event.nativeScanCode(),
        event.modifiers().value,
        event.isAutoRepeat(),
    )
