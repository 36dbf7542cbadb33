"""What questions to the history are answered with."""

from dataclasses import dataclass, field

from keyturn.domain.canonical import JsonObject
from keyturn.storage.projection import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryItem:
    """One decision with what became of it."""

    number: int
    """Of the decision's record in the chain; pages go by it."""
    call: str
    ts_utc: str
    agent: str
    session: str
    server: str
    tool: str
    tier: str
    outcome: str
    actor: str
    rule_id: str
    rule_name: str
    decide_ms: int
    decisive_path: str
    """JSON Pointer of the argument that says most; may be empty."""
    decisive: str
    """That argument's text; empty when there is none, it is gone or too long for a row."""
    hidden: int
    """Hidden characters in the arguments."""
    digest: str
    route: str
    delivery: str
    """Empty as long as nothing is known of a delivery."""
    delivery_number: int | None
    result: JsonObject = field(hash=False)
    """What the delivery's record says of it: bytes, why it was withheld, ...; never content."""
    method: str
    """What was asked for; empty for a tool's call, and before that was recorded."""
    masked: bool
    """The arguments shown have secrets masked."""
    arguments: str | None
    """Canonical JSON; None when longer than a row holds, or gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedName:
    """What was asked for of a server, and allowed."""

    server: str
    name: str
    """Of a tool or a prompt; empty for the rest, of which there may be very many names."""
    method: str
    """As of a `HistoryItem`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedNames:
    """What was really used."""

    names: tuple[UsedName, ...]
    complete: bool = True
    """False when time ran out, or there is more than is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Decisions, newest first."""

    items: tuple[HistoryItem, ...]
    older: int | None
    """Ask for the next page with `before` this number; None at the end."""
    complete: bool = True
    """False when time ran out: `older` goes on with the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCounts:
    """How many decisions match a filter."""

    total: int
    by_outcome: dict[str, int] = field(hash=False)
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One record that is no decision: a stop, a resume, a review, a changed rule."""

    number: int
    type: str
    ts_utc: str
    call: str
    agent: str
    session: str
    server: str
    tool: str
    outcome: str
    actor: str
    details: JsonObject = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDetail:
    """One call with everything that was recorded of it."""

    item: HistoryItem
    arguments: str | None
    """Canonical JSON, whole; None when pruned."""
    decision: Body | None
    """The decision's record; None when its bytes were pruned."""
    delivery: Body | None
    origins: tuple[JsonObject, ...] = field(hash=False)
    """Places that argument values came from: path, result, tool, offset."""
    events: tuple[HistoryEvent, ...] = ()
    """What else was recorded of this call, oldest first."""
    chain: str = ""
    """Chain value at the decision, hexadecimal."""
    asked: str | None = None
    """Canonical JSON that its agent asked for, where a person changed it; None when pruned, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was asked for is no longer in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReview:
    """What happened around a stop."""

    moment_utc: str
    """When it began, as far as that can be believed."""
    sent_before: tuple[HistoryItem, ...]
    """Allowed in the seconds before it, newest first: all that is owed a look, and the newest."""
    owed: tuple[HistoryItem, ...]
    """Of those, the ones that a person has to have looked at before resuming."""
    refused_since: int
    unknown: tuple[HistoryItem, ...]
    """Of those, the ones that nobody can say the end of."""
    events: tuple[HistoryEvent, ...]
    """From the first second looked at until now, oldest first."""
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSize:
    """How much is kept."""

    records: int
    bytes: int
    """Pages in use."""
