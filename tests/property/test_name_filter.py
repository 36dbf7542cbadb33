"""Over patterns and names in many spellings: what is left out covers the name in no reading."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.name_filter import NameFilter
from keyturn.domain.spelling import Fit, fit_of
from tests.examples import many
from tests.unit.domain.test_spelling import OTHERWISE_SPELT

NAMES = (
    *OTHERWISE_SPELT,
    *(
        "",
        "*",
        "?",
        "/",
        "deploy",
        "DEPLOY",
        "d\u00e9ploy",
        "\uff0a",
        "\uff1f",
        "dep\u200bloy",
        "\u00df",
        "ss",
    ),
    *("file:///etc", "file:///etc/", "file:///srv/notes.txt", "demo:thing", "DEMO://thing/.."),
    *("https://api.example/", "https://api.example:443/x?y#z", "HTTPS://API.example./x", "a/b/.."),
    *("https://u@api.example/x", "100%", "%", "%2A", "x\\y", " x ", "x.", "\ufdfa", "file:"),
)
PATTERNS = (
    *NAMES,
    *(f"{name}*" for name in NAMES),
    *("file:///*", "*://api.example/*", "https://*.example/*", "*/secret/*", "?eploy", "d?ploy*"),
    *(
        "file:///e*/passwd",
        "\uff44eploy",
        "file:///\uff0a",
        "%66ile:///*",
        "FILE:///etc/*",
        "x/../*",
    ),
)


def faulty(patterns: Sequence[str], name: str) -> list[str]:
    """Return the patterns that are left out and that speak of a name."""
    kept = set(NameFilter(patterns).fitting(name))
    left_out = [pattern for n, pattern in enumerate(patterns) if n not in kept]
    return [pattern for pattern in left_out if fit_of(pattern, name) is not Fit.NO]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_pattern_is_left_out_that_may_cover_a_name_as_some_server_reads_it(name: str) -> None:
    assert faulty(PATTERNS, name) == []
    assert [pattern for pattern in PATTERNS if faulty((pattern,), name)] == []


TEXTS = st.text("aA/.%2e*?:\\ \u00e9\u00df\u200b", max_size=12) | st.sampled_from(PATTERNS)


@settings(max_examples=many(3), deadline=None)
@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_of_made_up_patterns_none_is_left_out_either(patterns: list[str], name: str) -> None:
    assert faulty(patterns, name) == []


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("file:///srv/n{}/*", "file:///srv/n7/x"),
        ("file:///srv/n{}/*", "file:///srv/%6e7/x"),
        ("https://h{}.example/*", "HTTPS://h7.example/x"),
        ("greet_{}", "greet_7"),
        ("greet_{}", "gr\u00e9et_7"),
        ("demo:{}/", "demo:7"),
    ],
)
def test_of_a_thousand_patterns_that_differ_one_is_tried(form: str, name: str) -> None:
    ready = NameFilter([form.format(n) for n in range(1_000)])
    assert list(ready.fitting(name)) == [7]
    assert list(ready.fitting("something else")) == []


def test_a_name_that_has_no_sure_reading_is_held_against_all_in_their_order() -> None:
    ready = NameFilter(["b", "*", "a"])
    assert list(ready.fitting("b\x00")) == [0, 1, 2]
    assert list(ready.fitting("a")) == [1, 2]
    assert list(NameFilter([]).fitting("a")) == []
