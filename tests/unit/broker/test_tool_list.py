"""Reading and cutting lists of tools."""

import asyncio
import json
import time
from typing import Any

import msgspec

from keyturn.broker.tool_list import (
    LIST_BYTES,
    MOST_TOOLS,
    TOOL_BYTES,
    TOOL_MARKS,
    PageFault,
    ToolPage,
    cut_page,
    read_page,
    unmistakable,
)
from keyturn.domain.definition import ToolDefinition


def page_of(text: bytes) -> Any:
    page = asyncio.run(read_page(text))
    assert isinstance(page, ToolPage)
    return page


def everything(_tool: ToolDefinition) -> bool:
    return True


def test_nothing_is_cut_from_a_list_that_is_agreed_to() -> None:
    assert cut_page(page_of(b'{"tools":[{"name":"a"}]}'), everything, modern=True) is None


def test_what_stays_keeps_its_bytes() -> None:
    page = page_of(b'{"x":1e2,"tools":[{"name":"a","n":1.00},{"name":"b"}],"nextCursor":"c"}')
    members = cut_page(page, lambda tool: tool.name == "a", modern=False)
    assert msgspec.json.encode(members) == (
        b'{"x":1e2,"tools":[{"name":"a","n":1.00}],"nextCursor":"c"}'
    )
    assert page.cursor == "c"


def test_a_cut_list_of_the_later_era_is_stale_and_private() -> None:
    page = page_of(b'{"ttlMs":60000,"cacheScope":"public","tools":[{"name":"a"}]}')
    members = cut_page(page, lambda _tool: False, modern=True)
    assert json.loads(msgspec.json.encode(members)) == {
        "tools": [],
        "ttlMs": 0,
        "cacheScope": "private",
    }


def test_a_tool_that_two_readers_see_differently_is_cut() -> None:
    page = page_of(b'{"tools":[{"name":"a","name":"b"},{"name":""},{},1,{"name":"d"}]}')
    members = cut_page(page, everything, modern=False)
    assert members is not None
    assert json.loads(bytes(members["tools"])) == [{"name": "d"}]


def test_a_result_with_two_lists_is_written_anew() -> None:
    page = page_of(b'{"tools":[{"name":"hidden"}],"tools":[{"name":"a"}]}')
    members = cut_page(page, everything, modern=False)
    assert members is not None
    assert msgspec.json.encode(members) == b'{"tools":[{"name":"a"}]}'


def test_what_is_no_list_is_a_fault() -> None:
    for text in (b"[]", b"1", b"{}", b'{"tools":{}}', b'{"tools":[', b"\xff"):
        assert asyncio.run(read_page(text)) is PageFault.UNREADABLE


def test_a_schema_with_a_large_bound_spoils_only_its_own_tool() -> None:
    page = page_of(b'{"tools":[{"name":"a","x":18446744073709551615},{"name":"b"}]}')
    assert [tool.name for tool in unmistakable([page])] == ["b"]


def test_twins_are_dropped_and_repeats_kept_once() -> None:
    one = page_of(b'{"tools":[{"name":"a","x":1},{"name":"b"}]}')
    two = page_of(b'{"tools":[{"name":"a","x":2},{"name":"b"}]}')
    assert [tool.name for tool in unmistakable([one, two])] == ["b"]


def test_a_tool_beyond_the_limits_is_left_out_unread() -> None:
    small, long = {"name": "small"}, {"name": "long", "description": "d" * TOOL_BYTES}
    wide = {"name": "wide", "x": [1] * TOOL_MARKS}
    deep = {"name": "deep", "x": [{"a": 1}] * TOOL_MARKS}
    page = page_of(json.dumps({"tools": [long, small, wide, deep]}).encode())
    assert [tool.name for tool in unmistakable([page])] == ["small"]
    assert page.too_large == 3
    members = cut_page(page, everything, modern=False)
    assert members is not None
    assert json.loads(bytes(members["tools"])) == [small]


def test_what_comes_after_the_last_tool_that_is_read_is_left_out() -> None:
    tools = [{"name": f"t{number}"} for number in range(MOST_TOOLS + 5)]
    page = page_of(json.dumps({"tools": tools}).encode())
    assert len(unmistakable([page])) == MOST_TOOLS
    assert page.too_many == 5
    assert cut_page(page, everything, modern=False) is not None


def test_a_list_that_is_too_long_is_not_read() -> None:
    for text in (
        b'{"tools":[{"name":"%b"}]}' % (b"n" * LIST_BYTES),
        b'{"tools":[%b0]}' % (b"0," * 1_000_000),
    ):
        assert asyncio.run(read_page(text)) is PageFault.TOO_LONG


def test_reading_a_list_lets_the_loop_go_on() -> None:
    properties = {f"p{number}": {"type": "string"} for number in range(200)}
    tools = [
        {"name": f"t{number}", "inputSchema": {"type": "object", "properties": properties}}
        for number in range(1_000)
    ]
    text = json.dumps({"tools": tools}).encode()

    async def story() -> None:
        reading = asyncio.get_running_loop().create_task(read_page(text))
        turns = 0
        began = time.process_time()
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        used = time.process_time() - began
        assert isinstance(reading.result(), ToolPage)
        assert used / turns < 0.03, (used, turns)

    asyncio.run(story())
