"""Owns what a link needs of its two ends and of the use cases: ports, no behaviour."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from keyturn.application.agreements import Agreements
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers
from keyturn.application.gate import Gate
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.inputs import Inputs
from keyturn.application.notices import NoticeInspector
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.processes import Processes
from keyturn.application.recording import Recorder
from keyturn.application.reviews import Reviews
from keyturn.application.rulebook import RuleBook
from keyturn.application.sessions import Sessions
from keyturn.application.sights import Sights
from keyturn.application.stop import StopSwitch
from keyturn.broker.envelope import RequestId
from keyturn.broker.frames import Oversize
from keyturn.broker.large_calls import LargeCalls
from keyturn.broker.parted_lines import Written
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import Limits

Answer = Callable[[bytes], None]
"""Writes one line to the client."""


class Paused(Protocol):
    """Is told that a server can take up its answer to a request again, were it broken off."""

    def __call__(self, request_id: RequestId, retry: float | None, *, ended: bool) -> None:
        """`retry`: the seconds that it wants to be waited; `ended`: it has broken off."""
        ...


class Downstream(Protocol):
    """The client's end of a connection, as a link writes to it."""

    def send(self, line: Written) -> None:
        """Write one line; dropped when the client is gone."""
        ...

    def hears(self, request_id: RequestId) -> bool:
        """Tell whether the answer to a request would still reach who asked, as far as is known."""
        ...

    def server_paused(self, request_id: RequestId, retry: float | None, *, ended: bool) -> None:
        """Be told what `Paused` says."""
        ...

    def unanswered(self, request_id: RequestId) -> None:
        """Be told that a member of a batch was cancelled, and nothing of its batch is to come."""
        ...

    def hold_reading(self, reason: str) -> None:
        """Read nothing from the client for now."""
        ...

    def release_reading(self, reason: str) -> None:
        """Read again when no reason is left."""
        ...

    def close(self) -> None:
        """Close it once everything is written."""
        ...


class ClientEvents(Protocol):
    """What is told of the client's end."""

    def from_client(self, line: bytes) -> None:
        """Take one line."""
        ...

    def oversize_from_client(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        ...

    def client_slow(self, slow: bool) -> None:
        """Say whether the client keeps up with what is written to it."""
        ...

    def schema_of(self, tool: str) -> JsonObject | None:
        """Return the input schema of a tool that the server is known to list."""
        ...

    def takes_batches(self) -> bool:
        """Tell whether the two ends agreed on the version that has batches."""
        ...

    def abandoned(self, request_id: RequestId) -> None:
        """Say that nobody waits for the answer to a request, which was not cancelled."""
        ...

    def client_left(self) -> None:
        """Say once that the client will write no more; it may still read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkServices:
    """The use cases and ports that every link works with."""

    gate: Gate
    inputs: Inputs
    notices: NoticeInspector
    agreements: Agreements
    sights: Sights
    reviews: Reviews
    approvals: Approvals
    holds: HoldBudgets
    stop: StopSwitch
    rules: RuleBook
    recorder: Recorder
    sessions: Sessions
    processes: Processes
    ids: Ids
    clock: Clock
    observers: Observers
    limits: Limits
    large: LargeCalls | None = None
    """Reads clients' frames over 64 KiB; None to have them read where they come in."""
