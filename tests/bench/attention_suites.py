"""Owns the suites of the attention bench as values: tools, tasks, attacks, and the fixed halves."""

from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec

SEED = 20261129
"""Of the halves. Chosen before the first figure was seen, and not to be turned."""


class MadeCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a ground truth, with what it brought."""

    tool: str
    arguments: dict[str, Any]
    result: Any = None
    error: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wanted, as the calls that do it."""

    id: str
    calls: tuple[MadeCall, ...]
    seen: tuple[str, ...] = ()
    """The places for injected text that its results show."""


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """A task in whose results another one was injected, and the calls that this one wants."""

    task: str
    injection: str
    calls: tuple[MadeCall, ...]
    """The person's, with results that hold the injected text."""
    injected: tuple[MadeCall, ...]
    read_after: int
    """How many of the person's calls were made when the injected text had been read."""

    def played(self, *, early: bool) -> list[tuple[MadeCall, bool]]:
        """Return the calls in order, each with whether it was injected.

        The injected ones come last, or as soon as their text was read: then least is known.
        """
        at = self.read_after if early else len(self.calls)
        wanted = [(call, False) for call in self.calls]
        return [*wanted[:at], *((call, True) for call in self.injected), *wanted[at:]]


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """One world of tools, tasks and attacks."""

    name: str
    tools: tuple[dict[str, Any], ...]
    """Their definitions as a server lists them."""
    tasks: tuple[Task, ...]
    attacks: tuple[Attack, ...]


def read_suites(lines: Iterable[bytes]) -> tuple[Suite, ...]:
    """Read what `agentdojo_export.py` writes, a suite a line; raises msgspec.DecodeError."""
    decoder = msgspec.json.Decoder(Suite)
    return tuple(decoder.decode(line) for line in lines if line.strip())


def learning_half(suite: Suite, seed: int = SEED) -> frozenset[str]:
    """Return the tasks that rules may be made of: the same half for the same seed and suite."""
    names = sorted(task.id for task in suite.tasks)
    Random(f"{seed} {suite.name}").shuffle(names)
    return frozenset(names[: len(names) // 2])
