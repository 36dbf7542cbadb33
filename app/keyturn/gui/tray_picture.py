"""Paints the tray's four shapes from the window's own icons and tokens, for light and dark bars.

Told apart by outline and by what is filled, not by colour: a shield with a tick, a filled square
with a number, a filled octagon with a cross, a hollow triangle (console.md section 3.9, N6). A
disc would be an octagon at 16 px.
"""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap, QPolygonF

from keyturn.gui.icons import Icons
from keyturn.gui.theme import TOKENS, Appearance, Face, Token
from keyturn.presentation.marks import Icon
from keyturn.presentation.tray import TrayState, TrayView

SIZES: Final = (16, 22, 24, 32, 48, 64)
"""Pixels that bars ask for, high resolutions included."""
_CORNER: Final = 0.29
"""Of an octagon's side."""


def tray_icon(icons: Icons, view: TrayView, appearance: Appearance) -> QIcon:
    """Return the icon in every size; `appearance` is that of the bar it lies on."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(tray_pixmap(icons, view, appearance, size))
    return icon


def tray_pixmap(icons: Icons, view: TrayView, appearance: Appearance, size: int) -> QPixmap:
    """Return one size as a square of pixels."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    whole = QRectF(0, 0, size, size)
    match view.state:
        case TrayState.PROTECTING:
            _paint_lines(painter, whole, icons, Icon.PROTECTING, Token.TEXT_PRIMARY, appearance)
        case TrayState.PROBLEM:
            _paint_lines(painter, whole, icons, Icon.ATTENTION, Token.WARNING_FG, appearance)
        case TrayState.WAITING:
            _paint_count(painter, whole, view.count, appearance)
        case TrayState.STOPPED:
            _paint_stop(painter, whole, appearance)
    painter.end()
    return pixmap


def _paint_lines(
    painter: QPainter,
    whole: QRectF,
    icons: Icons,
    icon: Icon,
    token: Token,
    appearance: Appearance,
) -> None:
    """Draw lines as thick as they are at 16 px, in proportion: a bar scales what it is given."""
    ratio = whole.width() / SIZES[0]
    drawn = icons.pixmap(icon, SIZES[0], _colour(token, appearance), ratio)
    painter.drawPixmap(whole, drawn, QRectF(drawn.rect()))


def _paint_count(painter: QPainter, whole: QRectF, count: str, appearance: Appearance) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_colour(Token.ACCENT_SOLID, appearance))
    corner = whole.width() / 8
    painter.drawRoundedRect(whole, corner, corner)
    font = QFont(Face.INTER.value)
    font.setWeight(QFont.Weight.DemiBold)
    font.setPixelSize(round(whole.height() * (0.7 if len(count) == 1 else 0.55)))
    painter.setFont(font)
    painter.setPen(_colour(Token.ACCENT_ON, appearance))
    painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, count)


def _paint_stop(painter: QPainter, whole: QRectF, appearance: Appearance) -> None:
    side = whole.width() - 1
    cut = side * _CORNER
    corners = (
        (cut, 0),
        (side - cut, 0),
        (side, cut),
        (side, side - cut),
        (side - cut, side),
        (cut, side),
        (0, side - cut),
        (0, cut),
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_colour(Token.STOP_SOLID, appearance))
    painter.drawPolygon(QPolygonF([QPointF(x + 0.5, y + 0.5) for x, y in corners]))
    cross = QPen(_colour(Token.STOP_ON, appearance), max(1.5, side / 10))
    cross.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(cross)
    near, far = whole.width() * 0.33, whole.width() * 0.67
    painter.drawLine(QPointF(near, near), QPointF(far, far))
    painter.drawLine(QPointF(far, near), QPointF(near, far))


def _colour(token: Token, appearance: Appearance) -> QColor:
    return QColor(TOKENS[token][appearance.value])
