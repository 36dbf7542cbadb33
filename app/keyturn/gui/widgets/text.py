"""Labels that keep the type styles to the pixel: plain text only, wrapped, never elided.

They are QLabels for screen readers and for layouts; what is drawn is a TextFlow, in which hidden
characters have become boxes.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import Run, concealed_runs, phrase, plain_runs
from keyturn.gui.theme import Token, Type, TypeStyle
from keyturn.presentation.concealed import Concealed
from keyturn.presentation.visible_text import beginning

Align = Qt.AlignmentFlag
LONGEST: Final = 4_096
"""Characters of a name or a claim that are laid out; how many more there are is said instead."""


def stay_plain(label: QLabel) -> None:
    """Have Qt make no document of a label's text, before its focus policy is set.

    What is drawn and selected is a flow. A document would be made and laid out, all of it in one
    turn, as soon as the pointer is over the label: a second at a few megabytes.
    """
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)


class Text(QLabel):
    """Words in one type style and one colour, or runs of several."""

    _mirrors = True

    def __init__(
        self,
        look: Look,
        style: TypeStyle,
        token: Token = Token.TEXT_PRIMARY,
        *,
        wrap: bool = False,
        align: Align = Align.AlignLeft,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        stay_plain(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._look = look
        self._style = style
        self._token = token
        self._align = align
        self._most = LONGEST
        """Characters of what is said; 0 for what is shown whole, however long it is."""
        self._runs: tuple[Run, ...] = ()
        self._flow: TextFlow | None = None
        self._one_line: TextFlow | None = None
        self._heights: dict[int, int] = {}
        """By width: a layout asks for the same few again and again."""
        self._measured_at = look.theme.text_percent
        self._coloured_as = look.theme.appearance
        self.setWordWrap(wrap)
        policy = QSizePolicy(
            QSizePolicy.Policy.Preferred if wrap else QSizePolicy.Policy.Minimum,
            QSizePolicy.Policy.Preferred,
        )
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)

    def say(self, text: str) -> None:
        """Show `text`, exactly; the caller need not know where it came from.

        Of a name that an agent or a server made longer than any is, the beginning and a count.
        """
        kept = beginning(text, self._most) if self._most else text
        more = ""
        if len(kept) < len(text):
            more = f" {self._look.words('fitting.more', n=len(text) - len(kept))}"
        if kept + more == self.text() and self._runs:
            return
        runs = list(plain_runs(kept, self._look.words, one_line=not self.wordWrap()))
        if more:
            runs.append(phrase(more, Type.CAPTION, Token.TEXT_TERTIARY))
        self.say_runs(runs, kept + more)

    def say_pieces(self, *pieces: tuple[str, TypeStyle, Token]) -> None:
        """Show words of different weight or colour in one line."""
        text = "".join(piece for piece, _, _ in pieces)
        self.say_runs([phrase(*piece) for piece in pieces], text)

    def say_runs(self, runs: Sequence[Run], text: str) -> None:
        """Show `runs`; `text` is what a screen reader says."""
        self._runs = tuple(runs)
        self.setText(text)
        self._forget()

    def use_align(self, align: Align) -> None:
        """Stand at another side of its room."""
        self._align = align
        self.update()

    def use_token(self, token: Token) -> None:
        """Take another colour."""
        self._token = token
        self.update()

    def use_style(self, style: TypeStyle) -> None:
        """Take another type style."""
        if style is not self._style:
            self._style = style
            self._forget()

    def flow(self) -> TextFlow:
        """Return the laid-out text for the present width."""
        self._keep_up()
        if self._flow is None:
            self._flow = TextFlow(self._runs, self._style, self._look.theme)
        if self.is_mirrored:
            self._flow.read_from_right()
        flow = self._flow.lay_out(self.width()) if self.wordWrap() else self._flow.lay_out()
        if self._align is Align.AlignHCenter:
            flow.centre_lines()
        return flow

    @property
    def is_mirrored(self) -> bool:
        """Tell whether it is read from the right: our words are, no value ever is."""
        return self._mirrors and self.layoutDirection() is Qt.LayoutDirection.RightToLeft

    def _measure(self, width: int) -> int:
        """Return the height at a width that the label may not have."""
        self._keep_up()
        if width not in self._heights:
            if self._flow is None:
                self._flow = TextFlow(self._runs, self._style, self._look.theme)
            self._heights[width] = self._flow.lay_out(width).height
        return self._heights[width]

    def heightForWidth(self, width: int) -> int:
        """Return the height of the wrapped text."""
        if not self.wordWrap():
            return self.sizeHint().height()
        return self._measure(width)

    def sizeHint(self) -> QSize:
        """Return the size of the text on one line."""
        self._keep_up()
        if self._one_line is None:
            self._one_line = TextFlow(self._runs, self._style, self._look.theme).lay_out()
        flow = self._one_line
        return QSize(-int(-flow.used_width // 1), flow.height)

    def minimumSizeHint(self) -> QSize:
        """Return a size below which words would be lost."""
        if self.wordWrap():
            return QSize(24, self._look.theme.line(self._style))
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the flow, in the middle of the height that the label was given."""
        painter = QPainter(self)
        flow = self.flow()
        self._paint(painter, flow, self._origin(flow), QRectF(event.rect()))

    def _paint(self, painter: QPainter, flow: TextFlow, at: QPointF, clip: QRectF) -> None:
        flow.paint(painter, at, self._look.theme.colour(self._token), clip=clip)

    def _origin(self, flow: TextFlow) -> QPointF:
        spare = max(0.0, self.width() - flow.used_width)
        top = max(0, (self.height() - flow.height) // 2)
        if self._align is Align.AlignHCenter:
            return QPointF(spare / 2, top)
        if self.is_mirrored and self.wordWrap():
            # Each line stands where it belongs by itself.
            return QPointF(0, top)
        at_right = (self._align is Align.AlignRight) is not self.is_mirrored
        return QPointF(spare if at_right else 0, top)

    def _keep_up(self) -> None:
        """Forget what was laid out at another text size, or in colours that are others now.

        Asked where it matters, not at each change of style: Qt tells of one whenever a widget, or
        one that it is in, is put into another.
        """
        theme = self._look.theme
        if self._measured_at != theme.text_percent:
            self._measured_at = theme.text_percent
            self._flow = None
            self._one_line = None
            self._heights.clear()
        if self._coloured_as is not theme.appearance:
            self._coloured_as = theme.appearance
            self._flow = None

    def _forget(self) -> None:
        self._flow = None
        self._one_line = None
        self._heights.clear()
        self.updateGeometry()
        self.update()


class ValueText(Text):
    """A text that can be selected and copied; what is copied is the true text, marks undone."""

    _mirrors = False

    def __init__(
        self,
        look: Look,
        style: TypeStyle,
        token: Token = Token.TEXT_PRIMARY,
        *,
        wrap: bool = True,
        most: int = 0,
    ) -> None:
        """`most` cuts what is no value but a name or a claim; 0 shows all of it."""
        super().__init__(look, style, token, wrap=wrap)
        self._most = most
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setProperty("ring", False)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self._selection: tuple[int, int] | None = None
        self._concealed: Concealed | None = None

    def say_concealed(self, shown: Concealed) -> None:
        """Show a text with what is hidden of it; readers are told what stands there."""
        self._concealed = shown if shown.masks else None
        if not shown.masks:
            self.say(shown.text)
            return
        self.say_runs(concealed_runs(shown, self._look.words, revealed=False), shown.text)

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden, or hide it again; what is selected is let go."""
        shown = self._concealed
        if shown is not None:
            self._selection = None
            self.say_runs(concealed_runs(shown, self._look.words, revealed=revealed), shown.text)

    def say_runs(self, runs: Sequence[Run], text: str) -> None:
        """Show `runs`; nothing of them is selected."""
        self._selection = None
        super().say_runs(runs, text)

    def selected_text(self) -> str:
        """Return the exact text of the selection."""
        return self.flow().source(*sorted(self._selection)) if self._selection else ""

    def select_all(self) -> None:
        """Select the whole text."""
        self._select(0, self.flow().length)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection."""
        at = self._position(event)
        self._select(at, at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Stretch the selection."""
        if self._selection is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._select(self._selection[0], self._position(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select a word."""
        self._select(*self.flow().word_at(self._position(event)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy or select everything."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.selected_text())
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        else:
            super().keyPressEvent(event)

    def _paint(self, painter: QPainter, flow: TextFlow, at: QPointF, clip: QRectF) -> None:
        selection = (min(self._selection), max(self._selection)) if self._selection else None
        colour = self._look.theme.colour(self._token)
        flow.paint(painter, at, colour, selection=selection, clip=clip)

    def _position(self, event: QMouseEvent) -> int:
        flow = self.flow()
        return flow.position_at(event.position() - self._origin(flow))

    def _select(self, start: int, end: int) -> None:
        self._selection = (start, end)
        self.update()
