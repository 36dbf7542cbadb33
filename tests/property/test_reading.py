"""Readings that tests share, and globs without the engine, against the same made one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import Condition, ConditionFault, Look, Operator, holds, holds_in
from keyturn.domain.lamps import Lamps
from keyturn.domain.pattern import glob, glob_matches
from tests.examples import many

TEXTS = st.lists(
    st.sampled_from(("/", "srv", "SRV", "..", "https://", "good.com", ".", "\0", "%2e", "x", "*")),
    max_size=6,
).map("".join)
VALUES = TEXTS | st.integers(-2, 2) | st.none() | st.booleans() | st.lists(TEXTS, max_size=2)
CONDITIONS = st.builds(
    Condition,
    path=st.sampled_from(("", "/v", "/V", "/w", "/v/0")),
    op=st.sampled_from(Operator),
    value=VALUES | st.sampled_from(("/srv", "good.com", "*.com", "https://good.com/*", "^x")),
)


def answer(condition: Condition, look: Look) -> bool | str:
    """Make the test; a fault is its sentence."""
    try:
        return holds_in(condition, look, Lamps.NONE)
    except ConditionFault as fault:
        return str(fault)


def alone(condition: Condition, arguments: JsonObject) -> bool | str:
    """Make the test with a look of its own."""
    try:
        return holds(condition, arguments, Lamps.NONE)
    except ConditionFault as fault:
        return str(fault)


@settings(max_examples=many(4))
@given(st.lists(CONDITIONS, min_size=2, max_size=6), VALUES, st.booleans())
def test_what_tests_share_changes_no_answer(
    conditions: list[Condition], value: JsonValue, alike: bool
) -> None:
    arguments: JsonObject = {"v": value, **({"V": value} if alike else {})}
    look = Look(arguments)
    for condition in [*conditions, *conditions]:
        assert answer(condition, look) == alone(condition, arguments)


@settings(max_examples=many(6))
@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=10))
def test_a_glob_matches_what_the_engine_matches(pattern: str, text: str) -> None:
    assert glob_matches(pattern, text) is (glob(pattern).fullmatch(text) is not None)
