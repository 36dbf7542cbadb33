"""Which parts of an argument are traced to which results, and how much work a trace may be."""

import random
import string
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.application.ports.inspection import ResultSource
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Origin
from keyturn.inspection import decoding, drawing, trace_matches, trace_places
from keyturn.inspection.drawing import DRAWN_HERE, draw
from keyturn.inspection.letters import LEARNT_AT_ONCE, Letters
from keyturn.inspection.trace_indexes import LateTraceIndex, MemoryTraceIndexes
from keyturn.inspection.trace_query import MOST_CHARACTERS, AskedForm
from keyturn.inspection.trace_segments import Segment
from tests.examples import many
from tests.factories import add_to

REPORT = """Kestrel Pass is open again since Tuesday and the pallets were released by the warden.
Write to dispatch.office@north-quarry.example or see https://files.north-quarry.example/week/18.
The account is GB29NWBK60161331926819, the reference 771204,
the file /srv/reports/week18/final.pdf."""
KEY = bytes(range(16))
LETTER = "The loggers show three to six degrees for the whole stop of the night train."


def result_of(text: str) -> JsonObject:
    return {"content": [{"type": "text", "text": text}]}


def index_of(*texts: str, untrusted: bool = False) -> LateTraceIndex:
    indexes = MemoryTraceIndexes()
    # Which of the short runs are remembered hangs on the key: the same one, the same parts.
    indexes.key = KEY
    index = indexes.new_index()
    for number, text in enumerate(texts, 1):
        source = ResultSource(number=number, server="s", tool="read", untrusted=untrusted)
        add_to(index, source, result_of(text))
    return index


def told(leaf: str, origins: tuple[Origin, ...]) -> dict[str, int]:
    """Return which part of a leaf was traced to which result."""
    return {
        leaf[one.start : one.start + (len(leaf) if one.length is None else one.length)]: one.result
        for one in origins
    }


def buried(text: str) -> list[str]:
    """Put a text so far back that the newest texts do not hold it."""
    chance = random.Random(1)
    words = ["".join(chance.choices(string.ascii_lowercase, k=5)) for _ in range(3_000)]
    return [text, *(" ".join(chance.choices(words, k=8_000)) for _ in range(90))]


@pytest.mark.requirement("TRACE-NAME")
@pytest.mark.parametrize(
    "name",
    [
        "dispatch.office@north-quarry.example",
        "https://files.north-quarry.example/week/18",
        "GB29NWBK60161331926819",
        "771204",
        "/srv/reports/week18/final.pdf",
    ],
)
@pytest.mark.parametrize("leaf", ["{}", "please use {} for it", "DO: {}; and no other"])
def test_a_name_in_the_middle_of_a_line_is_found_in_old_text_too(name: str, leaf: str) -> None:
    index = old_index()
    value = leaf.format(name)
    parts = told(value, index.trace({"v": value}).origins)
    assert any(name.strip("/") in part and result == 1 for part, result in parts.items())


_OLD: list[LateTraceIndex] = []


def old_index() -> LateTraceIndex:
    """Return one session for all of these: it takes a while to fill."""
    if not _OLD:
        _OLD.append(index_of(*buried(REPORT)))
    return _OLD[0]


@pytest.mark.requirement("TRACE-PART")
def test_the_parts_of_one_argument_are_each_from_their_own_result() -> None:
    index = index_of(REPORT, "nothing of it", LETTER)
    first = "the pallets were released by the warden"
    second = "three to six degrees for the whole stop"
    leaf = f"Dear all, {first} yesterday evening; {second} was said by 771204 people."
    assert told(leaf, index.trace({"v": leaf}).origins) == {first: 1, second: 3, "771204": 1}


@pytest.mark.requirement("TRACE-PART")
def test_of_one_part_the_untrusted_source_comes_first() -> None:
    index = index_of(LETTER)
    source = ResultSource(number=2, server="web", tool="fetch", untrusted=True)
    add_to(index, source, result_of(LETTER))
    leaf = f"{LETTER} And then some words of my own."
    origins = index.trace({"v": leaf})
    assert [one.result for one in origins.worst_first()] == [2, 1]


