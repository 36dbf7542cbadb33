"""How much may wait: the limits of the queue in requests and bytes, and what makes room for more.

Reviews hold no agent and do not count: a server that lists many new tools must not keep the calls
of other servers from asking.
"""

from collections.abc import Collection, Iterable

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.waiting import Waiting
from keyturn.domain.approval import State
from keyturn.domain.configuration import Limits


def is_full(waiting: Iterable[Waiting], agent: str, size: int, limits: Limits) -> bool:
    """Tell whether one more call of so many bytes would exceed what may wait with its agent."""
    pending = [w for w in waiting if w.state is State.PENDING and not w.is_review]
    of_agent = [w for w in pending if w.request.agent == agent]
    return (
        len(pending) >= limits.queue
        or len(of_agent) >= limits.queue_per_agent
        or _bytes(pending) + size > limits.queue_bytes
        or _bytes(of_agent) + size > limits.queue_bytes_per_agent
    )


def oldest_without_room(waiting: Iterable[Waiting], agent: str, limits: Limits) -> list[Waiting]:
    """Return the detached requests, oldest first, that have to end for what came of an agent."""
    calls = [w for w in waiting if not w.is_review]
    own = [w for w in calls if w.request.agent == agent]
    ended = _beyond(own, limits.detached_per_agent, limits.queue_bytes_per_agent)
    left = [w for w in calls if not any(w is one for one in ended)]
    return ended + _beyond(left, limits.detached, limits.queue_bytes)


def left_by_its_agent(waiting: Iterable[Waiting], request: ApprovalRequest) -> list[Waiting]:
    """Return what an agent stopped waiting for that this request repeats; the retry replaces it.

    Else each retry would leave a card behind, and each of them could be allowed.
    """
    if request.kind is not RequestKind.CALL:
        return []
    whose = request.agent, request.digest
    left = [w for w in waiting if w.state is State.DETACHED]
    return [w for w in left if (w.request.agent, w.request.digest) == whose]


def _beyond(calls: Collection[Waiting], most: int, most_bytes: int) -> list[Waiting]:
    detached = [w for w in calls if w.state is State.DETACHED]
    size = _bytes(calls)
    ended: list[Waiting] = []
    while len(ended) < len(detached) and (len(detached) - len(ended) > most or size > most_bytes):
        size -= detached[len(ended)].held_bytes
        ended.append(detached[len(ended)])
    return ended


def _bytes(waiting: Iterable[Waiting]) -> int:
    return sum(w.held_bytes for w in waiting)
