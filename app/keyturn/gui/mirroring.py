"""Owns how what is painted by hand changes sides where people read from the right.

A painter is turned round once for a row or a widget, and every rectangle has its place; what has a
shape of its own, an icon, a tick or a text, is turned back as it is drawn.
"""

from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter


def mirror(painter: QPainter, around: QRect, direction: Qt.LayoutDirection) -> None:
    """Have what is painted from now on change sides within `around`, where that is wanted."""
    if direction is Qt.LayoutDirection.RightToLeft:
        _turn(painter, 2 * around.left() + around.width())


def is_mirrored(painter: QPainter) -> bool:
    """Tell whether what is painted changes sides."""
    return painter.worldTransform().m11() < 0


@contextmanager
def upright(painter: QPainter, around: QRectF) -> Generator[None]:
    """Paint within `around` as it would stand in any window, whichever side it is on."""
    if not is_mirrored(painter):
        yield
        return
    painter.save()
    # Whole pixels, or what is drawn would be blurred.
    _turn(painter, round(2 * around.left() + around.width()))
    yield
    painter.restore()


def _turn(painter: QPainter, edges: int) -> None:
    """Swap left and right of what has its left and its right edge at `edges` together."""
    painter.translate(edges, 0)
    painter.scale(-1, 1)
