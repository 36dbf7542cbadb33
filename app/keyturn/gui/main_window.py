"""The frame of the one window: top bar, rail, pages. It knows no port and no page's contents."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from keyturn.application.stop import StopLevel
from keyturn.gui.alert_notice import LEAD, AlertNotice
from keyturn.gui.forms.focus import has_focus
from keyturn.gui.forms.list_page import ListPage
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.guide_notice import GuideNotice
from keyturn.gui.health_notice import HealthNotice
from keyturn.gui.look import Look
from keyturn.gui.page_place import PagePlace
from keyturn.gui.pages import PAGE_KEYS, PAGE_TEXTS, Page
from keyturn.gui.pin_bar import PinBar
from keyturn.gui.widgets.escape_frame import innermost_open
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.nav_rail import MIDDLE, NARROW, WIDE, NavRail
from keyturn.gui.widgets.top_bar import TopBar
from keyturn.presentation.proposed import Proposed
from keyturn.presentation.topbar import ProtectionState, TopBarView

_DEFAULT: Final = (1280, 800)
_LEAST: Final = (640, 480)
_WIDE_FROM: Final = 1280
_NARROW_BELOW: Final = 900
_LOW_BELOW: Final = 560
_DECIDED_ON: Final = frozenset({Page.QUEUE, Page.SERVERS})
"""Pages with a headline over what arms: nothing may cover it."""


class MainWindow(QWidget):
    """Takes ready-made pages; asks for the stop and tells which page a person wants."""

    stop_requested = Signal(str, int)
    """By what it was asked for, and the `StopLevel`."""
    grant_end_requested = Signal(str)
    page_changed = Signal(object)
    """The `Page`."""
    closed = Signal()
    """A person closed or hid the window; nothing is answered by that."""

    def __init__(
        self,
        look: Look,
        pages: Mapping[Page, QWidget],
        stopped: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`stopped` stands in the place of the queue while agents are stopped."""
        super().__init__(parent)
        self._look = look
        self._pages = dict(pages)
        self._late: dict[Page, Callable[[Page], None]] = {}
        self._stopped = stopped
        self._page = Page.QUEUE
        self._is_stopped = False
        self._asked_on = Page.QUEUE
        """The page that was shown when the PIN was asked for."""
        self.profile = ""
        """What the title says beside the state; empty for the default profile."""
        self.setObjectName("main_window")
        self.setProperty("surface", "window")
        self.setWindowTitle(look.words("window.title"))
        self.setMinimumSize(*_LEAST)
        self.resize(*_DEFAULT)
        self.top_bar = TopBar(look)
        self.alert = AlertNotice(look)
        self.guide = GuideNotice(look)
        self.health = HealthNotice(look)
        self.pin_bar = PinBar(look)
        self.rail = NavRail(look)
        self.rail.offer(self._pages)
        self._stack = QStackedWidget()
        for page in self._pages.values():
            self._stack.addWidget(page)
        if stopped is not None:
            self._stack.addWidget(stopped)
        self._build()
        self._connect()
        self._add_keys()
        self.show_page(Page.QUEUE)

    @property
    def page(self) -> Page:
        """Return the page that is shown."""
        return self._page

    @property
    def has_ended(self) -> bool:
        """Tell whether `show_last` was called: what a broker said says nothing any more."""
        return not self._pages

    def page_of(self, widget: QWidget) -> QWidget:
        """Return the page that a widget is on, or the window for one that is on none."""
        pages = (*self._pages.values(), *([self._stopped] if self._stopped is not None else ()))
        return next((page for page in pages if page.isAncestorOf(widget)), self)

    def offer_late(self, pages: Iterable[Page], build: Callable[[Page], None]) -> None:
        """Offer pages that are handed in later; `build` does so before it returns."""
        self._late = dict.fromkeys(pages, build)
        self.rail.offer({*self._pages, *self._late})

    def add_page(self, page: Page, view: QWidget) -> None:
        """Take a page that was offered."""
        self._pages[page] = view
        self._stack.addWidget(view)

    def show_top_bar(self, view: TopBarView) -> None:
        """Show state, counts and grants; a stop brings its own screen up."""
        self.top_bar.show_view(view)
        self.rail.show_waiting(view.waiting)
        stopped = view.state is ProtectionState.STOPPED
        if stopped is not self._is_stopped:
            self._is_stopped = stopped
            self.show_page(Page.QUEUE if stopped else self._page)
        key = "window.title_profile" if self.profile else "window.title_state"
        words = self._look.words
        self.setWindowTitle(words(key, state=view.state_text, profile=self.profile))

    def show_proposed(self, proposed: Proposed) -> None:
        """Show at their pages how much nobody has looked at."""
        self.rail.show_proposed(Page.SERVERS, proposed.servers)
        self.rail.show_proposed(Page.AGENTS, proposed.agents, proposed.changed)
        self.rail.show_proposed(Page.RULES, proposed.rules)
        self.rail.show_proposed(Page.CREDENTIALS, proposed.credentials)

    def show_page(self, page: Page) -> None:
        """Show a page; what is no page of this window leaves it where it is."""
        if page not in self._pages and page in self._late:
            self._late[page](page)
        if page not in self._pages:
            return
        self._page = page
        if page is Page.FIRST_STEPS:
            self.guide.tell("")
        self.rail.show_page(page)
        in_place = self._stopped if self._is_stopped and page is Page.QUEUE else None
        shown = in_place or self._pages[page]
        if shown is not self._stack.currentWidget():
            self._leave_page()
        self._stack.setCurrentWidget(shown)
        head = shown.header if isinstance(shown, ListPage) else None
        self._place.let_cover(page not in _DECIDED_ON, head)
        self._focus_page()
        self.page_changed.emit(page)

    def show_last(self, screen: QWidget) -> None:
        """Show a screen in the place of every page from now on: nothing else leads anywhere."""
        # What leads nowhere must not look as if it did, the stop above all.
        for part in (self.top_bar, self.rail, self.health, self.alert, self.guide):
            part.hide()
        self.pin_bar.clear()
        self._pages, self._late = {}, {}
        self._stack.addWidget(screen)
        self._leave_page()
        self._stack.setCurrentWidget(screen)
        self._focus_page()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out by width and height (visual.md section 7)."""
        super().resizeEvent(event)
        width, height = event.size().width(), event.size().height()
        if width >= _WIDE_FROM:
            self.rail.use_width(WIDE)
        else:
            self.rail.use_width(NARROW if width < _NARROW_BELOW else MIDDLE)
        self.top_bar.spare_facts(width < _NARROW_BELOW or height < _LOW_BELOW)

    def showEvent(self, event: QShowEvent) -> None:
        """Come up with the focus in the page: never on the stop, never on a decision."""
        super().showEvent(event)
        self._focus_page()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide: closing the window must not answer anything."""
        event.ignore()
        self.hide()
        self.closed.emit()

    def _build(self) -> None:
        self._place = PagePlace(self.pin_bar, self._stack)
        below = row()
        below.addWidget(self.rail)
        below.addWidget(self._place, 1)
        layout = column(self)
        layout.addWidget(self.top_bar)
        layout.addWidget(self.health)
        layout.addWidget(self.alert)
        layout.addWidget(self.guide)
        layout.addLayout(below, 1)

    def _connect(self) -> None:
        self.rail.page_chosen.connect(self.show_page)
        self.alert.action_pressed.connect(self._on_alert_closed)
        self.guide.action_pressed.connect(self._on_guide_left)
        self.top_bar.check.clicked.connect(self._on_check)
        self.top_bar.grant_end_requested.connect(self.grant_end_requested)
        self.top_bar.stop_button.stop_requested.connect(self._on_stop_button)

    def _add_keys(self) -> None:
        for page, keys in PAGE_KEYS.items():
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setObjectName(f"key_{page.value}")
            shortcut.activated.connect(self._on_page_key)
        stop = QShortcut(QKeySequence("Ctrl+Shift+P"), self)
        stop.setObjectName("key_stop")
        stop.setAutoRepeat(False)
        stop.activated.connect(self._on_stop_key)
        away = QShortcut(QKeySequence("Esc"), self)
        away.setObjectName("key_hide")
        away.activated.connect(self._on_escape)

    def ask_pin(self, sentence: str, fault: str, second: str) -> None:
        """Show the field for the PIN; what a form says of its change is that it waits for it."""
        if self.pin_bar.isHidden():
            self._asked_on = self._page
        waits = self._look.words("pin_bar.waits")
        for line in self._stack.findChildren(OutcomeLine):
            if line.outcome is Outcome.WAITING and line.isVisible() and line.sentence != waits:
                line.say(Outcome.WAITING, waits)
        self.pin_bar.ask(sentence, fault, second)

    def end_pin(self) -> None:
        """Take the field for the PIN away; who went on elsewhere meanwhile keeps the keyboard."""
        if has_focus(self.pin_bar) and not self.pin_bar.give_back():
            self._focus_page()
        self.pin_bar.clear()

    def tell_in_vain(self, text: str) -> None:
        """Say that a change came to nothing although the PIN was typed, and lead to its page."""
        lead = ""
        if self._asked_on is not self._page:
            named = self._look.words(PAGE_TEXTS[self._asked_on])
            lead = self._look.words("alert.open_page", page=named)
        self.alert.tell(text, lead)

    def _on_alert_closed(self, action: str) -> None:
        if action == LEAD:
            self.show_page(self._asked_on)
        self._focus_page()
        self.alert.clear()

    def _on_check(self) -> None:
        self.show_page(Page.FIRST_STEPS)

    def _on_guide_left(self, _action: str) -> None:
        self.show_page(Page.FIRST_STEPS)

    def _leave_page(self) -> None:
        """Take the focus off a page that goes: Qt would pass it on by way of the stop."""
        page = self._stack.currentWidget()
        focused = QApplication.focusWidget()
        if page is not None and focused is not None and has_focus(page):
            focused.clearFocus()

    def _focus_page(self) -> None:
        """Leave the focus in the page: what is gone must not hand it to the stop."""
        page = self._stack.currentWidget()
        if page is not None:
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_stop_button(self, level: int) -> None:
        self.stop_requested.emit("window", level)

    def _on_stop_key(self) -> None:
        self.stop_requested.emit("shortcut", int(StopLevel.AGENTS))

    def _on_escape(self) -> None:
        """Close what is open, wherever the focus is, and only then go out of sight."""
        page = self._stack.currentWidget()
        places = [self.pin_bar] if page is None else [self.pin_bar, page]
        innermost = next((one for place in places if (one := innermost_open(place))), None)
        if innermost is None:
            self.close()
        else:
            innermost.on_escape()

    def _on_page_key(self) -> None:
        name = self.sender().objectName().removeprefix("key_")
        self.show_page(Page(name))
