"""How fast the history opens, filters and scrolls with many rows (console.md H1).

Run: python -m tests.bench.history_rows [ROWS] [ROUNDS]  (100,000 rows and 5 rounds unless said)

The rows are written straight into a database of Keyturn's own schema, as the log projects them,
with bodies as long as records have. Times on the clock and of the processor, p95 over all filters
of a
kind and all rounds; the scrolling is of the real screen, offscreen, on the console's event loop.
"""

import asyncio
import gc
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, cast

from keyturn.desktop.hardening import prefer_the_loop
from keyturn.domain.decision import Outcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.record import GENESIS, chain_hash, leaf_hash
from keyturn.storage.database import open_for_writing
from keyturn.storage.ledger import CHECKPOINT_RECORDS
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.tree import Frontier

OPEN_MS: Final = 400.0
TOKEN_MS: Final = 200.0
TEXT_MS: Final = 500.0
STALL_MS: Final = 50.0
FIRST: Final = 1_700_000_000
"""Seconds since 1970."""
_SCROLLED: Final = 12_000
_OUTCOMES: Final = [outcome.value for outcome in Outcome]
_WORDS: Final = ("invoice", "harbour", "reading", "quarter", "shipment", "manifest", "draft")


def fill(path: Path, rows: int, first: int = FIRST) -> None:
    """Write decisions of 8 agents on 10 servers with 60 tools, one a minute since `first`."""
    chance = random.Random(7)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            _calls(rows, chance, first),
        )
        connection.executemany(
            "INSERT INTO arguments VALUES (?, '', ?, ?, 0)",
            ((2 * n - 1, bytes(16), _arguments(n, chance)) for n in range(1, rows + 1)),
        )
        _chain(connection, 2 * rows)


def _chain(connection: sqlite3.Connection, records: int) -> None:
    """Write records that a broker takes for the end of its log, all of one body."""
    body = bytes(900)
    leaf, chain, frontier = leaf_hash(body), GENESIS, Frontier()
    checkpoint: tuple[object, ...] = ()
    kept: list[tuple[int, bytes, bytes, bytes]] = []
    for n in range(1, records + 1):
        chain = chain_hash(chain, leaf)
        frontier.add(leaf)
        kept.append((n, leaf, chain, body))
        if n % CHECKPOINT_RECORDS == 0:
            checkpoint = (n, frontier.root(), chain, frontier.peaks())
    connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", kept)
    if checkpoint:
        connection.execute(
            "INSERT INTO checkpoints (size, root, chain, peaks) VALUES (?, ?, ?, ?)", checkpoint
        )


def _calls(rows: int, chance: random.Random, first: int) -> Iterator[tuple[object, ...]]:
    for n in range(1, rows + 1):
        moment = first + 60 * n
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))
        outcome = _OUTCOMES[min(len(_OUTCOMES) - 1, int(chance.expovariate(0.6)))]
        rule = f"r-{chance.randrange(40)}" if outcome == Outcome.ALLOWED_RULE.value else ""
        named = (rule, f"Rule {rule}" if rule else "")
        who = (f"agent-{chance.randrange(8)}", f"s-{n // 50}", f"server-{chance.randrange(10)}")
        what = (f"tool_{chance.randrange(60)}", f"T{chance.randrange(3)}", outcome)
        actor = "rule" if rule else "human"
        sent = (2 * n, "completed", '{"bytes":812}')
        yield (2 * n - 1, f"c-{n}", stamp, *who, *what, actor, *named, 900, "/path", 0, "ab" * 32,
               "window", *sent, "")  # fmt: skip


def _arguments(n: int, chance: random.Random) -> bytes:
    words = " ".join(chance.choices(_WORDS, k=12))
    host = f"host-{chance.randrange(200)}.example.com"
    text = f'{{"body":"{words}","path":"/srv/{n}","url":"https://{host}/x"}}'
    return text.encode()


def tokens() -> dict[str, list[HistoryFilter]]:
    """Return filters of one token each, from what finds most to what finds nothing."""
    late = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(FIRST + 600_000))
    return {
        "agent": [HistoryFilter(agents=(name,)) for name in ("agent-3", "nobody")],
        "server": [HistoryFilter(servers=(name,)) for name in ("server-3", "nothing")],
        "tool": [HistoryFilter(tools=(name,)) for name in ("tool_31", "nothing")],
        "outcome": [HistoryFilter(outcomes=(one,)) for one in (*_OUTCOMES[:4], _OUTCOMES[-1], "x")],
        "tier": [HistoryFilter(tiers=(tier,)) for tier in ("T2", "T3")],
        "rule": [HistoryFilter(rules=(rule,)) for rule in ("Rule r-7", "r-7", "nothing")],
        "decided": [HistoryFilter(actors=(actor,)) for actor in ("human", "rule", "kill")],
        "since, until": [HistoryFilter(since=late), HistoryFilter(until=late)],
        "arg": [HistoryFilter(arguments=(("/path", p),)) for p in ("/srv/77", "nothing")],
        "host": [HistoryFilter(hosts=(h,)) for h in ("host-7.example.com", "nothing.example")],
    }


