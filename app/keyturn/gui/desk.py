"""Puts the window together: pages, presenters and the bridge; it decides nothing itself."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import StateChanged, StopAll, Welcome
from keyturn.application.console_state import AgentState, HealthState, StopState
from keyturn.gui.bridge import Bridge
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.presenter import HistoryPresenter
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.view import QueueView
from keyturn.gui.stopped.presenter import StoppedPresenter
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.stopped_builder import StoppedBuilder
from keyturn.presentation.topbar_builder import top_bar_view
from keyturn.presentation.verbs import Verbs


class Desk(QObject):
    """Owns the window and its presenters."""

    def __init__(self, look: Look, bridge: Bridge, verbs: Verbs, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self._look = look
        self._bridge = bridge
        self._stop = StopState(engaged=False)
        self._health: HealthState | None = None
        self._agents: tuple[AgentState, ...] = ()
        self._waiting = 0
        self._oldest_ms = 0
        model = QueueModel(self)
        view = QueueView(look, model, now_ms)
        cards = CardBuilder(look.words, verbs)
        past = HistoryBuilder(look.words, cards)
        history_model = HistoryModel(self)
        history = HistoryView(look, history_model)
        stopped = StoppedScreen(look)
        self.window = MainWindow(look, {Page.QUEUE: view, Page.HISTORY: history}, stopped)
        self.history = HistoryPresenter(
            bridge=bridge, model=history_model, view=history, builder=past, parent=self
        )
        self.stopped = StoppedPresenter(
            bridge=bridge,
            view=stopped,
            builder=StoppedBuilder(look.words, past),
            parent=self,
        )
        self.queue = QueuePresenter(
            bridge=bridge,
            model=model,
            view=view,
            words=look.words,
            cards=cards,
            now_ms=now_ms,
            parent=self,
        )
        self._connect()

    def close(self) -> None:
        """Take the window down with the broker."""
        self.history.close()
        self.stopped.close()
        self.window.hide()
        self.window.deleteLater()

    def _connect(self) -> None:
        self._bridge.welcomed.connect(self._on_welcome)
        self._bridge.state_changed.connect(self._on_state)
        self._bridge.raise_asked.connect(self._on_raise)
        self.queue.waiting_changed.connect(self._on_waiting)
        self.queue.arrived.connect(self._on_arrived)
        self.window.stop_requested.connect(self._on_stop)

    def _on_welcome(self, _message: Welcome) -> None:
        self.window.show()

    def _on_state(self, state: StateChanged) -> None:
        self._stop = state.stop if state.stop is not None else self._stop
        self._health = state.health if state.health is not None else self._health
        self._agents = state.agents if state.agents is not None else self._agents
        self._show_top_bar()

    def _on_waiting(self, count: int, oldest_ms: int) -> None:
        self._waiting, self._oldest_ms = count, oldest_ms
        self._show_top_bar()

    def _on_arrived(self, _request: ApprovalRequest) -> None:
        """Show a hidden window without taking the keyboard from whoever types elsewhere."""

    def _on_raise(self) -> None:
        self.window.showNormal()
        self.window.raise_()
        self.window.activateWindow()

    def _on_stop(self) -> None:
        self._bridge.send(StopAll(n=self._bridge.next_number(), trigger="window"))

    def _show_top_bar(self) -> None:
        self.window.show_top_bar(
            top_bar_view(
                self._look.words,
                stop=self._stop,
                health=self._health,
                agents=self._agents,
                waiting=self._waiting,
                oldest_ms=self._oldest_ms,
            )
        )
