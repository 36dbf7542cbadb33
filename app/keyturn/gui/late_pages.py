"""Builds the pages that the first picture does not need: one slice a turn of the loop, or at once.

A window that died while calls wait must be back at once, and only the queue answers them. Whoever
asks for a page that is not built yet waits for that page alone. The pages' modules are loaded with
them, which is why the imports stand inside the functions here, and nowhere else in the window.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.main_window import MainWindow
from keyturn.gui.means import Means
from keyturn.gui.pages import Page
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.storage.queries.items import UsedNames

if TYPE_CHECKING:
    from keyturn.gui.access.presenter import AccessPresenter
    from keyturn.gui.agents.presenter import AgentsPresenter
    from keyturn.gui.attention.presenter import AttentionPresenter
    from keyturn.gui.credentials.presenter import CredentialsPresenter
    from keyturn.gui.first_steps.presenter import FirstStepsPresenter
    from keyturn.gui.help.presenter import HelpPresenter
    from keyturn.gui.history.presenter import HistoryPresenter
    from keyturn.gui.rules.presenter import RulesPresenter
    from keyturn.gui.servers.presenter import ServersPresenter
    from keyturn.gui.settings.presenter import SettingsPresenter

CALM_MS: Final = 500
"""After the broker's first word: by then what waits is on screen."""

Presenter = TypeVar("Presenter")
Slices = Generator[None, None, Presenter]


class LatePage(Generic[Presenter]):
    """One page: what remains to be done of it, then its presenter."""

    def __init__(self, slices: Slices[Presenter]) -> None:
        self._slices = slices
        self._built: tuple[Presenter] | None = None

    @property
    def built(self) -> Presenter | None:
        """Return the presenter once the page is built."""
        return self._built[0] if self._built is not None else None

    def step(self) -> None:
        """Do one slice; there must be one left."""
        try:
            next(self._slices)
        except StopIteration as end:
            self._built = (end.value,)

    def now(self) -> Presenter:
        """Do what is left and return the presenter."""
        while self._built is None:
            self.step()
        return self._built[0]


