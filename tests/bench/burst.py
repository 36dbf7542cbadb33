"""What 500 calls in one second do to the real window, and what the queue makes of them.

Run: xvfb-run -a python -m tests.bench.burst [ROUNDS] [--platform NAME]  (xcb unless said)

The window is the real console behind the real protocol; its child only notes times. The queue is
the real gate with its decision log in memory, so that a commit costs nothing here.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CALLS = 500
SECONDS = 1.0
AGENTS = ("analyst", "coder", "scribe")
SETTLED_SECONDS = 3.0
"""How long after the last call the loop is still watched."""
Figures = dict[str, float]


# ---------------------------------------------------------------- the window's process


def child(platform: str) -> None:
    """Be the console, and tell its figures on standard error once it has come to rest."""
    # Here, because only the child may load Qt, and it nothing of the tests.
    from keyturn import bootstrap

    with bootstrap.loading():
        from keyturn.bootstrap import window
        from keyturn.gui import app

        class Desk(app.Desk):
            """Is watched once it is built."""

            def __init__(self, *given: Any) -> None:
                super().__init__(*given)
                watch(self, given[2])

        app.Desk = Desk
        console = window.build_console(platform)
    console.run()


def watch(desk: Any, bridge: Any) -> None:
    """Note each turn of the loop from the first call on, and when rows stand in the list."""
    from PySide6.QtCore import QTimer

    from keyturn.gui.queue.view import QueueView

    view: Any = desk.window.findChild(QueueView)
    rows = view.pane.list.model()
    turning = QTimer(desk)
    began: list[float] = []
    turns: list[float] = []
    used: list[float] = []
    found: dict[str, float] = {}

    def turn() -> None:
        turns.append(time.monotonic())
        used.append(time.thread_time())

    def first(_message: Any) -> None:
        if not began:
            found["RSS before, MB"] = rss()
            began.append(time.monotonic())
            turns.append(began[0])
            used.append(time.thread_time())
            turning.timeout.connect(turn)
            turning.start(1)

    def waiting(count: int, _oldest: int) -> None:
        if not began:
            return
        since = (time.monotonic() - began[0]) * 1000
        if rows.rowCount():
            found.setdefault("first row, ms", since)
        if count == CALLS and "all in rows, ms" not in found:
            found["all in rows, ms"] = since
            QTimer.singleShot(int(SETTLED_SECONDS * 1000), desk, end)

    def end() -> None:
        turning.stop()
        stalls = sorted(1000 * (b - a) for a, b in zip(turns, turns[1:], strict=False))
        found["longest stall, ms"] = stalls[-1]
        found["stall p95, ms"] = stalls[int(0.95 * len(stalls))]
        found["over 50 ms"] = sum(one > 50 for one in stalls)
        found["longest turn's own CPU, ms"] = 1000 * max(
            b - a for a, b in zip(used, used[1:], strict=False)
        )
        found["rows"] = rows.rowCount()
        found["waiting"] = len(desk.queue.waiting)
        found["RSS after, MB"] = rss()
        sys.stderr.write(json.dumps(found) + "\n")
        sys.stderr.flush()

    bridge.request_shown.connect(first)
    desk.queue.waiting_changed.connect(waiting)


def rss() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


# ---------------------------------------------------------------- the broker's side of it


def lines() -> tuple[bytes, list[bytes]]:
    """What a window hears first, and the calls: five tools of three agents, like and unlike."""
    from keyturn.application.console_protocol import RequestShown, StateChanged, encode_line
    from tests.factories import make_request
    from tests.gui.pages_data import STATE, WELCOME

    begin = [WELCOME, StateChanged(stop=STATE.stop), STATE]
    calls = [
        make_request(
            f"c-{n}",
            agent=AGENTS[n % len(AGENTS)],
            server="filesystem",
            tool=f"write_{n % 5}",
            arguments={"path": f"/srv/site/src/{n}.ts", "mode": "0644", "text": "x" * (n % 400)},
        )
        for n in range(CALLS)
    ]
    shown = [encode_line(RequestShown(request=one, remaining_ms=50_000)) for one in calls]
    return b"".join(encode_line(message) for message in begin), shown


def once(platform: str, begin: bytes, calls: Sequence[bytes]) -> Figures:
    """Start one window, send it all calls within a second, and return its figures."""
    env = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "QT_"))}
    argv = [sys.executable, "-I", str(Path(__file__)), "child", platform]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env) as process:
        if process.stdin is None or process.stderr is None or process.stdout is None:
            raise RuntimeError("no pipes")
        process.stdin.write(begin)
        process.stdin.flush()
        time.sleep(4.0)
        started = time.monotonic()
        for number, line in enumerate(calls):
            due = started + SECONDS * number / len(calls)
            time.sleep(max(0.0, due - time.monotonic()))
            process.stdin.write(line)
            process.stdin.flush()
        said = next((line for line in process.stderr if line.startswith(b"{")), b"{}")
        process.stdin.close()
        answers = process.stdout.read()
    figures: Figures = json.loads(said)
    figures["decided by it"] = sum(b'"decide"' in line for line in answers.splitlines())
    return figures


def queue() -> Figures:
    """Let 500 calls wait in a gate and time what goes by them."""
    from keyturn.application.call import Forwarded, Refused
    from keyturn.domain.lamps import Lamps
    from keyturn.domain.rule import Effect, Rule
    from keyturn.domain.tier import Tier
    from tests.factories import make_call, make_connection
    from tests.unit.application.test_floods import Flooded

    async def story() -> Figures:
        world = Flooded()
        found: Figures = {}
        for agent, count in (("analyst", 200), ("coder", 200), ("scribe", 100)):
            await world.flood(await world.connect(make_connection(agent=agent)), count)
        last = make_connection(agent="scribe")
        reader = await world.connect(make_connection(agent="reader"))
        await world.agreements.set_tier(world.pin_shown(), Tier.T0, Lamps.NONE)
        await world.rules.add(Rule(id="r-read", effect=Effect.ALLOW, agent="reader"))
        refused, ruled = list[float](), list[float]()
        for n in range(200):
            began = time.perf_counter()
            reply = await world.start(make_call(last, id_=f"over-{n}", request_id=f"over-{n}"))
            refused.append(1000 * (time.perf_counter() - began))
            if not isinstance(reply, Refused):
                raise RuntimeError("the call over the limit was not refused")
            began = time.perf_counter()
            reply = await world.start(make_call(reader, id_=f"read-{n}", request_id=f"read-{n}"))
            ruled.append(1000 * (time.perf_counter() - began))
            if not isinstance(reply, Forwarded):
                raise RuntimeError("the ruled read was not sent")
        found["over the limit, refused, p95 ms"] = sorted(refused)[190]
        found["over the limit, refused, longest ms"] = max(refused)
        found["ruled read beside 500, p95 ms"] = sorted(ruled)[190]
        found["still waiting"] = len(world.approvals.waiting())
        found["sent but for the ruled reads"] = len(world.server.sent) - len(ruled)
        await world.end()
        return found | await settled()

    async def settled() -> Figures:
        world = Flooded()
        await world.flood(await world.connect(), 37)
        began = time.perf_counter()
        await world.rules.add(Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order"))
        from keyturn.application.rejudging import judge_waiting

        judge_waiting(world.approvals, world.rules, suspended=False)
        await asyncio.gather(*world.tasks)
        return {"37 settled by a rule, ms": 1000 * (time.perf_counter() - began)}

    return asyncio.run(story())


def main() -> int:
    """Measure; the first round warms the disk's cache up and does not count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("--platform", default="xcb")
    given = parser.parse_args()
    begin, calls = lines()
    rounds = [once(given.platform, begin, calls) for _ in range(given.rounds + 1)][1:]
    for name in rounds[0]:
        every = [one[name] for one in rounds]
        sys.stdout.write(
            f"{name:>28}: median {statistics.median(every):8.1f}  worst {max(every):8.1f}\n"
        )
    for name, value in queue().items():
        sys.stdout.write(f"{name:>40}: {value:8.2f}\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2])
    else:
        sys.exit(main())
