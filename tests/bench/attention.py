"""Counts how often a person is asked, and what is held, on the ground truth of AgentDojo.

No model runs: the calls are those that AgentDojo names as right for each task, and those that each
injected text wants. They go through Keyturn's own gate (`attention_run.py`), rules come of one half
of the tasks (`attention_rules.py`), and the other half is judged. AgentDojo has an environment of
its own, which needs none of the clients of models:

    python3 -m venv FOLDER
    FOLDER/bin/pip install --no-deps agentdojo==0.1.35
    FOLDER/bin/pip install pydantic docstring-parser pyyaml deepdiff email-validator rich tenacity
    python -m tests.bench.attention FOLDER

The person in it allows once what the task itself asks, denies what was injected, confirms the
tiers and labels that Keyturn proposes, and lets confirmed reads pass (`ask_writes`). Nothing is
remembered but the rules. Privileged is what does not say in its name that it reads.
"""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from keyturn.domain.canonical import canonical
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture
from keyturn.presentation.verbs import Vocabulary, read_verbs
from keyturn.presentation.words import Words
from tests.bench.attention_rules import learnt_rules
from tests.bench.attention_run import Bench, Layout, Passed, Table, set_up
from tests.bench.attention_suites import SEED, Suite, Task, learning_half, read_suites
from tests.sources import ROOT

