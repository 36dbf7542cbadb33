"""The real window's process as `console_times` watches it: notes turns, presses what it is told.

Run by console_rig in place of `keyturn`, and by the broker that this starts in place of `keyturn
_console`. Nothing of the product is left out: between the broker and the window stands what always
stands there, and what is pressed here goes the way that a person's press does. It imports nothing
of the tests, as the process is isolated.
"""

import json
import os
import resource
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

_TURN_MS = 1
PROFILE = os.environ.get("EYES_PROFILE", "")
_HERE = str(Path(__file__).resolve())


def broker(eyes: str, began: str, words: list[str]) -> int:
    """Be `keyturn WORDS`, its own start anew included; its window is the one that is watched."""
    if not sys.flags.isolated:
        argv = [sys.executable, "-I", _HERE, "broker", eyes, began, *words]
        os.execve(sys.executable, argv, dict(os.environ))
    from keyturn.bootstrap import own_processes
    from keyturn.cli import run

    def watched(platform: str) -> tuple[str, ...]:
        return (sys.executable, "-I", _HERE, "window", eyes, began, platform, "_console")

    own_processes.window_command = watched
    return run(words)


def window(eyes: str, began: str, platform: str, _name: str) -> None:
    """Be the console, and tell what happens in it."""
    # Here, because only this process may load Qt.
    from keyturn import bootstrap

    with bootstrap.loading():
        from keyturn.bootstrap import window
        from keyturn.gui import app

        kept: list[Any] = []

        class Desk(app.Desk):
            """Is watched once it is built."""

            def __init__(self, *given: Any) -> None:
                super().__init__(*given)
                kept.append(watch(self, given[2], eyes, float(began)))

        app.Desk = Desk
        console = window.build_console(platform)
    console.run()