class LatePages(QObject):
    """Hands each page to the window, and to each page what it missed."""

    all_built = Signal()
    placed = Signal(object)
    """The page's `QWidget`; it is in the window from now on."""
    request_wanted = Signal(str)
    """Id of a request that is answered in the queue."""
    missed_found = Signal(str)
    """What to say of calls that ended while nobody was there."""
    revoke_wanted = Signal(str)
    """Id of a rule that is to be taken away, if a person agrees."""
    rule_wanted = Signal(object)
    """`HistoryItem`: make a rule from this decision."""
    _noticing = Signal(object)
    """`Notice` about how the person decides, or None."""
    guide_changed = Signal(str)
    """What is to be done with a practice call; empty for nothing."""
    last_found = Signal(object)
    """Tuple of `HistoryItem`: what ended last before this window began."""

    def __init__(self, means: Means, window: MainWindow, in_force: SettingsInForce) -> None:
        super().__init__(means.parent)
        self._means = means
        self._window = window
        self._in_force = in_force
        self._before = window.page
        """The page that the help is read about."""
        self.history = LatePage(self._history())
        self.rules = LatePage(self._rules())
        self.agents = LatePage(self._agents())
        self.access = LatePage(self._access())
        self.attention = LatePage(self._attention())
        self.servers = LatePage(self._servers())
        self.credentials = LatePage(self._credentials())
        self.help = LatePage(self._help())
        self.settings = LatePage(self._settings())
        self.first_steps = LatePage(self._first_steps())
        self._pages: dict[Page, LatePage[Any]] = {
            Page.HISTORY: self.history,
            Page.RULES: self.rules,
            Page.AGENTS: self.agents,
            Page.ACCESS: self.access,
            Page.ATTENTION: self.attention,
            Page.SERVERS: self.servers,
            Page.CREDENTIALS: self.credentials,
            Page.HELP: self.help,
            Page.SETTINGS: self.settings,
            Page.FIRST_STEPS: self.first_steps,
        }
        self._turns = QTimer(self)
        self._turns.timeout.connect(self._turn)
        window.offer_late(self._pages, self.need)
        window.page_changed.connect(self._on_page)

    def begin(self) -> None:
        """Build them while nothing else is to be done, from a moment on."""
        self._turns.start(CALM_MS)

    def need(self, page: Page) -> None:
        """Build a page at once; one that is built stays as it is."""
        if page in self._pages:
            self._pages[page].now()

    def open_agent(self, agent: str) -> None:
        """Show the agents' page with one of them open."""
        self._window.show_page(Page.AGENTS)
        self.agents.now().open_agent(agent)

    def close(self) -> None:
        """Build no more, and stop those that read."""
        self._turns.stop()
        pages = (self.history, self.rules, self.access, self.attention)
        for reading in (page.built for page in pages):
            if reading is not None:
                reading.close()

    def _turn(self) -> None:
        unbuilt = (page for page in self._pages.values() if page.built is None)
        page = next(unbuilt, None)
        if page is None:
            self._turns.stop()
            self.all_built.emit()
            return
        self._turns.setInterval(0)
        page.step()

    def _place(self, page: Page, view: QWidget, events: BrokerEvents) -> None:
        self._window.add_page(page, view)
        self.placed.emit(view)
        self._means.said.tell(events)

    def _events(self) -> BrokerEvents:
        return self._means.said.events_from_now(self)

    # ---------------------------------------------------------------- the pages

    def _history(self) -> "Slices[HistoryPresenter]":
        from keyturn.gui.history.page import history_page

        yield
        events = self._events()
        view, presenter = history_page(self._means, events)
        presenter.rule_wanted.connect(self.rule_wanted)
        presenter.revoke_wanted.connect(self.revoke_wanted)
        presenter.missed.found.connect(self.missed_found)
        presenter.last_found.connect(self.last_found)
        view.attention_requested.connect(self._on_attention_wanted)
        self._noticing.connect(view.attention.show_notice)
        yield
        self._place(Page.HISTORY, view, events)
        return presenter

    def _rules(self) -> "Slices[RulesPresenter]":
        from keyturn.gui.rules.page import rules_page

        yield
        events = self._events()
        view, presenter = rules_page(self._means, events)
        yield
        self._place(Page.RULES, view, events)
        return presenter

    def _agents(self) -> "Slices[AgentsPresenter]":
        from keyturn.gui.agents.page import agents_page

        yield
        events = self._events()
        view, presenter = agents_page(self._means, events)
        presenter.review_wanted.connect(self._on_review_wanted)
        presenter.open_wanted.connect(self._on_open_wanted)
        yield
        self._place(Page.AGENTS, view, events)
        return presenter

    def _access(self) -> "Slices[AccessPresenter]":
        from keyturn.gui.access.page import access_page

        yield
        events = self._events()
        view, presenter = access_page(self._means, events)
        presenter.page_wanted.connect(self._window.show_page)
        presenter.sight_narrowing.connect(self._on_sight_narrowing)
        presenter.rule_narrowing.connect(self._on_rule_narrowing)
        yield
        self._place(Page.ACCESS, view, events)
        return presenter

    def _attention(self) -> "Slices[AttentionPresenter]":
        from keyturn.gui.attention.page import attention_page

        yield
        # What it notices stands on that page.
        self.history.now()
        events = self._events()
        view, presenter = attention_page(self._means, events)
        presenter.page_wanted.connect(self._window.show_page)
        presenter.rule_wanted.connect(self.rule_wanted)
        presenter.noticed.connect(self._noticing)
        yield
        self._place(Page.ATTENTION, view, events)
        return presenter

    def _servers(self) -> "Slices[ServersPresenter]":
        from keyturn.gui.servers.page import servers_page

        yield
        events = self._events()
        view, presenter = servers_page(self._means, events)
        presenter.request_wanted.connect(self.request_wanted)
        yield
        self._place(Page.SERVERS, view, events)
        return presenter

    def _credentials(self) -> "Slices[CredentialsPresenter]":
        from keyturn.gui.credentials.page import credentials_page

        yield
        events = self._events()
        view, presenter = credentials_page(self._means, events)
        yield
        self._place(Page.CREDENTIALS, view, events)
        return presenter

    def _help(self) -> "Slices[HelpPresenter]":
        from keyturn.gui.help.page import help_page

        yield
        events = self._events()
        view, presenter = help_page(self._means, events)
        presenter.page_wanted.connect(self._window.show_page)
        yield
        self._place(Page.HELP, view, events)
        return presenter

    def _settings(self) -> "Slices[SettingsPresenter]":
        from keyturn.gui.settings.page import settings_page

        yield
        events = self._events()
        view, presenter = settings_page(self._means, events, self._in_force)
        presenter.rules_wanted.connect(self._on_rules_wanted)
        presenter.first_steps_wanted.connect(self._on_first_steps_wanted)
        yield
        self._place(Page.SETTINGS, view, events)
        return presenter

    def _on_page(self, page: Page) -> None:
        if page is Page.HELP:
            self.help.now().open_from(self._before)
        else:
            self._before = page

    def _on_attention_wanted(self) -> None:
        self._window.show_page(Page.ATTENTION)

    def _first_steps(self) -> "Slices[FirstStepsPresenter]":
        from keyturn.gui.first_steps.page import first_steps_page

        yield
        events = self._events()
        view, presenter = first_steps_page(self._means, events)
        presenter.page_wanted.connect(self._window.show_page)
        presenter.guide_changed.connect(self.guide_changed)
        yield
        self._place(Page.FIRST_STEPS, view, events)
        return presenter

    def _on_first_steps_wanted(self) -> None:
        self.first_steps.now().begin()
        self._window.show_page(Page.FIRST_STEPS)

    def _on_review_wanted(self) -> None:
        self._window.show_page(Page.ACCESS)

    def _on_sight_narrowing(self, agent: str, used: UsedNames) -> None:
        self._window.show_page(Page.AGENTS)
        self.agents.now().sights.narrow(agent, used)

    def _on_rule_narrowing(self, rule_id: str, used: UsedNames) -> None:
        self._window.show_page(Page.RULES)
        self.rules.now().narrow(rule_id, used)

    def _on_open_wanted(self, server: str, tool: str) -> None:
        self._window.show_page(Page.SERVERS)
        self.servers.now().open_tool(server, tool)

    def _on_rules_wanted(self) -> None:
        self._window.show_page(Page.RULES)
