"""What one line is, and how the broker writes its own."""

import json

import msgspec
import pytest

from keyturn.broker.envelope import (
    MOST_MEMBERS,
    BadFrame,
    ClientFrame,
    ServerFrame,
    is_cheap_to_read,
    notification_line,
    read_client,
    read_server,
    result_line,
    strict_params,
)
from keyturn.domain.canonical import Malformed


def client(line: bytes) -> ClientFrame:
    frame = read_client(line)
    assert isinstance(frame, ClientFrame), frame
    return frame


def server(line: bytes) -> ServerFrame:
    frame = read_server(line)
    assert frame is not None
    return frame


def test_a_response_from_a_client_has_no_method_and_no_id() -> None:
    frame = client(b'{"jsonrpc":"2.0","id":3,"result":{}}\n')
    assert (frame.method, frame.id) == ("", None)


@pytest.mark.requirement("I-03")
@pytest.mark.parametrize(
    "text",
    [
        b'{"id":1,"method":"tools/call","params":[]}',
        b'{"id":1,"method":"tools/call"}',
        b'{"id":1,"method":"tools/call","params":{"a":{"b":1,"b":2}}}',
        b'{"id":1,"method":"tools/call","params":{"a":"\\ud800"}}',
        b'{"id":1,"method":"tools/call","params":{"a":1e999}}',
        b'{"id":1,"method":"tools/call","params":' + b'{"a":' * 70 + b"1" + b"}" * 71,
        b'{"id":1,"method":"tools/call","x":9007199254740993,"params":{}}',
    ],
)
def test_a_judged_frame_is_refused_for_any_doubt_anywhere_in_it(text: bytes) -> None:
    frame = client(text + b"\n")
    assert frame.method == "tools/call"
    assert isinstance(strict_params(frame), Malformed)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null\n",
        b"[]\n",
        b'"text"\n',
        b'{"method":5,"id":1}\n',
        b'{"method":"","id":1}\n',
        b'{"id":1,"method":"ping"} trailing\n',
        b"{" * 5000,
        b'\xef\xbb\xbf{"id":1,"method":"ping"}\n',
        b'{"id":"\xff","method":"ping"}\n',
        b'{"id":"\\ud800","method":"ping"}\n',
        b'{"id":1e2,"method":"ping"}\n',
        b'{"id":[1],"method":"ping"}\n',
        b'{"id":44,"id":4,"method":"ping"}\n',
        b'{"method":"ping","id":4.0,"id": 4}\n',
        b'{"method":"ping","id":1e5,"id":1 ,"params":{}}\n',
        b'{"id":' + b"9" * 200 + b',"method":"ping"}\n',
    ],
)
def test_what_a_client_may_not_say(line: bytes) -> None:
    assert isinstance(read_client(line), BadFrame)


def test_ids_of_different_kinds_are_different() -> None:
    assert client(b'{"id":1,"method":"a"}').id == 1
    assert client(b'{"id":"1","method":"a"}').id == "1"


def test_a_servers_frame_is_read_without_looking_inside() -> None:
    answer = server(b'{"jsonrpc":"2.0","id":"a","result":{"x":NaN,"x":1}}\n')
    assert (answer.id, answer.ambiguous) == ("a", False)
    asks = server(b'{"jsonrpc":"2.0","id":1.5,"method":"sampling/createMessage"}\n')
    assert (asks.id, asks.asks) == (None, True)
    tells = server(b'{"jsonrpc":"2.0","method":"notifications/x"}\n')
    assert tells.asks is False


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"result":{},"id":2}\n',
        b'{"id":44,"result":{},"id":4}\n',
        b'{"id":1,"result":{},"result":{}}\n',
        b'{"id":1,"result":{},"error":{}}\n',
        b'{"id":1,"result":{},"r\\u0065sult":{}}\n',
        b'{ "id": 1, "result": 1, "result": 2 }\n',
    ],
)
def test_an_answer_with_two_readings_is_ambiguous(line: bytes) -> None:
    assert server(line).ambiguous


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"result":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}\n", 7),
        (b'{"result":{"content":[],},"jsonrpc":"2.0","id":"a"}\n', "a"),
        (b' {"error":{},"id":7\n', 7),
        (b'{"method":"x","id":7,"result":{},}\n', None),
        (b'got {"id":7,"result":{}}\n', None),
        (b'{"id":7,"params":{},}\n', None),
        (b'{"id":"\\x","result":{}}\n', None),
    ],
)
def test_an_answer_that_cannot_be_read_still_answers(line: bytes, request_id: object) -> None:
    frame = read_server(line)
    assert (frame and frame.id) == request_id
    assert frame is None or frame.ambiguous


@pytest.mark.parametrize(
    "line",
    [b"junk\n", b"[]\n", b"{}\n", b'{"id":1}\n', b'{"method":"a","id":1,"result":{}}\n', b"7\n"],
)
def test_what_is_no_frame_from_a_server(line: bytes) -> None:
    assert read_server(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"method":"sampling/createMessage","method":"ping"}\n',
        b'{"id":1,"method":"ping","m\\u0065thod":"ping"}\n',
        b'{"id":1,"id":2,"method":"ping"}\n',
        b'{"id":22,"id":2,"method":"ping"}\n',
        b'{"id":1,"method":"elicitation/create","params":{},"params":{"message":"m"}}\n',
        b'{"id":1,"method":"Roots/List"}\n',
        b'{"id":1,"method":"sampling/createMessage "}\n',
    ],
)
def test_a_request_with_two_readings_is_no_frame(line: bytes) -> None:
    assert read_server(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":NaN,"method":"ping","params":0.0}\n',
        b'{"id":"\\ud800","method":"ping","params":"\\ufdd0"}\n',
        b'{"id":1,"method":"a, NaN,","params":[NaN,"a, 0.0,"]}\n',
    ],
)
def test_an_id_or_method_that_had_to_be_replaced_is_not_taken(line: bytes) -> None:
    assert isinstance(read_client(line), BadFrame)


def test_what_the_broker_writes_is_one_line() -> None:
    for line in (result_line(1, {"a": "\n"}), notification_line("x", {"a": "\n"})):
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert json.loads(line)["jsonrpc"] == "2.0"


def test_a_frame_of_very_many_members_is_not_held_against_itself() -> None:
    more = b"".join(b',"k%d":1' % number for number in range(MOST_MEMBERS))
    found = read_client(b'{"jsonrpc":"2.0","id":7,"method":"ping"%b}\n' % more)
    assert isinstance(found, BadFrame)
    assert found.id == 7
    answer = read_server(b'{"jsonrpc":"2.0","id":7,"result":{}%b}\n' % more)
    assert answer is not None
    assert answer.ambiguous
    assert is_cheap_to_read(b'{"id":7,"result":"%b"}\n' % (b"x" * 1_000_000))
    assert not is_cheap_to_read(b'{"id":7%b}' % more)


@pytest.mark.parametrize("request_id", [0, -7, 'a \U0001f511 "quoted"', ""])
def test_a_result_in_bytes_is_written_as_the_encoder_would(request_id: int | str) -> None:
    raw = msgspec.Raw(b'{"content":[{"text":"\xe2\x80\x9cquoted\xe2\x80\x9d"}]}')
    assert result_line(request_id, raw) == result_line(
        request_id, {"content": [{"text": "“quoted”"}]}
    )
