"""Over generated JSON: what is accepted has one form, equal to the reference implementation's."""

import json

import rfc8785
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import (
    MAX_SAFE_INTEGER,
    JsonValue,
    Malformed,
    Parsed,
    canonical,
    parse_strict,
    read_shallow,
)

# No surrogates: what holds one is refused, and test_canonical.py says so.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
def test_what_is_accepted_is_written_as_the_reference_writes_it(value: JsonValue) -> None:
    read = parse_strict(json.dumps(value))
    assume(isinstance(read, Parsed))
    assert canonical(value) == rfc8785.dumps(value)


@settings(deadline=None)
@given(VALUES)
def test_the_canonical_form_reads_as_the_same_and_has_itself_for_form(value: JsonValue) -> None:
    assume(isinstance(parse_strict(json.dumps(value)), Parsed))
    text = canonical(value)
    assert parse_strict(text) == Parsed(value)
    assert canonical(json.loads(text)) == text


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused_and_never_an_error(raw: bytes) -> None:
    match parse_strict(raw):
        case Parsed(value=value):
            assert canonical(value) == rfc8785.dumps(value)
        case Malformed(reason=reason):
            assert reason


@settings(deadline=None)
@given(st.text('{}[]":,\\ud80019.eE-+ntfrals ', max_size=40))
def test_any_text_of_json_s_own_characters_is_read_or_refused(text: str) -> None:
    assert isinstance(parse_strict(text), Parsed | Malformed)


@settings(deadline=None)
@given(st.dictionaries(TEXTS, st.integers(0, 9), min_size=1, max_size=4), st.data())
def test_a_repeated_key_is_refused_wherever_it_stands(
    members: dict[str, int], data: st.DataObject
) -> None:
    twice = data.draw(st.sampled_from(sorted(members)))
    pairs = [*members.items(), (twice, 0)]
    order = data.draw(st.permutations(pairs))
    text = ",".join(f"{json.dumps(key)}:{value}" for key, value in order)
    assert parse_strict(f"[{{{text}}}]") == Malformed("an object has the same key twice")
    assert parse_strict(f"[{{{text}}}]".encode()) == Malformed("an object has the same key twice")


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_what_is_written_without_spaces_is_read_as_any_other_text(
    value: JsonValue, ascii_only: bool
) -> None:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only)
    assert repr(parse_strict(text.encode())) == repr(parse_strict(text))


@settings(deadline=None)
@given(st.text('{}[]":,\\u0019.eE-+ntfrals ', max_size=40))
def test_bytes_of_json_s_own_characters_are_read_as_their_text(text: str) -> None:
    assert repr(parse_strict(text.encode())) == repr(parse_strict(text))


@settings(deadline=None)
@given(
    VALUES.map(json.dumps) | st.text('{}[]":,u0019.eE-+ntfrals \t\x0b\x01é', max_size=40),
    st.sampled_from(["", "\n", "\x00", "}"]),
)
def test_what_is_read_at_a_decoder_s_speed_is_what_python_reads(text: str, end: str) -> None:
    whole = f"{text}{end}"
    read = read_shallow(whole.encode())
    assert read is None or repr(read.value) == repr(json.loads(whole))
