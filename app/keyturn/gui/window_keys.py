"""Tells keys that the window system made from those that a program of the process made up.

Qt marks the former as spontaneous. While a screen reader listens on Linux the mark is lost: Qt's
bridge takes each key from the window, asks the reader whether it is one of its own, and hands a
copy on that looks made up. Whoever uses a reader could then allow nothing by keyboard. So the key
is noted where it comes in, and one copy of it counts.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAccessible, QKeyEvent, QWindow

COPY_MS: Final = 1_000
"""The bridge gives a reader 100 ms to answer; a busy window gets to the copy later than that."""
_MOST: Final = 32
KEYS: Final = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease})


@dataclass(frozen=True, slots=True)
class _Key:
    kind: QEvent.Type
    key: int
    place: int
    modifiers: int
    repeated: bool


class WindowKeys:
    """Fed with every event of the application, before the bridge has it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """`now_ms` is a monotonic clock in milliseconds."""
        self._now_ms = now_ms
        self._came: deque[tuple[_Key, int]] = deque(maxlen=_MOST)
        self._real: _Key | None = None
        self.missed = False
        """A key came that looks made up, while a reader listens: the bridge may have been first."""

    def note(self, watched: QObject, event: QEvent) -> None:
        """Take in one event; whether its key is real holds until the next one."""
        if not isinstance(event, QKeyEvent) or event.type() not in KEYS:
            return
        if isinstance(watched, QWindow):
            if event.spontaneous() and QAccessible.isActive():
                self._came.append((_key_of(event), self._now_ms()))
            return
        key = _key_of(event)
        real = self._take(key) or event.spontaneous()
        self._real = key if real else None
        self.missed = not real and QAccessible.isActive()

    def is_real(self, event: QKeyEvent) -> bool:
        """Tell whether the window system made the key that is being handed out."""
        return event.spontaneous() or self._real == _key_of(event)

    def forget(self) -> None:
        """Let no key count that came before."""
        self._came.clear()
        self._real = None

    def _take(self, key: _Key) -> bool:
        """Use up the key that this is a copy of, and what came before it."""
        last = self._now_ms() - COPY_MS
        while self._came and self._came[0][1] < last:
            self._came.popleft()
        if key not in (came for came, _ in self._came):
            return False
        while self._came.popleft()[0] != key:
            pass
        return True


def _key_of(event: QKeyEvent) -> _Key:
    return _Key(
        event.type(),
        event.key(),
        event.nativeScanCode(),
        event.modifiers().value,
        event.isAutoRepeat(),
    )
