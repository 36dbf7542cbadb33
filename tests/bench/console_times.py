"""The console's times with everything real: W2, C9, Q1, Q2, Q6, Q7, K1 and K2 of console.md.

Run: python -m tests.bench.console_times start [ROUNDS]   (W2: with 100,000 rows, 500 rules)
     python -m tests.bench.console_times cards [CARDS]    (C9: cards of 100 KiB)
     python -m tests.bench.console_times queue [ROUNDS]   (Q1, Q2, Q6, Q7: 500 calls in a second)
     python -m tests.bench.console_times stop [STOPS]     (K1, K2: calls around the instant)

The broker on its socket, agents behind shims, a server of its own process, the window under Xvfb
with a window manager. Each figure is given on the clock and by the processor: what the processes
of Keyturn that the figure is about used of it meanwhile, all of their threads, which is more than
the call that is timed took. The exit code is 0 if the processor's keep the aims: on a machine that
others use, the clock says how long those took, and this code would be a die's.
"""

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from keyturn.domain.canonical import canonical
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.storage.stop_reviews import SqliteStopReviews
from tests.bench.console_rig import AGENTS, READS, Caller, Rig, Times, cpu_ms, part, whole_keyturn
from tests.e2e.desk import wait_until

ROWS, RULES = 100_000, 500
LATE_SECONDS = 2.0
"""How long after it the window is still watched: its other pages are built then."""
KEY_SECONDS = 0.2
CALLS, SECONDS = 500, 1.0
EACH = 100
COVERED = 37
CARD_BYTES = 100 * 1024
ASKERS = (("analyst", 200), ("coder", 200), ("scribe", 100 - COVERED), ("writer", COVERED))
GROUPS = 3 * 5 + 1
BESIDE_STOP = 130
"""So many calls go through before each stop, and as many are refused after it, at least."""
IN_FLIGHT = 8
STOPS = 50


def say(*lines: tuple[str, bool]) -> bool:
    """Print lines of figures, and tell whether all keep their aims."""
    for line, _kept in lines:
        sys.stdout.write(line)
    sys.stdout.flush()
    return all(kept for _, kept in lines)


def found(name: str, value: float, aim: float, unit: str = "") -> tuple[str, bool]:
    """Return the line of a single number that has to be at most the aim."""
    kept = value <= aim
    return f"{name}: {value:,.0f}{unit}; aim {aim:,.0f}{'' if kept else ': NOT KEPT'}\n", kept


# ---------------------------------------------------------------- W2, C9


def start(rounds: int) -> bool:
    """Start with a long history and many rules; interactive is when a pressed key shows history.

    The first round does not count: it brings the files into the system's cache.
    """
    picture, state, history, longest = (Times() for _ in range(4))
    with whole_keyturn((READS, *_rules()), rows=ROWS) as rig:
        for number in range(rounds + 1):
            rig.start()
            rig.eyes.tell("watch")
            _press_history(rig)
            time.sleep(LATE_SECONDS)
            if number:
                # Both processes load side by side; what follows is the window's.
                loaded = rig.eyes.hear("built")["used"]
                before = max(loaded, rig.started_ms) - loaded
                for name, times in (("painted", picture), ("state", state), ("history", history)):
                    said = rig.eyes.hear(name)
                    wall = 1000 * (said["at"] - rig.keyturn.began)
                    times.add(wall, said["used"] + before)
                wall, used = rig.eyes.turns()[0].lengths()
                longest.add(max(wall), max(used))
            rig.end()
    return say(
        picture.line("W2 the window's first picture", 2000),
        (state.line("all of the state is in it", 2000)[0], True),
        history.line("W2 a key pressed at once has shown the history's rows", 2000),
        (longest.line("longest turn, while the other pages are built", 100)[0], True),
    )


def _press_history(rig: Rig) -> None:
    """Press Ctrl+2 as soon as there is a window, and again while nothing comes of it."""
    wait_until(rig.screen.windows, "a window")
    while not rig.eyes.hears("history", KEY_SECONDS):
        rig.screen.xdotool("key", "ctrl+2")


