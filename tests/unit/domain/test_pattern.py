"""Globs and regular expressions that cannot stall."""

import pytest

from keyturn.domain.pattern import BadPattern, glob, is_glob, name_matches, regex


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "anything", True),
        ("*", "", True),
        ("read_report", "read_report", True),
        ("read_report", "Read_report", False),
        ("read_*", "read_report", True),
        ("read_*", "unread_report", False),
        ("?", "a", True),
        ("?", "ab", False),
        ("?", "é", True),
        ("a.c", "abc", False),
        ("a.c*", "a.cd", True),
        ("[ab]*", "[ab]x", True),
        ("*", "two\nlines", True),
        ("a*b", "a\nb", True),
        ("(*)|x", "x", False),
    ],
)
def test_a_name_matches_exactly_or_by_wildcards_only(pattern: str, name: str, fits: bool) -> None:
    assert name_matches(pattern, name) is fits


def test_only_wildcards_make_a_glob() -> None:
    assert is_glob("a*")
    assert is_glob("?")
    assert not is_glob("a.[b]")


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a{2000}", "["])
def test_what_re2_refuses_is_a_bad_pattern(pattern: str) -> None:
    with pytest.raises(BadPattern):
        regex(pattern)


@pytest.mark.timeout(10)
def test_patterns_that_stall_other_engines_end_at_once() -> None:
    text = "a" * 50_000
    assert regex("(a+)+$").search(text + "b") is None
    assert glob("*a*a*a*a*a*a*a*b").fullmatch(text) is None
