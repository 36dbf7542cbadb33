"""Leads through the help: which page belongs to what was on screen, where one was, what is found.

It hears one thing of the broker, whether agents are stopped, and can say nothing to it.
"""

from typing import Final

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import StateChanged
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.help.view import HelpView
from keyturn.gui.pages import Page
from keyturn.presentation.cells import Cell, ListRow
from keyturn.presentation.help_pages import FIRST, KEYS, PAGES, HelpPages, HelpPlace, place_of
from keyturn.presentation.words import Words

SUBJECTS: Final = {
    Page.QUEUE: HelpPlace("waiting"),
    Page.HISTORY: HelpPlace("history"),
    Page.RULES: HelpPlace(FIRST, "what-asks-you"),
    Page.AGENTS: HelpPlace("security-model", "what-an-agent-sees"),
    Page.ACCESS: HelpPlace("access-review"),
    Page.ATTENTION: HelpPlace("waiting", "many-calls-at-once"),
    Page.SERVERS: HelpPlace("security-model", "what-a-servers-command-is-and-what-it-loads"),
    Page.CREDENTIALS: HelpPlace("security-model", "where-things-are-kept"),
    Page.SETTINGS: HelpPlace("security-model", "a-pin-of-yours"),
    Page.FIRST_STEPS: HelpPlace(FIRST),
}
"""Where the help begins for who comes from a page."""
STOPPED: Final = HelpPlace(FIRST, "stop")
"""The same for the screen that stands in the queue's place while agents are stopped."""
_MOST_BACK: Final = 50


class HelpPresenter(QObject):
    """One for the window."""

    page_wanted = Signal(object)
    """The `Page` that one came from."""

    def __init__(
        self,
        *,
        events: BrokerEvents,
        view: HelpView,
        pages: HelpPages,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view, self._pages, self._words = view, pages, words
        self._from = Page.QUEUE
        self._stopped = False
        self._place = HelpPlace("")
        self._before: list[tuple[HelpPlace, int]] = []
        """Where one was, and how far down."""
        events.state_changed.connect(self._on_state)
        view.pages.row_chosen.connect(self._on_chosen)
        view.found.row_chosen.connect(self._on_chosen)
        view.text.place_wanted.connect(self.open)
        view.search.line.textChanged.connect(self._on_search)
        view.back_requested.connect(self._on_back)
        view.closed.connect(self._on_closed)

    @property
    def place(self) -> HelpPlace:
        """Return what is shown."""
        return self._place

    def open_from(self, page: Page) -> None:
        """Show what belongs to the page that one comes from; Escape leads back to it."""
        if page is Page.HELP:
            return
        self._from = page
        self._before.clear()
        self._view.search.line.clear()
        if not self._view.pages.rows.rowCount():
            self._view.pages.show_rows(self._rows())
        stopped = self._stopped and page is Page.QUEUE
        self._show(STOPPED if stopped else SUBJECTS[page])
        self._view.show_reading()

    def open(self, place: HelpPlace) -> None:
        """Go to a place; Back leads to where one was."""
        self._go_on(place)
        self._view.show_reading()

    def _go_on(self, place: HelpPlace) -> None:
        self._before.append((self._place, self._view.text.verticalScrollBar().value()))
        del self._before[:-_MOST_BACK]
        self._show(place)

    def _show(self, place: HelpPlace, down: int = 0) -> None:
        self._place = place
        page = self._pages.page(place.name)
        view = self._view
        view.note.say("" if page.is_translated else self._words("help.in_english"))
        view.note.setVisible(not page.is_translated)
        marked = view.search.line.text().split()
        view.text.show_page(page, place.anchor, down=down, marked=marked)
        view.pages.choose(place.row_id if place == KEYS else place.name)
        view.found.choose(place.row_id)
        view.show_back(leads=bool(self._before))

    def _rows(self) -> tuple[ListRow, ...]:
        keys = ListRow(row_id=KEYS.row_id, cells=(Cell(text=self._words("help.keys")),))
        rows = (ListRow(row_id=n, cells=(Cell(text=self._pages.title(n)),)) for n in PAGES)
        first, *others = rows
        return (first, keys, *others)

    def _on_chosen(self, row_id: str) -> None:
        """Show a row's place; a list that stands in the page's stays until a row is taken."""
        if row_id != self._place.row_id:
            self._go_on(place_of(row_id))

    def _on_search(self, typed: str) -> None:
        if not typed.strip():
            self._view.show_found(None)
            self._view.text.mark(())
            return
        found = self._pages.found(typed)
        rows = (
            ListRow(
                row_id=one.place.row_id,
                cells=(Cell(text=one.heading or one.title, note=one.title if one.heading else ""),),
            )
            for one in found
        )
        self._view.found.show_rows(tuple(rows))
        self._view.text.mark(typed.split())
        self._view.show_found(len(found))

    def _on_back(self) -> None:
        if not self._before:
            return
        place, down = self._before.pop()
        self._show(place, down)
        self._view.show_reading()

    def _on_closed(self) -> None:
        self.page_wanted.emit(self._from)

    def _on_state(self, state: StateChanged) -> None:
        if state.stop is not None:
            self._stopped = state.stop.engaged