def cards(count: int) -> bool:
    """Open cards of 100 KiB, one after the other; the first is the first card at all."""
    first, whole, longest = Times(), Times(), Times()
    with whole_keyturn() as rig:
        rig.start()
        rig.eyes.hear("state")
        caller = rig.caller("analyst")
        time.sleep(LATE_SECONDS)
        rig.eyes.tell("cards")
        for number in range(count):
            rig.eyes.forget()
            rig.eyes.tell("watch")
            line = f"{number:06} a row of a table, and what stands in it\n"
            caller.call(f"card-{number}", "write_0", line * (CARD_BYTES // len(line)))
            began = rig.eyes.hear("card")["at"]
            content, all_ = rig.eyes.hear("first content"), rig.eyes.hear("all of the card")
            time.sleep(0.3)
            turns, _seen = rig.eyes.turns()
            for said, times in ((content, first), (all_, whole)):
                times.add(1000 * (said["at"] - began), turns.used(began, said["at"]))
            wall, used = turns.lengths()
            longest.add(max(wall), max(used))
    return say(
        first.line("C9 first content of a card of 100 KiB", 150),
        whole.line("C9 all of it laid out", 600),
        longest.line("C9 longest turn", 50),
    )


def _rules() -> list[Rule]:
    return [
        Rule(id=f"r-{n}", name=f"rule {n}", effect=Effect.ALLOW, server=f"server-{n % 10}",
             tool=f"tool_{n % 60}", agent=f"agent-{n % 8}")
        for n in range(RULES)
    ]  # fmt: skip


# ---------------------------------------------------------------- Q1, Q2, Q6, Q7


class Queue:
    """What 500 calls in a second do, and what goes by them."""

    def __init__(self) -> None:
        self.stalls, self.p95 = Times(), Times()
        self.first, self.all = Times(), Times()
        self.ruled, self.refused, self.settled, self.stopped = (Times() for _ in range(4))
        self.memory: list[float] = []
        self.wrong: list[str] = []

    def once(self) -> None:
        """Start afresh and play one round."""
        with whole_keyturn() as rig:
            rig.start()
            rig.eyes.hear("state")
            callers = {name: rig.caller(name) for name in AGENTS}
            self.warm(rig, callers)
            self.burst(rig, callers)
            self.by(rig, callers["reader"])
            self.over(rig, callers["scribe"])
            self.rule(rig, callers["writer"])
            self.stop(rig, callers)

    def warm(self, rig: Rig, callers: dict[str, Caller]) -> None:
        """Let one read go through, and the window come to rest."""
        callers["reader"].call("warm", "echo")
        callers["reader"].wait("warm")
        time.sleep(2.0)

    def burst(self, rig: Rig, callers: dict[str, Caller]) -> None:
        """Ask 500 times within a second, of five tools; each agent's calls spread over it."""
        turns = [(name, n) for name, count in ASKERS for n in range(count)]
        turns.sort(key=lambda one: one[1] / dict(ASKERS)[one[0]])
        rig.eyes.forget()
        rig.eyes.tell("watch", rows=CALLS)
        began = time.monotonic()
        for number, (name, n) in enumerate(turns):
            time.sleep(max(0.0, began + SECONDS * number / CALLS - time.monotonic()))
            tool = "write_0" if name == "writer" else f"write_{n % 5}"
            callers[name].call(f"{name}-{n}", tool, f"/srv/site/{name}/{n}.ts " + "x" * (n % 400))
        last = time.monotonic()
        first, all_ = rig.eyes.hear("first row"), rig.eyes.hear("all in rows")
        time.sleep(1.5)
        turns, seen = rig.eyes.turns()
        wall, used = turns.lengths()
        self.stalls.add(max(wall), max(used))
        self.p95.add(part(wall, 0.95), part(used, 0.95))
        self.first.add(1000 * (first["at"] - began), turns.used(began, first["at"]))
        self.all.add(1000 * (all_["at"] - last), turns.used(last, all_["at"]))
        self.memory.append(seen["RSS after, MB"] - seen["RSS before, MB"])
        self.check("waiting in the window", seen["waiting"], CALLS)
        # The call that was opened first keeps a row of its own.
        self.check("all in groups", seen["rows"] <= GROUPS + 1, 1)
        self.check("waiting in the broker", rig.keyturn.waiting(), CALLS)
        self.check("sent without a decision", len(rig.reached()), 1)

    def by(self, rig: Rig, reader: Caller) -> None:
        """Make ruled reads beside all that wait, until the server has each."""
        pids = self.pids(rig, reader)
        for n in range(EACH):
            used = cpu_ms(*pids)
            at = reader.call(f"read-{n}", "echo")
            reader.wait(f"read-{n}")
            self.ruled.add(0.0, cpu_ms(*pids) - used)
            read = next(when for when, text in reversed(rig.reached()) if text == f"read-{n}")
            self.ruled.wall[-1] = 1000 * (read - at)

    def over(self, rig: Rig, caller: Caller) -> None:
        """Ask for more than the queue takes."""
        pids = self.pids(rig, caller)
        for n in range(EACH):
            used = cpu_ms(*pids)
            at = caller.call(f"over-{n}", "write_1")
            line = caller.wait(f"over-{n}")
            self.refused.add(1000 * (caller.answered[f"over-{n}"][0] - at), cpu_ms(*pids) - used)
            self.check("refused", int(b"too many" in line.lower() or b"isError" in line), 1)
        self.check("waiting after the refusals", rig.keyturn.waiting(), CALLS)

    def rule(self, rig: Rig, writer: Caller) -> None:
        """Save a rule that covers 37 of what waits."""
        rule = Rule(id="r-37", name="37", effect=Effect.ALLOW, agent="writer", tool="write_0")
        pids = (*self.pids(rig, writer), rig.keyturn.console)
        used, at = cpu_ms(*pids), time.monotonic()
        rig.eyes.tell("save_rule", data=canonical(rule_to_data(rule)).decode())
        writer.wait(*(f"writer-{n}" for n in range(COVERED)))
        self.settled.add(
            1000 * (max(writer.answered[f"writer-{n}"][0] for n in range(COVERED)) - at),
            cpu_ms(*pids) - used,
        )
        rows = rig.keyturn.history("rule:r-37")
        self.check("rows of the rule", len([r for r in rows if r["rule"]]), COVERED)
        self.check("waiting after the rule", rig.keyturn.waiting(), CALLS - COVERED)

    def stop(self, rig: Rig, callers: dict[str, Caller]) -> None:
        """Stop, and see all answered that still waits."""
        left = [(name, count) for name, count in ASKERS if name != "writer"]
        pids = self.pids(rig, *callers.values())
        used, at = cpu_ms(*pids), time.monotonic()
        rig.eyes.tell("press_stop")
        for name, count in left:
            callers[name].wait(*(f"{name}-{n}" for n in range(count)))
        last = max(callers[name].answered[f"{name}-{n}"][0] for name, c in left for n in range(c))
        self.stopped.add(1000 * (last - at), cpu_ms(*pids) - used)
        self.check("sent in all", len(rig.reached()), 1 + EACH + COVERED)

    def pids(self, rig: Rig, *callers: Caller) -> tuple[int, ...]:
        """Return the broker's and these shims' processes."""
        assert rig.keyturn.process is not None
        return (rig.keyturn.process.pid, *(caller.pid for caller in callers))

    def check(self, name: str, value: float, wanted: float) -> None:
        """Take down what is not as it has to be."""
        if value != wanted:
            self.wrong.append(f"{name}: {value}, not {wanted}")

    def lines(self) -> list[tuple[str, bool]]:
        """Return all figures."""
        return [
            self.stalls.line("Q1 longest turn of the window", 100, 1),
            self.p95.line("Q1 p95 of its turns", 50, 1),
            self.first.line("Q1 first row after the first call", 250, 1),
            self.all.line("Q1 all in rows after the last call", 1000, 1),
            found("Q1 memory more, worst", max(self.memory), 60, " MB"),
            self.ruled.line("Q2 a ruled read beside 500 that wait, at the server", 50),
            self.refused.line("Q7 a call over the limit, refused", 50),
            self.settled.line("Q6 37 settled by a rule that is saved, answered", 300, 1),
            self.stopped.line("I-17 463 that wait answered by the stop", 1000, 1),
            ("".join(f"WRONG: {one}\n" for one in self.wrong), not self.wrong),
        ]


def queue(rounds: int) -> bool:
    """Play the rounds."""
    seen = Queue()
    for _ in range(rounds):
        seen.once()
    return say(*seen.lines())


# ---------------------------------------------------------------- K1, K2


class Storm:
    """An agent that calls without pause, refused or not, until it is told to rest."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.sent = self.through = self.refused = 0
        self._going, self._ended = threading.Event(), False
        self.resting = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storm")
        self._thread.start()

    def go(self) -> None:
        """Call on."""
        self.resting.clear()
        self._going.set()

    def rest(self) -> None:
        """Wait until what it began is answered, and begin no more."""
        self._going.clear()
        self.resting.wait()

    def end(self) -> None:
        """Call no more."""
        self._ended = True
        self._going.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            if not self._going.is_set():
                self.resting.set()
                self._going.wait()
            if self._ended:
                return
            ids = [f"storm-{self.sent + n}" for n in range(IN_FLIGHT)]
            for id_ in ids:
                self._caller.call(id_, "echo")
            self.sent += len(ids)
            self._caller.wait(*ids)
            said = [self._caller.answered.pop(id_)[1] for id_ in ids]
            refused = sum(b'"isError":true' in line for line in said)
            self.refused += refused
            self.through += len(ids) - refused


class Stops:
    """Stops in a storm, again and again: by command with the window frozen, and by the button."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._storm = Storm(rig.caller("reader"))
        self.command, self.button = Times(), Times()
        self.answered = Times()
        self.late = 0
        """Calls that the server read after the stop was answered."""

    def once(self, *, frozen: bool) -> None:
        """Stop once, and resume."""
        through, refused = self._storm.through, self._storm.refused
        self._storm.go()
        wait_until(lambda: self._storm.through >= through + BESIDE_STOP, "a storm")
        self._rig.eyes.forget()
        at, used, answered = self._by_command() if frozen else self._by_button()
        seen = len(self._rig.reached())
        wait_until(lambda: self._storm.refused >= refused + BESIDE_STOP, "refusals")
        self._storm.rest()
        reached = self._rig.reached()
        self.late += len(reached) - seen
        last = 1000 * (reached[-1][0] - at)
        (self.command if frozen else self.button).add(max(0.0, last), used)
        self.answered.add(1000 * (answered - at), used)
        self._resume()

    def _by_command(self) -> tuple[float, float, float]:
        """Run `keyturn stop` as a desktop's shortcut does, the window's process standing still."""
        keyturn = self._rig.keyturn
        os.kill(keyturn.console, signal.SIGSTOP)
        at = time.monotonic()
        process = subprocess.Popen(keyturn.argv("stop"), env=keyturn.env, stdout=subprocess.DEVNULL)
        _pid, status, usage = os.wait4(process.pid, 0)
        answered = time.monotonic()
        process.returncode = os.waitstatus_to_exitcode(status)
        os.kill(keyturn.console, signal.SIGCONT)
        if process.returncode:
            raise RuntimeError("keyturn stop failed")
        return at, 1000 * (usage.ru_utime + usage.ru_stime), answered

    def _by_button(self) -> tuple[float, float, float]:
        """Press the button, and wait for the window to be told that all is stopped."""
        process = self._rig.keyturn.process
        assert process is not None
        used = cpu_ms(process.pid)
        self._rig.eyes.tell("press_stop")
        pressed = self._rig.eyes.hear("pressed")
        answered = self._rig.eyes.hear("stop", engaged=True)
        return (
            pressed["at"],
            pressed["used"] + cpu_ms(process.pid) - used,
            answered["at"],
        )

    def _resume(self) -> None:
        """Resume as a person who looked at all that was owed a look."""
        said = self._rig.eyes.hear("stop", engaged=True)
        reviews = SqliteStopReviews(self._rig.keyturn.profile.database)
        owed = asyncio.run(reviews.owed(said["since"], said["found"]))
        self._rig.eyes.tell("resume", looked_at=sorted(owed))
        done = self._rig.eyes.hear("resumed")
        if not done["ok"]:
            raise RuntimeError(done["sentence"])

    def end(self) -> None:
        """End the storm."""
        self._storm.end()

    def lines(self) -> list[tuple[str, bool]]:
        """Return all figures."""
        storm = self._storm
        asked = f"{storm.sent:,} calls around {len(self.answered.wall)} stops"
        return [
            self.command.line("K1 last call at the server after `keyturn stop` begins", 100, 0.99),
            self.button.line("K1 last call at the server after the button", 100, 0.99),
            self.answered.line("K1 the stop durable and said", 250, 0.99),
            (f"K2 {asked}: {storm.through:,} went through, {storm.refused:,} refused\n", True),
            found("K2 read by the server after the stop was answered", self.late, 0),
            *self._order(),
        ]

    def _order(self) -> list[tuple[str, bool]]:
        """Ask the records, whose order no clock spoils: none is allowed while it is stopped."""
        with sqlite3.connect(self._rig.keyturn.profile.database) as database:
            rows = database.execute("SELECT body FROM records ORDER BY seq").fetchall()
        stopped, allowed, within, unsent = False, 0, 0, 0
        for (body,) in rows:
            one: dict[str, Any] = json.loads(body)
            stopped = one["type"] == "stop" or (stopped and one["type"] != "resume")
            if one["type"] == "decision" and str(one["outcome"]).startswith("allowed"):
                allowed += 1
                within += stopped
            unsent += one["type"] == "delivery" and one.get("outcome") == "not_sent"
        reached = len(self._rig.reached())
        return [
            found("K2 allowed between a stop and its resume, by the records", within, 0),
            found("K2 sent and not allowed", abs(reached - (allowed - unsent)), 0),
        ]


def stop(stops: int) -> bool:
    """Stop so often, by command and by the button in turn."""
    with whole_keyturn() as rig:
        rig.start()
        rig.eyes.hear("state")
        seen = Stops(rig)
        try:
            for number in range(stops):
                seen.once(frozen=number % 2 == 0)
            return say(*seen.lines())
        finally:
            seen.end()


# ---------------------------------------------------------------- main


def main() -> int:
    """Measure what is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("start", "cards", "queue", "stop"))
    parser.add_argument("rounds", nargs="?", type=int)
    given = parser.parse_args()
    measures: dict[str, tuple[Callable[[int], bool], int]] = {
        "start": (start, 10),
        "cards": (cards, 20),
        "queue": (queue, 3),
        "stop": (stop, STOPS),
    }
    # Who is ended from outside ends what it started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    measure, rounds = measures[given.what]
    return 0 if measure(given.rounds or rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
