"""Puts together what stands beside the queue: rules, agents, credentials, settings, and the tray.

It knows the window only to show pages in it; what the pages say comes from their presenters.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import Welcome
from keyturn.gui.agents.presenter import AgentsPresenter
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.arming_watch import ArmingWatch
from keyturn.gui.bridge import Bridge
from keyturn.gui.credentials.presenter import CredentialsPresenter
from keyturn.gui.credentials.view import CredentialsView
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.study import RuleStudy
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.presenter import SettingsPresenter
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.tray import Tray
from keyturn.gui.window_memory import WindowMemory
from keyturn.presentation.arming import ArmingDelays
from keyturn.presentation.rules import RuleDraft
from keyturn.presentation.rules_builder import RulesBuilder
from keyturn.presentation.topbar import TopBarView
from keyturn.presentation.tray import tray_view

_SHIM = Path(__file__).parents[1] / "shim.py"


class StandingPages(QObject):
    """Made before the window, which takes its pages; then attached to it."""

    stop_requested = Signal()
    """The tray's menu asks for the stop."""

    def __init__(
        self,
        look: Look,
        bridge: Bridge,
        sender: IntentSender,
        appearance: AppearanceKeeper,
        now_ms: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._sender = sender
        self._now_ms = now_ms
        self._window: MainWindow | None = None
        self._memory: WindowMemory | None = None
        self._delays = ArmingDelays()
        self.tray = Tray(look, self)
        self._make_lists(look, bridge, sender)
        self._settings_view = SettingsView(look)
        self.settings = SettingsPresenter(
            bridge=bridge,
            sender=sender,
            view=self._settings_view,
            appearance=appearance,
            words=look.words,
            parent=self,
        )
        self.settings.rules_wanted.connect(self._on_rules_wanted)
        self.settings.delays_changed.connect(self._on_delays)
        self.tray.stop_requested.connect(self.stop_requested)
        self.tray.review_requested.connect(self._on_review)
        self.tray.open_requested.connect(self._raise)
        self.tray.quit_requested.connect(self._on_quit)

    @property
    def views(self) -> Mapping[Page, QWidget]:
        """Return the pages for the window."""
        return {
            Page.RULES: self._rules_view,
            Page.AGENTS: self._agents_view,
            Page.CREDENTIALS: self._credentials_view,
            Page.SETTINGS: self._settings_view,
        }

    def attach(self, window: MainWindow) -> None:
        """Take the window that the pages are in."""
        self._window = window
        self._memory = WindowMemory(window, self._sender)
        window.closed.connect(self._on_closed)

    def restore(self, welcome: Welcome) -> None:
        """Put the window where it was; call it before the window is shown."""
        if self._memory is not None:
            self._memory.restore(welcome.settings)
        self._on_delays(self._delays)

    def show_top_bar(self, view: TopBarView) -> None:
        """Have the tray say what the top bar says."""
        self.tray.show_view(tray_view(view, self._look.words))

    def start_rule(self, draft: RuleDraft) -> None:
        """Open the rules' form with what is given; nothing is saved yet."""
        self.rules.start_rule(draft)
        self._show_page(Page.RULES)

    def end_profile(self, agent: str) -> None:
        """Open an agent's profiles with the question whether the one that is on is to be ended."""
        self._show_page(Page.AGENTS)
        self.agents.sights.ask_end(agent)

    def close(self) -> None:
        """Take the tray down with the window."""
        self._study.close()
        self.tray.close()

    def _make_lists(self, look: Look, bridge: Bridge, sender: IntentSender) -> None:
        builder = RulesBuilder(look.words)
        self._rules_view = RulesView(look, builder.effects())
        self._agents_view = AgentsView(look)
        self._credentials_view = CredentialsView(look)
        self._study = RuleStudy(bridge, look.words, self)
        self.rules = RulesPresenter(
            bridge=bridge,
            sender=sender,
            view=self._rules_view,
            builder=builder,
            words=look.words,
            study=self._study,
            parent=self,
        )
        self.agents = AgentsPresenter(
            bridge=bridge,
            sender=sender,
            view=self._agents_view,
            words=look.words,
            python=sys.executable,
            shim=str(_SHIM),
            parent=self,
        )
        self.credentials = CredentialsPresenter(
            bridge=bridge,
            sender=sender,
            view=self._credentials_view,
            words=look.words,
            parent=self,
        )

    # ---------------------------------------------------------------- the window

    def _on_delays(self, delays: ArmingDelays) -> None:
        """Hand the delays to everything in the window that arms."""
        self._delays = delays
        if self._window is None:
            return
        for watch in self._window.findChildren(ArmingWatch):
            watch.arming.use_delays(delays, self._now_ms())

    def _on_closed(self) -> None:
        """Stay in the task bar where there is no tray to come back from."""
        if self._memory is not None:
            self._memory.remember()
        if self._window is not None and not self.tray.available:
            self._window.showMinimized()

    def _raise(self) -> None:
        if self._window is None:
            return
        maximised = self._window.isMaximized()
        self._window.showMaximized() if maximised else self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()

    def _show_page(self, page: Page) -> None:
        if self._window is not None:
            self._window.show_page(page)

    def _on_rules_wanted(self) -> None:
        self._show_page(Page.RULES)

    def _on_review(self) -> None:
        self._raise()
        self._show_page(Page.QUEUE)

    def _on_quit(self) -> None:
        self._raise()
        self._show_page(Page.SETTINGS)
        self._settings_view.ask_quit()
