"""The queue with its presenter, sheets and a spy for a bridge, and a person's hands on it."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest, WithdrawCause
from keyturn.application.console_protocol import Decide, RequestShown, RequestWithdrawn, SaveRule
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.group_rules import GroupRules
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.sheets import CardSheets
from keyturn.gui.queue.view import QueueView
from keyturn.gui.queue.ways import QueueWays
from keyturn.gui.sending import IntentSender
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from tests.gui.conftest import Clock
from tests.gui.spy_bridge import SpyBridge

ROOT = Path(__file__).parents[2]


class SheetsScene(QObject):
    """A window whose queue is fed by the test."""

    def __init__(self, qtbot: QtBot, look: Look, clock: Clock) -> None:
        super().__init__()
        self.qtbot = qtbot
        self.clock = clock
        self.bridge = SpyBridge()
        self.model = model = QueueModel()
        self.view = QueueView(look, model, clock)
        model.setParent(self.view)
        self.queue = QueuePresenter(
            bridge=self.bridge,
            model=model,
            view=self.view,
            words=look.words,
            cards=CardBuilder(look.words, read_verbs(ROOT / "resources" / "verbs.toml")),
            now_ms=clock,
            parent=self.view,
        )
        self.sheets = CardSheets(
            look=look,
            model=model,
            view=self.view,
            sender=IntentSender(self.bridge, self.view),
            open_request=lambda: self.queue.open_request,
            now_ms=clock,
            parent=self.view,
        )
        self.group_rules = GroupRules(
            look=look,
            model=model,
            view=self.view,
            queue=self.queue,
            sender=IntentSender(self.bridge, self.view),
            now_ms=clock,
            parent=self.view,
        )
        self.ways = QueueWays(
            bridge=self.bridge,
            view=self.view,
            open_request=lambda: self.queue.open_request,
            words=look.words,
            parent=self.view,
        )
        self.window = MainWindow(look, {Page.QUEUE: self.view})
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow, timeout=2_000)

    def ask(self, request: ApprovalRequest, remaining_ms: int | None = 38_000) -> None:
        """Play a request and wait until its card is read to the end."""
        self.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=remaining_ms))

        def read() -> bool:
            self.window.grab()
            shown = self.queue.open_request
            return shown is not None and self.view.card.arguments.unseen is None

        self.qtbot.waitUntil(read, timeout=3_000)

    def end(self, request: ApprovalRequest, cause: WithdrawCause) -> None:
        """Play the end of a request."""
        message = RequestWithdrawn(id=request.id, cause=cause.value, outcome="allowed_rule")
        self.bridge.request_withdrawn.emit(message)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
        """Press a key where the focus is."""
        QTest.keyClick(self.window.focusWidget() or self.window, key, modifier)

    def click(self, widget: QWidget) -> None:
        """Press and let go of a widget with the pointer."""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def wait(self, milliseconds: int) -> None:
        """Let time pass and be noticed."""
        self.window.grab()
        self.clock.advance(milliseconds)
        self.view.watch.ticked.emit()
        self.sheets.rule.action.watch.ticked.emit()

    def confirm_card(self) -> None:
        """Press every value that the card owes."""
        for box in self.view.card.decisive.boxes():
            if box.confirm_button.isVisible():
                self.click(box.confirm_button)

    def decided(self) -> list[Decide]:
        """Return the decisions that were sent."""
        return [message for message in self.bridge.sent if isinstance(message, Decide)]

    def saved(self) -> list[SaveRule]:
        """Return the rules that were sent."""
        return [message for message in self.bridge.sent if isinstance(message, SaveRule)]
