"""What a bench sees of the real window from within: its turns, and when what is asked for is there.

What is pressed here goes the way that a person's press does.
"""

import json
import resource
import socket
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer
from PySide6.QtWidgets import QAbstractButton, QWidget

from keyturn.application.console_protocol import (
    IntentDone,
    RequestShown,
    Resume,
    SaveRule,
    StateChanged,
)
from keyturn.application.console_state import StopState
from keyturn.gui.bridge import Bridge
from keyturn.gui.desk import Desk
from keyturn.gui.pages import Page
from keyturn.gui.queue.view import QueueView

TURN_MS = 1
"""So long the loop rests between two turns that are noted."""


class Watch(QObject):
    """Speaks with the bench over a socket, a JSON object a line; `do_` are the bench's words."""

    def __init__(self, desk: Desk, bridge: Bridge, eyes: str, began: float, loaded: float) -> None:
        """`began` is when the program was started, of the monotonic clock; times count from it.

        `loaded` is what this process had used of the processor when the broker spoke first.
        """
        super().__init__(desk)
        self._desk, self._bridge, self._since = desk, bridge, began
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(eyes)
        self._rest = b""
        self._hearing = QSocketNotifier(self._line.fileno(), QSocketNotifier.Type.Read, self)
        self._hearing.activated.connect(self._hear)
        self._turning = QTimer(self)
        self._turning.timeout.connect(self._turn)
        self._turns: list[tuple[float, float]] = []
        self._found: dict[str, float] = {}
        self._awaited: dict[int, str] = {}
        self._rows = 0
        self._opens_cards, self._card, self._painting = False, "", ""
        self._stop = StopState(engaged=False)
        view = desk.window.findChild(QueueView)
        assert view is not None
        self._view: QueueView = view
        bridge.state_changed.connect(self._on_state)
        bridge.intent_done.connect(self._on_done)
        bridge.request_shown.connect(self._on_request)
        desk.queue.waiting_changed.connect(self._on_waiting)
        desk.window.installEventFilter(self)
        view.card.headline.installEventFilter(self)
        self._say("built", used=1000 * loaded)

    # ---------------------------------------------------------------- the bench's side

    def do_watch(self, rows: int = 0) -> None:
        """Note each turn from now on; if rows are awaited, from the first request on."""
        self._turns, self._found, self._rows = [], {"RSS before, MB": rss()}, rows
        if not rows:
            self._begin()
        else:
            self._since = 0.0

    def do_told(self) -> None:
        """Tell what was seen since."""
        self._turning.stop()
        self._found["RSS after, MB"] = rss()
        self._found["rows"] = self._view.pane.list.model().rowCount()
        self._found["waiting"] = len(self._desk.queue.waiting)
        self._say("told", turns=self._turns, found=self._found)

    def do_cards(self) -> None:
        """Open each card that comes from now on; tell its first picture and its last line."""
        self._opens_cards = True

    def do_save_rule(self, data: str) -> None:
        """Save a rule, as the form does when its button is pressed."""
        self._bridge.send(SaveRule(n=self._await("rule saved"), data=data))

    def do_resume(self, looked_at: list[str]) -> None:
        """Resume, as the screen of the stop does when the word was typed."""
        number = self._await("resumed")
        self._bridge.send(Resume(n=number, looked_at=tuple(looked_at), careful=False))

    def do_press_stop(self) -> None:
        """Press the button, and tell when, and what it cost this thread."""
        button = self._desk.window.top_bar.findChild(QAbstractButton, "stop_all_agents")
        assert isinstance(button, QAbstractButton)
        at, used = time.monotonic(), time.thread_time()
        button.click()
        self._say("pressed", at=at, used=1000 * (time.thread_time() - used))

    def _hear(self) -> None:
        *lines, self._rest = (self._rest + self._line.recv(1 << 20)).split(b"\n")
        for line in lines:
            command: dict[str, Any] = json.loads(line)
            getattr(self, f"do_{command.pop('do')}")(**command)

    def _say(self, event: str, **more: Any) -> None:
        line = {"event": event, "at": time.monotonic()} | more
        self._line.sendall(json.dumps(line).encode() + b"\n")

    def _await(self, name: str) -> int:
        number = self._bridge.next_number()
        self._awaited[number] = name
        return number

    # ---------------------------------------------------------------- the window's side

    def _begin(self) -> None:
        self._since = time.monotonic()
        self._turns.append((self._since, time.thread_time()))
        self._turning.start(TURN_MS)

    def _turn(self) -> None:
        self._turns.append((time.monotonic(), time.thread_time()))
        if self._desk.window.page is Page.HISTORY and "history" not in self._found:
            history: Any = self._desk.window.findChild(QWidget, "history_page")
            if history is not None and history.table.model().rowCount():
                self._note("history")
        card = self._view.card
        if self._card and card.arguments.is_measured and card.raw.is_measured:
            self._card = ""
            self._note("all of the card")

    def _note(self, name: str) -> None:
        self._found[name] = 1000 * (time.monotonic() - self._since)
        self._say(name, used=1000 * time.process_time())

    def _on_state(self, message: StateChanged) -> None:
        if message.rules is not None and "state" not in self._found:
            self._note("state")
        if message.stop is not None:
            self._stop = message.stop
            times = {"since": self._stop.since_utc, "found": self._stop.found_utc}
            self._say("stop", engaged=self._stop.engaged, **times)

    def _on_done(self, message: IntentDone) -> None:
        if message.n in self._awaited:
            self._say(self._awaited.pop(message.n), ok=message.ok, sentence=message.sentence)

    def _on_request(self, message: RequestShown) -> None:
        if not self._since:
            self._begin()
        if self._opens_cards:
            # Since the turn before: what the queue made of it is behind us.
            self._since = self._turns[-1][0]
            self._say("card", at=self._since)
            self._card, self._painting = message.request.id, "first content"
            self._desk.queue.open_card(self._card)

    def _on_waiting(self, count: int, _oldest: int) -> None:
        rows = self._view.pane.list.model().rowCount()
        if rows and self._turns and "first row" not in self._found:
            self._note("first row")
        if self._rows and count == self._rows and "all in rows" not in self._found:
            self._note("all in rows")

    def eventFilter(self, on: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's own
        """Note the window's first picture, and a card's, once what is painted with them is."""
        if event.type() is not QEvent.Type.Paint:
            return False
        if on is self._desk.window and "painted" not in self._found:
            self._found["painted"] = 0.0
            QTimer.singleShot(0, lambda: self._note("painted"))
        elif on is not self._desk.window and self._painting:
            name, self._painting = self._painting, ""
            QTimer.singleShot(0, lambda: self._note(name))
        return False


def rss() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6
