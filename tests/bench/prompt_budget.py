"""Counts how often a coding agent's session asks a person, before and after a week of rules (P1).

    python -m tests.bench.prompt_budget

The calls (`coding_session.py`) go through Keyturn's own gate as in `attention_run.py`. The person
confirms the tiers and labels that Keyturn proposes, takes the recommended posture (`ask_writes`),
and allows every call. On the third question about the same thing they make the rule that its card
offers: a change of files, for what lies in the project; anything else, for exactly the same
argument that says what it does. T3 gets none. The week has sessions of other seeds than the one
that is judged after it.

It is played twice: with all labels that Keyturn proposes, where reading a file counts as untrusted
text, and as who says in the review that the project's files are their own, so that reading one does
not. Exit code 0: within the budget of console.md 3.13 as far as the second goes.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from keyturn.domain.condition import Condition, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.bench.attention_run import AGENT, Bench, Layout, Passed, Table, set_up
from tests.bench.attention_suites import MadeCall
from tests.bench.coding_session import PROJECT, SEED, Timed, mix_of, session, suite
from tests.sources import ROOT

CALLS: Final = 1_000
DAYS: Final = 5
DAY_CALLS: Final = 200
"""Of each day of the week in which rules are made."""
SHARE: Final = 0.05
AN_HOUR: Final = 20
AFTER: Final = 3
"""Questions about the same thing after which a rule is made of it."""
_SAYS: Final = {
    "edit_file": "path",
    "write_file": "path",
    "commit": "repo_path",
    "push": "repo_path",
    "run_command": "command",
}
"""The argument that says what a call does, of what may be asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one session came to."""

    calls: int
    prompts: int
    hours: tuple[int, ...]
    """Prompts of each simulated hour."""
    why: Counter[str]
    rules: int
    """Rules that stand at its end."""

    @property
    def share(self) -> float:
        """Return which share of the calls asked."""
        return self.prompts / self.calls

    def __str__(self) -> str:
        """Say it in one line."""
        said = ", ".join(f"{count} {reason}" for reason, count in self.why.most_common())
        return (
            f"{self.prompts} of {self.calls} calls asked ({self.share:.1%}); by hour "
            f"{'/'.join(map(str, self.hours))}; {said}; {self.rules} rules"
        )


class Person:
    """Makes a rule of what is asked about again and again."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._asked: Counter[tuple[str, str]] = Counter()
        self.rules: dict[tuple[str, str], Rule] = {}

    def was_asked(self, call: MadeCall) -> Rule | None:
        """Note a question; return the rule that is made of it, if one is."""
        thing = self._thing(call)
        self._asked[thing] += 1
        tier = self._bench.tools[call.tool].tier
        if self._asked[thing] < AFTER or thing in self.rules or tier is None:
            return None
        name = _SAYS[call.tool]
        under = tier <= Tier.T1 and call.arguments[name].startswith(PROJECT)
        operator, value = (Operator.PATH_UNDER, PROJECT) if under else (Operator.EQ, thing[1])
        rule = Rule(
            id=f"r-{len(self.rules)}",
            effect=Effect.ALLOW,
            agent=AGENT,
            server=self._bench.suite.name,
            tool=call.tool,
            when=(Condition(path=f"/{name}", op=operator, value=value),),
        )
        self.rules[thing] = rule
        return rule

    def _thing(self, call: MadeCall) -> tuple[str, str]:
        said = str(call.arguments[_SAYS[call.tool]])
        files = "path" in call.arguments and said.startswith(PROJECT)
        return (call.tool, PROJECT if files else said)


class Day(Table):
    """One session, in which the person makes rules between one call and the next."""

    async def work(self, calls: Sequence[Timed], person: Person) -> Told:
        """Make the calls and count what asked."""
        reader, actor = await self._connect()
        hours = [0] * (calls[-1].hour + 1)
        why: Counter[str] = Counter()
        for timed in calls:
            connection = reader if self._bench.tools[timed.call.tool].reads else actor
            passed = await self._make(connection, timed.call, injected=False)
            if not passed.asked:
                continue
            hours[timed.hour] += 1
            why[_reason(passed)] += 1
            rule = person.was_asked(timed.call)
            if rule is not None:
                await self._world.rules.add(rule)
        return Told(
            calls=len(calls),
            prompts=sum(hours),
            hours=tuple(hours),
            why=why,
            rules=len(person.rules),
        )


def make_bench(*, own_files: bool = False) -> Bench:
    """Return the tools as Keyturn proposes to confirm them; `own_files` are no untrusted text."""
    vocabulary = read_verbs(ROOT / "resources" / "verbs.toml").vocabulary
    bench = set_up(suite(), vocabulary, Words(ROOT / "resources" / "translations"))
    if not own_files:
        return bench
    tools = {
        name: replace(tool, labels=tool.labels & ~Lamps.U) for name, tool in bench.tools.items()
    }
    return replace(bench, tools=tools)


async def work(bench: Bench, person: Person, calls: Iterable[Timed]) -> Told:
    """Play one session under the rules that the person has by then."""
    day = Day(bench, Layout.ONE, tuple(person.rules.values()), Posture.ASK_WRITES)
    return await day.work(tuple(calls), person)


async def at_the_start(bench: Bench, calls: int = CALLS) -> Told:
    """Return what the session comes to for who has no rule yet."""
    return await work(bench, Person(bench), session(calls))


async def after_the_week(bench: Bench, calls: int = CALLS) -> Told:
    """Return what the session comes to for who made rules in a week of others."""
    person = Person(bench)
    for day in range(1, DAYS + 1):
        await work(bench, person, session(DAY_CALLS, SEED + day))
    return await work(bench, person, session(calls))


def _reason(passed: Passed) -> str:
    return f"{passed.tool} {passed.because}"


def main() -> int:
    """Play and print; the exit code says whether the budget is kept."""
    for name, count in mix_of(session(CALLS)).most_common():
        proposed = make_bench().tools[name]
        tier = proposed.tier.name if proposed.tier is not None else "T3"
        sys.stdout.write(f"{name}: {count} calls, {tier}, labels {proposed.labels.letters()}\n")
    kept = False
    for own_files in (False, True):
        bench = make_bench(own_files=own_files)
        start, after = asyncio.run(at_the_start(bench)), asyncio.run(after_the_week(bench))
        said = "the project's files as one's own" if own_files else "all labels as proposed"
        sys.stdout.write(f"{said}, at the start: {start}\n{said}, after the week: {after}\n")
        kept = max(start.hours) <= AN_HOUR and after.share <= SHARE
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
