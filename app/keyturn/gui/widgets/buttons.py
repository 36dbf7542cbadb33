"""Owns every button but Allow and Stop: kinds, sizes, names. Fill and edge come from the sheet."""

from enum import StrEnum
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import Run, plain_runs
from keyturn.gui.theme import Token, Type, TypeStyle
from keyturn.presentation.marks import Icon
from keyturn.presentation.visible_text import shown_line

DECISION: Final = 44
"""Least height of what decides a call, in px; also the least target of it."""
NORMAL: Final = 32
SMALL: Final = 24
LONGEST_SPOKEN: Final = 400
_ICON: Final = 16


class Kind(StrEnum):
    """The kinds of visual.md section 6; the value is the sheet's `kind`."""

    ALLOW = "allow"
    DENY = "deny"
    PLAIN = "plain"
    SOFT = "soft"
    GHOST = "ghost"
    PRIMARY = "primary"
    LINK = "link"
    PILL = "pill"
    STOP = "stop"


_TEXT: Final = {
    Kind.ALLOW: Token.ALLOW_ON,
    Kind.DENY: Token.DENY_FG,
    Kind.PLAIN: Token.TEXT_PRIMARY,
    Kind.SOFT: Token.TEXT_PRIMARY,
    Kind.GHOST: Token.TEXT_SECONDARY,
    Kind.PRIMARY: Token.ACCENT_ON,
    Kind.LINK: Token.ACCENT,
    Kind.PILL: Token.TEXT_SECONDARY,
    Kind.STOP: Token.STOP_FG,
}
_PADDING: Final = {
    Kind.LINK: 0,
    Kind.PILL: 8,
    Kind.DENY: 16,
    Kind.STOP: 14,
    Kind.PLAIN: 13,
    Kind.SOFT: 11,
}


