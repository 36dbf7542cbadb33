"""What counts as the same for tracing, and that telling so takes time in proportion to the text."""

import sys
import unicodedata

import pytest

from keyturn.inspection.folding import fold, fold_cost


@pytest.mark.parametrize(
    "written",
    [
        "r. tal\u0062\u0327\u0301ot",
        "R. Tal\u0062\u0301\u0327ot",
        "\uff32. Tal\u0062\u200b\u0301\u0327ot",
        "R.\u3000\u00a0Tal\u0062\u034f\u0301\u0327ot",
    ],
)
def test_marks_in_any_order_are_the_same(written: str) -> None:
    assert fold(written) == "r. tal\u0062\u0327\u0301ot"


def test_white_space_of_any_width_and_length_is_one_space() -> None:
    assert fold("a" + "\u3000" * 200 + "b") == "a b"


def _unnormalised_run(text: str) -> int:
    """Count the longest run that normalising sorts."""
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301" * 500 + "\u0327" * 500,
        "a" + "\u0327\u0301" * 500,
        "\uff9e\u0334" * 500,
        ("a" + "\u0301\u0327" * 14) * 50,
    ],
)
def test_no_long_run_of_marks_is_sorted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = unicodedata.normalize

    def normalize(_form: str, given: str) -> str:
        seen.append(given)
        return real("NFKC", given)

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    assert fold(text) == fold(text)
    assert max(_unnormalised_run(real("NFKD", given)) for given in seen) <= 34


def test_no_mark_counts_as_a_letter() -> None:
    marks = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.combining(unicodedata.normalize("NFKD", character)[0])
    ]
    assert {mark for mark in marks if mark.isalnum()} == {"\uff9e", "\uff9f"}


def test_a_character_that_becomes_a_word_costs_more() -> None:
    assert fold_cost("x" * 400) == 100
    assert fold_cost("\u00e9" * 100) == 100
    assert fold_cost("\ufdfa" * 100) == 3_300
