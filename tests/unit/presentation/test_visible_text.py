"""Nothing hides in a text, and making it visible changes no character of it."""

import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.presentation.visible_text import (
    COST_OF_MARK,
    MOST_HIDDEN,
    MarkKind,
    Segment,
    beginning,
    cost_of,
    hidden_characters,
    hidden_in_all,
    mark_label,
    visible,
    visible_line,
)
from keyturn.presentation.words import Words

RESOURCES = Path(__file__).parents[3] / "resources"
TRICKY = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from(
            "ab \t\n\r\u200b\u200d\u202e\u2060\ufe0f\U0001f468\U0001f469\u00a0\U000e0061"
        ),
    )
)
# Drawn, although their category is Cf: Arabic and Kaithi number signs.
DRAWN_FORMAT = frozenset(
    {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
)


@given(text=TRICKY)
def test_segments_give_the_exact_text_back(text: str) -> None:
    for segments in (visible(text), visible_line(text)):
        assert "".join(segment.text for segment in segments) == text
        assert all(segment.text for segment in segments)


@given(text=TRICKY)
def test_no_plain_segment_holds_a_control_or_an_override(text: str) -> None:
    for segment in visible(text):
        if segment.mark is None:
            assert not set(segment.text) & set("\x00\x1b\x7f\x85\r\u202e\u2066\u200b\u2060\ufeff")
            assert " " * 8 not in segment.text
            assert "\n\n\n\n" not in segment.text


@given(text=TRICKY)
def test_a_line_has_no_break(text: str) -> None:
    assert all("\n" not in segment.text or segment.mark for segment in visible_line(text))


def test_every_character_that_unicode_calls_a_control_or_format_is_marked() -> None:
    plain = [
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and visible(chr(code))[0].mark is None
    ]
    assert set(plain) == DRAWN_FORMAT | {0x09, 0x0A}


@pytest.mark.parametrize(
    "text",
    [
        "naïve café e\u0301\u0323",
        "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525 1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\U0001f44d\U0001f3fd \U0001f1eb\U0001f1ee",
        "\u0928\u092e\u0938\u094d\u0924\u0947 \u65e5\u672c\u8a9e",
        "one\n\n\ntwo\tthree       seven spaces",
    ],
)
def test_what_people_write_stays_whole(text: str) -> None:
    assert visible(text) == (Segment(text=text),)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("\u200b", "U+200B zero width space"),
        ("\u200b\u200b", "U+200B ×2"),
        ("\u202e", "U+202E right-to-left override"),
        ("\x1b", "U+001B escape"),
        ("\x9b", "U+009B control sequence introducer"),
        ("\x00", "U+0000 null"),
        ("\u00a0" * 3, "U+00A0 ×3"),
        ("\U000e0061", "U+E0061 tag latin small letter a"),
        ("\ud800", "U+D800 lone surrogate"),
        (" " * 40, "40 spaces"),
        ("\t" * 8, "8 tabs"),
        (" \t" * 4, "8 spaces and tabs"),
        ("\n\n\n", "3 blank lines"),
        ("\u200b" * 100, "U+200B ×100"),
        ("\u200b\u200c" * 40, "80 unseen characters of several kinds"),
        ("\x01\x02" * 40, "80 unseen characters of several kinds"),
    ],
)
def test_a_mark_says_what_it_stands_for(text: str, label: str) -> None:
    (segment,) = visible(text)
    assert segment.mark is not None
    assert mark_label(segment.mark, Words(RESOURCES / "translations")) == label


def test_a_joiner_or_tag_outside_a_listed_emoji_is_marked() -> None:
    assert visible("a\u200db")[1].mark is not None
    assert visible("\U0001f600\U000e0061\U000e0062")[1].mark is not None
    assert visible("\U0001f600\ufe0f\ufe0f")[1].mark is not None


def test_blank_lines_are_counted_with_their_spaces() -> None:
    first, run, last = visible("a\n \n\t\n\nb")
    assert (first.text, last.text) == ("a\n", "b")
    assert run.mark is not None
    assert (run.mark.kind, run.mark.count) == (MarkKind.BLANK_LINES, 3)


def test_hidden_characters_are_counted_without_white_space() -> None:
    assert hidden_characters(visible("a\u200b\u200bb\u202e" + " " * 20)) == 3


@given(text=st.text(st.characters(max_codepoint=127)))
def test_ascii_is_read_as_every_text_is(text: str) -> None:
    *marked, last = visible(f"{text}x\u00e9")
    assert visible(f"{text}x") == (*marked, Segment(text=last.text.removesuffix("\u00e9")))


def test_all_hidden_characters_are_counted_up_to_a_number() -> None:
    assert hidden_in_all(["a\u200b\u200c", "plain", "\x07\r\n"]) == 4
    assert hidden_in_all(["\u200b\u200c" * 100_000]) == MOST_HIDDEN
    assert hidden_in_all(["x\u200b" * 2_000_000]) == MOST_HIDDEN
    assert hidden_in_all(["\u00e9" * 1_000_000]) == 0
    assert hidden_in_all(["\u00e9" * 1_000_000 + "\u200b"]) == 1
    assert (
        hidden_in_all(["\u00e9" * 1_000_000, "a\u200bb\u200cc", "\U0001f468\u200d\U0001f469"]) == 2
    )
    assert hidden_in_all(["\U0001f468\u200d\U0001f469" * 500_000, "\u200b"]) == MOST_HIDDEN


@given(text=st.text(alphabet="ab \n\u200b\u202e\u0436", max_size=300), most=st.integers(16, 400))
def test_a_beginning_is_all_that_it_may_cost(text: str, most: int) -> None:
    kept = beginning(text, most)
    assert text.startswith(kept)
    assert sum(map(cost_of, visible(kept))) <= most
    if len(kept) < len(text):
        # What comes next, a mark at most, would have been too much.
        assert sum(map(cost_of, visible(kept))) > most - COST_OF_MARK