TEXTS: Final = [HistoryFilter(text=text) for text in ("invoice", "/srv/7777", "nothing of it")]


class Times:
    """Times of one kind of question, on the clock and of the processor, in milliseconds."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.used: list[float] = []

    def take(self, job: Callable[[], object]) -> None:
        """Time a job."""
        wall, used = time.perf_counter(), time.process_time()
        job()
        self.wall.append((time.perf_counter() - wall) * 1000)
        self.used.append((time.process_time() - used) * 1000)

    def line(self, name: str, goal: float) -> tuple[str, bool]:
        """Return the figures, and whether the processor's keep the goal."""
        wall, used = _p95(self.wall), _p95(self.used)
        kept = used <= goal
        told = f"{name}: {wall:.0f} ms on the clock, {used:.0f} of the processor, goal {goal:.0f}"
        return f"{told}{'' if kept else ': NOT KEPT'}\n", kept


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def ask(path: Path, rounds: int) -> bool:
    """Ask in the order in which the screen does; print the figures."""
    opened, first, counted, text = Times(), Times(), Times(), Times()
    slow = dict[str, Times]()

    def open_it() -> None:
        with closing(HistoryQuery(path)) as query:
            query.page()

    for _ in range(rounds):
        opened.take(open_it)
        with closing(HistoryQuery(path)) as query:
            for key, narrowed in ((key, one) for key, many in tokens().items() for one in many):
                first.take(lambda one=narrowed: query.page(one))
                slow.setdefault(key, Times()).take(lambda one=narrowed: query.page(one))
                counted.take(lambda one=narrowed: query.counts(one))
            for narrowed in TEXTS:
                text.take(lambda one=narrowed: query.page(one))
    lines = [
        opened.line("open, p95", OPEN_MS),
        first.line("rows of one token, p95", TOKEN_MS),
        text.line("rows of free text, p95", TEXT_MS),
    ]
    for line, _kept in lines:
        sys.stdout.write(line)
    sys.stdout.write(counted.line("numbers of one token, after the rows, p95", TOKEN_MS)[0])
    for key, times in slow.items():
        sys.stdout.write("  " + times.line(key, TOKEN_MS)[0])
    return all(kept for _, kept in lines)


def scroll(folder: Path) -> bool:
    """Pull the real list to its end again and again; print the longest turn of the loop."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import qasync  # pyright: ignore[reportMissingTypeStubs]  # qasync ships no types
    from PySide6.QtCore import QModelIndex, QTimer
    from PySide6.QtWidgets import QApplication

    from keyturn.gui.collecting import GuiCollector
    from tests.gui.conftest import Dresser
    from tests.gui.history_scene import open_history

    prefer_the_loop()
    application = QApplication([])
    turns: list[tuple[float, float]] = []

    async def pull() -> int:
        scene = open_history(Dresser(application).look, folder)
        scene.view.resize(1200, 744)
        scene.view.show()
        await scene.until(bool)
        # As in the window's process, where what is built is spared and no other thread collects.
        gc.freeze()
        collector = GuiCollector(scene.view)
        rows, bar = scene.model.rows, scene.view.table.verticalScrollBar()
        more = asyncio.Event()
        rows.rowsInserted.connect(more.set)
        last = [time.perf_counter(), time.thread_time()]

        def turn() -> None:
            now = [time.perf_counter(), time.thread_time()]
            turns.append(((now[0] - last[0]) * 1000, (now[1] - last[1]) * 1000))
            last[:] = now

        watch = QTimer()
        watch.timeout.connect(turn)
        watch.start(1)
        while rows.rowCount() < _SCROLLED and rows.canFetchMore(QModelIndex()):
            more.clear()
            bar.setValue(bar.maximum())
            await more.wait()
        watch.stop()
        collector.deleteLater()
        found = len({row.number for row in map(rows.row_at, range(rows.rowCount())) if row})
        if found != rows.rowCount():
            raise RuntimeError("the list has rows twice")
        scene.close()
        return found

    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        found = cast("int", loop.run_until_complete(pull()))  # pyright: ignore[reportUnknownMemberType]  # untyped
    wall, used = [turn[0] for turn in turns], [turn[1] for turn in turns]
    sys.stdout.write(
        f"scrolled to {found:,} rows: longest turn {max(wall):.0f} ms on the clock, "
        f"{max(used):.0f} ms of the window's thread, goal {STALL_MS:.0f}; "
        f"{sum(turn > STALL_MS for turn in wall)} of {len(turns)} longer on the clock\n"
    )
    return max(used) <= STALL_MS


def main() -> int:
    """Print the figures."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory(prefix="keyturn-history-") as name:
        folder = Path(name)
        open_for_writing(folder).close()
        fill(folder / DATABASE_NAME, rows)
        size = (folder / DATABASE_NAME).stat().st_size / 1024**2
        sys.stdout.write(f"{rows:,} rows, {size:,.0f} MiB\n")
        kept = ask(folder / DATABASE_NAME, rounds)
        return 0 if scroll(folder) and kept else 1


if __name__ == "__main__":
    sys.exit(main())
