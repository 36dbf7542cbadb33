"""Fields to type in: a search field, and one that holds filters as chips."""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QRectF, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCompleter, QFrame, QLineEdit, QListView, QSizePolicy, QWidget

from keyturn.gui.drafts import SEARCH
from keyturn.gui.local_time import local_now
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import NORMAL, Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, WrapLayout, clear, column, fix_height, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_filters import NO_NAMES, KnownNames, offers, token_of
from keyturn.presentation.marks import Icon


class SearchField(QFrame):
    """A line to type in with a picture in front; the frame is the field."""

    def __init__(
        self, look: Look, placeholder: str, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setProperty("field", "true")
        fix_height(self, look.theme, NORMAL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.line = QLineEdit()
        self.line.setObjectName(name)
        self.line.setProperty(SEARCH, True)
        self.line.setProperty("bare", "true")
        self.line.setProperty("ring", False)
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(placeholder)
        self.setFocusProxy(self.line)
        self._layout = row(self, (8 + EDGE, EDGE, 8, EDGE), gap=8)
        self._layout.addWidget(IconLabel(look, Icon.SEARCH, Token.TEXT_SECONDARY, 16))
        self._layout.addWidget(self.line, 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to type wherever the field is pressed."""
        self.line.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()


class FilterChip(QFrame):
    """One filter of the field, with a cross that takes it out."""

    removed = Signal(object)
    """The `FilterToken`."""

    def __init__(self, look: Look, token: FilterToken, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._token = token
        fix_height(self, look.theme, 24)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        words = Text(look, Type.LABEL)
        words.say_pieces(
            (f"{token.key}: ", Type.LABEL, Token.TEXT_SECONDARY),
            (token.value, Type.LABEL, Token.TEXT_PRIMARY),
        )
        cross = Button(look, Kind.LINK, "", Icon.CROSS, name=f"remove_{token.key}", height=24)
        cross.use_token(Token.TEXT_SECONDARY)
        named = look.words("history.remove_filter", key=token.key, value=token.value)
        cross.setAccessibleName(named)
        cross.clicked.connect(self._on_remove)
        layout = row(self, (8, 0, 4, 0), gap=0)
        layout.addWidget(words)
        layout.addWidget(cross)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the chip's fill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.colour(Token.SURFACE_HOVER))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)

    def _on_remove(self) -> None:
        self.removed.emit(self._token)


class _FilterLine(QLineEdit):
    """Hands a Backspace at its start to the chips before it."""

    emptied = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the last chip out when there is nothing left to delete."""
        if event.key() == Qt.Key.Key_Backspace and not self.text():
            self.emptied.emit()
        else:
            super().keyPressEvent(event)


class FilterField(QWidget):
    """A search line in which finished filters stand as chips; below it when they are many.

    What is typed is completed with `known`, the names that can be filtered for.
    """

    filters_changed = Signal(object)
    """All tokens, as a tuple of `FilterToken`."""
    search_changed = Signal(str)

    def __init__(
        self,
        look: Look,
        *,
        name: str,
        now: Callable[[], datetime] = local_now,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._now = now
        self.known: KnownNames = NO_NAMES
        self._tokens: tuple[FilterToken, ...] = ()
        self._chips: list[FilterChip] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.line = _FilterLine()
        self.line.setObjectName(name)
        self.line.setProperty(SEARCH, True)
        self.line.setProperty("bare", "true")
        self.line.setProperty("ring", False)
        self.line.setPlaceholderText(look.words("history.search"))
        self.line.setAccessibleName(look.words("history.search"))
        self.line.textChanged.connect(self.search_changed)
        self.line.emptied.connect(self._on_emptied)
        self.line.returnPressed.connect(self._on_return)
        self.setFocusProxy(self.line)
        self._offers = QStringListModel(self)
        self._complete_typing()
        frame = QFrame()
        frame.setProperty("field", "true")
        fix_height(frame, look.theme, NORMAL)
        self._inside = row(gap=8)
        inner = row(frame, (8, EDGE, 8, EDGE), gap=8)
        inner.addWidget(IconLabel(look, Icon.SEARCH, Token.TEXT_SECONDARY, 16))
        inner.addLayout(self._inside)
        inner.addWidget(self.line, 1)
        self._below_place = QWidget()
        self._below = WrapLayout(self._below_place, line_gap=4)
        layout = column(self, gap=8)
        layout.addWidget(frame)
        layout.addWidget(self._below_place)
        self._below_place.hide()

    def show_tokens(self, tokens: Sequence[FilterToken]) -> None:
        """Show filters as chips."""
        if tuple(tokens) == self._tokens:
            return
        self._tokens = tuple(tokens)
        clear(self._inside)
        clear(self._below)
        self._chips = [FilterChip(self._look, token, self) for token in self._tokens]
        for chip in self._chips:
            chip.removed.connect(self._on_removed)
        self._place_chips()

    def clear_all(self) -> None:
        """Take what is typed and every filter out."""
        self.line.clear()
        self._change(())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the chips out of the line when they would leave no room to type."""
        super().resizeEvent(event)
        self._place_chips()

    def _place_chips(self) -> None:
        width = sum(chip.sizeHint().width() + 8 for chip in self._chips)
        below = width > self.width() * 2 // 3
        for chip in self._chips:
            (self._below if below else self._inside).addWidget(chip)
            chip.show()
        self._below_place.setVisible(below and bool(self._chips))

    def _change(self, tokens: tuple[FilterToken, ...]) -> None:
        self.show_tokens(tokens)
        self.filters_changed.emit(tokens)

    def _on_removed(self, token: FilterToken) -> None:
        self._change(tuple(other for other in self._tokens if other != token))

    def _on_emptied(self) -> None:
        if self._tokens:
            self._change(self._tokens[:-1])

    def _complete_typing(self) -> None:
        completer = QCompleter(self._offers, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._popup = popup = QListView()
        popup.setObjectName("filter_offers")
        popup.setAccessibleName(self._look.words("history.offers"))
        completer.setPopup(popup)
        completer.activated.connect(self._on_return)
        self.line.setCompleter(completer)
        self.line.textEdited.connect(self._on_edited)

    def _on_edited(self, text: str) -> None:
        self._offers.setStringList(offers(text, self.known, self._look.words))

    def _on_return(self) -> None:
        """Turn "key: value" into a chip; anything else stays a search for words."""
        self._popup.hide()
        made = token_of(self.line.text(), self._now())
        if made is not None:
            self.line.clear()
            self._change((*(one for one in self._tokens if one != made), made))
