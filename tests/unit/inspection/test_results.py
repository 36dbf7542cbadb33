"""What passes, what is cut and what is withheld of a result."""

import json
import time

import pytest

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.inspection import results
from keyturn.inspection.results import MAX_DEPTH, MOST_VALUES, BoundedResultInspector

LIMIT = 4_000


def inspect(result: JsonValue, limit: int = LIMIT) -> tuple[JsonObject, bool]:
    """Return the result as the agent gets it, and whether it was changed."""
    raw = json.dumps(result, ensure_ascii=False).encode()
    inspected = BoundedResultInspector(limit).inspect(raw)
    assert inspected.withheld == ""
    assert isinstance(inspected.result, dict)
    return inspected.result, inspected.changed


def withheld(raw: bytes, limit: int = LIMIT) -> str:
    inspected = BoundedResultInspector(limit).inspect(raw)
    if inspected.withheld:
        assert inspected.result is None
        assert not inspected.changed
        assert inspected.size == len(raw)
    return inspected.withheld


def text_block(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def texts_of(result: JsonObject) -> list[str]:
    content = result["content"]
    assert isinstance(content, list)
    return [str(block["text"]) for block in content if isinstance(block, dict) and "text" in block]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":"\xff"}', "it is not valid UTF-8"),
        (b'{"a":', "it is not JSON"),
        (b"", "it is not JSON"),
        (b'{"a":NaN}', "it is not JSON"),
        (b"[1]", "it is not an object"),
        (b'"text"', "it is not an object"),
        (b"[" * 10_000, "its nesting is deeper than 200"),
        (b"[" * 100_000, "it holds more than 50000 values"),
        (
            b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
            "its nesting is deeper than 200",
        ),
        (b'{"a":[' + b"[]," * 500 + b"0]}", ""),
        (b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH, ""),
    ],
    ids=lambda value: str(value[:20]),
)
def test_what_cannot_be_read_is_withheld_with_a_reason(raw: bytes, reason: str) -> None:
    assert withheld(raw, limit=10**6) == reason


def test_odd_numbers_unknown_members_and_repeated_keys_pass() -> None:
    raw = b'{"a":123456789012345678901234567890,"b":1e400,"b":2,"com.example/x":[{}]}'
    inspected = BoundedResultInspector().inspect(raw)
    assert inspected.withheld == ""
    assert not inspected.changed


@pytest.mark.parametrize(
    ("result", "is_error"),
    [({"isError": True}, True), ({"isError": False}, False), ({"isError": 1}, False), ({}, False)],
    ids=str,
)
def test_only_true_is_an_error(result: JsonObject, is_error: bool) -> None:
    raw = json.dumps(result).encode()
    assert BoundedResultInspector().inspect(raw).is_error is is_error


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    ("result", "count"),
    [
        ({"content": [text_block("plain \\u200b text\n")]}, 0),
        ({"content": [text_block("a\u200bb")]}, 1),
        ({"structuredContent": {"\u202ekey": ["\x1b[31m", {"deep": "\x07"}]}}, 7),
        ({"content": [text_block("back\b feed\f del\x7f")]}, 3),
        ({"content": [text_block("שלום 👨\u200d👩\u200d👧")]}, 0),
    ],
    ids=["escaped", "zero-width", "keys", "controls", "readable"],
)
def test_hidden_characters_are_counted_and_left(
    result: JsonObject, count: int, ascii_only: bool
) -> None:
    raw = json.dumps(result, ensure_ascii=ascii_only).encode()
    inspected = BoundedResultInspector().inspect(raw)
    assert inspected.hidden_characters == count
    assert inspected.result == result
    assert not inspected.changed


def test_a_result_at_the_limit_passes_whole() -> None:
    result: JsonObject = {"content": [text_block("x")]}
    size = len(json.dumps(result).encode())
    assert inspect(result, size) == (result, False)


@pytest.mark.parametrize(
    "text",
    ["word " * 5_000, "é" * 9_000, "😀" * 5_000, '"\\' * 5_000, "\x00" * 5_000, "\n" * 9_000],
)
def test_a_long_text_is_cut_at_a_character_and_says_how_much_is_shown(text: str) -> None:
    result, changed = inspect({"content": [text_block(text)], "structuredContent": {"a": 1}})
    assert changed
    assert result["structuredContent"] == {"a": 1}
    (shown,) = texts_of(result)
    kept, _, marker = shown.rpartition("\n")
    assert text.startswith(kept)
    assert kept
    size, total = len(kept.encode()), len(text.encode())
    assert marker == f"[Keyturn cut this result: {size} of {total} bytes shown]"
    assert len(json.dumps(result, ensure_ascii=False).encode()) <= LIMIT


