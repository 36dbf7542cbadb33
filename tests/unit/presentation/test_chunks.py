"""Pieces of a long text are the text, and show the same marks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.presentation.chunks import CHUNK, chunks, line_chunks
from keyturn.presentation.visible_text import cost_of, visible

TEXT = st.text(alphabet='ab{}:,"  \n\u200b\u202e\u00e9\u3164\u0436', max_size=9_000)
MARKED = st.text(
    alphabet="a1 \t\n\r\x01\u200b\u200d\ufe0f\u20e3\u0301\u00a9\U0001f600\U0001f3f4\U000e0067",
    max_size=400,
)
PLAIN = st.text(alphabet='ab{}:,"  \n\u00e9\u0436', max_size=9_000)


@given(text=TEXT.map(lambda text: text * 3))
def test_pieces_give_the_text_back(text: str) -> None:
    pieces = list(chunks(text, 1_000))
    assert "".join(pieces) == text
    assert pieces


@given(text=TEXT.map(lambda text: text * 3))
def test_no_mark_is_lost_or_made_by_a_cut(text: str) -> None:
    whole = [s.mark for s in visible(text) if s.mark]
    parts = [s.mark for piece in chunks(text, 1_000) for s in visible(piece) if s.mark]
    assert parts == whole


def test_a_text_without_any_edge_is_cut_between_letters() -> None:
    assert [len(piece) for piece in chunks("x" * 10_000, 4_000)] == [3_999, 3_999, 2_002]


def test_no_piece_is_empty_where_the_only_edge_is_behind() -> None:
    pieces = list(chunks("ab" + "\u200b" * 3_000, 1_000))
    assert all(pieces)
    assert "".join(pieces) == "ab" + "\u200b" * 3_000


LINES = st.lists(st.text(alphabet='  a{":\u200b\u202e', max_size=60), max_size=40).map("\n".join)


@given(text=LINES, most=st.integers(1, 200))
def test_lines_stay_whole_but_the_long_ones(text: str, most: int) -> None:
    pieces = list(line_chunks(text, most))
    assert "".join(pieces) == text
    ends = {0, *(end.end() for end in re.finditer("\n", text))}
    begins = 0
    for piece in pieces:
        line = text[text.rfind("\n", 0, begins) + 1 :].split("\n", 1)[0]
        assert begins in ends or len(line) >= most
        begins += len(piece)


def test_nothing_but_spaces_stays_in_one_piece() -> None:
    assert list(chunks(" " * 10_000)) == [" " * 10_000]


@given(text=MARKED.map(lambda text: text * 3), most=st.integers(1, 100))
def test_no_mark_is_lost_or_made_where_marks_are_all_there_is(text: str, most: int) -> None:
    pieces = list(chunks(text, most))
    assert "".join(pieces) == text
    assert all(pieces) or not text
    whole = [s.mark for s in visible(text) if s.mark]
    assert [s.mark for piece in pieces for s in visible(piece) if s.mark] == whole


@pytest.mark.requirement("C9")
@pytest.mark.parametrize(
    "unit",
    ["a\u200b", "\u200b ", "\u200b\u200c\u200b ", "\n\u200b", "\x01\x02  ", "\u0301\u200b",
     "\U0001f600\u200b", "\r\n a", "\u200b\t\u202e\t", "\u4e2d\u200b\n"],
)  # fmt: skip
def test_marks_make_no_piece_long(unit: str) -> None:
    pieces = list(chunks(unit * (50_000 // len(unit))))
    assert max(sum(map(cost_of, visible(piece))) for piece in pieces) <= 2 * CHUNK


@given(text=PLAIN.map(lambda text: text * 3), most=st.integers(1_000, 4_000))
def test_a_cut_is_the_last_that_may_be_made(text: str, most: int) -> None:
    for piece in list(chunks(text, most))[:-1]:
        assert piece == text[: len(piece)]
        assert len(piece) == last_edge(text, most)
        text = text[len(piece) :]


def last_edge(text: str, full: int) -> int:
    """Look for it the slow way, from the beginning."""
    drawn = r"(?:[^\W\u115f\u1160\u3164\uffa0]|[!-~])"
    for edge in ("\n", " ", ""):
        between = re.compile(rf"(?<={drawn}){edge}(?={drawn})")
        places = [found.end() for found in between.finditer(text, full - 1_000, full)]
        if places:
            return places[-1]
    ahead = between.search(text, full)
    return ahead.end() if ahead is not None else len(text)
