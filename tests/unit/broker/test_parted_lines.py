"""A line in parts has the bytes that it would have in one; what is large in it stays in place."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.broker.envelope import result_line
from keyturn.broker.parted_lines import (
    PIECE,
    PartedLine,
    answer_of,
    gathered,
    pieces_of,
    with_end,
    with_literal_id,
    without_end,
)

RESULT = b'{"content":"%b"}' % (b"x" * LARGE_BYTES)
IDS = st.integers(-(2**53), 2**53) | st.text(max_size=8)


@given(IDS, st.booleans())
def test_an_answer_reads_as_in_one_piece_and_its_result_is_not_copied(
    request_id: int | str, viewed: bool
) -> None:
    result = memoryview(RESULT) if viewed else RESULT
    answer = answer_of(request_id, result)
    assert isinstance(answer, PartedLine)
    whole = b"".join(answer.parts)
    assert whole == result_line(request_id, Raw(RESULT))
    assert len(answer) == len(whole)
    assert answer.parts[1] is result
    assert answer.answers == (request_id,)
    spelt = with_literal_id(answer, Raw(b"1.0"))
    assert msgspec.json.decode(b"".join(spelt.parts), type=dict[str, Raw])["id"] == Raw(b"1.0")
    assert spelt.parts[1] is result


def test_a_small_answer_comes_in_one_piece() -> None:
    assert answer_of(1, memoryview(b"{}")) == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


SIZES = st.lists(
    st.sampled_from([1, 90, LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 1]), min_size=1, max_size=6
)


@given(SIZES)
def test_answers_are_gathered_in_few_parts_and_what_is_large_is_not_copied(
    sizes: list[int],
) -> None:
    answers = [answer_of(number, b'"%b"' % (b"x" * size)) for number, size in enumerate(sizes)]
    array = gathered(answers, range(len(sizes)))
    lines = b"".join(b"".join(with_end(answer)) for answer in answers)
    assert b"".join(array.parts) == b"[" + lines.strip().replace(b"\n", b",") + b"]\n"
    assert array.answers == tuple(range(len(sizes)))
    large = {id(one.parts[1]) for one in answers if isinstance(one, PartedLine)}
    assert large <= set(map(id, array.parts))
    assert len(array.parts) <= 2 * len(large) + 1 + len(b"".join(array.parts)) // LARGE_BYTES


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4), st.booleans())
def test_a_line_has_one_end_or_none(texts: list[bytes], parted: bool) -> None:
    whole = b"".join(texts)
    line = PartedLine(tuple(map(memoryview, texts)), ()) if parted else whole
    assert b"".join(with_end(line)) == (whole if whole.endswith(b"\n") else whole + b"\n")
    kept = b"".join(texts[:-1]) + texts[-1].rstrip(b"\r\n") if parted else whole.rstrip(b"\r\n")
    assert b"".join(without_end(line)) == kept


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_pieces_are_small_and_miss_nothing(size: int) -> None:
    parts = (b"a", memoryview(b"x" * size), b"z")
    pieces = tuple(pieces_of(parts))
    assert b"".join(pieces) == b"".join(parts)
    assert max(map(len, pieces)) <= PIECE