def test_blocks_are_cut_in_order_and_others_stay() -> None:
    link: JsonObject = {"type": "resource_link", "uri": "file:///srv/a", "name": "a"}
    blocks: list[JsonValue] = [
        text_block("first"),
        text_block("b" * 9_000),
        link,
        text_block("last"),
    ]
    result, _ = inspect({"content": blocks, "isError": True})
    first, second = texts_of(result)
    assert first == "first"
    assert second.endswith(f"{len(second.split(chr(10))[0]) + 5} of 9009 bytes shown]")
    assert link in (result["content"] if isinstance(result["content"], list) else [])
    assert result["isError"] is True


def test_a_text_of_which_nothing_fits_is_only_the_marker() -> None:
    around = len(json.dumps({"content": [], "s": ""})) + 2 * 200
    room_for_half_an_escape = LIMIT - around - 3
    result, _ = inspect(
        {"content": [text_block("\x00" * 9_000)], "s": "x" * room_for_half_an_escape}
    )
    assert texts_of(result) == ["[Keyturn cut this result: 0 of 9000 bytes shown]"]


@pytest.mark.parametrize(
    "result",
    [
        {"content": [], "structuredContent": {"a": "x" * 9_000}},
        {"content": [text_block("a")], "structuredContent": {"a": "x" * 9_000}},
        {"content": [{"type": "image", "data": "x" * 9_000}, text_block("a")]},
        {"content": "x" * 9_000},
        {"contents": [{"uri": "u", "text": "x" * 9_000}]},
        {"content": [{"type": "text", "text": ["x" * 9_000]}]},
    ],
    ids=["structure", "text and structure", "image", "no list", "resource", "no text"],
)
def test_what_is_too_large_elsewhere_is_withheld(result: JsonObject) -> None:
    reason = withheld(json.dumps(result).encode())
    assert reason == "it is larger than the limit and its size is not in its text"


@pytest.mark.timeout(60)
def test_a_huge_text_takes_bounded_time() -> None:
    raw = json.dumps({"content": [text_block("x" * 50_000_000)]}).encode()
    started = time.monotonic()
    inspected = BoundedResultInspector().inspect(raw)
    assert inspected.changed
    assert time.monotonic() - started < 10


def test_half_a_pair_in_what_is_cut_can_be_encoded_anew() -> None:
    half = "half \ud800 "
    result: JsonObject = {
        "content": [text_block(half), {"type": "x", half: [half]}, text_block(half * LIMIT)],
        "structuredContent": {"a": half, "b": "\u00e4"},
    }
    inspected = BoundedResultInspector(LIMIT).inspect(json.dumps(result).encode())
    assert inspected.changed
    assert isinstance(inspected.result, dict)
    assert len(json.dumps(inspected.result, ensure_ascii=False).encode()) <= LIMIT
    assert inspected.result["structuredContent"] == {"a": "half ? ", "b": "\u00e4"}


@pytest.mark.parametrize(
    "item",
    [
        b'{"type":"text","text":"abcd"}',
        b"[1]",
        b"1",
        b'""',
        b'"\\\\"',
        b'"a,b"',
        b'{"a":{}}',
    ],
    ids=str,
)
def test_a_result_of_countless_values_is_withheld_unread(
    item: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_raw: bytes) -> str:
        raise AssertionError

    raw = b'{"content":[' + b",".join([item] * (MOST_VALUES + 10)) + b"]}"
    monkeypatch.setattr(results, "_read", read)
    assert withheld(raw, limit=10**8) == "it holds more than 50000 values"


def test_commas_and_braces_within_texts_are_no_values() -> None:
    text = '{"a": [1, 2]}, \\ ' * 20_000
    result, changed = inspect({"content": [text_block(text)]}, 10**7)
    assert not changed
    assert texts_of(result) == [text]


@pytest.mark.parametrize("head", ["\x01", "\\", '"', "\n", "é", "\ud800"])
@pytest.mark.parametrize("limit", range(700, 712))
def test_a_text_is_cut_whole_at_every_length(head: str, limit: int) -> None:
    text = head * 100 + "x" * 2_000 + head * 2_000
    for start in (text, text[::-1], "x" + head * 9_000):
        result, _ = inspect_escaped({"content": [text_block(start)]}, limit)
        (shown,) = texts_of(result)
        kept = shown.rpartition("\n")[0]
        assert start.replace("\ud800", "?").startswith(kept)
        assert len(kept) > 40


def inspect_escaped(result: JsonValue, limit: int) -> tuple[JsonObject, bool]:
    inspected = BoundedResultInspector(limit).inspect(json.dumps(result).encode())
    assert isinstance(inspected.result, dict)
    return inspected.result, inspected.changed
