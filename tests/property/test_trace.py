"""Over generated values and texts: what stood there whole is found, and where it is said to be."""

from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.application.ports.inspection import ResultSource
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.traceable import is_common
from keyturn.inspection.folding import fold
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from keyturn.inspection.trace_text import EXCERPT_CHARACTERS, leaf_text
from tests.factories import add_to

SOURCE = ResultSource(number=1, server="reports", tool="read", untrusted=True)
WORDS = st.text("abcdefgh ÄßéＡ\u0130-.@/1234", min_size=3, max_size=30).map(str.strip)
VALUES = WORDS.filter(
    lambda text: leaf_text(text) is not None and len(fold(text)) >= 3 and not is_common(text)
)
LINES = st.lists(st.text("xyz |,;\t'\"`“”\r\u200b", max_size=40), max_size=6)


def holding(value: str, lines: list[str], form: str, at: int) -> str:
    line = {
        "line": value,
        "quoted": f'x "{value}" y',
        "curly": f"x “{value}” y",
        "cell": f"x | {value} | y",
        "tab": f"x\t{value}\ty",
    }[form]
    return "\n".join([*lines[:at], line, *lines[at:]])


@settings(deadline=None)
@given(
    VALUES, LINES, st.sampled_from(["line", "quoted", "curly", "cell", "tab"]), st.integers(0, 6)
)
def test_a_whole_value_is_found_in_every_form(
    value: str, lines: list[str], form: str, at: int
) -> None:
    text = holding(value, lines, form, at)
    index = MemoryTraceIndexes().new_index()
    add_to(index, SOURCE, {"content": [{"type": "text", "text": text}]})
    (origin,) = index.trace({"v": value}).origins
    assert fold(origin.value) == fold(value)
    assert text[origin.offset : origin.offset + len(origin.value)] == origin.value
    assert origin.line == text.count("\n", 0, origin.offset) + 1
    assert origin.value in origin.excerpt
    assert origin.excerpt in text
    assert len(origin.excerpt) <= EXCERPT_CHARACTERS
    assert text.split("\n")[origin.excerpt_line - 1] == origin.excerpt.split("\n")[0]


STRUCTURES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(STRUCTURES, VALUES)
def test_a_scalar_of_a_structure_is_found_wherever_it_stands(other: JsonValue, value: str) -> None:
    result: JsonObject = {"structuredContent": {"k": [other, {"v": value}], "l": other}}
    index = MemoryTraceIndexes().new_index()
    add_to(index, SOURCE, result)
    (origin,) = index.trace({"v": value}).origins
    assert origin.value in origin.excerpt


@settings(deadline=None)
@given(STRUCTURES, STRUCTURES)
def test_no_result_and_no_argument_is_an_error(result: JsonValue, argument: JsonValue) -> None:
    index = MemoryTraceIndexes().new_index()
    add_to(index, SOURCE, result)
    add_to(index, SOURCE, {"content": [result], "structuredContent": result})
    for origin in index.trace({"v": argument}).origins:
        assert origin.value
        origin.excerpt.encode()


@settings(deadline=None)
@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
