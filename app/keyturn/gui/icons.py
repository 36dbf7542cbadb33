"""Draws the icons of the resource folder in a given colour, at a given size, for a given screen."""

import re
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from keyturn.domain.errors import KeyturnError
from keyturn.gui.mirroring import upright
from keyturn.presentation.marks import Icon

_LINE_PX: Final = 1.5
"""Width of every stroke on screen, whatever the icon's size (visual.md section 5)."""
_LUCIDE_GRID: Final = 24
_STROKE = re.compile(r'stroke-width="[0-9.]+"')


class Icons:
    """The icon files, read once; pictures are kept by name, size, colour and pixel ratio."""

    def __init__(self, resources: Path) -> None:
        """Read `resources`/icons; raises KeyturnError when one of `Icon` is missing."""
        files = {path.stem: path for path in (resources / "icons").glob("*/*.svg")}
        missing = [icon.value for icon in Icon if icon.value not in files]
        if missing:
            raise KeyturnError(
                f"Pictures of the window are missing: {', '.join(missing)}.",
                mend="Install Keyturn again.",
            )
        self._own = {name for name, path in files.items() if path.parent.name == "keyturn"}
        self._sources = {icon: files[icon.value].read_text(encoding="utf-8") for icon in Icon}
        self._pixmaps: dict[tuple[Icon, int, int, float], QPixmap] = {}

    def pixmap(self, icon: Icon, size: int, colour: QColor, ratio: float) -> QPixmap:
        """Return `icon` as a square of `size` px for a screen of device pixel ratio `ratio`."""
        key = (icon, size, colour.rgba(), ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._pixmaps[key] = self._render(icon, size, colour, ratio)
        return found

    def icon(self, icon: Icon, size: int, colour: QColor, ratio: float = 1.0) -> QIcon:
        """Return `icon` for the places of Qt that want a QIcon (menus, fields)."""
        return QIcon(self.pixmap(icon, size, colour, ratio))

    def paint(self, painter: QPainter, rect: QRectF, icon: Icon, colour: QColor) -> None:
        """Draw `icon` into the square `rect`, tinted."""
        ratio = painter.device().devicePixelRatio()
        size = round(rect.width())
        with upright(painter, rect):
            painter.drawPixmap(rect.topLeft(), self.pixmap(icon, size, colour, ratio))

    def _render(self, icon: Icon, size: int, colour: QColor, ratio: float) -> QPixmap:
        source = self._sources[icon].replace("currentColor", colour.name())
        if icon.value not in self._own:
            stroke = _LINE_PX * _LUCIDE_GRID / size
            source = _STROKE.sub(f'stroke-width="{stroke:.3g}"', source, count=1)
        pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(source.encode())).render(painter)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap
