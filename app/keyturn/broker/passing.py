"""Owns the requests that were passed to a server and are not answered yet."""

from collections import deque
from dataclasses import dataclass

from keyturn.broker.envelope import RequestId
from keyturn.domain.canonical import JsonObject

MOST_PENDING = 1_000
"""Passed requests that one connection may have open."""
LONGEST_METHOD = 64
"""Characters that are kept of a method; those that are looked for are shorter."""
_CANCELLED_KEPT = 256


@dataclass(slots=True)
class Passed:
    """One request that the server has."""

    id: RequestId
    method: str
    meta: JsonObject | None
    """Keyturn's share of a 2026-07-28 request's `_meta`; None when legacy, or not needed."""
    held: bool = False
    """Its answer came and is being looked at."""
    cancelled: bool = False


class PassedRequests:
    """Matches answers to requests; an answer that nobody waits for has no match."""

    def __init__(self) -> None:
        self._open: dict[RequestId, Passed] = {}
        self._cancelled: deque[RequestId] = deque(maxlen=_CANCELLED_KEPT)

    def __contains__(self, request_id: RequestId) -> bool:
        """Tell whether a request of that id is open."""
        return request_id in self._open

    @property
    def full(self) -> bool:
        """Whether no further request is taken."""
        return len(self._open) >= MOST_PENDING

    def add(self, request: Passed) -> None:
        """Keep a request that is being written."""
        self._open[request.id] = request

    def answered(self, request_id: RequestId) -> Passed | None:
        """Return the request that an answer is for; it stays open until `close` if it is held."""
        found = self._open.get(request_id)
        if found is not None and not found.held:
            return found
        return None

    def close(self, request_id: RequestId) -> None:
        """Forget a request, because its answer was written."""
        self._open.pop(request_id, None)

    def cancel(self, request_id: RequestId) -> None:
        """Mark a request that the client gave up; a server need not answer it any more."""
        found = self._open.get(request_id)
        if found is None:
            return
        found.cancelled = True
        if not found.held:
            del self._open[request_id]
            self._cancelled.append(request_id)

    def was_cancelled(self, request_id: RequestId) -> bool:
        """Tell whether a late answer is for a request that was cancelled lately."""
        return request_id in self._cancelled

    def take_all(self) -> tuple[Passed, ...]:
        """Return what is open and forget it."""
        found = tuple(self._open.values())
        self._open.clear()
        return found
