"""The whole window without a broker: what `Desk` puts together, and a bridge that tests play."""

from dataclasses import dataclass, field

import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from keyturn.application.console_protocol import Welcome
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.attention import reader as attention
from keyturn.gui.desk import Desk
from keyturn.gui.history import presenter as history
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.other_language import LanguageOf
from keyturn.gui.pages import Page
from keyturn.gui.stopped import presenter as stopped
from keyturn.presentation.verbs import read_verbs
from tests.gui import pages_data as data
from tests.gui.conftest import Clock, IdleWorker
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge
from tests.sources import ROOT

LATE = tuple(page for page in Page if page is not Page.QUEUE)


@dataclass(slots=True)
class DeskScene:
    """A window that was built and heard nothing yet."""

    look: Look
    clock: Clock
    bridge: SpyBridge = field(default_factory=SpyBridge)
    language_of: LanguageOf | None = None
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        """Build what is built before the first picture."""
        verbs = read_verbs(ROOT / "resources" / "verbs.toml")
        keeper = AppearanceKeeper(self.look.theme, self.bridge)
        self.desk = Desk(self.look, keeper, self.bridge, verbs, self.clock, self.language_of)

    @property
    def window(self) -> MainWindow:
        """Return the window."""
        return self.desk.window

    def start(self, welcome: Welcome = data.WELCOME) -> None:
        """Hear the broker's first words."""
        self.bridge.welcomed.emit(welcome)
        self.bridge.tell(data.STATE)
        self.window.activateWindow()

    def build(self, *pages: Page) -> None:
        """Build these pages, or all, as the loop does when it has the time."""
        for page in pages or LATE:
            self.desk.pages.need(page)

    def is_built(self, page: Page) -> bool:
        """Tell whether a page is in the window."""
        return self.window.findChild(QWidget, f"{page.value}_page") is not None

    def view(self, page: Page) -> QWidget:
        """Return a page's screen."""
        found = self.window.findChild(QWidget, f"{page.value}_page")
        assert isinstance(found, QWidget)
        return found

    def button(self, name: str) -> QAbstractButton:
        """Return a button of the page that is shown, by its name."""
        found = self.view(self.window.page).findChild(QAbstractButton, name)
        assert found is not None
        return found

    def close(self) -> None:
        """End as the window does with its broker."""
        self.desk.close()
        self.desk.deleteLater()
        let_go(self.window)


def rest_the_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read no database: these tests have no loop of asyncio that a job could come back on."""
    monkeypatch.setattr(history, "Worker", IdleWorker)
    monkeypatch.setattr(attention, "Worker", IdleWorker)
    monkeypatch.setattr(stopped, "Worker", IdleWorker)
