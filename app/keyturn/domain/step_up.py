"""Step-up: what changed around an agent and was looked at by nobody, and what its calls take then.

Pure. One change gathers all of a kind on one server; what a person has looked at is remembered by
its mark, so that the same thing seen again raises nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import NamedTuple

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.pin import PinUse
from keyturn.domain.tier import Tier

MOST_NAMES = 20
MOST_MARKS = 200
LONGEST_NAME = 200
NO_LABEL = "none"
"""Named where a server's label was taken away."""


class Cause(StrEnum):
    """What changed."""

    DRIFT = "drift"
    """A tool, a prompt or the instructions differ from what was pinned."""
    NEW_TOOL = "new_tool"
    """A server that was reviewed lists a tool that it never had."""
    LAUNCH = "launch"
    """Another command, program or folder than was agreed to."""
    VALUES = "values"
    """Other values of variables or headers than were agreed to."""
    CLOSURE = "closure"
    """The command loads other files than were agreed to."""
    ISSUER = "issuer"
    """The certificate of a remote server is issued by another authority than was agreed to."""
    HOST = "host"
    """A remote server is asked at another address."""
    ENVIRONMENT = "environment"
    """A server is said to run in another environment."""
    PROGRAM = "program"
    """The agent runs in another program than the one that it was enrolled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing that changed, as somebody came upon it."""

    agent: str
    server: str
    """Empty where it is the agent's own program."""
    cause: Cause
    name: str
    """What a person would call it: a tool, an address, a path."""
    mark: str
    """Tells exactly this from all others of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All of one kind that changed on one server, as far as an agent came upon it."""

    agent: str
    server: str
    cause: Cause
    since: str
    """When the first came that nobody has looked at; empty while there is none."""
    names: tuple[str, ...] = ()
    """Of these, the first few."""
    marks: tuple[str, ...] = ()
    """Of these."""
    reviewed: tuple[str, ...] = ()
    """Of what a person has looked at, the latest last."""

    @property
    def is_open(self) -> bool:
        """Tell whether there is anything that nobody has looked at."""
        return bool(self.marks)

    @property
    def more(self) -> int:
        """Return how many there are beside those that are named.

        While there is room for names each has its own, however often it changed.
        """
        if len(self.names) < MOST_NAMES:
            return 0
        return max(0, len(self.marks) - len(self.names))


def noted(change: Change | None, seen: Seen, now_utc: str) -> Change | None:
    """Return the change with what was seen; None where it is known, looked at or not."""
    if change is None:
        change = Change(agent=seen.agent, server=seen.server, cause=seen.cause, since="")
    if seen.mark in change.marks or seen.mark in change.reviewed:
        return None
    # Beyond that the level is raised already, and stays so until somebody has looked.
    if len(change.marks) >= MOST_MARKS:
        return None
    name = seen.name[:LONGEST_NAME]
    named = name in change.names or len(change.names) >= MOST_NAMES
    return replace(
        change,
        since=change.since or now_utc,
        names=change.names if named else (*change.names, name),
        marks=(*change.marks, seen.mark),
    )


def looked_at(change: Change) -> Change:
    """Return the change with nothing open: a person has looked at all of it."""
    reviewed = (*change.reviewed, *change.marks)[-MOST_MARKS:]
    return replace(change, since="", names=(), marks=(), reviewed=reviewed)


def merged(kept: Change, known: Change) -> Change:
    """Return what is kept together with what is known beside it and nobody has looked at."""
    more = [one for one in known.marks if one not in kept.marks and one not in kept.reviewed]
    if not more:
        return kept
    names = (*kept.names, *(name for name in known.names if name not in kept.names))
    return replace(
        kept,
        since=kept.since or known.since,
        names=names[:MOST_NAMES],
        marks=(*kept.marks, *more),
    )


def shown_of(changes: Sequence[Change]) -> str:
    """Name exactly what a person was shown."""
    rows: list[JsonValue] = [
        [change.agent, change.server, change.cause.value, *change.marks] for change in changes
    ]
    return digest_of(canonical(rows))


class Takes(IntEnum):
    """What it takes to allow a call, each more than the one before."""

    CLICK = 0
    NAME = 1
    """The tool's name, typed; only a window can see to that."""
    PIN = 2
    BOTH = 3
    """The PINs of two persons."""


class Weighed(NamedTuple):
    """What of a call says what it takes to allow it."""

    agent: str
    enrolled: bool
    """It proved that it is the agent of that name."""
    tier: Tier
    two_persons: bool
    """Its tool is marked so."""


def is_changing(tier: Tier) -> bool:
    """Tell whether a call does more than read."""
    return tier > Tier.T0


def raised_to(base: Takes, *, pin: bool, second: bool) -> Takes:
    """Return what it takes one step up, as far as it is set up: a PIN, a second person."""
    if base < Takes.PIN:
        return Takes.PIN if pin else Takes.NAME
    return Takes.BOTH if second else base


def takes(
    tier: Tier, use: PinUse, *, two_persons: bool, raised: bool, pin: bool, second: bool
) -> Takes:
    """Return what it takes to allow a call.

    `two_persons`: its tool is marked so; `pin` and `second`: there is a PIN, a second person.
    """
    if two_persons:
        return Takes.BOTH
    base = Takes.PIN if use.covers(tier) else Takes.CLICK
    if not raised or not is_changing(tier):
        return base
    return raised_to(base, pin=pin, second=second)


def change_to_data(change: Change) -> JsonObject:
    """Write a change."""
    return {
        "agent": change.agent,
        "server": change.server,
        "cause": change.cause.value,
        "since": change.since,
        "names": list(change.names),
        "marks": list(change.marks),
        "reviewed": list(change.reviewed),
    }
