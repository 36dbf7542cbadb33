"""Ids and tokens are exchanged, and every other value keeps its bytes."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker import splicing

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
IDS = st.integers() | st.text()


@given(request_id=IDS, token=IDS, other=JSON, params=st.dictionaries(st.text(), JSON, max_size=3))
def test_what_goes_in_comes_out_with_its_own_id(
    request_id: int | str, token: int | str, other: object, params: dict[str, object]
) -> None:
    params = {**params, "_meta": {"progressToken": token, "other": other}}
    frame = {"jsonrpc": "2.0", "id": request_id, "method": "m", "params": params, "x": other}
    line = json.dumps(frame).encode()
    spliced, literal, kept = splicing.spliced_in(line, 7)
    assert json.loads(spliced) == {
        **frame,
        "id": 7,
        "params": {**params, "_meta": {"progressToken": 7, "other": other}},
    }
    assert json.loads(bytes(literal)) == request_id
    assert kept is not None
    assert json.loads(bytes(kept)) == token
    answer = b'{"jsonrpc":"2.0","id":7,"result":{"v":1e400}}\n'
    expected = b'{"jsonrpc":"2.0","id":%b,"result":{"v":1e400}}\n' % bytes(literal)
    assert splicing.with_id(answer, literal) == expected


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a": 1e2, "b":"\\u00e9", "c":-0}}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"big":123456789012345678901234567890}}',
    ],
)
def test_values_keep_their_spelling(line: bytes) -> None:
    spliced, literal, token = splicing.spliced_in(line, 1)
    assert (spliced, bytes(literal), token) == (line + b"\n", b"1", None)


@pytest.mark.parametrize(
    ("params", "token"),
    [
        (b"{}", None),
        (b"[]", None),
        (b'{"progressToken":true}', None),
        (b'{"progressToken":"a"}', "a"),
        (b'{"progressToken":5}', 5),
    ],
)
def test_only_a_usable_token_names_a_request(params: bytes, token: object) -> None:
    assert splicing.progress_of(msgspec.Raw(params)) == token


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b'{"jsonrpc":"2.0","id":7,"result":{"v":[NaN,-Infinity]}}\n',
            b'{"jsonrpc":"2.0","id":"a","result":{"v":[NaN,-Infinity]}}\n',
        ),
        (
            b'{"id":7,"result":{"text":"\\ud800 \\\\ud800","n":Infinity}}\n',
            b'{"id":"a","result":{"text":"\\ud800 \\\\ud800","n":Infinity}}\n',
        ),
        (b'{"id":7,"\\ud800":1,"result":{}}\n', b'{"id":"a","\\ud800":1,"result":{}}\n'),
        (b'\xef\xbb\xbf{"id":7,"result":"\xff"}\n', b'{"id":"a","result":"\xff"}\n'),
        (b'\xef\xbb\xbf{"id":7,"result":"\\udfff"}\n', b'{"id":"a","result":"\\udfff"}\n'),
    ],
)
def test_what_is_beyond_json_comes_out_as_it_was(line: bytes, expected: bytes) -> None:
    assert splicing.with_id(line, msgspec.Raw(b'"a"')) == expected


def test_beside_what_is_beyond_json_a_token_is_exchanged() -> None:
    line = b'{"method":"notifications/progress","params":{"progressToken":7,"progress":NaN}}\n'
    assert splicing.with_token(line, msgspec.Raw(b'"t"')) == line.replace(b"7", b'"t"')
    asked = b'{"id":1,"method":"m","params":{"_meta":{"progressToken":"t","a":NaN},"b":NaN}}\n'
    spliced, literal, token = splicing.spliced_in(asked, 9)
    assert spliced == asked.replace(b'"t"', b"9").replace(b":1,", b":9,")
    assert (bytes(literal), token and bytes(token)) == (b"1", b'"t"')


def test_what_is_beyond_json_and_has_two_readings_is_not_spliced() -> None:
    with pytest.raises(msgspec.DecodeError):
        splicing.spliced_in(b'{"id":1,"method":"m","a":NaN,"a":1}\n', 9)
