"""Fusion with nothing of Fusion to be seen: palette and sheet from the tokens, own ring and marks.

The ring is drawn by a QFocusFrame, which lies above its widget's neighbours and is cut by nothing
but the scroll area it is in (visual.md section 12).
"""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import (
    QApplication,
    QFocusFrame,
    QProxyStyle,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QWidget,
)
from shiboken6 import isValid

from keyturn.gui.mirroring import upright
from keyturn.gui.stylesheet import style_sheet
from keyturn.gui.theme import Theme, Token, Type

RING_WIDTH: Final = 2
RING_GAP: Final = 2
_MARK: Final = 16

# Made once: Qt asks for these many times a layout.
_RING_METRICS: Final = frozenset(
    {QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin}
)

_PALETTE: Final = {
    QPalette.ColorRole.Window: Token.SURFACE_WINDOW,
    QPalette.ColorRole.WindowText: Token.TEXT_PRIMARY,
    QPalette.ColorRole.Base: Token.SURFACE_PANEL,
    QPalette.ColorRole.AlternateBase: Token.SURFACE_RAISED,
    QPalette.ColorRole.ToolTipBase: Token.SURFACE_RAISED,
    QPalette.ColorRole.ToolTipText: Token.TEXT_PRIMARY,
    QPalette.ColorRole.Text: Token.TEXT_PRIMARY,
    QPalette.ColorRole.PlaceholderText: Token.TEXT_TERTIARY,
    QPalette.ColorRole.Button: Token.SURFACE_PANEL,
    QPalette.ColorRole.ButtonText: Token.TEXT_PRIMARY,
    QPalette.ColorRole.BrightText: Token.TEXT_PRIMARY,
    QPalette.ColorRole.Highlight: Token.ACCENT_SOLID,
    QPalette.ColorRole.HighlightedText: Token.ACCENT_ON,
    QPalette.ColorRole.Link: Token.ACCENT,
    QPalette.ColorRole.LinkVisited: Token.ACCENT,
    QPalette.ColorRole.Light: Token.SURFACE_HOVER,
    QPalette.ColorRole.Midlight: Token.SURFACE_HOVER,
    QPalette.ColorRole.Mid: Token.BORDER_SUBTLE,
    QPalette.ColorRole.Dark: Token.BORDER_CONTROL,
    QPalette.ColorRole.Shadow: Token.BORDER_CONTROL,
    QPalette.ColorRole.Accent: Token.ACCENT,
}


def palette_of(theme: Theme) -> QPalette:
    """Return a palette in which every role is a token, disabled ones too: nothing is greyed."""
    palette = QPalette()
    for group in (
        QPalette.ColorGroup.Active,
        QPalette.ColorGroup.Inactive,
        QPalette.ColorGroup.Disabled,
    ):
        for role, token in _PALETTE.items():
            palette.setColor(group, role, theme.colour(token))
    return palette


class RingStyle(QProxyStyle):
    """What a style sheet cannot draw: the focus ring.

    The ring's own, not the application's: while a window is laid out Qt asks the application's
    style for sizes and hints many thousand times, and need not ask Python.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__("Fusion")
        self._theme = theme

    def drawControl(
        self,
        element: QStyle.ControlElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the ring around whatever has the focus."""
        if element is QStyle.ControlElement.CE_FocusFrame:
            self._paint_ring(painter, QRectF(option.rect))
        else:
            super().drawControl(element, option, painter, widget)

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        """Return the sizes of visual.md section 6."""
        if metric in _RING_METRICS:
            return self._ring_width + RING_GAP
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,  # noqa: N803  # Qt's name
    ) -> int:
        """Keep the ring above its widget."""
        if hint is QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1
        return super().styleHint(hint, option, widget, returnData)

    @property
    def _ring_width(self) -> int:
        return RING_WIDTH + 1 if self._theme.high_contrast else RING_WIDTH

    def _paint_ring(self, painter: QPainter, rect: QRectF) -> None:
        width = self._ring_width
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour(Token.FOCUS_RING), width))
        half = width / 2
        painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), 9, 9)
        painter.restore()