def test_a_copy_with_words_left_out_is_found() -> None:
    leaf = " ".join(word for n, word in enumerate(REPORT.split(), 1) if n % 6)
    assert index_of(REPORT).trace({"v": leaf}).origins


@pytest.mark.requirement("TRACE-GAP")
@pytest.mark.parametrize(
    ("copied", "parts"),
    [
        (
            "open again since Tuesday and the pallets released by the warden",
            {"open again since Tuesday and the pallets", "released by the warden"},
        ),
        (
            "open again since Tuesday and the pallets were all released by the warden",
            {"open again since Tuesday and the pallets were", "released by the warden"},
        ),
        (
            "open again since Tuesday and the pallets are released by the warden",
            {"open again since Tuesday and the pallets", "released by the warden"},
        ),
        (
            "Kestrel Pass is open since Tuesday and the pallets were released",
            {"Kestrel Pass is open", "since Tuesday and the pallets were released"},
        ),
    ],
    ids=["left out", "put in", "replaced", "before"],
)
def test_what_goes_on_beyond_a_changed_word_is_shown_too(copied: str, parts: set[str]) -> None:
    assert set(told(copied, index_of(REPORT).trace({"v": copied}).origins)) == parts


@pytest.mark.requirement("TRACE-GAP")
@given(
    words=st.lists(st.text("abcdefgh", min_size=4, max_size=9), min_size=14, max_size=40),
    every=st.integers(6, 8),
)
@settings(deadline=None, max_examples=many(0.6))
def test_most_of_a_copy_with_words_left_out_is_shown(words: list[str], every: int) -> None:
    """Where any of its rows of words is remembered, what lies beyond the gaps is shown with it."""
    copied = " ".join(word for n, word in enumerate(words, 1) if n % every)
    parts = told(copied, index_of(" ".join(words)).trace({"v": copied}).origins)
    assert not parts or sum(len(part) for part in parts) >= len(copied) // 2


@pytest.mark.requirement("TRACE-COMMON")
def test_words_on_both_sides_of_a_gap_that_say_nothing_are_no_copy() -> None:
    index = index_of("It is up to you and what to do with it is for them to say in the end.")
    for text in ("up to you what to do with", "is for them say in the end"):
        assert not index.trace({"v": f"{text}, said one of those who went along."}).origins
    # A time of day is not another one, of which one part differs.
    assert not index_of("at 2025-01-02 14:23").trace({"v": "2025-01-02 11:23"}).origins


def test_a_few_common_words_are_no_copy() -> None:
    index = index_of("It is up to you to decide what to do with it in the end.")
    assert not index.trace({"v": "We left it up to them what to do in the morning."}).origins


@pytest.mark.requirement("TRACE-COMMON")
def test_what_the_tool_itself_says_never_counts_alone() -> None:
    index = index_of("mode | all_open\nmode | one_only")
    definition = '{"inputSchema":{"properties":{"orders":{"enum":["all_open","none"]}}}}'
    assert index.trace({"orders": "all_open"}).origins
    assert not index.trace({"orders": "all_open"}, definition).origins
    assert index.trace({"orders": "one_only"}, definition).origins
    both: JsonObject = {"orders": "all_open", "mode": "one_only"}
    assert {one.path for one in index.trace(both, definition).origins} == {"/orders", "/mode"}
    apart = index_of("mode | all_open", "mode | one_only")
    assert {one.path for one in apart.trace(both, definition).origins} == {"/mode"}


@pytest.mark.requirement("TRACE-COMMON")
@pytest.mark.parametrize("value", ["2026", "true", "/tmp", "/usr/bin", 1999, "100"])
def test_years_and_common_paths_say_nothing(value: JsonValue) -> None:
    assert (
        not index_of("year | 2026 | true | /tmp | /usr/bin | 1999 | 100")
        .trace({"v": value})
        .origins
    )