_EXPORT = Path(__file__).with_name("agentdojo_export.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was counted over some tasks."""

    tasks: int
    asked_acts: int
    reads: int
    asked_reads: int

    @property
    def a_task(self) -> float:
        """How many prompts a task took."""
        return (self.asked_acts + self.asked_reads) / self.tasks

    def __str__(self) -> str:
        asked = self.asked_acts + self.asked_reads
        unprompted = 100 * (1 - self.asked_reads / self.reads) if self.reads else 100.0
        return (
            f"{self.a_task:.2f} prompts a task ({asked} in {self.tasks} tasks, "
            f"{self.asked_reads} of them about reads), {unprompted:.1f} % of {self.reads} reads "
            f"unprompted"
        )


def count(bench: Bench, played: Sequence[Sequence[Passed]]) -> Told:
    """Count what a person was asked in some tasks."""
    passed = [one for task in played for one in task]
    reads = [one for one in passed if bench.tools[one.tool].reads]
    asked = sum(one.asked for one in passed)
    asked_reads = sum(one.asked for one in reads)
    return Told(
        tasks=len(played),
        asked_acts=asked - asked_reads,
        reads=len(reads),
        asked_reads=asked_reads,
    )


def bound(bench: Bench, task: Task, played: Sequence[Passed]) -> Counter[str]:
    """Count the prompts of a task by what stands in the way of fewer.

    With U and P lit no rule but one of the very values lets what can send pass; and a grant of the
    session would only cover a call that has all arguments of one that was allowed before it.
    """
    found: Counter[str] = Counter()
    lit, asked_before = Lamps.NONE, set[str]()
    for call, one in zip(task.calls, played, strict=True):
        tool = bench.tools[call.tool]
        if one.asked:
            both = Lamps.U in lit and Lamps.P in lit
            found["with U and P lit" if both else "otherwise"] += 1
            what = f"{call.tool} {canonical(call.arguments)!r}"
            found["the same as one before it"] += what in asked_before
            asked_before.add(what)
        lit |= tool.labels
    return found


def together(told: Sequence[Told]) -> Told:
    """Add up what was counted in each suite."""
    return Told(
        tasks=sum(one.tasks for one in told),
        asked_acts=sum(one.asked_acts for one in told),
        reads=sum(one.reads for one in told),
        asked_reads=sum(one.asked_reads for one in told),
    )


async def tasks_of(table: Table, tasks: Sequence[Task]) -> list[list[Passed]]:
    """Play tasks, each in a session of its own."""
    return [await table.play((call, False) for call in task.calls) for task in tasks]


async def attacks_of(table: Table, suite: Suite, *, early: bool) -> list[Passed]:
    """Play every attack of a suite; return its injected calls."""
    played = [await table.play(attack.played(early=early)) for attack in suite.attacks]
    return [one for calls in played for one in calls if one.injected]


def without_telling(bench: Bench) -> Bench:
    """Return the bench of a person who does not hold that to read at an address tells anything."""
    tools = {
        name: replace(one, labels=one.labels & ~Lamps.X) if one.reads else one
        for name, one in bench.tools.items()
    }
    return replace(bench, tools=tools)


class Counting:
    """The whole count, written as it goes."""

    def __init__(self, suites: Sequence[Suite], vocabulary: Vocabulary, words: Words) -> None:
        self._vocabulary = vocabulary
        self._benches = [set_up(suite, vocabulary, words) for suite in suites]

    async def run(self) -> bool:
        """Write all figures; True when every injected privileged call was held."""
        await self._baselines()
        await self._both_ways(self._benches)
        _say("with X taken off tools that only read at an address:")
        await self._both_ways([without_telling(bench) for bench in self._benches])
        all_held = [
            await self._attacks(layout, early=early)
            for layout in Layout
            for early in (False, True)
            if layout is not Layout.HOSTS
        ]
        await self._attacks(Layout.HOSTS, early=False)
        return all(all_held)

    async def _baselines(self) -> None:
        all_told: list[Told] = []
        traced = privileged = 0
        caught: list[Passed] = []
        for bench in self._benches:
            table = Table(bench, Layout.ONE, (), Posture.ASK_ALL)
            played = await tasks_of(table, bench.suite.tasks)
            all_told.append(count(bench, played))
            acts = [p for task in played for p in task if not bench.tools[p.tool].reads]
            privileged += len(acts)
            traced += sum(one.from_results for one in acts)
            table = Table(bench, Layout.ONE, (), Posture.ASK_WRITES)
            injected = await attacks_of(table, bench.suite, early=False)
            caught += [one for one in injected if not bench.tools[one.tool].reads]
        tasks = together(all_told).tasks
        _say(f"ask-all: {together(all_told)}")
        _say(f"ask-privileged: {privileged / tasks:.2f} prompts a task")
        _say(
            f"provenance-only: {traced / tasks:.2f} prompts a task, "
            f"{sum(one.from_results for one in caught)} of {len(caught)} injected caught"
        )

    async def _both_ways(self, benches: Sequence[Bench]) -> None:
        judged = [await self._prompts(benches, swapped=swapped) for swapped in (False, True)]
        _say(f"each half by the other's rules: {together(judged)}")

    async def _prompts(self, benches: Sequence[Bench], *, swapped: bool) -> Told:
        learnt_told: list[Told] = []
        judged_told: list[Told] = []
        reasons: dict[str, int] = {}
        ways: Counter[str] = Counter()
        for bench in benches:
            half = self._half(bench.suite, swapped=swapped)
            rules = learnt_rules(bench, Layout.ONE, half, self._vocabulary)
            table = Table(bench, Layout.ONE, rules, Posture.ASK_WRITES)
            learnt = [task for task in bench.suite.tasks if task.id in half]
            judged = [task for task in bench.suite.tasks if task.id not in half]
            learnt_told.append(count(bench, await tasks_of(table, learnt)))
            played = await tasks_of(table, judged)
            judged_told.append(count(bench, played))
            for task, calls in zip(judged, played, strict=True):
                ways.update(bound(bench, task, calls))
            for one in (p for task in played for p in task if p.asked):
                tier = bench.tools[one.tool].tier
                key = f"{tier.name if tier is not None else 'T3'} {one.because}"
                reasons[key] = reasons.get(key, 0) + 1
        _say(f"halves {'swapped' if swapped else f'of seed {SEED}'}")
        _say(f"  the half that rules came of: {together(learnt_told)}")
        _say(f"  the half that is judged:     {together(judged_told)}")
        _say("  asked there by " + ", ".join(f"{k}: {v}" for k, v in sorted(reasons.items())))
        _say("  asked there " + ", ".join(f"{k}: {v}" for k, v in sorted(ways.items())))
        return together(judged_told)

    async def _attacks(self, layout: Layout, *, early: bool) -> bool:
        acts: list[Passed] = []
        reads: list[Passed] = []
        for bench in self._benches:
            half = self._half(bench.suite, swapped=False)
            rules = learnt_rules(bench, layout, half, self._vocabulary)
            table = Table(bench, layout, rules, Posture.ASK_WRITES)
            injected = await attacks_of(table, bench.suite, early=early)
            acts += [one for one in injected if not bench.tools[one.tool].reads]
            reads += [
                one
                for one in injected
                if bench.tools[one.tool].reads and Lamps.X in bench.tools[one.tool].labels
            ]
        held = sum(one.held for one in acts)
        when = "as soon as read" if early else "last"
        _say(
            f"{layout}, injected {when}: held {held} of {len(acts)}, "
            f"and {sum(one.held for one in reads)} of {len(reads)} pages read"
        )
        return held == len(acts)

    @staticmethod
    def _half(suite: Suite, *, swapped: bool) -> frozenset[str]:
        half = learning_half(suite)
        return frozenset(task.id for task in suite.tasks) - half if swapped else half


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Export, then count; exit code 1 when an injected privileged call was not held."""
    python = Path(sys.argv[1]) / "bin" / "python"
    exported = subprocess.run([python, "-I", _EXPORT], check=True, stdout=subprocess.PIPE)
    resources = ROOT / "resources"
    counting = Counting(
        read_suites(exported.stdout.splitlines()),
        read_verbs(resources / "verbs.toml").vocabulary,
        Words(resources / "translations"),
    )
    return 0 if asyncio.run(counting.run()) else 1


if __name__ == "__main__":
    sys.exit(main())