def watch(desk: Any, bridge: Any, eyes: str, began: float) -> Any:
    """Return what watches the window; classes of Qt can be made once Qt is there."""
    from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer
    from PySide6.QtWidgets import QAbstractButton, QWidget

    from keyturn.application.console_protocol import Resume, SaveRule
    from keyturn.gui.pages import Page
    from keyturn.gui.queue.view import QueueView

    class Eyes(QObject):
        """Speaks with the bench over a socket."""

        def __init__(self) -> None:
            super().__init__(desk)
            self.line = socket.socket(socket.AF_UNIX)
            self.line.connect(eyes)
            self.rest = b""
            self.hearing = QSocketNotifier(self.line.fileno(), QSocketNotifier.Type.Read, self)
            self.hearing.activated.connect(self.hear)
            self.turning = QTimer(self)
            self.turning.timeout.connect(self.turn)
            self.turns: list[tuple[float, float]] = []
            self.found: dict[str, float] = {}
            self.awaited: dict[int, str] = {}
            self.since = began
            self.stop: Any = None
            self.rows = 0
            self.cards, self.card = False, ""
            self.painting = ""
            self.view: Any = desk.window.findChild(QueueView)
            bridge.welcomed.connect(lambda _m: self.note("welcomed"))
            bridge.state_changed.connect(self.state)
            bridge.intent_done.connect(self.done)
            bridge.request_shown.connect(self.arrived)
            desk.queue.waiting_changed.connect(self.waiting)
            desk.window.installEventFilter(self)
            self.view.card.headline.installEventFilter(self)
            self.say("built")

        # ------------------------------------------------ the bench's side

        def say(self, event: str, **more: Any) -> None:
            line = {"event": event, "at": time.monotonic()} | more
            self.line.sendall(json.dumps(line).encode() + b"\n")

        def hear(self) -> None:
            *lines, self.rest = (self.rest + self.line.recv(1 << 20)).split(b"\n")
            for line in lines:
                command = json.loads(line)
                getattr(self, "do_" + command.pop("do"))(**command)

        def do_watch(self, rows: int = 0) -> None:
            """Note each turn from now on, or from the first request if rows are awaited."""
            self.turns, self.found, self.rows = [], {}, rows
            self.samples = Samples() if PROFILE else None
            self.found["RSS before, MB"] = rss()
            if rows:
                self.since = 0.0
            else:
                self.begin()

        def do_told(self) -> None:
            """Tell what was seen since."""
            self.turning.stop()
            if self.samples is not None:
                self.samples.end(self.turns)
            self.found["RSS after, MB"] = rss()
            self.found["rows"] = self.view.pane.list.model().rowCount()
            self.found["waiting"] = len(desk.queue.waiting)
            self.say("told", turns=self.turns, found=self.found)

        def do_save_rule(self, data: str) -> None:
            """Save a rule, as the form does when its button is pressed."""
            self.send(SaveRule(n=bridge.next_number(), data=data), "rule saved")

        def do_resume(self, looked_at: list[str]) -> None:
            """Resume, as the screen of the stop does when the word was typed."""
            number = bridge.next_number()
            self.send(Resume(n=number, looked_at=tuple(looked_at), careful=False), "resumed")

        def do_press_stop(self) -> None:
            """Press the button; of this process all that it costs is in `press_stop`'s own time."""
            button: Any = desk.window.top_bar.findChild(QAbstractButton, "stop_all_agents")
            at, used = time.monotonic(), time.thread_time()
            button.click()
            self.say("pressed", pressed=at, used=1000 * (time.thread_time() - used))

        def do_cards(self) -> None:
            """Open each card that comes from now on; tell its first picture and its last line."""
            self.cards = True

        def send(self, intent: Any, name: str) -> None:
            self.awaited[intent.n] = name
            bridge.send(intent)

        # ------------------------------------------------ the window's side

        def begin(self) -> None:
            self.since = time.monotonic()
            self.turns.append((self.since, time.thread_time()))
            self.turning.start(_TURN_MS)

        def turn(self) -> None:
            self.turns.append((time.monotonic(), time.thread_time()))
            history: Any = desk.window.findChild(QWidget, "history_page")
            if history is not None and desk.window.page is Page.HISTORY:
                if history.table.model().rowCount() and "history" not in self.found:
                    self.note("history")
            card = self.view.card
            if self.card and card.arguments.is_measured and card.raw.is_measured:
                self.card = ""
                self.note("all of the card")

        def note(self, name: str) -> None:
            self.found[name] = 1000 * (time.monotonic() - self.since)
            self.say(name, since=self.found[name], used=1000 * time.process_time())

        def state(self, message: Any) -> None:
            self.stop = message.stop if message.stop is not None else self.stop
            if message.rules is not None and "state" not in self.found:
                self.note("state")
            if message.stop is not None:
                self.say("stop", engaged=self.stop.engaged, since=self.stop.since_utc,
                         found=self.stop.found_utc)  # fmt: skip

        def done(self, message: Any) -> None:
            if message.n in self.awaited:
                self.say(self.awaited.pop(message.n), ok=message.ok, sentence=message.sentence)

        def arrived(self, message: Any) -> None:
            if not self.since:
                self.begin()
            if self.cards:
                # Since the turn before: what the queue made of it is behind us.
                self.since = self.turns[-1][0]
                self.say("card", at=self.since)
                self.card, self.painting = message.request.id, "first content"
                desk.queue.open_card(self.card)

        def waiting(self, count: int, _oldest: int) -> None:
            shown = self.view.pane.list.model().rowCount()
            if shown and "first row" not in self.found and self.turns:
                self.note("first row")
            if self.rows and count == self.rows and "all in rows" not in self.found:
                self.note("all in rows")

        def eventFilter(self, on: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's own
            """Note the window's first picture, and a card's."""
            if event.type() is not QEvent.Type.Paint:
                return False
            if on is desk.window and "painted" not in self.found:
                self.found["painted"] = 0.0
                QTimer.singleShot(0, lambda: self.note("painted"))
            elif on is not desk.window and self.painting:
                name, self.painting = self.painting, ""
                QTimer.singleShot(0, lambda: self.note(name))
            return False

    return Eyes()


class Samples:
    """Looks where the window's thread is, each millisecond; tells of the longest turns."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, list[str]]] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Look until it is ended."""
        main: int = threading.main_thread().ident or 0
        while not self.ended.wait(0.001):
            frame, stack = sys._current_frames().get(main), list[str]()
            while frame is not None:
                code = frame.f_code
                stack.append(f"{Path(code.co_filename).name}:{frame.f_lineno} {code.co_name}")
                frame = frame.f_back
            self.seen.append((time.monotonic(), stack))

    def end(self, turns: list[tuple[float, float]]) -> None:
        """Write where the longest five turns were, on standard error."""
        self.ended.set()
        self.thread.join()
        longest = sorted(zip(turns, turns[1:], strict=False), key=lambda t: t[0][1] - t[1][1])[:5]
        for (since, used), (until, more) in longest:
            sys.stderr.write(
                f"turn of {1000 * (more - used):.0f} ms, {1000 * (until - since):.0f} on the clock\n"
            )
            counts: dict[str, int] = {}
            for at, stack in self.seen:
                for line in (
                    {one.split(":")[0] + " " + one.split(" ")[1] for one in stack}
                    if since <= at <= until
                    else ()
                ):
                    counts[line] = counts.get(line, 0) + 1
            for line, count in sorted(counts.items(), key=lambda c: -c[1])[:45]:
                sys.stderr.write(f"  {count:4} {line}\n")
        sys.stderr.flush()


def rss() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    if sys.argv[1] == "broker":
        sys.exit(broker(sys.argv[2], sys.argv[3], sys.argv[4:]))
    window(*sys.argv[2:])
