"""How an array is cut into its members: of the very bytes that came, however they are set out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker.batches import (
    LONGEST_ANSWERS,
    MOST_MEMBERS,
    ids_answered,
    is_batch,
    is_unreadable,
    members_of_answer,
    members_of_batch,
)
from keyturn.broker.envelope import BadFrame

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=12,
)
SPACE = st.text(" \t", max_size=3)


@given(st.lists(VALUES, min_size=1, max_size=6), st.booleans(), SPACE, SPACE)
def test_the_members_are_what_stands_between_the_commas(
    values: list[Any], escaped: bool, before: str, after: str
) -> None:
    texts = [json.dumps(value, ensure_ascii=escaped) for value in values]
    whole = f"{before}[{before}{f'{after},{before}'.join(texts)}{after}]{after}\n"
    line = whole.encode("utf-8", "replace")
    members = members_of_batch(line)
    assert members == tuple(f"{text}\n".encode("utf-8", "replace") for text in texts)
    assert is_batch(line)


@pytest.mark.parametrize(
    "text",
    [b"[NaN]", b'[{"a":-Infinity}]', b'["\\ud800"]', b'[{"a":1e400,"a":2}]', b"[1.50]"],
)
def test_what_is_beyond_json_keeps_its_bytes(text: bytes) -> None:
    assert members_of_batch(text + b"\n") == (text[1:-1] + b"\n",)


@pytest.mark.parametrize("text", [b"[", b"[]", b"[1,]", b"[1]]", b"[1 2]", b"{}", b"[" * 5000])
def test_what_is_no_array_of_something_is_refused(text: bytes) -> None:
    assert isinstance(members_of_batch(text + b"\n"), BadFrame)


def test_a_server_is_heard_where_its_array_is_too_large() -> None:
    line = b"[" + b"1," * MOST_MEMBERS + b"1]\n"
    assert members_of_answer(line) == (line,)
    assert members_of_answer(b"{}\n") == (b"{}\n",)
    assert members_of_answer(b"[1,2]\n") == (b"1\n", b"2\n")


@pytest.mark.parametrize(
    ("text", "unreadable"),
    [
        (b'[{"id":1,"result":{}},]', True),
        (b'\xef\xbb\xbf \t[\t{"id":1', True),
        (b"[" + b'{"id":1,"error":{}},' * MOST_MEMBERS + b"{}]", True),
        (b'[{"jsonrpc":"2.0",', True),
        (b"[" + b'{"a":"b"},' * LONGEST_ANSWERS + b"{}]", True),
        (b"[" + b"{}," * MOST_MEMBERS + b"{}]", False),
        (b"[" + b'{"jsonrpc":"2.0","method":"notifications/x"},' * MOST_MEMBERS + b"{}]", False),
        (b"[" + b'{"id":1,"text":""},' * MOST_MEMBERS + b"{}]", False),
        (b"[{worker 3}] started", False),
        (b'[{"id":1,"result":{}}]', False),
        (b"[1,2]", False),
        (b"[INFO] {", False),
        (b"[]", False),
        (b"{", False),
    ],
)
def test_an_array_of_frames_that_cannot_be_cut_is_told_from_other_lines(
    text: bytes, unreadable: bool
) -> None:
    line = text + b"\n"
    assert is_unreadable(line, members_of_answer(line)) is unreadable


def test_the_ids_of_answers_are_found_however_many_there_are() -> None:
    answers = [{"jsonrpc": "2.0", "id": n, "result": {"t": "x" * 9}} for n in range(200)]
    answers.append({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": ""}})  # pyright: ignore[reportArgumentType]  # as JSON has it
    assert ids_answered(json.dumps(answers).encode() + b"\n") == tuple(range(200))
