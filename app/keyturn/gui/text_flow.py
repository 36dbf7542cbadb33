"""Lays out and paints text to the pixel: fixed line heights, highlighters, boxes, true selection.

Qt's labels know neither line heights nor boxes inside a line. A flow is one QTextLayout over runs;
rectangles behind and around runs come from its lines, and what is copied comes from the runs.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from keyturn.gui.mirroring import is_mirrored, upright
from keyturn.gui.text_runs import Ink, Run
from keyturn.gui.theme import Face, Theme, Token, Type, TypeStyle

_UNBOUNDED: Final = 1_000_000.0
_PAD: Final = {
    Ink.TRACED: 3.0,
    Ink.CHANGED: 2.0,
    Ink.MARK: 3.0,
    Ink.SECRET: 4.0,
    Ink.REVEALED: 2.0,
}
_GAP: Final = {
    Ink.TRACED: 0.0,
    Ink.CHANGED: 1.0,
    Ink.MARK: 1.0,
    Ink.SECRET: 1.0,
    Ink.REVEALED: 1.0,
}
_ONE_PIECE: Final = frozenset({Ink.MARK, Ink.SECRET})
"""Stands for other characters than it shows, and is taken whole or not at all."""
_INKS: Final = {
    Ink.MARK: (Token.WARNING_FG, Token.WARNING_BG),
    Ink.SECRET: (Token.INFO_FG, Token.INFO_BG),
    Ink.REVEALED: (Token.INFO_FG, Token.INFO_BG),
}
"""Letters and edge of a box, and its fill."""
_RADIUS: Final = 4.0
_ENDLESS: Final = re.compile(r"\S{1000}")
_SEPARATOR: Final = "\u2028"
_GLUE: Final = "\u00a0"
_BREAK: Final = "\u200b"
"""Lets a line break before and after the box of a mark, which itself is never broken."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A run with its place in the shown text, pads included."""

    run: Run
    start: int
    end: int

    @property
    def pad(self) -> int:
        return 1 if self.run.ink in _PAD else 0

    @property
    def outside(self) -> int:
        """Return how many positions at each end lie outside the box."""
        return 1 if self.run.ink in _ONE_PIECE else 0


