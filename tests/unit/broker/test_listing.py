"""The broker's own look at a server's tools."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest

from keyturn.application.ports.upstream import Answered, AnsweredError, Lost, UpstreamReply
from keyturn.application.tasks import TaskOwner
from keyturn.broker import listing as listing_module
from keyturn.broker.listing import Listing, tools_of
from keyturn.broker.tool_list import LIST_BYTES, MOST_TOOLS, TOOL_BYTES
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable


class Server:
    """Answers each request with the next reply."""

    def __init__(self, *replies: UpstreamReply | dict[str, Any]) -> None:
        self.replies = list(replies)
        self.asked: list[JsonObject] = []
        self.noted: list[str] = []

    def note(self, what: str, line: bytes) -> None:
        self.noted.append(line.decode())

    def ask(self, method: str, params: JsonObject) -> "asyncio.Future[UpstreamReply]":
        assert method == "tools/list"
        self.asked.append(params)
        future = asyncio.get_running_loop().create_future()
        if not self.replies:
            raise ServerUnavailable("gone")
        reply = self.replies.pop(0)
        if isinstance(reply, dict):
            raw = json.dumps(reply).encode()
            reply = Answered(line=raw, result=raw)
        future.set_result(reply)
        return future


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 10))


def tools(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def test_all_pages_are_read_with_the_clients_meta() -> None:
    async def story() -> None:
        server = Server({"tools": tools("a"), "nextCursor": "2"}, {"tools": tools("b")})
        found = await tools_of(server, {"v": 1})
        assert [tool.name for tool in found.tools] == ["a", "b"]
        assert (found.left_out, server.noted) == ("", [])
        assert server.asked == [{"_meta": {"v": 1}}, {"cursor": "2", "_meta": {"v": 1}}]

    run(story())


def test_a_cursor_that_stands_still_ends_the_look() -> None:
    async def story() -> None:
        page = {"tools": tools("a"), "nextCursor": "same"}
        server = Server(page, page, page)
        await tools_of(server, None)
        assert len(server.asked) == 2

    run(story())


def test_a_server_that_does_not_list_has_no_tools() -> None:
    async def story() -> None:
        for reply in (Lost("x"), AnsweredError(line=b"", error=b"{}", code=-32601, message="")):
            assert (await tools_of(Server(reply), None)).tools == []
        assert (await tools_of(Server(), None)).tools == []
        assert (await tools_of(Server({"no": "tools"}), None)).tools == []

    run(story())


def test_looks_do_not_overlap_and_a_change_meanwhile_is_looked_at() -> None:
    async def story() -> None:
        taken: list[list[str]] = []
        owner = TaskOwner()
        go_on = asyncio.Event()

        async def took(found: list[ToolDefinition]) -> None:
            taken.append([tool.name for tool in found])
            await go_on.wait()

        listing = Listing(Server(*({"tools": tools(n)} for n in "abc")), took, owner)
        listing.again()
        assert listing.settled, "nothing before the client's era is known"
        listing.begin(None)
        assert not listing.settled
        await asyncio.sleep(0)
        listing.again()
        listing.again()
        go_on.set()
        await listing.wait(5)
        assert taken == [["a"], ["b"]]
        await owner.close()

    run(story())


def test_what_is_beyond_the_limits_is_left_out_and_noted() -> None:
    large = {"name": "large", "description": "d" * TOOL_BYTES}
    many = [{"name": f"t{number}"} for number in range(MOST_TOOLS + 1)]
    long = {"tools": tools("late"), "pad": "x" * LIST_BYTES}
    first = {"tools": tools("a"), "nextCursor": "2"}
    replies = {
        "1 tools are over": [first, {"tools": [large, *tools("b")]}],
        "more than 1000 tools": [{"tools": many, "nextCursor": "2"}, {"tools": tools("b")}],
        "bytes, and what is beyond": [first, long],
    }

    async def story() -> None:
        for phrase, pages in replies.items():
            server = Server(*pages)
            found = await tools_of(server, None)
            assert phrase in str(found.left_out)
            assert server.noted == [str(found.left_out)]
            assert len(found.tools) in (1, 2, MOST_TOOLS)
            assert not {"large", "late"} & {tool.name for tool in found.tools}

    run(story())


def test_a_server_that_changes_all_the_time_is_looked_at_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing_module, "EVERY_SECONDS", 0.2)

    async def story() -> None:
        looks: list[float] = []
        loop = asyncio.get_running_loop()

        async def took(_found: list[ToolDefinition]) -> None:
            looks.append(loop.time())

        owner = TaskOwner()
        listing = Listing(Server(*({"tools": tools("a")} for _ in range(50))), took, owner)
        listing.begin(None)
        while len(looks) < 4:
            listing.again()
            await asyncio.sleep(0.005)
        assert looks[-1] - looks[1] > 0.3
        await owner.close()

    run(story())


def test_waiting_is_bounded() -> None:
    async def story() -> None:
        async def took(_found: list[ToolDefinition]) -> None:
            await asyncio.Event().wait()

        owner = TaskOwner()
        listing = Listing(Server({"tools": []}), took, owner)
        listing.begin(None)
        await listing.wait(0.05)
        assert not listing.settled
        await owner.close()

    run(story())


def test_a_server_without_tools_is_not_asked() -> None:
    async def story() -> None:
        taken: list[object] = []

        async def took(found: list[ToolDefinition]) -> None:
            taken.append(found)

        owner = TaskOwner()
        listing = Listing(Server(), took, owner)
        listing.begin(None, tools=False)
        await listing.wait(5)
        assert taken == [[]]
        await owner.close()

    run(story())


class Looks:
    """A listing over a server with these replies, and what the reviews took over."""

    def __init__(self, *replies: UpstreamReply | dict[str, Any]) -> None:
        self.taken: list[list[str]] = []
        self.owner = TaskOwner()
        self.server = Server(*replies)
        self.listing = Listing(self.server, self.took, self.owner)

    async def took(self, found: list[ToolDefinition]) -> None:
        self.taken.append([tool.name for tool in found])

    async def begun(self) -> None:
        self.listing.begin(None)
        await self.listing.wait(5)


def test_a_fresh_list_is_not_made_anew_and_an_old_one_is() -> None:
    async def story() -> None:
        looks = Looks({"tools": tools("a")}, {"tools": tools("b")})
        await looks.listing.renew(older_than=0, at_most=5)
        assert looks.server.asked == [], "nothing before the client's era is known"
        await looks.begun()
        await looks.listing.renew(older_than=30, at_most=5)
        assert looks.taken == [["a"]]
        await looks.listing.renew(older_than=0, at_most=5)
        assert looks.taken == [["a"], ["b"]]
        await looks.owner.close()

    run(story())


def test_a_busy_server_that_does_not_list_for_a_card_keeps_its_tools() -> None:
    async def story() -> None:
        error = AnsweredError(line=b"", error=b"{}", code=-32603, message="busy")
        looks = Looks({"tools": tools("a")}, error, {"tools": []})
        await looks.begun()
        await looks.listing.renew(older_than=0, at_most=5)
        assert (looks.taken, looks.listing.settled) == ([["a"]], True)
        await looks.listing.renew(older_than=0, at_most=5)
        assert looks.taken == [["a"], []], "that it has none any more it has to say"
        await looks.owner.close()

    run(story())


def test_a_late_list_is_taken_over_late() -> None:
    async def story() -> None:
        looks = Looks({"tools": tools("a")})
        await looks.begun()
        late: asyncio.Future[UpstreamReply] = asyncio.get_running_loop().create_future()
        looks.server.ask = lambda method, params: late
        await looks.listing.renew(older_than=0, at_most=0.01)
        assert (looks.taken, looks.listing.settled) == ([["a"]], False)
        late.set_result(Answered(line=b"", result=b'{"tools":[{"name":"b"}]}'))
        await looks.listing.wait(5)
        assert looks.taken == [["a"], ["b"]]
        await looks.owner.close()

    run(story())
