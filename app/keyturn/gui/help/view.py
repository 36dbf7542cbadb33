"""The help's screen: the list of pages with a search, and the page beside it.

In a narrow window the list takes the place of the page, so that neither is squeezed.
"""

from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.table import TWO_LINES, Column, RowTable
from keyturn.gui.help.text import HelpText
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.escape_frame import EscapeFrame
from keyturn.gui.widgets.inputs import SearchField
from keyturn.gui.widgets.layouts import EDGE, column, least_height, pane, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon

_HEADER: Final = 56
_NOTE: Final = 36
_LIST: Final = 264
_BESIDE_FROM: Final = 720
_UNBOUNDED: Final = 16_777_215


class HelpView(EscapeFrame):
    """Fed by the presenter; decides nothing and sends nothing."""

    closed = Signal()
    back_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._picks = False
        """In a narrow window: the list is shown, not the page."""
        words = look.words
        self.setObjectName("help_page")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.all_pages = Button(look, Kind.PLAIN, name="help_all")
        self.all_pages.say(words("help.all"), words("help.pages"))
        self.back = Button(look, Kind.PLAIN, icon=Icon.BACK, name="help_back")
        self.back.say(words("help.back"), words("help.back_spoken"))
        self.leave = Button(look, Kind.PLAIN, icon=Icon.CROSS, name="help_close")
        self.leave.say(words("help.close"), words("help.close_spoken"))
        self._title = Text(look, Type.TITLE)
        self.search = SearchField(look, words("help.search"), name="help_search")
        self.pages = RowTable(
            look,
            (Column(title="help.pages", width=_LIST, share=1),),
            name="help_pages",
            spoken=words("help.pages"),
        )
        self.found = RowTable(
            look,
            (Column(title="help.found", width=_LIST, share=1),),
            name="help_found",
            spoken=words("help.found"),
            row_height=TWO_LINES,
        )
        self.nothing = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.note = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.text = HelpText(look)
        self._side = pane("panel", edge="right", name="help_side")
        self._reading = QWidget()
        self._build()
        self._connect()
        self.setFocusProxy(self.text)

    def show_found(self, count: int | None) -> None:
        """Show what was found in the place of the pages; None when nothing is looked for."""
        if count is None:
            leave(self.found, self.search.line)
        self.pages.setVisible(count is None)
        self.found.setVisible(bool(count))
        self.nothing.setVisible(count == 0)

    def show_back(self, *, leads: bool) -> None:
        """Offer the way back where there is one."""
        if not leads:
            leave(self.back, self.text)
        self.back.setVisible(leads)

    def show_reading(self) -> None:
        """Show the page, where the list stands in its place."""
        self._picks = False
        self._arrange()

    def on_escape(self) -> None:
        """Give up the search, or leave."""
        if self.search.line.text():
            self.search.line.clear()
        else:
            self.closed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the list beside the page or in its place."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        if event.type() is QEvent.Type.StyleChange:
            self._arrange()
        super().changeEvent(event)

    def _build(self) -> None:
        self.nothing.say(self._look.words("help.nothing"))
        header = pane("panel", edge="bottom", name="help_header")
        least_height(header, self._look.theme, _HEADER)
        self._title.say(self._look.words("help.title"))
        line = row(header, (16, EDGE, 16, 0), gap=8)
        line.addWidget(self._title)
        line.addStretch(1)
        for button in (self.all_pages, self.back, self.leave):
            line.addWidget(button)
        side = column(self._side)
        search = column(None, (12, 12, 12, 4), gap=12)
        search.addWidget(self.search)
        search.addWidget(self.nothing)
        side.addLayout(search)
        side.addWidget(self.pages, 1)
        side.addWidget(self.found, 1)
        side.addStretch()
        inside = column(self._reading)
        note = row(None, (24, 0, 24, 0))
        note.addWidget(self.note)
        least_height(self.note, self._look.theme, _NOTE)
        inside.addLayout(note)
        inside.addWidget(self.text, 1)
        below = row()
        below.addWidget(self._side)
        below.addWidget(self._reading, 1)
        layout = column(self)
        layout.addWidget(header)
        layout.addLayout(below, 1)
        self.show_found(None)
        self.note.hide()

    def _connect(self) -> None:
        self.leave.clicked.connect(self.closed)
        self.back.clicked.connect(self.back_requested)
        self.all_pages.clicked.connect(self._on_all_pages)
        for table in (self.pages, self.found):
            table.clicked.connect(self.show_reading)
            table.activated.connect(self.show_reading)
        for keys, name, done in (
            ("Ctrl+F", "key_find", self._on_find),
            ("Alt+Left", "key_back", self.back_requested.emit),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setObjectName(name)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(done)

    def _arrange(self) -> None:
        theme = self._look.theme
        beside = self.width() >= theme.tall(_BESIDE_FROM)
        picks = self._picks and not beside
        # First what comes: what goes must not hand the focus on to what lies next.
        rest = self.search.line if picks else self.text
        comes, goes = self._reading, self._side
        if picks:
            comes, goes = goes, comes
        comes.show()
        if not beside:
            leave(goes, rest)
        goes.setVisible(beside)
        self._title.setVisible(beside)
        if not (pickable := not beside and not picks):
            leave(self.all_pages, rest)
        self.all_pages.setVisible(pickable)
        if beside:
            self._side.setFixedWidth(theme.tall(_LIST))
        else:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(_UNBOUNDED)
        self.setFocusProxy(rest)

    def _on_all_pages(self) -> None:
        self._picks = True
        self._arrange()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_find(self) -> None:
        if self._side.isHidden():
            self._on_all_pages()
        self.search.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.line.selectAll()