class TextFlow:
    """A text of runs, laid out for one width at a time."""

    def __init__(self, runs: Sequence[Run], style: TypeStyle, theme: Theme) -> None:
        self._theme = theme
        self._style = style
        self._placed = _place(runs)
        self._boxed = [placed for placed in self._placed if placed.run.ink is not Ink.PLAIN]
        self._boxed_ends = [placed.end for placed in self._boxed]
        self._text = "".join(_shown(placed.run) for placed in self._placed)
        self._font = theme.font(style)
        self._line_height = theme.line(style)
        self._baseline = _baseline(self._font, self._line_height)
        self._width = -1.0
        self._from_right = False
        self._dresses: dict[
            tuple[Ink, TypeStyle | None, Token | None],
            tuple[QTextCharFormat, QTextCharFormat | None],
        ] = {}
        """Of runs that are drawn alike: their format, and that of the glue in their box."""
        self._layout = self._fresh_layout()

    @property
    def height(self) -> int:
        """Return the height of all lines at the width last laid out."""
        return self.line_count * self._line_height

    @property
    def line_count(self) -> int:
        """Return how many lines there are; an empty text has one."""
        return max(1, self._layout.lineCount())

    @property
    def used_width(self) -> float:
        """Return the width of the longest line, in px."""
        lines = range(self._layout.lineCount())
        return max((self._layout.lineAt(n).naturalTextWidth() for n in lines), default=0.0)

    def read_from_right(self) -> "TextFlow":
        """Begin each line at the right, for our own words in a mirrored window; returns itself."""
        if not self._from_right:
            self._from_right, self._width = True, -1.0
            option = self._layout.textOption()
            option.setTextDirection(Qt.LayoutDirection.RightToLeft)
            # Where a line stands is said below; Qt would take the left for the right.
            option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
            self._layout.setTextOption(option)
        return self

    def lay_out(self, width: float = _UNBOUNDED) -> "TextFlow":
        """Break the text into lines of `width` px; returns itself."""
        if width == self._width:
            return self
        self._width = width
        self._layout.beginLayout()
        for number in range(len(self._text) + 1):
            line = self._layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(max(1.0, width))
            top = number * self._line_height
            spare = width - line.naturalTextWidth() if width < _UNBOUNDED else 0.0
            left = max(0.0, spare) if self._from_right else 0.0
            line.setPosition(QPointF(left, top + self._baseline - line.ascent()))
        self._layout.endLayout()
        return self

    def centre_lines(self) -> None:
        """Have each line stand in the middle of the longest, as it was laid out last."""
        widest = self.used_width
        for number in range(self._layout.lineCount()):
            line = self._layout.lineAt(number)
            line.setPosition(QPointF((widest - line.naturalTextWidth()) / 2, line.y()))

    def paint(
        self,
        painter: QPainter,
        at: QPointF,
        colour: QColor,
        *,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        selection: tuple[int, int] | None = None,
        clip: QRectF | None = None,
    ) -> None:
        """Draw the text with its top left at `at`; `selection` is a range of shown positions.

        Lines outside `clip` are left out, which matters for texts of thousands of lines.
        """
        if is_mirrored(painter):
            self._paint_mirrored(painter, at, colour, align)
            return
        if align is not Qt.AlignmentFlag.AlignLeft:
            spare = self._width - self.used_width
            at = at + QPointF(spare if align is Qt.AlignmentFlag.AlignRight else spare / 2, 0)
        self._paint_boxes(painter, at, colour, clip or QRectF())
        painter.setPen(colour)
        self._layout.draw(painter, at, self._overlays(selection), clip or QRectF())

    def _paint_mirrored(
        self, painter: QPainter, at: QPointF, colour: QColor, align: Qt.AlignmentFlag
    ) -> None:
        """Draw it on the other side; our own words begin at the right, values stand as ever."""
        width = self._width
        if align is Qt.AlignmentFlag.AlignLeft and self._style.face is not Face.MONO:
            self.read_from_right().lay_out(width)
        fills = align is not Qt.AlignmentFlag.AlignLeft or self._from_right
        room = width if fills and width < _UNBOUNDED else self.used_width
        with upright(painter, QRectF(at.x(), at.y(), room, self.height)):
            self.paint(painter, at, colour, align=align)

    def position_at(self, point: QPointF) -> int:
        """Return the shown position nearest to `point`, which is relative to the top left."""
        number = min(max(0, int(point.y() // self._line_height)), self.line_count - 1)
        line = self._layout.lineAt(number)
        return int(line.xToCursor(point.x())) if line.isValid() else 0

    def source(self, start: int, end: int) -> str:
        """Return the exact text behind a range of shown positions; a mark counts as one piece."""
        pieces: list[str] = []
        for placed in self._placed:
            if placed.end <= start or placed.start >= end:
                continue
            if placed.run.ink in _ONE_PIECE:
                pieces.append(placed.run.source)
                continue
            first = max(start, placed.start) - placed.start - placed.pad
            last = min(end, placed.end) - placed.start - placed.pad
            pieces.append(placed.run.source[max(0, first) : max(0, last)])
        return "".join(pieces)

    @property
    def length(self) -> int:
        """Return the number of shown positions."""
        return len(self._text)

    def word_at(self, position: int) -> tuple[int, int]:
        """Return the range of the word at a shown position."""
        layout = self._layout
        start = layout.previousCursorPosition(position + 1, QTextLayout.CursorMode.SkipWords)
        return start, layout.nextCursorPosition(start, QTextLayout.CursorMode.SkipWords)

    def _fresh_layout(self) -> QTextLayout:
        layout = QTextLayout(self._text, self._font)
        option = QTextOption()
        # Looking for a word's edge in a run without any costs Qt the square of its length.
        endless = _ENDLESS.search(self._text) is not None
        modes = QTextOption.WrapMode
        option.setWrapMode(modes.WrapAnywhere if endless else modes.WrapAtWordBoundaryOrAnywhere)
        # Values stand left to right whatever letters they hold: their order is part of them.
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        if "\t" in self._text:
            option.setTabStopDistance(8 * QFontMetricsF(self._font).horizontalAdvance(" "))
        layout.setTextOption(option)
        layout.setCacheEnabled(True)
        layout.setFormats([made for placed in self._placed for made in self._formats(placed)])
        return layout

    def _formats(self, placed: _Placed) -> list[QTextLayout.FormatRange]:
        run = placed.run
        key = (run.ink, run.style, run.token)
        if key not in self._dresses:
            whole = self._whole_format(run)
            font = self._theme.font(Type.MARK) if run.ink in _ONE_PIECE else self._font
            pad = _pad_format(run.ink, font, whole) if placed.pad else None
            self._dresses[key] = (whole, pad)
        whole, pad = self._dresses[key]
        ranges = [] if whole.isEmpty() else [_range(placed.start, placed.end, whole)]
        if pad is not None:
            start, end = placed.start + placed.outside, placed.end - placed.outside
            ranges += [_range(start, start + 1, pad), _range(end - 1, end, pad)]
        return ranges

    def _whole_format(self, run: Run) -> QTextCharFormat:
        style = Type.MARK if run.ink in _ONE_PIECE else run.style
        format_ = QTextCharFormat()
        if style is not None:
            format_.setFont(
                self._theme.font(style),
                QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesAll,
            )
        colour = _run_colour(run, self._theme)
        if colour is not None:
            format_.setForeground(colour)
        return format_

    def _paint_boxes(self, painter: QPainter, at: QPointF, colour: QColor, clip: QRectF) -> None:
        """Draw the boxes of the lines in `clip`: there may be thousands in a text."""
        if not self._boxed:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in self._lines_in(clip.translated(-at)):
            line = self._layout.lineAt(number)
            end = line.textStart() + line.textLength()
            first = bisect_right(self._boxed_ends, line.textStart())
            for place in range(first, len(self._boxed)):
                placed = self._boxed[place]
                if placed.start >= end:
                    break
                found = self._box(line, number, placed)
                if found is not None:
                    self._paint_box(painter, found.translated(at), placed.run.ink, colour)
        painter.restore()

    def _lines_in(self, clip: QRectF) -> range:
        """Return the numbers of the lines that lie in `clip`; of all, where it is empty."""
        count = self._layout.lineCount()
        if clip.isEmpty():
            return range(count)
        first = max(0, int(clip.top() // self._line_height) - 1)
        return range(first, min(count, int(clip.bottom() // self._line_height) + 2))

    def _box(self, line: QTextLine, number: int, placed: _Placed) -> QRectF | None:
        """Return the part of a run's box that lies in one line."""
        first, last = line.textStart(), line.textStart() + line.textLength()
        box_start, box_end = placed.start + placed.outside, placed.end - placed.outside
        start, end = max(box_start, first), min(box_end, last)
        if start >= end:
            return None
        gap = _GAP[placed.run.ink]
        left = _x(line, start) + (gap if start == box_start else 0)
        right = _x(line, end) - (gap if end == box_end else 0)
        top = number * self._line_height
        # Letters that run from right to left have their start at the right.
        return QRectF(min(left, right), top, abs(right - left), self._line_height)

    def _paint_box(self, painter: QPainter, box: QRectF, ink: Ink, colour: QColor) -> None:
        if ink is Ink.TRACED:
            _paint_highlighter(painter, box, self._theme)
            return
        edge_and_fill = _INKS.get(ink)
        painter.setPen(QPen(colour, 1))
        painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
        if edge_and_fill is not None:
            painter.setPen(QPen(self._theme.colour(edge_and_fill[0]), 1))
            painter.setBrush(self._theme.colour(edge_and_fill[1]))
        half = self._theme.tall(17) / 2
        edge = QRectF(box.left(), box.center().y() - half, box.width(), 2 * half)
        painter.drawRoundedRect(edge.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS - 1, _RADIUS - 1)

    def _overlays(self, selection: tuple[int, int] | None) -> list[QTextLayout.FormatRange]:
        if selection is None or selection[0] == selection[1]:
            return []
        format_ = QTextCharFormat()
        format_.setBackground(self._theme.colour(Token.ACCENT_SOLID))
        format_.setForeground(self._theme.colour(Token.ACCENT_ON))
        return [_range(min(selection), max(selection), format_)]


def _paint_highlighter(painter: QPainter, box: QRectF, theme: Theme) -> None:
    middle = box.center().y()
    half = theme.tall(8)
    body = QRectF(box.left(), middle - half, box.width(), 2 * half)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(Token.TRACE_BG))
    painter.drawRoundedRect(body, _RADIUS - 1, _RADIUS - 1)
    dots = QPen(theme.colour(Token.TRACE_FG), 2)
    dots.setDashPattern([1, 1])
    dots.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(dots)
    painter.drawLine(QLineF(body.left(), body.bottom() + 1, body.right(), body.bottom() + 1))


def _run_colour(run: Run, theme: Theme) -> QColor | None:
    if run.ink in _ONE_PIECE:
        return theme.colour(_INKS[run.ink][0])
    return theme.colour(run.token) if run.token is not None else None


def _pad_format(ink: Ink, font: QFont, base: QTextCharFormat) -> QTextCharFormat:
    """Squeeze the glue at both ends of a boxed run to exactly its pad and gap."""
    format_ = QTextCharFormat(base)
    format_.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
    wanted = _PAD[ink] + _GAP[ink]
    format_.setFontLetterSpacing(wanted - QFontMetricsF(font).horizontalAdvance(_GLUE))
    return format_


def _baseline(font: QFont, line_height: int) -> int:
    """Return how far below the top of its line the letters stand, in px."""
    metrics = QFontMetricsF(font)
    ascent, descent = round(metrics.ascent()), round(metrics.descent())
    return (line_height - ascent - descent) // 2 + ascent


def _place(runs: Sequence[Run]) -> tuple[_Placed, ...]:
    placed: list[_Placed] = []
    position = 0
    for run in runs:
        end = position + len(_shown(run))
        placed.append(_Placed(run, position, end))
        position = end
    return tuple(placed)


def _shown(run: Run) -> str:
    """Return what stands in the layout: line breaks Qt's way, glue inside and around boxes."""
    if run.ink is Ink.PLAIN:
        return run.shown.replace("\n", _SEPARATOR)
    if run.ink is Ink.SECRET:
        # Several words, which break where words do.
        return f"{_BREAK}{_GLUE}{run.shown}{_GLUE}{_BREAK}"
    if run.ink is Ink.MARK:
        label = run.shown.replace(" ", _GLUE).replace("-", "\u2011")
        return f"{_BREAK}{_GLUE}{label}{_GLUE}{_BREAK}"
    return _GLUE + run.shown.replace("\n", _SEPARATOR) + _GLUE


def _range(start: int, end: int, format_: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start = start
    made.length = end - start
    made.format = format_
    return made


def _x(line: QTextLine, position: int) -> float:
    """Return the x of a position; PySide6 hands back the position too, which the stubs hide."""
    return float(cast("tuple[float, int]", line.cursorToX(position))[0])
