"""A look at a server on the broker's own connection: what it is asked, and which answer counts."""

import asyncio
import json
from collections.abc import Callable

import pytest

from keyturn.application.ports.upstream import Answered, AnsweredError, Lost, UpstreamReply
from keyturn.broker.own_connection import LEGACY, MODERN, list_on_own_connection
from keyturn.broker.routes import DISCOVER, INITIALIZE
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable

AT_ONCE = 0.0
NEVER = 3600.0
TOOLS = b'{"tools":[{"name":"one","inputSchema":{"type":"object"}}]}'
REFUSED = AnsweredError(line=b"", error=b"", code=-32601, message="Method not found")


class Server:
    """Answers a method when and as it is told to."""

    def __init__(self, **answers: Callable[["Server"], UpstreamReply | None]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.meta: list[object] = []
        self.ended = False
        self._waits: dict[str, asyncio.Future[UpstreamReply]] = {}

    async def start(self) -> None:
        """It runs."""

    async def end(self) -> None:
        self.ended = True

    def write(self, line: bytes) -> None:
        """It is told that it is initialized."""

    def note(self, what: str, line: bytes) -> None:
        """It keeps no log."""

    def ask(self, method: str, params: JsonObject) -> "asyncio.Future[UpstreamReply]":
        reply: asyncio.Future[UpstreamReply] = asyncio.get_running_loop().create_future()
        self.asked.append(method)
        self._waits[method] = reply
        if method == "tools/list":
            self.meta.append(params.get("_meta"))
            reply.set_result(Answered(line=b"", result=TOOLS))
        elif (answer := self.answers[method.rpartition("/")[2]](self)) is not None:
            reply.set_result(answer)
        return reply

    def answer(self, method: str, reply: UpstreamReply) -> None:
        self._waits[method].set_result(reply)


def declared(version: str) -> Answered:
    result: JsonObject = {
        "protocolVersion": version,
        "supportedVersions": [version],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "s", "version": "1"},
    }
    return Answered(line=b"", result=json.dumps(result).encode())


def nothing(_server: Server) -> None:
    return None


def look(server: Server, seconds: float) -> list[ToolDefinition]:
    return asyncio.run(
        asyncio.wait_for(list_on_own_connection(server, "1.0", seconds), timeout=10.0)
    )


def test_a_server_that_discovers_late_is_listed_as_one_that_discovers() -> None:
    """It still loaded its code when it was asked to initialize, which it does not know."""

    def both(server: Server) -> UpstreamReply:
        server.answer(DISCOVER, declared(MODERN))
        return REFUSED

    server = Server(discover=nothing, initialize=both)
    assert [tool.name for tool in look(server, AT_ONCE)] == ["one"]
    assert server.asked == [DISCOVER, INITIALIZE, "tools/list"]
    assert server.meta != [None]
    assert server.ended


def test_an_error_first_leaves_the_other_its_time() -> None:
    def refuses(server: Server) -> UpstreamReply:
        asyncio.get_running_loop().call_soon(server.answer, DISCOVER, declared(MODERN))
        return REFUSED

    server = Server(discover=nothing, initialize=refuses)
    assert [tool.name for tool in look(server, AT_ONCE)] == ["one"]


def test_a_server_that_leaves_unknown_methods_unanswered_is_initialized() -> None:
    server = Server(discover=nothing, initialize=lambda _server: declared(LEGACY))
    assert [tool.name for tool in look(server, AT_ONCE)] == ["one"]
    assert server.meta == [None]


def test_a_server_that_refuses_to_discover_is_initialized_at_once() -> None:
    server = Server(
        discover=lambda _server: REFUSED,
        initialize=lambda _server: declared(LEGACY),
    )
    assert [tool.name for tool in look(server, NEVER)] == ["one"]


def test_a_server_that_answers_neither_is_said_not_to_answer() -> None:
    server = Server(
        discover=lambda _server: Lost("it ended"), initialize=lambda _server: Lost("it ended")
    )
    with pytest.raises(ServerUnavailable, match="did not answer"):
        look(server, NEVER)
    assert server.ended
