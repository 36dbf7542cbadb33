"""What the commands among a call's arguments do, as a parser understood them: verbs and targets.

Facts only: they are worked out once per call, and handed to the judge and the card. Whatever is not
understood is said to be so, and only ever raises.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum, StrEnum

import msgspec

from keyturn.domain.tier import Tier


class Language(StrEnum):
    """What a command is written in."""

    SQL = "sql"
    SHELL = "shell"
    HTTP = "http"


class Does(StrEnum):
    """What one step of a command does to its target."""

    READS = "reads"
    FETCHES = "fetches"
    ADDS = "adds"
    CHANGES = "changes"
    REPLACES = "replaces"
    MERGES = "merges"
    REMOVES = "removes"
    EMPTIES = "empties"
    DROPS = "drops"
    CREATES = "creates"
    ALTERS = "alters"
    GRANTS = "grants"
    CALLS = "calls"
    """A function or procedure of which nobody knows what it does."""
    RUNS = "runs"
    """A program, or code that is given."""
    WRITES = "writes"
    APPENDS = "appends"
    SENDS = "sends"
    """By a method of HTTP that changes."""


class Why(StrEnum):
    """Why nothing bounds what a step touches."""

    NO_CONDITION = "no_condition"
    OPEN_CONDITION = "open_condition"
    """Its condition does not name rows by their keys."""
    WHOLE = "whole"
    """It is about a whole table, database or disk."""
    QUERY = "query"
    """As many as a query finds."""
    RECURSIVE = "recursive"
    WITHIN = "within"
    """It may be a folder, with any number of things in it, none of which is lost."""
    PATTERN = "pattern"
    COMPUTED = "computed"
    """Its targets are known only when it runs."""
    PIPED = "piped"
    """It runs what another program, or the network, hands it."""
    LOOP = "loop"
    CODE = "code"
    """It runs code, which may do anything."""
    UNKNOWN = "unknown"
    """It is not known what the program does."""


class Gravity(IntEnum):
    """How grave one step is beside the others of a call; the gravest is told first."""

    READS = 0
    CHANGES = 1
    RUNS = 2
    """Something of which nobody knows what it does, though it does it to so many things at most."""
    LASTS = 3
    """It cannot be undone: what is removed is gone, and what is sent is elsewhere."""
    UNBOUNDED = 4
    """Nothing bounds it: it destroys without an end, or runs code, which may do anything."""


_READS = frozenset({Does.READS, Does.FETCHES})
_DESTROYS = frozenset({Does.REMOVES, Does.EMPTIES, Does.DROPS, Does.REPLACES, Does.GRANTS})


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a command does."""

    does: Does
    target: str = ""
    """The table, the file, the address, or the code; as it is spelt."""
    program: str = ""
    """The program with its decisive switches ("rm -r"), or the method ("POST")."""
    count: int | None = 1
    """How many things that touches at most; None where nothing bounds it."""
    why: Why | None = None
    """Why nothing bounds it."""
    runs: tuple[str, ...] = ()
    """Files that it runs, as they are spelt."""
    writes: tuple[str, ...] = ()
    """Files that it writes, as they are spelt."""

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return self.does not in _READS

    @property
    def destroys(self) -> bool:
        """Whether what it does cannot be undone, or has no bound."""
        if self.does in _DESTROYS:
            return True
        if self.count is not None or self.why is Why.WITHIN:
            return False
        return self.changes and self.does is not Does.CALLS

    @property
    def gravity(self) -> Gravity:
        """How grave it is, for what is told first."""
        if not self.changes:
            return Gravity.READS
        if self.destroys and self.count is None:
            return Gravity.UNBOUNDED
        if self.destroys or self.does is Does.SENDS:
            return Gravity.LASTS
        return Gravity.RUNS if self.does in {Does.RUNS, Does.CALLS} else Gravity.CHANGES

    def bounded(self, count: int | None, why: Why | None) -> "Step":
        """Return the same with another bound."""
        return msgspec.structs.replace(self, count=count, why=why)

    def aimed_at(self, target: str) -> "Step":
        """Return the same with other words for what it is done to."""
        return msgspec.structs.replace(self, target=target)

    def running(self, files: tuple[str, ...]) -> "Step":
        """Return the same, said to run these files."""
        return msgspec.structs.replace(self, runs=files)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one argument that is a command."""

    path: str
    """JSON Pointer of the argument."""
    language: Language
    understood: bool = True
    """Every step of it is among the steps, or among those that are left out."""
    steps: tuple[Step, ...] = ()
    more: int = 0
    """So many further steps are left out; they count all the same."""
    count: int | None = 1
    """How many things it touches at most, all steps together."""
    changes: bool = False
    destroys: bool = False
    """It cannot be undone, has no bound, or is not understood."""
    writes: tuple[str, ...] = ()
    """Files that it writes, those of the steps that are left out as well."""
    runs: tuple[str, ...] = ()
    """Files that it runs, in the same way."""

    def told(self, say: Callable[[str], str]) -> "Command":
        """Return the same with other words for what its steps are done to, and with."""
        steps = (
            msgspec.structs.replace(one, target=say(one.target), program=say(one.program))
            for one in self.steps
        )
        return msgspec.structs.replace(self, steps=tuple(steps))


MOST_FILES = 400
"""Files of one command that are told; one of more is not understood."""
MOST_STEPS = 12
"""Steps of one command that are told."""


def command_of(path: str, language: Language, steps: Iterable[Step]) -> Command:
    """Put the steps of a command together; all that have a bound add up."""
    every = tuple(steps)
    changing = tuple(step for step in every if step.changes)
    # The gravest are told where not all can be.
    writes = tuple(dict.fromkeys(path for step in every for path in step.writes))
    runs = tuple(dict.fromkeys(path for step in every for path in step.runs))
    understood = max(len(writes), len(runs)) <= MOST_FILES
    told = every if len(every) <= MOST_STEPS else _gravest(every)[:MOST_STEPS]
    return Command(
        path=path,
        language=language,
        understood=understood,
        steps=told,
        more=len(every) - len(told),
        count=count_of(changing) if understood else None,
        changes=bool(changing) or not understood,
        destroys=any(step.destroys for step in changing) or not understood,
        writes=writes[:MOST_FILES],
        runs=runs[:MOST_FILES],
    )


def not_understood(path: str, language: Language, steps: Iterable[Step] = ()) -> Command:
    """Return what is known of a command that nobody understood to its end."""
    known = command_of(path, language, steps)
    return msgspec.structs.replace(known, understood=False, count=None, changes=True, destroys=True)


def count_of(steps: Iterable[Step]) -> int | None:
    """Return how many things all steps touch together, at least one; None without a bound."""
    total = 0
    for step in steps:
        if step.count is None:
            return None
        total += step.count
    return max(1, total)


def tier_with(tier: Tier, commands: Sequence[Command], *, runs_written: bool = False) -> Tier:
    """Return the tier of a call with such commands: never a lower one.

    What changes anything raises it by a step, at most to T2; what cannot be undone, has no bound or
    is not understood is T2, and so is to run a file that an earlier call wrote.
    """
    if runs_written or any(command.destroys for command in commands):
        return max(tier, Tier.T2)
    if any(command.changes for command in commands) and tier < Tier.T2:
        return Tier(tier + 1)
    return tier


def _gravest(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: step.gravity, reverse=True))