class Button(QPushButton):
    """A button that is drawn from tokens and never is a dialog's default."""

    def __init__(
        self,
        look: Look,
        kind: Kind,
        text: str = "",
        icon: Icon | None = None,
        *,
        name: str,
        height: int = NORMAL,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._kind = kind
        self._icon = icon
        self._icon_size = _ICON
        self._icon_gap = 4 if kind in {Kind.LINK, Kind.PILL} else 8
        self._icon_trails = False
        self._picture: Icon | None = None
        """Stands for words and icon where there is no room for them."""
        self._token: Token | None = None
        self._laid: TextFlow | None = None
        """The words; nothing when they are others, or look otherwise."""
        self._laid_for: tuple[object, ...] = ()
        self._height = height
        self.setObjectName(name)
        self.setProperty("kind", kind.value)
        self.setAutoDefault(False)
        self.setDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        # Qt would read a single & as a shortcut letter and swallow it.
        self.say(text)

    def say(self, text: str, spoken: str = "") -> None:
        """Change the words; `spoken` names the object as well, for screen readers."""
        self._words = text
        self._laid = None
        self.setText(text.replace("&", "&&"))
        # An object's name is the server's: readers are told what it hides, and not all of it.
        named = shown_line(spoken or text, self._look.words, most=LONGEST_SPOKEN)
        self.setAccessibleName(named)
        self.updateGeometry()
        self.update()

    def use_icon(self, icon: Icon | None, *, size: int = _ICON, trailing: bool = False) -> None:
        """Change the picture beside the words."""
        self._icon = icon
        self._icon_size = size
        self._icon_trails = trailing
        self.updateGeometry()
        self.update()

    def use_picture(self, picture: Icon | None) -> None:
        """Show only a picture; readers are told the words all the same, and so is a pointer."""
        if picture is not self._picture:
            self._picture = picture
            self.setToolTip(self._words if picture is not None else "")
            self.updateGeometry()
            self.update()

    @property
    def _drawn(self) -> str:
        return "" if self._picture is not None else self._words

    def use_token(self, token: Token | None) -> None:
        """Take another text colour than the kind's."""
        if token is not self._token:
            self._token = token
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the contents and the kind's padding."""
        width = self._content_width() + 2 * self._padding()
        least = self._height if not self._drawn else SMALL
        return QSize(max(round(width), least), self._tall())

    def _tall(self) -> int:
        """Return its height: words grow with the text size, what is around them does not."""
        line, style = self._look.theme.line, self._type()
        grown = self._height + line(style) - style.line
        both = line(Type.BODY_STRONG) + line(Type.CAPTION) if self._height == DECISION else 0
        return max(grown, both)

    def minimumSizeHint(self) -> QSize:
        """Return the same: words on buttons are never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter like Space, once a press: a repeating key decides nothing."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            if not event.isAutoRepeat():
                self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the sheet's fill and edge, then icon and words."""
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        self._paint_content(painter)

    def _text_token(self) -> Token:
        return self._token or _TEXT[self._kind]

    def _icon_colour(self, text: QColor) -> QColor:
        return text

    def _type(self) -> TypeStyle:
        return Type.LABEL if self._kind in {Kind.LINK, Kind.PILL} else Type.BODY_STRONG

    def _runs(self) -> tuple[Run, ...]:
        return plain_runs(self._words, self._look.words, one_line=True)

    def _flow(self) -> TextFlow:
        """Return the words, laid out again only when they or their look are others."""
        theme = self._look.theme
        look = (self.isChecked(), theme.appearance, theme.text_percent)
        if self._laid is None or self._laid_for != look:
            self._laid_for = look
            self._laid = TextFlow(self._runs(), self._type(), theme).lay_out()
        return self._laid

    def _padding(self) -> int:
        if not self._drawn:
            return 0
        if self._kind is Kind.PLAIN and self._height == DECISION:
            return 17
        return _PADDING.get(self._kind, 12)

    def _content_width(self) -> float:
        words = self._flow().used_width if self._drawn else 0
        icon = self._icon_size if self._picture or self._icon else 0
        return words + icon + (self._icon_gap if words and icon else 0)

    def _paint_content(self, painter: QStylePainter) -> None:
        colour = self._look.theme.colour(self._text_token())
        left = round((self.width() - self._content_width()) / 2)
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        last = self._icon_trails is not mirrored
        icon = self._picture or self._icon
        if icon is not None:
            after = round(self._flow().used_width) + self._icon_gap if self._drawn else 0
            top = (self.height() - self._icon_size) // 2
            square = QRectF(left + (after if last else 0), top, self._icon_size, self._icon_size)
            self._look.icons.paint(painter, square, icon, self._icon_colour(colour))
            left += 0 if last else self._icon_size + self._icon_gap
        if self._drawn:
            flow = self._flow()
            flow.paint(painter, QPointF(left, (self.height() - flow.height) // 2), colour)


class PillButton(Button):
    """A small toggle in a pane's header: words and a quieter count."""

    def __init__(self, look: Look, text: str, icon: Icon | None = None, *, name: str) -> None:
        self._count = ""
        self._spoken = text
        self._icon_token: Token | None = None
        super().__init__(look, Kind.PILL, text, icon, name=name, height=SMALL)
        self.setCheckable(True)

    def say(self, text: str, spoken: str = "") -> None:
        """Change the words; the count stays."""
        self._spoken = spoken or text
        super().say(text, f"{self._spoken} {self._count}" if self._count else self._spoken)

    def say_count(self, count: int) -> None:
        """Show a number after the words."""
        self._count = str(count)
        self.say(self._words, self._spoken)

    def use_icon_token(self, token: Token) -> None:
        """Take another colour for the icon than for the words."""
        self._icon_token = token
        self.update()

    def _icon_colour(self, text: QColor) -> QColor:
        return text if self._icon_token is None else self._look.theme.colour(self._icon_token)

    def _text_token(self) -> Token:
        return Token.TEXT_PRIMARY if self.isChecked() else super()._text_token()

    def _runs(self) -> tuple[Run, ...]:
        style = Type.LABEL_STRONG if self.isChecked() else Type.LABEL
        words = Run(self._words, self._words, style=style)
        if not self._count:
            return (words,)
        count = Run(f"  {self._count}", self._count, token=Token.TEXT_SECONDARY)
        return (words, count)
