"""Framing and envelopes over generated streams and objects."""

import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from keyturn.broker.envelope import read_client, read_server
from keyturn.broker.frames import LineSplitter, Oversize
from keyturn.broker.members import members_of, repeats_a_key

LIMIT = 12
PIECES = st.lists(st.binary(max_size=8) | st.sampled_from([b"\n", b"ab\n", b"\r\n", b" \n"]))


@given(PIECES)
def test_lines_do_not_depend_on_how_they_arrive(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    splitter, at_once = LineSplitter(LIMIT), LineSplitter(LIMIT)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    assert lines == at_once.feed(stream)
    assert [line if isinstance(line, bytes) else line.size for line in lines] == [
        line if len(line) <= LIMIT else len(line) for line in _lines(stream)
    ]


@given(PIECES)
def test_a_splitter_holds_no_more_than_its_limit(pieces: list[bytes]) -> None:
    splitter = LineSplitter(LIMIT)
    for piece in pieces:
        for line in splitter.feed(piece):
            if isinstance(line, Oversize):
                assert len(line.head) <= 512
                assert len(line.tail) <= 512
        assert splitter.held <= LIMIT


def _lines(stream: bytes) -> list[bytes]:
    """Cut after each newline; leave out what is blank, and what has no end yet."""
    if b"\n" not in stream:
        return []
    whole = stream.rpartition(b"\n")[0]
    lines = [line + b"\n" for line in whole.split(b"\n")]
    return [line for line in lines if len(line) > LIMIT or not line.isspace()]


KEYS = st.sampled_from(["id", "method", "params", "a", "", "é", '"', "\\", "\U0001f511"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
SPACE = st.text(alphabet=" \t\r", max_size=2)


@st.composite
def objects(draw: st.DrawFn) -> tuple[bytes, bool]:
    """An object's text in any spelling, and whether its outermost keys repeat."""
    pairs = draw(st.lists(st.tuples(KEYS, VALUES), max_size=5))
    compact = draw(st.booleans())
    members: list[str] = []
    for key, value in pairs:
        literal = json.dumps(key, ensure_ascii=draw(st.booleans()))
        if key and draw(st.booleans()):
            literal = '"' + "".join(_escaped(char) for char in key) + '"'
        text = json.dumps(value, ensure_ascii=draw(st.booleans()))
        gaps = ["", "", "", ""] if compact else [draw(SPACE) for _ in range(4)]
        members.append(f"{gaps[0]}{literal}{gaps[1]}:{gaps[2]}{text}{gaps[3]}")
    keys = [key for key, _ in pairs]
    line = "{" + ",".join(members) + "}\n"
    return line.encode(), len(set(keys)) != len(keys)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


@example((b'{"id":44,"id":4}\n', True))
@example((b'{"id":-12,"a":0,"id":-1}\n', True))
@given(objects())
def test_a_repeated_key_is_found_whatever_its_spelling(found: tuple[bytes, bool]) -> None:
    line, repeats = found
    members = members_of(line)
    assert members is not None
    assert repeats_a_key(line, members) is repeats


@given(objects())
def test_both_readers_take_any_object_without_raising(found: tuple[bytes, bool]) -> None:
    line, _ = found
    read_client(line)
    read_server(line)


@given(st.binary(max_size=40))
def test_both_readers_take_any_bytes_without_raising(line: bytes) -> None:
    read_client(line)
    read_server(line)


METHODS = st.sampled_from(["tools/call", "ping", "notifications/x"])


@given(METHODS, st.integers() | st.text(max_size=4), VALUES)
def test_a_method_is_decoded_however_it_is_spelt(method: str, number: Any, params: Any) -> None:
    literal = '"' + "".join(_escaped(char) for char in method) + '"'
    text = f'{{"params":{json.dumps(params)},"method":{literal},"id":{json.dumps(number)}}}\n'
    frame: Any = read_client(text.encode())
    if isinstance(number, str) and number.startswith("keyturn:"):
        return
    assert frame.method == method
    assert frame.id == number
    assert msgspec.json.decode(frame.params) == params
