"""Frames that two readers would take for two: none of them is passed as it is."""

import json

import pytest

from keyturn.broker.envelope import (
    MOST_VALUES,
    BadFrame,
    ClientFrame,
    read_client,
    read_server,
    strict_params,
)
from keyturn.domain.canonical import Malformed

CALL = b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"pay"}}'


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":2,"method":"ping","params":{"x":\r' + CALL + b"\r}}\n",
        b'{"jsonrpc":"2.0","method":"notifications/x","params":[\r' + CALL + b"\r]}\r\n",
        b'{"jsonrpc":"2.0","id":9,"result":[1,\r' + CALL + b"\r]}\n",
    ],
)
def test_a_call_between_carriage_returns_is_not_passed_within_another_frame(line: bytes) -> None:
    assert isinstance(read_client(line), BadFrame)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n", b" \r\n", b""])
def test_a_line_end_of_any_kind_is_no_carriage_return_within(end: bytes) -> None:
    assert isinstance(read_client(b'{"jsonrpc":"2.0","id":1,"method":"ping"}' + end), ClientFrame)


def test_a_servers_carriage_returns_become_spaces() -> None:
    forged = b'{"jsonrpc":"2.0","id":5,"result":{}}'
    frame = read_server(b'{"jsonrpc":"2.0","id":1,"result":{"x":\r' + forged + b"\r}}\r\n")
    assert frame is not None
    assert b"\r" not in frame.line
    assert frame.id == 1
    assert json.loads(frame.line)["result"]["x"]["id"] == 5
    assert frame.result is not None
    assert b"\r" not in bytes(frame.result)


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"pay"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","\\u004dethod":"tools/call"}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","method\\u0000":"tools/call"}\n',
        '{"jsonrpc":"2.0","id":1,"method":"tools/list","param\u017f":{"name":"pay"}}\n'.encode(),
        b'{"jsonrpc":"2.0","ID":1,"result":{},"id":2,"METHOD":"tools/call"}\n',
        b'{"jsonrpc":"2.0","method":"notifications/x","Id":1}\n',
    ],
)
def test_a_client_cannot_say_a_member_twice_in_other_letters(line: bytes) -> None:
    assert isinstance(read_client(line), BadFrame)


@pytest.mark.parametrize(
    "key", ["Name", "NAME", "Arguments", "argument\\u017f", "_Meta", "name\\u0000"]
)
def test_a_call_cannot_name_another_tool_in_other_letters(key: str) -> None:
    line = (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call",'
        b'"params":{"name":"read","arguments":{},"%b":"pay"}}\n' % key.encode()
    )
    frame = read_client(line)
    assert isinstance(frame, ClientFrame)
    assert isinstance(strict_params(frame), Malformed)


def test_unknown_members_are_passed_as_ever() -> None:
    line = b'{"jsonrpc":"2.0","id":1,"method":"ping","x-trace":1,"Params2":{}}\n'
    assert isinstance(read_client(line), ClientFrame)


def test_a_server_cannot_answer_twice_in_other_letters() -> None:
    frame = read_server(b'{"jsonrpc":"2.0","id":1,"result":{},"Result":{"x":1}}\n')
    assert frame is not None
    assert frame.ambiguous
    assert read_server(b'{"jsonrpc":"2.0","id":1,"method":"ping","Method":"roots/list"}\n') is None


def a_call(arguments: bytes) -> ClientFrame:
    frame = read_client(
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call",'
        b'"params":{"name":"read","arguments":%b}}\n' % arguments
    )
    assert isinstance(frame, ClientFrame)
    return frame


@pytest.mark.parametrize(
    "arguments",
    [
        b'{"a":[' + b"1," * MOST_VALUES + b"1]}",
        b'{"a":[' + b"[[],{}]," * (MOST_VALUES // 2) + b"1]}",
        b'{"a":[' + b",".join([b"[" * 50 + b"]" * 50] * (MOST_VALUES // 40)) + b"]}",
        b"{" + b",".join(b'"%d":0' % n for n in range(MOST_VALUES + 2)) + b"}",
    ],
)
def test_a_call_of_so_many_values_that_it_would_hold_up_all_others_is_refused(
    arguments: bytes,
) -> None:
    found = strict_params(a_call(arguments))
    assert isinstance(found, Malformed)
    assert "values" in found.reason


def test_a_long_text_with_many_commas_is_one_value() -> None:
    assert isinstance(strict_params(a_call(b'{"a":"' + b"x," * (2 * MOST_VALUES) + b'"}')), dict)
