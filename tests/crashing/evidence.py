"""What the server saw beside what the log says, and in which ways the two contradict each other."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import canonical, digest_of
from keyturn.domain.decision import Delivery, Outcome
from keyturn.storage.projection import read_body

_ANSWERED = frozenset({Delivery.COMPLETED, Delivery.TOOL_ERROR, Delivery.DELIVERED_LATE})
_ROWS = """
    SELECT calls.seq, calls.outcome, calls.delivery, calls.digest, records.body, arguments.value,
        (SELECT launch_hash FROM consents WHERE consents.server = calls.server)
    FROM calls JOIN records ON records.seq = calls.seq LEFT JOIN arguments ON
        arguments.seq = calls.seq
    ORDER BY calls.seq
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One call as the server received it."""

    text: str
    params: dict[str, Any]
    arguments_sha256: str
    stamp: int
    """Monotonic nanoseconds."""
    recorded: bool
    """The server itself found the decision in the database when the call arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One decision as the log has it."""

    text: str
    outcome: Outcome
    delivery: Delivery | None
    digest: str
    arguments: bytes
    stamp: int
    call: ToolCall
    """Who and what the record names, with no params: those are the server's to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Both sides at one moment at which nothing ran."""

    seen: tuple[Seen, ...]
    records: tuple[Recorded, ...]

    @property
    def unfinished(self) -> set[str]:
        """The allowed calls of which the log knows no end."""
        return {r.text for r in self.records if r.outcome.allows and r.delivery is None}

    def delivery_of(self, text: str) -> Delivery | None:
        """Return how the log says that a call ended."""
        return next(r.delivery for r in self.records if r.text == text)


def gather(seen: Path, database: Path) -> Evidence:
    """Read both sides."""
    lines = [json.loads(line) for line in seen.read_bytes().splitlines()] if seen.exists() else []
    calls = tuple(
        Seen(
            text=line["params"]["arguments"]["text"],
            params=line["params"],
            arguments_sha256=line["arguments_sha256"],
            stamp=line["stamp"],
            recorded=line["recorded"],
        )
        for line in lines
        if "params" in line
    )
    with closing(sqlite3.connect(database)) as connection:
        return Evidence(seen=calls, records=tuple(map(_recorded, connection.execute(_ROWS))))


def server_pids(seen: Path) -> list[int]:
    """Return the process ids of all servers that ever ran."""
    lines = [json.loads(line) for line in seen.read_bytes().splitlines()] if seen.exists() else []
    return [line["pid"] for line in lines if "pid" in line]


def contradictions(evidence: Evidence) -> list[str]:
    """Return every way in which the log and the world do not fit; empty when they do."""
    return [*_unrecorded(evidence), *_sent_twice(evidence.seen), *_untrue(evidence)]


def _recorded(row: Sequence[Any]) -> Recorded:
    _, outcome, delivery, digest, body, arguments, launch_hash = row
    entry = read_body(body).entry
    return Recorded(
        text=json.loads(arguments)["text"],
        outcome=Outcome(outcome),
        delivery=Delivery(delivery) if delivery is not None else None,
        digest=digest,
        arguments=arguments,
        stamp=int(json.loads(body)["mono_ns"]),
        call=ToolCall(
            agent=entry.agent,
            session=entry.session,
            server=entry.server,
            launch_hash=launch_hash,
            tool=entry.tool,
            def_hash=entry.def_hash,
            params={},
        ),
    )


def _unrecorded(evidence: Evidence) -> Iterator[str]:
    """Find calls that the server received without an earlier decision on exactly them."""
    allowed = {r.text: r for r in evidence.records if r.outcome.allows}
    for seen in evidence.seen:
        record = allowed.get(seen.text)
        if not seen.recorded:
            yield f"{seen.text}: had no decision in the database when it arrived"
        if record is None:
            yield f"{seen.text}: reached the server and has no allowing decision"
            continue
        if record.stamp >= seen.stamp:
            yield f"{seen.text}: its decision is younger than its arrival"
        if digest_of(record.arguments) != seen.arguments_sha256:
            yield f"{seen.text}: other arguments were recorded"
        if record.digest != _digest_of_sent(record.call, seen):
            yield f"{seen.text}: the digest of its decision is not that of what was sent"


def _digest_of_sent(call: ToolCall, seen: Seen) -> str:
    sent = ToolCall(
        agent=call.agent,
        session=call.session,
        server=call.server,
        launch_hash=call.launch_hash,
        tool=seen.params["name"],
        def_hash=call.def_hash,
        params=json.loads(canonical(seen.params)),
    )
    return sent.digest()


def _sent_twice(seen: Sequence[Seen]) -> Iterator[str]:
    for text, times in Counter(one.text for one in seen).items():
        if times > 1:
            yield f"{text}: was sent {times} times"


def _untrue(evidence: Evidence) -> Iterator[str]:
    """Find deliveries that the log claims and the server contradicts."""
    arrived = {one.text for one in evidence.seen}
    for record in evidence.records:
        if record.delivery in _ANSWERED and record.text not in arrived:
            yield f"{record.text}: is recorded as answered and never reached the server"
        if record.delivery is Delivery.NOT_SENT and record.text in arrived:
            yield f"{record.text}: is recorded as not sent and reached the server"
        if record.delivery is not None and not record.outcome.allows:
            yield f"{record.text}: was not allowed and has a delivery"
