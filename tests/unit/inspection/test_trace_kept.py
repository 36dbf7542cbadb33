"""A kept text reads the same packed, half packed and as it came; a large one packs in pieces."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.ports.inspection import DrawnResult, ResultSource
from keyturn.inspection.drawing import draw
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from keyturn.inspection.trace_kept import Kept, Passage, Sheet
from keyturn.inspection.trace_store import SEARCHED, TraceMemory, TraceStore

KEY = bytes(16)
PIECES = st.lists(
    st.sampled_from(["word ", "\n", "“q”", "\U0001f511", "x" * 4_095, "y" * 4_096, "z\n" * 900]),
    max_size=12,
).map("".join)


@given(PIECES, st.lists(st.sampled_from([1, 4_096, 5_000, 1 << 20]), max_size=9), st.data())
def test_a_half_packed_text_reads_as_it_came(
    text: str, rooms: list[int], data: st.DataObject
) -> None:
    passage = Passage(text)
    for room in (0, *rooms):
        if room and not passage.is_packed:
            before = passage.bytes
            assert passage.pack(room) == before - passage.bytes
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        assert passage.part(start, end) == text[start:end]
        assert passage.line_at(start) == text.count("\n", 0, start) + 1
    assert passage.length == len(text)


def test_a_large_result_is_packed_in_pieces_and_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed: list[int] = []
    pack = Passage.pack

    def noted(passage: Passage, most: int) -> int:
        packed.append(most)
        return pack(passage, most)

    monkeypatch.setattr(Passage, "pack", noted)
    indexes = MemoryTraceIndexes()
    index = indexes.new_index()
    text = "".join(f"row {number} of words\n" for number in range(SEARCHED // 16))
    for number in (1, 2):
        source = ResultSource(number=number, server="s", tool="t", untrusted=True)
        index.keep(source, DrawnResult(text=text, partly=True))
    assert len(packed) <= 1
    assert index.go_on()
    while index.go_on():
        pass
    assert max(packed) <= 128 * 1024
    assert sum(packed) >= len(text)
    assert not index.go_on()


def test_what_is_held_is_counted_over_packing_in_pieces() -> None:
    memory = TraceMemory(KEY, session_bytes=64 << 20, total_bytes=64 << 20)
    store = TraceStore(memory)
    text = "".join(f"row {number} of words\n" for number in range(SEARCHED // 16))
    for number in range(3):
        source = ResultSource(number=number + 1, server="s", tool="t", untrusted=True)
        store.keep(source, DrawnResult(text=text, rendering=text[:200_000], partly=True))
    full = memory.total
    while store.pack_on():
        pass
    assert memory.total < full // 2
    kept = [one for segment in store.segments for one in segment.results]
    assert [one.text.is_packed and one.rendering.is_packed for one in kept] == [True, True, False]
    texts = sum(one.text.bytes + one.rendering.bytes for one in kept)
    assert texts < memory.total < texts + (1 << 20)


def test_a_value_is_found_in_either_part_of_a_large_result_and_in_no_seam() -> None:
    index = MemoryTraceIndexes().new_index()
    source = ResultSource(number=1, server="s", tool="t", untrusted=True)
    drawn = DrawnResult(text="Ends with Hangar", rendering="Nine begins\nHangar Ten", partly=True)
    index.keep(source, drawn)
    found = {
        value: [(one.offset, one.excerpt) for one in index.trace({"a": value}).origins]
        for value in ("Ends with", "Hangar Ten", "Hangar Nine", "Hangar\nNine")
    }
    assert [len(origins) for origins in found.values()] == [1, 1, 0, 0]
    assert "Hangar Ten" in found["Hangar Ten"][0][1]


def test_a_sheet_of_one_yields_both_its_texts() -> None:
    source = ResultSource(number=1, server="s", tool="t", untrusted=True)
    kept = Kept(source, Passage("one"), Passage("two"), partly=True)
    sheet = Sheet("one", [kept], "two")
    assert [held for _, _, held in sheet.holding("two")] == ["one", "two"]
    assert [passage for _, passage, _ in sheet.holding("two")] == [kept.text, kept.rendering]
    assert sheet.length == len("onetwo")


def test_very_many_tiny_texts_are_not_packed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[int] = []
    pack = Passage.pack

    def noted(passage: Passage, most: int) -> int:
        packed.append(most)
        return pack(passage, most)

    monkeypatch.setattr(Passage, "pack", noted)
    store = TraceStore(TraceMemory(KEY, session_bytes=64 << 20, total_bytes=64 << 20))
    for number in range(3_000):
        source = ResultSource(number=number + 1, server="s", tool="t", untrusted=True)
        store.keep(source, DrawnResult(text="x"))
    source = ResultSource(number=3_001, server="s", tool="t", untrusted=True)
    most = 0
    for text in ("y" * SEARCHED, "z" * SEARCHED):
        packed.clear()
        store.keep(source, DrawnResult(text=text, partly=True))
        most = max(most, len(packed))
    assert 0 < most <= 256
    while store.pack_on():
        pass


def test_the_copies_of_a_sheet_are_counted_whole() -> None:
    source = ResultSource(number=1, server="s", tool="t", untrusted=True)
    first = Kept(source, Passage("x" * 60_000), Passage(""), partly=False)
    wide = Kept(source, Passage("\U0001f511"), Passage(""), partly=False)
    sheet = Sheet("x" * 60_000, [first])
    told = sheet.join(wide, "\U0001f511")
    assert told == sheet.copied == sys.getsizeof(sheet.text) > 4 * 60_000
    more = sheet.join(wide, "y")
    assert told + more == sheet.copied == sys.getsizeof(sheet.text)


def test_small_results_are_packed_as_they_come() -> None:
    store = TraceStore(TraceMemory(KEY, session_bytes=64 << 20, total_bytes=64 << 20))
    drawn = draw({"content": [{"type": "text", "text": "short words here\n" * 3_000}]}, KEY)
    for number in range(120):
        source = ResultSource(number=number + 1, server="s", tool="t", untrusted=True)
        store.keep(source, drawn)
    assert not store.pack_on()
