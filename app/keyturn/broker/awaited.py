"""Owns the answers that one server owes, by the ids of what it was asked."""

import asyncio

from keyturn.application.ports.upstream import Lost, UpstreamReply
from keyturn.broker.envelope import RequestId


class Awaited:
    """Each is given once, whatever comes first: the server's answer, or that there is none."""

    def __init__(self) -> None:
        self._replies: dict[RequestId, asyncio.Future[UpstreamReply]] = {}

    def __contains__(self, request_id: RequestId) -> bool:
        """Tell whether the answer to a request of that id is still to come."""
        return request_id in self._replies

    def expect(self, request_id: RequestId) -> "asyncio.Future[UpstreamReply]":
        """Wait for an answer from now on."""
        reply: asyncio.Future[UpstreamReply] = asyncio.get_running_loop().create_future()
        self._replies[request_id] = reply
        return reply

    def settle(self, request_id: RequestId, reply: UpstreamReply) -> bool:
        """Give an answer; False when nobody waits for it, or it has come."""
        waiting = self._replies.pop(request_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
        return waiting is not None

    def lose_all(self, reason: str) -> None:
        """Say of every answer that it will not come."""
        for request_id in tuple(self._replies):
            self.settle(request_id, Lost(reason))
