"""Every text of a JSON value, each as often as it stands there."""

from collections import Counter
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonValue
from keyturn.domain.json_texts import texts_of

_VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
)


def texts(value: JsonValue) -> Iterator[str]:
    """Yield them as the grammar nests them."""
    if isinstance(value, str):
        yield value
    for item in value if isinstance(value, list) else ():
        yield from texts(item)
    for key, item in value.items() if isinstance(value, dict) else ():
        yield key
        yield from texts(item)


@given(value=_VALUES)
def test_keys_and_values_are_yielded_once_each(value: JsonValue) -> None:
    assert Counter(texts_of(value)) == Counter(texts(value))


def test_whole_numbers_are_texts_only_where_they_are_asked_for() -> None:
    value: JsonValue = {"a": [1, -2, True, None, 1.5, "b"]}
    assert sorted(texts_of(value)) == ["a", "b"]
    assert sorted(texts_of(value, numbers=True)) == ["-2", "1", "a", "b"]


def test_no_nesting_is_too_deep() -> None:
    value: JsonValue = "within"
    for _ in range(100_000):
        value = [value]
    assert list(texts_of(value)) == ["within"]
