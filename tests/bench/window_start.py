"""How long the window takes from its process's start to the first picture of 100 waiting cards.

Run: python -m tests.bench.window_start [ROUNDS] [--platform NAME]  (offscreen unless said)

The child is the real console behind the real protocol; it only notes when it passes each place.
Of each phase the median since the process's start, and the longest time that the loop did not turn.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

WAITING = 100
Times = dict[str, list[float]]
"""Of each phase the time on the clock and the CPU's, in ms."""
SETTLED_SECONDS = 2.0
"""How long after the picture the loop is still watched: pages are built then."""


def child(platform: str) -> None:
    """Be the console, and tell on standard error when it passes each place."""
    tell("python")
    # Here, because only the child may load Qt, and it nothing of the tests.
    from keyturn import bootstrap

    with bootstrap.loading():
        from keyturn.bootstrap import window
        from keyturn.gui import app

        tell("imports")

        class Desk(app.Desk):
            """Tells when it begins and when it is built."""

            def __init__(self, *given: Any) -> None:
                tell("application")
                super().__init__(*given)
                tell("window built")
                watch(self, given[2])

        app.Desk = Desk
        console = window.build_console(platform)
    console.run()


def watch(desk: Any, bridge: Any) -> None:
    """Note when the window is shown, when all wait in it, and when that is painted."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    from keyturn.gui.queue.view import QueueView

    class Painted(QObject):
        """Sees the list paint itself."""

        def eventFilter(self, _on: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's own
            """Note the first paint with all rows, once what is painted with it is."""
            if event.type() is QEvent.Type.Paint and desk.queue.open_request is not None:
                painted[0].removeEventFilter(self)
                QTimer.singleShot(0, picture)
            return False

    painted: list[Any] = []
    turning = QTimer(desk)
    last = [0.0, 0.0]

    def turn() -> None:
        now = time.monotonic()
        last[1] = max(last[1], now - last[0])
        last[0] = now

    def picture() -> None:
        tell("first picture")
        last[0], last[1] = time.monotonic(), 0.0
        turning.timeout.connect(turn)
        turning.start(1)
        QTimer.singleShot(int(SETTLED_SECONDS * 1000), partial(tell_longest, last))

    def waiting(count: int, _oldest: int) -> None:
        if count == WAITING and not painted:
            tell("all wait")
            view: Any = desk.window.findChild(QueueView)
            painted[:] = [view.pane.list.viewport(), Painted()]
            painted[0].installEventFilter(painted[1])

    bridge.welcomed.connect(partial(tell, "shown"))
    desk.queue.waiting_changed.connect(waiting)


def tell(phase: str, _of: object = None) -> None:
    """Say a place and the time since the process's start."""
    since = (time.monotonic() - float(sys.argv[2])) * 1000
    used = time.process_time() * 1000
    sys.stderr.write(json.dumps([phase, since, used]) + "\n")
    sys.stderr.flush()


def tell_longest(last: list[float]) -> None:
    """Say the longest turn, which is the last word."""
    sys.stderr.write(json.dumps(["longest turn after it", last[1] * 1000, 0]) + "\n")
    sys.stderr.write(json.dumps(["modules", len(sys.modules), 0]) + "\n")
    sys.stderr.write("\n")
    sys.stderr.flush()


def lines() -> bytes:
    """What the broker says to a window that comes back."""
    from keyturn.application.console_protocol import (
        Ping,
        RequestShown,
        StateChanged,
        encode_line,
    )
    from tests.fakes.approval_requests import a_call
    from tests.gui.pages_data import STATE, WELCOME

    calls = [
        a_call(id=f"c-{n}", server="raw", tool="echo", subject={"text": f"call {n}"})
        for n in range(WAITING)
    ]
    said = [
        WELCOME,
        StateChanged(stop=STATE.stop),
        *(RequestShown(request=call, remaining_ms=50_000) for call in calls),
        Ping(n=1),
        STATE,
    ]
    return b"".join(encode_line(message) for message in said)


def once(platform: str, said: bytes) -> Times:
    """Start one window and return its times."""
    env = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "QT_"))}
    argv = [sys.executable, "-I", str(Path(__file__)), "child", str(time.monotonic()), platform]
    pipe = subprocess.PIPE
    times: Times = {}
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env) as process:
        if process.stdin is None or process.stderr is None:
            raise RuntimeError("no pipes")
        process.stdin.write(said)
        process.stdin.flush()
        for line in process.stderr:
            if not line.strip():
                break
            if line.startswith(b"["):
                phase, *values = json.loads(line)
                times[phase] = values
            else:
                sys.stderr.buffer.write(line)
        process.kill()
    return times


def main() -> int:
    """Print each phase's median."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=7)
    parser.add_argument("--platform", default="offscreen")
    given = parser.parse_args()
    said = lines()
    once(given.platform, said)  # the files come into the system's cache
    rounds = [once(given.platform, said) for _ in range(given.rounds)]
    for phase in rounds[0]:
        clock, cpu = zip(*(times[phase] for times in rounds), strict=True)
        spread = f"{min(clock):.0f} to {max(clock):.0f}"
        middle = statistics.median
        line = f"{phase:24} {middle(clock):8.0f} {middle(cpu):8.0f} of CPU   {spread}"
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[3])
    else:
        sys.exit(main())
