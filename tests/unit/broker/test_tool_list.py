"""Reading and cutting lists of tools."""

import json
from typing import Any

import msgspec

from keyturn.broker.tool_list import cut_page, read_page, unmistakable
from keyturn.domain.definition import ToolDefinition


def page_of(text: bytes) -> Any:
    page = read_page(text)
    assert page is not None
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


def test_what_is_no_list_is_none() -> None:
    for text in (b"[]", b"1", b"{}", b'{"tools":{}}', b'{"tools":[', b"\xff"):
        assert read_page(text) is None


def test_a_schema_with_a_large_bound_spoils_only_its_own_tool() -> None:
    page = page_of(b'{"tools":[{"name":"a","x":18446744073709551615},{"name":"b"}]}')
    assert [tool.name for tool in unmistakable([page])] == ["b"]


def test_twins_are_dropped_and_repeats_kept_once() -> None:
    one = page_of(b'{"tools":[{"name":"a","x":1},{"name":"b"}]}')
    two = page_of(b'{"tools":[{"name":"a","x":2},{"name":"b"}]}')
    assert [tool.name for tool in unmistakable([one, two])] == ["b"]
