"""A text of any length: laid out piece by piece, painted where it is seen, selected as one.

What is painted is laid out when it is painted; the rest takes its height piece by piece, a piece in
each turn of the window, so that a hundred thousand characters do not hold it up.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import definition_runs, value_runs
from keyturn.gui.theme import Token, Type, TypeStyle
from keyturn.gui.widgets.text import ValueText, stay_plain
from keyturn.presentation.card import TracedSpan, spans_within
from keyturn.presentation.chunks import CHUNK, chunks, line_chunks
from keyturn.presentation.concealed import Concealed, TextMask, masks_within
from keyturn.presentation.visible_text import costs_less

MOST_KEPT = 32
"""Pieces that stay laid out: a megabyte of flows would take a hundred of memory."""
PICTURE_MS = 20
"""So long the measuring waits for the picture, which would else be painted in the same turn."""


@dataclass(slots=True)
class _Piece:
    """A stretch of the text; its flow is made when it is first needed."""

    text: str
    spans: tuple[TracedSpan, ...] = ()
    masks: tuple[TextMask, ...] = ()
    flow: TextFlow | None = None
    height: int = 0
    is_guess: bool = True


@dataclass(frozen=True, slots=True, order=True)
class _Spot:
    """A place in the text: which piece, which shown position in it."""

    piece: int
    position: int


class LongText(QLabel):
    """Plain text, wrapped, selectable, copied as it is."""

    def __init__(
        self,
        look: Look,
        style: TypeStyle,
        token: Token = Token.TEXT_PRIMARY,
        *,
        definition: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """A `definition` is laid out by us: the spaces that its lines begin with are ours."""
        super().__init__(parent)
        self._look = look
        self._is_definition = definition
        self._style = style
        self._token = token
        self._shown = Concealed("")
        self._spans: tuple[TracedSpan, ...] = ()
        self._revealed = False
        self._pieces: list[_Piece] = []
        self._measured = 0
        self._laid_out: deque[int] = deque()
        """The pieces that have a flow, in the order in which they got it."""
        self._anchor: _Spot | None = None
        self._end: _Spot | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._measure)
        stay_plain(self)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setProperty("ring", False)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def say(self, text: str, spans: Sequence[TracedSpan] = ()) -> None:
        """Show `text`, exactly, and which stretches of it were found elsewhere."""
        self.say_concealed(Concealed(text), spans)

    def say_concealed(self, shown: Concealed, spans: Sequence[TracedSpan] = ()) -> None:
        """Show a text with what is hidden of it; readers are told what stands there."""
        if (shown, tuple(spans)) == (self._shown, self._spans) and self._pieces:
            return
        self._shown, self._spans, self._revealed = shown, tuple(spans), False
        self.setText(shown.text)
        cut = line_chunks if self._is_definition else chunks
        self._pieces.clear()
        start = 0
        for piece in cut(shown.text):
            end = start + len(piece)
            masks = tuple(masks_within(shown.masks, start, end))
            self._pieces.append(_Piece(piece, spans_within(spans, start, end), masks))
            start = end
        self._laid_out.clear()
        self._anchor = self._end = None
        self._start_over()

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden, or hide it again; what is selected is let go."""
        if revealed is self._revealed or not self._shown.masks:
            return
        self._revealed = revealed
        self._anchor = self._end = None
        self._laid_out.clear()
        for piece in self._pieces:
            piece.flow, piece.is_guess = None, piece.is_guess or bool(piece.masks)
        self._start_over()

    @property
    def is_measured(self) -> bool:
        """Tell whether all of it has its height."""
        return self._measured >= len(self._pieces)

    def select_all(self) -> None:
        """Select the whole text."""
        last = len(self._pieces) - 1
        self._anchor = _Spot(0, 0)
        self._end = _Spot(last, self._flow(last).length)
        self.update()

    def selected_text(self) -> str:
        """Return the exact text of the selection."""
        if self._anchor is None or self._end is None:
            return ""
        first, last = sorted((self._anchor, self._end))
        parts: list[str] = []
        for number in range(first.piece, last.piece + 1):
            flow = self._flow(number)
            start = first.position if number == first.piece else 0
            end = last.position if number == last.piece else flow.length
            parts.append(flow.source(start, end))
        return "".join(parts)

    def sizeHint(self) -> QSize:
        """Return the height of all pieces, guessed where they are not laid out yet."""
        return QSize(320, self._top_of(len(self._pieces)))

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(24, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap again when the width is another."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._start_over()

    def changeEvent(self, event: QEvent) -> None:
        """Lay out again when theme or text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            for piece in self._pieces:
                piece.flow, piece.is_guess = None, True
            self._laid_out.clear()
            self._start_over()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pieces that are exposed."""
        painter = QPainter(self)
        exposed = event.rect()
        colour = self._look.theme.colour(self._token)
        top = 0
        for number, piece in enumerate(self._pieces):
            if top > exposed.bottom():
                break
            bottom = top + piece.height
            if bottom >= exposed.top():
                flow = self._flow(number)
                clip = QRectF(exposed)
                at = QPointF(0, top)
                flow.paint(painter, at, colour, selection=self._selected(number), clip=clip)
            top = bottom

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection."""
        self._anchor = self._end = self._spot(event.position())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Stretch the selection."""
        if self._anchor is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._end = self._spot(event.position())
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy or select everything."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.selected_text())
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        else:
            super().keyPressEvent(event)

    def _flow(self, number: int) -> TextFlow:
        piece = self._pieces[number]
        if piece.flow is None:
            words, masks = self._look.words, piece.masks
            runs = (
                definition_runs(piece.text, words)
                if self._is_definition
                else value_runs(piece.text, piece.spans, words, masks, revealed=self._revealed)
            )
            piece.flow = TextFlow(runs, self._style, self._look.theme)
            self._laid_out.append(number)
            if len(self._laid_out) > MOST_KEPT:
                self._pieces[self._laid_out.popleft()].flow = None
        return piece.flow.lay_out(max(24, self.width()))

    def _start_over(self) -> None:
        """Guess what has no height; what is short is measured at once, else piece by piece.

        What was measured at another width keeps its height until it is again: a text that shrinks
        and grows takes the page's scroll bar away and brings it back, which is another width.
        A new card says a text, dresses it and gives it its width in one turn of the window: to
        measure a long one's beginning each time is to measure it three times.
        """
        letter = QFontMetricsF(self._look.theme.font(self._style)).horizontalAdvance("x")
        columns = max(1, int(self.width() / letter))
        line = self._look.theme.line(self._style)
        for piece in filter(lambda piece: piece.is_guess, self._pieces):
            wrapped = piece.text.count("\n") + 1 + len(piece.text) // columns
            piece.height = wrapped * line
        self._measured = 0
        if len(self._pieces) == 1:
            self._measure()
        else:
            self._timer.start(PICTURE_MS)
            self.updateGeometry()
            self.update()

    def _measure(self) -> None:
        """Give the next piece its height; a card has several texts that do so in one turn."""
        before = self._top_of(len(self._pieces))
        if self._measured < len(self._pieces):
            piece = self._pieces[self._measured]
            piece.height, piece.is_guess = self._height(self._measured), False
            self._measured += 1
        if self._measured < len(self._pieces):
            self._timer.start(0)
        else:
            self._timer.stop()
        if self._top_of(len(self._pieces)) != before or self.height() != before:
            self.updateGeometry()
        self.update()

    def _height(self, number: int) -> int:
        """Return a piece's height without the empty line that its line end would add."""
        flow = self._flow(number)
        line = self._look.theme.line(self._style)
        last = number == len(self._pieces) - 1
        ends = self._pieces[number].text.endswith("\n") and not last
        return flow.height - (line if ends else 0)

    def _top_of(self, number: int) -> int:
        return sum(piece.height for piece in self._pieces[:number])

    def _spot(self, point: QPointF) -> _Spot:
        top = 0
        for number, piece in enumerate(self._pieces):
            if point.y() < top + piece.height or number == len(self._pieces) - 1:
                inside = QPointF(point.x(), point.y() - top)
                return _Spot(number, self._flow(number).position_at(inside))
            top += piece.height
        return _Spot(0, 0)

    def _selected(self, number: int) -> tuple[int, int] | None:
        if self._anchor is None or self._end is None:
            return None
        first, last = sorted((self._anchor, self._end))
        if not first.piece <= number <= last.piece:
            return None
        start = first.position if number == first.piece else 0
        end = last.position if number == last.piece else self._flow(number).length
        return start, end


def value_label(
    look: Look, text: str, style: TypeStyle = Type.VALUE, spans: Sequence[TracedSpan] = ()
) -> QLabel:
    """Return what shows a value whole; a long one holds the window up for nobody."""
    if not costs_less((text,), CHUNK):
        long = LongText(look, style)
        long.say(text, spans)
        return long
    short = ValueText(look, style)
    short.say_runs(value_runs(text, spans, look.words), text)
    return short
