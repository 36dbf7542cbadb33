"""What the one strict reader refuses, and what the one canonical writer writes."""

import math

import pytest
import rfc8785

from keyturn.domain.canonical import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    JsonValue,
    Malformed,
    Parsed,
    canonical,
    digest_of,
    parse_strict,
)


def nested(depth: int, *, objects: bool) -> bytes:
    if objects:
        return b'{"a":' * depth + b"1" + b"}" * depth
    return b"[" * depth + b"1" + b"]" * depth


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1,"a":2}', "an object has the same key twice"),
        (b'{"a":1,"\\u0061":2}', "an object has the same key twice"),
        (b'{"x":{"a":1,"b":2,"a":3}}', "an object has the same key twice"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b"1e400", "a number is too large"),
        (b"[-1e400]", "a number is too large"),
        (b'"\\ud800"', "a text holds half of a surrogate pair"),
        (b'["\\udc00x"]', "a text holds half of a surrogate pair"),
        (b'{"\\udfff":1}', "a key holds half of a surrogate pair"),
        (str(2**53).encode(), "an integer is beyond 2^53"),
        (str(2**53 + 1).encode(), "an integer is beyond 2^53"),
        (str(-(2**53)).encode(), "an integer is beyond 2^53"),
        (b"1e17", "an integer is beyond 2^53"),
        (b"-9007199254740992.0", "an integer is beyond 2^53"),
        (b"9" * 5_000, "an integer is beyond 2^53"),
        (nested(MAX_DEPTH + 1, objects=True), "nesting is deeper than 64"),
        (nested(MAX_DEPTH + 1, objects=False), "nesting is deeper than 64"),
        (nested(200_000, objects=False), "nesting is deeper than 64"),
        (b"\xef\xbb\xbf{}", "the text is not JSON"),
        (b'"\xff"', "the text is not valid UTF-8"),
        (b'"\xc0\xaf"', "the text is not valid UTF-8"),
        (b'"\xed\xa0\x80"', "the text is not valid UTF-8"),
        (b"", "the text is not JSON"),
        (b"{} {}", "the text is not JSON"),
        (b"{'a':1}", "the text is not JSON"),
        (b'{"a":1,}', "the text is not JSON"),
        (b'"a\nb"', "the text is not JSON"),
        (b"01", "the text is not JSON"),
    ],
    ids=lambda value: str(value[:24]),
)
def test_what_two_parsers_could_read_in_two_ways_is_refused(raw: bytes, reason: str) -> None:
    assert parse_strict(raw) == Malformed(reason)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b'{"b":[1,2.5,null,true],"a":"\xc3\xa9"}', {"b": [1, 2.5, None, True], "a": "é"}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"9007199254740991", MAX_SAFE_INTEGER),
        (b"-9007199254740991", -MAX_SAFE_INTEGER),
        (b"9007199254740991.0", float(MAX_SAFE_INTEGER)),
        (b"-9.007199254740991e15", -float(MAX_SAFE_INTEGER)),
        (b"-0", 0),
        (b"1e-400", 0.0),
        (b"1e21", 1e21),
        (b" [ ] ", []),
    ],
)
def test_what_has_one_reading_is_read(raw: bytes, value: JsonValue) -> None:
    assert parse_strict(raw) == Parsed(value)


@pytest.mark.parametrize("objects", [True, False])
def test_the_deepest_nesting_is_read(objects: bool) -> None:
    assert isinstance(parse_strict(nested(MAX_DEPTH, objects=objects)), Parsed)


def test_a_text_that_is_already_decoded_is_read_alike() -> None:
    assert parse_strict('{"a":"é"}') == Parsed({"a": "é"})
    assert parse_strict("\ufeff{}") == Malformed("the text is not JSON")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ("tab\tline\nreturn\r", b'"tab\\tline\\nreturn\\r"'),
        ('quote " backslash \\ slash /', b'"quote \\" backslash \\\\ slash /"'),
        ("\x00\x1f\b\f\x7f", b'"\\u0000\\u001f\\b\\f\x7f"'),
        ("\u2028\u200b\x85", '"\u2028\u200b\x85"'.encode()),
        ([1.0, 1e21, 0.1, -0.0, 1e-7], b"[1,1e+21,0.1,0,1e-7]"),
        (
            [1e16, 9999999999999998.0, 1e-4, 9e-5],
            b"[10000000000000000,9999999999999998,0.0001,0.00009]",
        ),
        ({"\ue000": 1, "😀": 2}, '{"😀":2,"\ue000":1}'.encode()),
        ({"a\n": 1}, b'{"a\\n":1}'),
    ],
)
def test_the_canonical_form_is_that_of_rfc_8785(value: JsonValue, text: bytes) -> None:
    assert canonical(value) == text
    assert rfc8785.dumps(value) == text


@pytest.mark.parametrize("value", [2**60, -(2**53), math.nan, math.inf, "\ud800", ["\udfff"]])
def test_what_has_no_canonical_form_is_refused(value: JsonValue) -> None:
    with pytest.raises(ValueError):
        canonical(value)


def test_the_digest_is_sha_256_in_hexadecimal() -> None:
    assert digest_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("depth", range(1, 12))
@pytest.mark.parametrize("leaf", [1.0, 0.1, MAX_SAFE_INTEGER, "é", "\x00", {"😀": 1, "\ue000": 2}])
def test_the_form_is_the_same_at_every_depth(leaf: JsonValue, depth: int) -> None:
    value: JsonValue = leaf
    for level in range(depth):
        value = {"b": [value, None], "a": level}
    assert canonical(value) == rfc8785.dumps(value)


def test_odd_texts_and_names_are_written_without_the_slow_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dumps(_value: object) -> bytes:
        raise AssertionError

    value: JsonValue = {
        "\U0001f600\x01": ["\x01\x7f\x80\u2028", {}, []],
        "\ufb33": {"a": 1.5, "b": -200.0, "c": 0.5, "d": 1e-4},
    }
    expected = rfc8785.dumps(value)
    monkeypatch.setattr(rfc8785, "dumps", dumps)
    assert canonical(value) == expected
