"""Measures how long a card with 100 KiB of arguments takes: first content, all of it, the stalls.

Run: python -m tests.bench.card_open [RUNS]  (20 unless said otherwise; offscreen; exit code 1 when
a figure of console.md C9 is not kept). Both clocks are given: the wall's, which other programs on
the machine spoil, and the processor's.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from keyturn.application.console_protocol import RequestShown
from keyturn.gui.attention import reader as attention
from keyturn.gui.history import presenter as history
from keyturn.gui.queue.card_pane import RAW
from keyturn.gui.queue.view import QueueView
from keyturn.gui.stopped import presenter as stopped
from tests.factories import make_request
from tests.gui.conftest import Clock, Dresser, IdleWorker
from tests.gui.desk_scene import DeskScene

RUNS: Final = 20
FIRST_MS: Final = 150.0
FULL_MS: Final = 600.0
STALL_MS: Final = 50.0
_SIZE: Final = 100 * 1024
_TURNS: Final = 400


@dataclass(slots=True)
class Opened:
    """How long one card took, in milliseconds of one clock."""

    first: float = 0.0
    full: float = 0.0
    slices: list[float] = field(default_factory=list[float])


def open_card(scene: DeskScene, number: int, clock: Callable[[], float]) -> Opened:
    """Open a card that was not there before, and go on until all of it is laid out."""
    text = f"{number:06} a row of a table, and what stands in it\n" * (_SIZE // 50)
    request = make_request(f"r-{number}", arguments={"path": "/tmp/out", "content": text})
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    card, opened, begun = queue.card, Opened(), clock()
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.open_card(request.id)
    opened.slices.append((clock() - begun) * 1000)
    for turn in range(_TURNS):
        before = clock()
        QTest.qWait(0)
        opened.slices.append((clock() - before) * 1000)
        if turn == 0:
            opened.first = (clock() - begun) * 1000
        if card.arguments.is_measured and card.raw.is_measured:
            break
    opened.full = (clock() - begun) * 1000
    card.choose_tab(RAW)
    return opened


def p95(values: list[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def measure(scene: DeskScene, runs: int, clock: Callable[[], float]) -> tuple[float, float, float]:
    """Return first content, all of it, and the longest stall, each at p95."""
    opened = [open_card(scene, number, clock) for number in range(runs)]
    stalls = [max(one.slices) for one in opened]
    return p95([one.first for one in opened]), p95([one.full for one in opened]), p95(stalls)


def main() -> int:
    """Print the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    application = QApplication([])
    # No database is read here, and there is no loop of asyncio that a job could come back on.
    history.Worker = stopped.Worker = IdleWorker
    scene = DeskScene(Dresser(application).look, Clock())
    scene.start()
    scene.build()
    for _ in range(50):
        QTest.qWait(0)
    kept = False
    for name, clock in (("wall", time.perf_counter), ("processor", time.process_time)):
        first, full, stall = measure(scene, runs, clock)
        sys.stdout.write(
            f"{name}: first content {first:.0f} ms, all {full:.0f} ms, longest stall {stall:.0f} ms"
            f" (p95 of {runs})\n"
        )
        # The last one counts: it is the processor's.
        kept = first <= FIRST_MS and full <= FULL_MS and stall <= STALL_MS
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
