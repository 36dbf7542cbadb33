"""Shows one page of the help: it scrolls, is read by key, and loads nothing from anywhere."""

from collections.abc import Generator, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QMargins, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QResizeEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit, QWidget

from keyturn.gui.help.document import heading_blocks, help_document
from keyturn.gui.look import Look
from keyturn.gui.theme import Token
from keyturn.presentation.help_pages import HelpPage, linked

READING: Final = 720
"""A line is no longer than this, in px at 100 %."""
_SIDE: Final = 24
_TOP: Final = 16
_LONG: Final = 4_000
"""Characters of a page that hardly a screen has room for."""
_MOST_MARKED: Final = 500


class HelpText(QTextBrowser):
    """One page, at a heading of it; links are told, never followed by Qt."""

    place_wanted = Signal(object)
    """The `HelpPlace` that a link leads to."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._page: HelpPage | None = None
        self._slices: Generator[None, None, QTextDocument] | None = None
        """What remains to be done of a page that is not shown yet."""
        self._anchor, self._down = "", 0
        """Where to be: at a heading, or so many px from the top."""
        self._at: int | None = None
        """The character to be at instead, where all is laid out anew."""
        self._seen: int | None = None
        """The character at the top when all was laid out last; None before that."""
        self._moves = False
        """Something was laid out anew, and one is not back where one was."""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(0)
        self._rest.timeout.connect(self._on_rest)
        self._marked: tuple[str, ...] = ()
        self._turns = QTimer(self)
        self._turns.setSingleShot(True)
        self._turns.setInterval(0)
        self._turns.timeout.connect(self._step)
        self._dressed_for = self._dress()
        self.setObjectName("help_text")
        self.setProperty("ring", False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.anchorClicked.connect(self._on_link)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def page(self) -> HelpPage | None:
        """Return the page that is shown."""
        return self._page

    def show_page(
        self, page: HelpPage, anchor: str = "", *, down: int = 0, marked: Sequence[str] = ()
    ) -> None:
        """Show a page from a heading on, or `down` px from its top, with some words marked.

        A very long one is there some turns of the loop later.
        """
        self._anchor, self._down, self._at = anchor, down, None
        self._marked, self._seen = tuple(marked), None
        if page is not self._page or self._dressed_for != self._dress():
            self._page = page
            self.setAccessibleName(page.title)
            self._write(page)
        elif self._slices is None:
            self._settle()

    def mark(self, wanted: Sequence[str]) -> None:
        """Show where words stand that were looked for; none takes the marks away."""
        self._marked = tuple(wanted)
        self._show_marks()

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing: neither a picture nor a sheet, from no file and no network."""
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the lines short enough to be read, the bar at the edge, and the place.

        Qt may be in the middle of laying out: nothing may ask where anything stands here.
        """
        self._stay()
        spare = self.width() - self._look.theme.tall(READING)
        start, end = _SIDE, max(_SIDE, spare)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            start, end = end, start
        margins = QMargins(start, _TOP, end, 0)
        if self.viewportMargins() != margins:
            self.setViewportMargins(margins)
        super().resizeEvent(event)
        self._rest.start()

    def changeEvent(self, event: QEvent) -> None:
        """Write the page anew in other colours or sizes, and stay where one was."""
        super().changeEvent(event)
        if event.type() is not QEvent.Type.StyleChange or self._page is None:
            return
        if self._dressed_for != self._dress():
            self._stay()
            self._write(self._page)

    def _dress(self) -> tuple[object, ...]:
        theme = self._look.theme
        return (theme.appearance, theme.text_percent, self.layoutDirection())

    def _stay(self) -> None:
        """Have at the top what was there, when all that is above it takes another height."""
        if self._seen is not None and not self._moves:
            self._at = self._seen
        self._moves = True

    def _write(self, page: HelpPage) -> None:
        self._dressed_for = self._dress()
        from_right = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        self._slices = help_document(
            page, self._look.theme, width=self._reading_width, from_right=from_right
        )
        # Where the bar comes and goes, all is laid out twice.
        policies = Qt.ScrollBarPolicy
        is_long = len(page.text) > _LONG
        needed = policies.ScrollBarAlwaysOn if is_long else policies.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(needed)
        self._step()

    def _reading_width(self) -> int:
        return self.viewport().width()

    def _step(self) -> None:
        """Dress a slice of the page; it is shown once all of it is."""
        if self._slices is None:
            return
        try:
            next(self._slices)
        except StopIteration as end:
            document: QTextDocument = end.value
            # The one before is deleted by Qt with that.
            document.setParent(self)
            self.setDocument(document)
            # Only now: while it is taken in, nothing stands where it will.
            self._slices = None
            self._settle()
            return
        self._turns.start()

    def _settle(self) -> None:
        """Be where one wants to be; where there is no room yet, once there is."""
        self.setTextCursor(self._place())
        self._show_marks()
        self._moves = True
        self._on_rest()
        self._moves = True
        self._rest.start()

    def _place(self) -> QTextCursor:
        """Return what is to stand at the top."""
        page, cursor = self._page, QTextCursor(self.document())
        places = [section.anchor for section in page.sections] if page is not None else []
        if self._at is not None:
            cursor.setPosition(min(self._at, self.document().characterCount() - 1))
        elif self._anchor in places and not self._down:
            cursor = QTextCursor(heading_blocks(self.document())[places.index(self._anchor)])
        return cursor

    def _on_rest(self) -> None:
        """Go where one wants to be, and note what stands at the top."""
        if self._page is None or self._slices is not None:
            return
        # A table that is not laid out yet would be taken for what stands at the top.
        document = self.document()
        document.documentLayout().blockBoundingRect(document.lastBlock())
        if self._moves:
            self._moves = False
            self._go()
        self._seen = self.cursorForPosition(QPoint(0, 0)).position()

    def _go(self) -> None:
        bar = self.verticalScrollBar()
        cursor = self._place()
        bar.setValue(
            bar.value() + self.cursorRect(cursor).top() if cursor.position() else self._down
        )

    def _show_marks(self) -> None:
        marks: list[QTextEdit.ExtraSelection] = []
        document = self.document()
        for word in self._marked:
            at = document.find(word)
            while not at.isNull() and len(marks) < _MOST_MARKED:
                mark = QTextEdit.ExtraSelection()
                mark.cursor = at
                form = at.charFormat()
                form.setBackground(self._look.theme.colour(Token.WARNING_BG))
                mark.format = form
                marks.append(mark)
                at = document.find(word, at)
        self.setExtraSelections(marks)

    def _on_scrolled(self, _value: int) -> None:
        self._rest.start()

    def _on_link(self, link: QUrl) -> None:
        page = self._page
        place = linked(link.toString(), on=page.name) if page is not None else None
        if place is not None:
            self.place_wanted.emit(place)