class FocusRing(QObject):
    """Puts the ring around the widget that the keyboard has reached."""

    def __init__(self, application: QApplication, theme: Theme) -> None:
        super().__init__(application)
        self._style = RingStyle(theme)
        self._frame: QFocusFrame | None = None
        application.focusChanged.connect(self._on_focus_changed)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        by_pointer = QApplication.mouseButtons() is not Qt.MouseButton.NoButton
        wanted = new if new is not None and not by_pointer and _wants_ring(new) else None
        if self._frame is not None and not isValid(self._frame):
            self._frame = None
        if self._frame is None and wanted is not None:
            self._frame = QFocusFrame(wanted)
            self._frame.setStyle(self._style)
        if self._frame is not None:
            self._frame.setWidget(wanted)  # pyright: ignore[reportArgumentType]  # None hides it


def dress(application: QApplication, theme: Theme) -> None:
    """Give the application its style, palette and sheet, now and at every change of `theme`."""
    application.setStyle("Fusion")
    FocusRing(application, theme)

    def refill() -> None:
        application.setPalette(palette_of(theme))
        if application.font() != theme.font(Type.BODY):
            application.setFont(theme.font(Type.BODY))
        sheet = style_sheet(theme)
        if application.styleSheet() != sheet:
            # Taken off first: where one sheet follows another, Qt polishes each widget anew for
            # each widget that it is in, which took four times as long.
            application.setStyleSheet("")
            application.setStyleSheet(sheet)
            return
        # The sheet holds colours only; to set the same again would polish every widget for nothing.
        for widget in application.topLevelWidgets():
            _tell_of_change(widget)

    theme.changed.connect(refill)
    refill()


def _tell_of_change(widget: QWidget) -> None:
    """Tell children first: who arranges them asks for their new sizes."""
    for child in widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        # What one rebuilds may have been another's.
        if isValid(child):
            _tell_of_change(child)
    QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def paint_check(painter: QPainter, rect: QRectF, theme: Theme, *, on: bool) -> None:
    """Draw the mark of a check box, centred in `rect`."""
    box = _centred(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = Token.ACCENT_SOLID if on else Token.BORDER_CONTROL
    painter.setPen(QPen(theme.colour(edge), 1))
    painter.setBrush(theme.colour(Token.ACCENT_SOLID if on else Token.SURFACE_PANEL))
    painter.drawRoundedRect(box, 3.5, 3.5)
    if on:
        tick = QPen(theme.colour(Token.ACCENT_ON), 2)
        tick.setCapStyle(Qt.PenCapStyle.RoundCap)
        tick.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(tick)
        at = _centred(rect).topLeft()
        corners = QPolygonF([at + QPointF(x, y) for x, y in ((4, 8.25), (6.75, 11), (12, 5.25))])
        with upright(painter, _centred(rect)):
            painter.drawPolyline(corners)
    painter.restore()


def paint_radio(painter: QPainter, rect: QRectF, theme: Theme, *, on: bool) -> None:
    """Draw the mark of a radio button, centred in `rect`."""
    box = _centred(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = Token.ACCENT_SOLID if on else Token.BORDER_CONTROL
    painter.setPen(QPen(theme.colour(edge), 1))
    painter.setBrush(theme.colour(Token.ACCENT_SOLID if on else Token.SURFACE_PANEL))
    painter.drawEllipse(box)
    if on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.ACCENT_ON))
        painter.drawEllipse(box.center(), 3, 3)
    painter.restore()


def _centred(rect: QRectF) -> QRectF:
    corner = rect.center() - QPointF(_MARK / 2, _MARK / 2)
    return QRectF(round(corner.x()), round(corner.y()), _MARK, _MARK)


def _wants_ring(widget: QWidget) -> bool:
    """Tell whether the ring goes around the widget; some draw the place of the focus inside."""
    takes_keys = widget.focusPolicy() is not Qt.FocusPolicy.NoFocus
    return takes_keys and widget.property("ring") is not False
