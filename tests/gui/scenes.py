"""Windows with the mock-ups' data in them, for tests."""

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.view import QueueView
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.view import ServersView
from keyturn.gui.stopped.view import StoppedScreen
from tests.gui import gallery_data as data
from tests.gui import gallery_more as more


class QueueScene:
    """A window with nothing but the queue in it."""

    def __init__(self, look: Look, now_ms: Callable[[], int]) -> None:
        self.model = QueueModel()
        self.queue = QueueView(look, self.model, now_ms)
        self.window = MainWindow(look, {Page.QUEUE: self.queue})
        self.model.setParent(self.window)
        self.model.show_rows(data.ROWS, data.COUNTS)
        self.model.show_decided(data.DECIDED)
        self.model.show_card(data.CARD)
        self.window.show_top_bar(data.TOP_BAR)


class Scene:
    """A whole window with all four screens, each filled."""

    def __init__(self, look: Look, now_ms: Callable[[], int]) -> None:
        self.model = QueueModel()
        self.queue = QueueView(look, self.model, now_ms)
        self.history_model = HistoryModel()
        self.history = HistoryView(look, self.history_model, further=True)
        self.servers_model = ServersModel()
        self.servers = ServersView(look, self.servers_model, now_ms)
        self.stopped = StoppedScreen(look)
        pages = {Page.QUEUE: self.queue, Page.HISTORY: self.history, Page.SERVERS: self.servers}
        self.window = MainWindow(look, pages, self.stopped)
        self.models = (self.model, self.history_model, self.servers_model)
        for model in self.models:
            model.setParent(self.window)

    def fill(self) -> None:
        """Put the data in."""
        self.model.show_rows(data.ROWS, data.COUNTS)
        self.model.show_decided(data.DECIDED)
        self.model.show_card(data.CARD)
        self.history_model.rows.show_rows(more.HISTORY_ROWS)
        self.history_model.show_filters(more.FILTERS)
        self.history_model.show_summary(more.SUMMARY)
        self.history_model.show_missed(more.MISSED)
        self.history_model.show_detail(more.DETAIL)
        self.servers_model.show_tree(more.TREE)
        self.servers_model.show_review(more.REVIEW)
        self.stopped.show_view(more.STOPPED)
        self.window.show_top_bar(data.TOP_BAR)


def settle(window: QWidget) -> None:
    """Let every layout come to rest, as an event loop would, and paint it."""
    lay_out()
    window.repaint()


def lay_out() -> None:
    """Let every layout come to rest."""
    for _ in range(4):
        QApplication.sendPostedEvents()


def let_go(window: QWidget) -> None:
    """Delete a window now: without an event loop, nothing else would."""
    window.hide()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
