"""Which lines of a card were on screen, of all its pages that count, and the way to the others.

The arguments count on every card; what differs counts too, where the card opens on it.
"""

from typing import Final, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.rows_view import RowsView
from keyturn.gui.widgets.scroll_pane import page_around
from keyturn.gui.widgets.tabs import TabRow
from keyturn.presentation.arming import ArmState, Owed
from keyturn.presentation.card import CardKind, CardView
from keyturn.presentation.words import Words

READABLE: Final = "readable"
RAW: Final = "raw"
DIFF: Final = "diff"
TABS: Final = {READABLE: "card.readable", RAW: "card.raw", DIFF: "card.diff"}
_AROUND: Final = 24


class Unseen(NamedTuple):
    """What was not on screen yet, of the first page of which something was not."""

    tab: str
    lines: tuple[int, int]
    """First and last."""
    elsewhere: str
    """The page's name in words, where another one is open."""


class CardSeen(QObject):
    """Watches a card's pages."""

    changed = Signal()

    def __init__(self, look: Look, tabs: TabRow, arguments: RowsView, diff: RowsView) -> None:
        super().__init__(tabs)
        self._words = look.words
        self._tabs = tabs
        self._pages = {DIFF: diff, READABLE: arguments}
        self._counts = (READABLE,)
        for page in self._pages.values():
            page.unseen_changed.connect(self.say)

    def begin(self, card: CardView) -> None:
        """Start with a card of which nothing was on screen."""
        self._counts = (DIFF, READABLE) if opens_on(card) == DIFF else (READABLE,)
        if card.edited:
            # The difference has every line of what was written, and those that it took away; where
            # a value came from stands on the first page alone.
            traced = any(row.origin is not None and row.origin.traced for row in card.rows)
            self._counts = (DIFF, READABLE) if traced else (DIFF,)
        for page in self._pages.values():
            page.scrollToTop()
            page.forget_seen()

    @property
    def unseen(self) -> Unseen | None:
        """Return what was not on screen yet, of the page that is open before the others."""
        active = self._tabs.active()
        for tab in sorted(self._counts, key=lambda tab: tab != active):
            lines = self._pages[tab].unseen
            if lines is not None:
                return Unseen(tab, lines, "" if tab == active else self._words(TABS[tab]))
        return None

    def say(self) -> None:
        """Say which lines of the open page have been on screen, where it counts."""
        active = self._tabs.active()
        self._tabs.say_note(self._note(self._pages[active]) if active in self._counts else "")
        self.changed.emit()

    def lead(self) -> None:
        """Bring the first line that was not on screen on it; its page is open."""
        # Once the page that was just opened is laid out.
        QTimer.singleShot(0, self, self._lead)

    def _lead(self) -> None:
        unseen = self.unseen
        if unseen is not None and unseen.tab == self._tabs.active():
            self._pages[unseen.tab].show_unseen()

    def _note(self, page: RowsView) -> str:
        words, lines, unseen = self._words, page.line_count(), page.unseen
        if unseen is None:
            return words("card.all_lines_seen", n=lines)
        first, last = unseen
        said = {"n": last - first + 1, "first": first, "last": last, "lines": lines}
        return words("card.lines_unseen", **said)


def tab_names(words: Words) -> list[tuple[str, str]]:
    """Return the card's tabs with their words."""
    return [(tab, words(key)) for tab, key in TABS.items()]


def opens_on(card: CardView) -> str:
    """Return the tab of what differs, where it was agreed to or asked before, else the first."""
    before = card.edited or card.kind in (CardKind.CHANGE, CardKind.COMMAND)
    return DIFF if card.diff and before else READABLE


def show_owed(state: ArmState, controls: dict[Owed, QWidget]) -> None:
    """Bring what a person owes on screen; what is typed into has the keyboard then."""
    control = controls.get(state.owed)
    if control is None:
        return
    bring(control)
    if state.owed is not Owed.CONFIRM:
        control.setFocus()


def bring(part: QWidget) -> None:
    """Bring a part of the card on screen, once the page is laid out with it."""

    def show() -> None:
        page = page_around(part)
        if page is not None:
            page.ensureWidgetVisible(part, 0, _AROUND)

    QTimer.singleShot(0, part, show)
