"""Check boxes and radio buttons as rows: a mark, words, a quiet note."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.style import paint_check, paint_radio
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import plain_runs
from keyturn.gui.theme import Theme, Token, Type, TypeStyle
from keyturn.gui.widgets.layouts import column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Role

_MARK: Final = 16
_LEFT: Final = 4
"""Before the mark, so that the ring around the row does not run over it."""
_TEXT: Final = 32


class ChoiceRow(QAbstractButton):
    """A whole row as target; the mark and the state say the same."""

    def __init__(
        self,
        look: Look,
        text: str,
        note: str = "",
        *,
        name: str,
        role: Role = Role.NEUTRAL,
        radio: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._words = text
        self._note = note
        self._role = role
        self._radio = radio
        self._flows: dict[TypeStyle, TextFlow] = {}
        self._heights: dict[int, int] = {}
        """By width: a layout asks for the same few again and again."""
        self._laid_for: tuple[object, ...] = ()
        self.setCheckable(True)
        self.setAutoExclusive(radio)
        self.setText(text.replace("&", "&&"))
        self.setObjectName(name)
        self.setAccessibleName(f"{text}, {note}" if note else text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """Return a row of one line, or of two for a radio button's note."""
        two_lines = self._radio and bool(self._note)
        return QSize(120, self._look.theme.tall(45 if two_lines else 36))

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines; words are never cut."""
        self._keep_up()
        if width not in self._heights:
            self._heights[width] = self._height_at(width)
        return self._heights[width]

    def _height_at(self, width: int) -> int:
        theme = self._look.theme
        words = self._wrapped(self._words, Type.BODY, width - self._trailing_width())
        more = words.height - theme.line(Type.BODY)
        if self._radio and self._note:
            more += self._wrapped(self._note, Type.CAPTION, width).height
            more -= theme.line(Type.CAPTION)
        return self.sizeHint().height() + max(0, more)

    def mark_place(self) -> QRectF:
        """Return where the mark is: beside the first line of the words, however many there are."""
        words = self._wrapped(self._words, Type.BODY, self.width() - self._trailing_width())
        beside = self._top_of(words) + (self._look.theme.line(Type.BODY) - _MARK) / 2
        left = self.width() - _LEFT - _MARK if self._mirrored else _LEFT
        return QRectF(left, beside, _MARK, _MARK)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw mark, words, note and the line below."""
        theme = self._look.theme
        painter = QPainter(self)
        words = self._wrapped(self._words, Type.BODY, self.width() - self._trailing_width())
        top = self._top_of(words)
        paint = paint_radio if self._radio else paint_check
        paint(painter, self.mark_place(), theme, on=self.isChecked())
        left = self._trailing_width() if self._mirrored else _TEXT
        words.paint(painter, QPointF(left, top), theme.colour(Token.TEXT_PRIMARY))
        if self._radio and self._note:
            note = self._wrapped(self._note, Type.CAPTION, self.width())
            below = QPointF(0 if self._mirrored else _TEXT, 3 + words.height)
            note.paint(painter, below, theme.colour(Token.TEXT_TERTIARY))
        else:
            self._paint_trailing(painter, theme)
        painter.setPen(QPen(theme.colour(Token.BORDER_SUBTLE), 1))
        painter.drawLine(self.rect().bottomLeft(), self.rect().bottomRight())

    @property
    def _mirrored(self) -> bool:
        return self.layoutDirection() is Qt.LayoutDirection.RightToLeft

    def _wrapped(self, text: str, style: TypeStyle, width: int) -> TextFlow:
        flow = self._flow(text, style)
        if self._mirrored:
            flow.read_from_right()
        return flow.lay_out(max(24, width - _TEXT))

    def _top_of(self, words: TextFlow) -> int:
        return 4 if self._radio and self._note else (self.height() - words.height) // 2

    def _trailing_width(self) -> int:
        if self._radio or not self._note:
            return 0
        return 8 + round(self._flow(self._note, Type.CAPTION).lay_out().used_width)

    def _paint_trailing(self, painter: QPainter, theme: Theme) -> None:
        note = self._flow(self._note, Type.CAPTION).lay_out()
        neutral = self._role is Role.NEUTRAL
        token = Token.TEXT_TERTIARY if neutral else theme.role_token(self._role)
        left = 0 if self._mirrored else self.width() - note.used_width
        top = (self.height() - note.height) // 2
        note.paint(painter, QPointF(left, top), theme.colour(token))

    def _flow(self, text: str, style: TypeStyle) -> TextFlow:
        """Return words or note, which have a style each, laid out as they were asked for last."""
        self._keep_up()
        if style not in self._flows:
            runs = plain_runs(text, self._look.words, one_line=True)
            self._flows[style] = TextFlow(runs, style, self._look.theme)
        return self._flows[style]

    def _keep_up(self) -> None:
        """Forget what was laid out when the look was another."""
        theme = self._look.theme
        look = (theme.appearance, theme.text_percent)
        if self._laid_for != look:
            self._laid_for = look
            self._flows.clear()
            self._heights.clear()


class SoleChoice(QWidget):
    """What would be the one radio button of a group: words alone, for nothing is to be chosen."""

    def __init__(
        self, look: Look, text: str, note: str = "", *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        layout = column(self, (0, 4, 0, 4))
        for said, style, token in (
            (text, Type.BODY, Token.TEXT_PRIMARY),
            (note, Type.CAPTION, Token.TEXT_TERTIARY),
        ):
            if said:
                line = Text(look, style, token, wrap=True)
                line.say(said)
                layout.addWidget(line)

    def isChecked(self) -> bool:  # as a button says it
        """Return that it holds."""
        return True


def radio_rows(
    look: Look, choices: Sequence[tuple[str, str]], name: str
) -> list[ChoiceRow | SoleChoice]:
    """Return a radio button for each text and note, the first chosen, or words for the only one.

    The object names are `name`_0 and so on.
    """
    if len(choices) == 1:
        return [SoleChoice(look, *choices[0], name=f"{name}_0")]
    rows = [
        ChoiceRow(look, text, note, name=f"{name}_{n}", radio=True)
        for n, (text, note) in enumerate(choices)
    ]
    for first in rows[:1]:
        first.setChecked(True)
    return list[ChoiceRow | SoleChoice](rows)
