"""A server's end in memory, as the gate sees it."""

import asyncio
import json

from keyturn.application.ports.upstream import Answered, Lost, Ready, UpstreamReply
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.errors import ServerUnavailable


class FakeUpstream:
    """Implements the Upstream port; keeps each frame that was written and answers as told."""

    def __init__(self) -> None:
        self.state = Ready.READY
        self.written: list[bytes] = []
        self.awaited: dict[str | int, asyncio.Future[UpstreamReply]] = {}

    @property
    def running(self) -> bool:
        """Tell whether `state` is READY."""
        return self.state is Ready.READY

    async def ready(self) -> Ready:
        """Return `state` at once."""
        return self.state

    async def look_again(self, *, older_than: float, at_most: float) -> None:
        """List nothing: a fake's tools do not change."""

    def send(
        self, request_id: str | int, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        """Keep the frame; raises ServerUnavailable unless READY."""
        if self.state is not Ready.READY:
            raise ServerUnavailable("The server is not running.")
        frame: JsonObject = {
            "jsonrpc": "2.0",
            "id": request_id,
            "method": method,
            "params": params,
        }
        self.written.append(canonical(frame) + b"\n")
        reply = self.awaited[request_id] = asyncio.get_running_loop().create_future()
        return reply

    def answer(self, request_id: str | int, result: JsonValue) -> None:
        """Answer one request."""
        raw = json.dumps(result).encode()
        line = b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (json.dumps(request_id).encode(), raw)
        self.awaited.pop(request_id).set_result(Answered(line=line, result=raw))

    def die(self) -> None:
        """End; what was asked stays unknown."""
        self.state = Ready.GONE
        for reply in self.awaited.values():
            reply.set_result(Lost("the server ended"))
        self.awaited.clear()
