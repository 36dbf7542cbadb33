"""What stays while pages change: the tray, the window's place, the delays of all that arms."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import Welcome
from keyturn.gui.announcer import Announcer
from keyturn.gui.arming_watch import ArmingWatch
from keyturn.gui.late_pages import LatePages
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.pane_memory import PaneMemory
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.gui.tray import Tray
from keyturn.gui.window_memory import WindowMemory
from keyturn.presentation.decided import Decided
from keyturn.presentation.topbar import TopBarView
from keyturn.presentation.tray import tray_view


class Standing(QObject):
    """One for the window."""

    stop_requested = Signal()
    """The tray's menu asks for the stop."""

    def __init__(
        self,
        *,
        look: Look,
        window: MainWindow,
        pages: LatePages,
        sender: IntentSender,
        in_force: SettingsInForce,
        now_ms: Callable[[], int],
        announcer: Announcer,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._announcer = announcer
        self._look = look
        self._window = window
        self._pages = pages
        self._in_force = in_force
        self._now_ms = now_ms
        self._memory = WindowMemory(window, sender)
        self._panes = PaneMemory(window, sender)
        self.tray = Tray(look, self)
        window.closed.connect(self._on_closed)
        pages.placed.connect(self._use_delays)
        pages.placed.connect(self._panes.take)
        in_force.delays_changed.connect(self._on_delays)
        self.tray.stop_requested.connect(self.stop_requested)
        self.tray.review_requested.connect(self._on_review)
        self.tray.open_requested.connect(self._raise)
        self.tray.quit_requested.connect(self._on_quit)

    @property
    def memory(self) -> WindowMemory:
        """Return what stores the window's place."""
        return self._memory

    def restore(self, welcome: Welcome) -> None:
        """Put the window where it was; call it before the window is shown."""
        self._memory.restore(welcome.settings)
        self._panes.restore(welcome.settings)

    def show_top_bar(self, view: TopBarView) -> None:
        """Have the tray say what the top bar says, and readers what is new in it."""
        self.tray.show_view(tray_view(view, self._look.words))
        self._announcer.show_top_bar(view)

    def tell(self, text: str) -> None:
        """Say what happened to readers; also beside the clock where nobody looks at the window."""
        self._announcer.tell(text)
        if not self._window.isActiveWindow():
            self.tray.tell(text)

    def tell_decided(self, decided: Decided) -> None:
        """Tell readers what came of an answer."""
        self._announcer.tell_decided(decided)

    def close(self) -> None:
        """Take the tray down with the window."""
        self._announcer.close()
        self.tray.close()

    def _on_delays(self) -> None:
        self._use_delays(self._window)

    def _use_delays(self, place: QWidget) -> None:
        """Hand the delays to everything there that arms."""
        now = self._now_ms()
        for watch in place.findChildren(ArmingWatch):
            watch.arming.use_delays(self._in_force.delays, now)

    def _on_closed(self) -> None:
        """Stay in the task bar where there is no tray to come back from."""
        self._memory.remember()
        self._panes.remember()
        if not self.tray.available:
            self._window.showMinimized()

    def _raise(self) -> None:
        maximised = self._window.isMaximized()
        self._window.showMaximized() if maximised else self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()

    def _on_review(self) -> None:
        self._raise()
        self._window.show_page(Page.QUEUE)

    def _on_quit(self) -> None:
        self._raise()
        self._window.show_page(Page.SETTINGS)
        self._pages.settings.now().ask_quit()