class _Counted:
    """Counts the characters that a function is given."""

    def __init__(self, do: Callable[..., object]) -> None:
        self._do = do
        self.characters = 0
        self.calls = 0

    def __call__(self, text: str, *others: object) -> object:
        self.characters += len(text)
        self.calls += 1
        return self._do(text, *others)


def _base64(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=64 * 1024))


HOSTILE = {
    "one word": "word " * 13_000,
    "base64": _base64(random.Random(1)),
    "percent": "%41" * 22_000,
    "backslashes": "\\" * 65_000,
    "escapes": "\\u0041" * 11_000,
    "tokens": " ".join("aGVsbG8gaGVsbG8gaGVs" for _ in range(3_000)),
    "letters": "".join(map(chr, range(0x1000, 0xD000))),
    "phrases": "\ufdfa" * 20_000,
}


@pytest.mark.requirement("TRACE-WORK")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_is_drawn_beyond_its_room(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = _Counted(drawing.words_of)
    decoded = _Counted(decoding.decoded_token)
    monkeypatch.setattr(drawing, "words_of", cut)
    monkeypatch.setattr(decoding, "decoded_token", decoded)
    drawn = draw(result_of(HOSTILE[name]), b"k" * 16)
    assert cut.characters <= DRAWN_HERE
    assert decoded.calls <= 3 * decoding.MOST_ENCODED
    assert len(drawn.prints) <= 4 * DRAWN_HERE


@pytest.mark.requirement("TRACE-WORK")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_argument_makes_a_trace_open_more_than_its_room(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = _Counted(trace_places.words_of)
    monkeypatch.setattr(trace_places, "words_of", opened)
    text = HOSTILE[name][:60_000]
    index = index_of(text, text, "word word word word word word " * 300)
    index.trace({"v": text, "w": "word " * 900})
    assert opened.characters <= 2 * 128 * 1024


@pytest.mark.requirement("TRACE-WORK")
def test_a_thousand_arguments_are_cut_into_words_together(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    extended = trace_matches.extended

    def counted(
        form: AskedForm, segment: Segment, result: int, first: int, word: int
    ) -> tuple[int, int]:
        calls.append(first)
        return extended(form, segment, result, first, word)

    monkeypatch.setattr(trace_matches, "extended", counted)
    index = index_of(*(REPORT for _ in range(3)))
    leaves: list[JsonValue] = [f"{REPORT[:40]} {number}" for number in range(1_000)]
    trace = index.trace({"v": leaves})
    assert trace.origins
    assert len(calls) <= 2 * MOST_CHARACTERS // 16


@pytest.mark.requirement("TRACE-WORK")
def test_no_text_teaches_more_than_so_many_letters_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt: list[int] = []
    letters = Letters()
    learn = letters.learn

    def counted(codes: "range | list[int]") -> None:
        learnt.append(len(codes))
        learn(codes)

    monkeypatch.setattr(letters, "learn", counted)
    folded = letters.fold(np.arange(0x3400, 0x9FFF, dtype=np.uint32))
    assert learnt == [LEARNT_AT_ONCE]
    assert not folded.whole


@pytest.mark.requirement("TRACE-WORK")
def test_a_large_result_is_drawn_in_steps_and_until_then_the_trace_is_incomplete() -> None:
    index = MemoryTraceIndexes().new_index()
    source = ResultSource(number=1, server="s", tool="read", untrusted=True)
    chance = random.Random(2)
    text = " ".join("".join(chance.choices("abcdefghij", k=6)) for _ in range(9_000))
    index.add(source, result_of(f"{text} {REPORT}"))
    steps = 1
    assert index.trace({"v": LETTER}).incomplete
    while index.go_on():
        steps += 1
    assert steps >= 3
    trace = index.trace({"v": REPORT[:80]})
    assert trace.origins
    assert not trace.incomplete


@pytest.mark.requirement("TRACE-WORK")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_step_of_a_drawing_goes_over_a_text_more_than_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = _Counted(drawing.words_of)
    monkeypatch.setattr(drawing, "words_of", cut)
    steps = drawing.steps_of(result_of(HOSTILE[name]), b"k" * 16)
    before = 0
    for _ in steps:
        assert cut.characters - before <= len(HOSTILE[name])
        before = cut.characters


@pytest.mark.requirement("TRACE-WORK")
@pytest.mark.parametrize("name", ["a value", "a row"])
def test_however_often_a_text_stands_there_a_trace_follows_a_bounded_number_of_places(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    extended = trace_matches.extended

    def counted(
        form: AskedForm, segment: Segment, result: int, first: int, word: int
    ) -> tuple[int, int]:
        rows.append(first)
        return extended(form, segment, result, first, word)

    monkeypatch.setattr(trace_matches, "extended", counted)
    said = "R. Talbot" if name == "a value" else LETTER
    index = index_of(*([said] * 4), *(f"row {number}" for number in range(200)), untrusted=True)
    leaves: list[JsonValue] = [f"{said} {number}" for number in range(600)]
    trace = index.trace({"v": leaves, "w": said})
    assert len(rows) <= trace_matches.MOST_CHOSEN
    assert len(trace.origins) <= 64


STOCK = """The gate is not present in the graph and so that it can be used, the warden of Kestrel
says no."""


@pytest.mark.requirement("TRACE-COMMON")
@pytest.mark.parametrize(
    ("leaf", "parts"),
    [
        ("the warden of Kestrel", {"the warden of Kestrel": 1}),
        ("so that it can be", {}),
        ("of all these lorries so that it can be used by nobody", {}),
        (
            "of all these lorries and so that it can be used the rest",
            {"and so that it can be used the": 1},
        ),
        (
            "whoever asks hears that it can be used, the warden is out",
            {},
        ),
        (
            "they wrote: used, the warden of Kestrel says no",
            {"used, the warden of Kestrel says no": 1},
        ),
        ("Will", {"Will": 2}),
    ],
)
def test_common_words_in_a_row_come_from_nowhere_until_they_are_eight(
    leaf: str, parts: dict[str, int]
) -> None:
    index = index_of(STOCK, "First in line\nWill\nstands there")
    assert told(leaf, index.trace({"v": leaf}).origins) == parts


@pytest.mark.requirement("TRACE-FORM")
@pytest.mark.parametrize(
    "leaf",
    [
        "See: lorries\\n            wait here\\n until grey dawn, then more follows",
        "See: lorries%0Await here%0Auntil grey dawn, then more follows",
        "See: lorries &#10; wait here &#10; until grey dawn, then more follows",
    ],
)
def test_escapes_between_words_do_not_part_a_row(leaf: str) -> None:
    index = index_of("Eleven lorries\n            wait here\nuntil grey dawn\nand no longer")
    parts = told(leaf, index.trace({"v": leaf}).origins)
    assert [part[:7] + part[-4:] for part in parts] == ["lorriesdawn"]


@pytest.mark.parametrize("gone", [(5,), (5, 6), (5, 6, 7)])
def test_a_row_goes_on_beyond_words_that_were_left_out(gone: tuple[int, ...]) -> None:
    chance, found = random.Random(9), 0
    for _ in range(100):
        words = ["".join(chance.choices("bcdfghklmn", k=7)) for _ in range(5 + len(gone) + 4)]
        indexes = MemoryTraceIndexes()
        indexes.key = bytes(16)  # which runs are remembered is the same each time
        index = indexes.new_index()
        source = ResultSource(number=1, server="s", tool="read", untrusted=False)
        add_to(index, source, result_of(" ".join(["Said:", *words, "and no more"])))
        kept = [word for at, word in enumerate(words) if at not in gone]
        leaf = " ".join(["whoever", "asks", "hears", "of", "all", *kept, "or", "nothing", "else"])
        found += bool(index.trace({"v": leaf}).origins)
    # Rows of five and of four are remembered by nine and by seven of ten; one of both is enough.
    assert found > 90
