"""What is never looked for in results: why, and that the index agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonValue
from keyturn.domain.traceable import Untraced, is_common, why_untraced
from keyturn.inspection.trace_text import leaf_text

SHORT, COMMON = Untraced.TOO_SHORT, Untraced.TOO_COMMON


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (7, SHORT),
        (100, SHORT),
        ("ab", SHORT),
        ("", SHORT),
        ("1.5-2", SHORT),
        (True, SHORT),
        (None, SHORT),
        ([], SHORT),
        ("2026", COMMON),
        ("/usr/bin", COMMON),
        ("---", COMMON),
        ("true", COMMON),
        ("it is so", COMMON),
        (1042, None),
        ("abc", None),
        ("all_open", None),
    ],
)
def test_a_value_that_is_not_looked_for_has_a_reason(
    value: JsonValue, why: Untraced | None
) -> None:
    assert why_untraced(value) is why


@given(value=st.text() | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_only_what_the_index_looks_for_may_be_called_not_found(value: JsonValue) -> None:
    looked_for = leaf_text(value) is not None and not is_common(str(value))
    assert (why_untraced(value) is None) is looked_for
