"""Owns what is drawn out of one result for the trace: its text, and the keys of what it says.

It keeps nothing, so that a large result can be drawn in another process than the one that keeps it.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np

from keyturn.application.ports.inspection import DrawnResult
from keyturn.domain.canonical import JsonValue
from keyturn.inspection.decoding import Form, changed, forms, has_more_encoded
from keyturn.inspection.letters import Positions
from keyturn.inspection.postings import packed
from keyturn.inspection.trace_text import (
    holds_more_than,
    render,
    render_on_one_line,
    structure_of,
    text_blocks,
)
from keyturn.inspection.word_names import names, pieces
from keyturn.inspection.word_runs import (
    Keys,
    Prints,
    Runs,
    Words,
    prints,
    shingles,
    surroundings,
    winnowed,
    words_of,
)

STRETCH = 2_048
"""Characters of a stretch, which is what is opened of a text to look at a place in it."""
DRAWN_HERE = 1024 * 1024
"""Characters of all forms of a result that are drawn on the loop, in steps."""
DRAWN_ELSEWHERE = 4 * 1024 * 1024
"""More would take a worker most of the time that it has for an answer of 64 MiB."""
PLACE_BITS = 27
RENDERING = 8
"""Added to the layer of what stands in the rendering of a structure, not in the text."""
_APART = np.uint64(0x9E3779B97F4A7C15)
_MOST_LESSONS = 4
"""Times that a text is read again as it brought so many new letters."""
Steps = Generator[int, None, DrawnResult]
"""The drawing of a result in steps; each says how many characters it went over (50 ns each)."""
_MAX_STRUCTURE = 1_200
"""Objects, lists and scalars of one structure that is set out in lines (about 4 ms)."""


@dataclass(slots=True)
class _Drawing:
    key: bytes
    room: int
    partly: bool = False
    words: int = 0
    keys: list[Keys] = field(default_factory=list[Keys])
    at: list[Positions] = field(default_factory=list[Positions])
    alike: list[Keys] = field(default_factory=list[Keys])
    """Of each key, what another one must have in common with it not to be kept."""
    prints: list[Prints] = field(default_factory=list[Prints])
    entries: list[Keys] = field(default_factory=list[Keys])
    entered: int = 0


def draw(result: JsonValue, key: bytes, *, most: int = DRAWN_HERE) -> DrawnResult:
    """Draw what is remembered of a result in one go; see `steps_of`."""
    steps = steps_of(result, key, most=most)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            drawn: DrawnResult = end.value
            return drawn


def steps_of(result: JsonValue, key: bytes, *, most: int = DRAWN_HERE) -> Steps:
    """Draw what is remembered of a result; `key` is that of the index's hashes.

    No more than `most` characters of all its forms: of what is beyond only the text is kept.
    """
    blocks = text_blocks(result)
    structure = structure_of(result)
    rendering = _rendered(structure) if structure or not blocks else ""
    text, rendering = ("\n".join(blocks), rendering) if blocks else (rendering, "")
    yield len(rendering)
    drawing = _Drawing(key, most)
    later = yield from _first_form(drawing, text, 0)
    later += yield from _first_form(drawing, rendering, RENDERING)
    for form, where in later:
        yield from _draw_form(drawing, form, where)
    return _drawn(drawing, text, rendering)


def _rendered(structure: JsonValue) -> str:
    if holds_more_than(structure, _MAX_STRUCTURE):
        return render_on_one_line(structure)
    return render(structure).text


def _first_form(
    drawing: _Drawing, text: str, where: int
) -> Generator[int, None, list[tuple[Form, int]]]:
    """Draw a text as it is; return its other forms, for which there may be no room."""
    if not text:
        return []
    head = text[: max(0, drawing.room)]
    found: list[Form] = []
    for form in forms(head):
        found.append(form)
        yield len(head)
    first, *others = found
    drawing.partly |= len(head) < len(text)
    plain = next((form.text for form in reversed(others) if form.in_place), head)
    drawing.partly |= has_more_encoded(plain)
    yield len(head)
    yield from _draw_form(drawing, first, where)
    befores = [head, *(form.text for form in others)]
    return [
        (changed(form, before) if form.in_place else form, where)
        for form, before in zip(others, befores, strict=False)
    ]


def _draw_form(drawing: _Drawing, form: Form, where: int) -> Generator[int, None, None]:
    words = yield from _words_of(drawing, form)
    if words is None or not len(words):
        return
    parts = form.parts(words.starts)
    stretches = _stretches(form, words, parts)
    yield len(form.text)
    for runs, alike in _kept_of(words, (stretches + drawing.entered).astype(np.uint64)):
        first, last = runs.first, runs.first + runs.count - 1
        runs = runs.where(parts[first] == parts[last])
        drawing.keys.append(runs.keys)
        drawing.at.append(runs.first + drawing.words)
        drawing.alike.append(alike[runs.first])
        yield len(form.text)
    opens = np.flatnonzero(np.diff(stretches, prepend=-1))
    first = words.starts[opens]
    places = form.placed(first) if form.in_place else form.places[parts[opens]]
    drawing.entries.append(
        (opens + drawing.words).astype(np.uint64) << np.uint64(32)
        | np.uint64((form.layer + where) << PLACE_BITS)
        | places.astype(np.uint64)
    )
    drawing.entered += int(stretches[-1]) + 1
    drawing.words += len(words)
    drawing.prints.append(prints(words))


def _kept_of(words: Words, stretches: Keys) -> Iterator[tuple[Runs, Keys]]:
    """Yield what is kept of words, with what of each word makes another of one key needless.

    One of a name is kept in a stretch of text, and one of a run of words that stands in the same
    company: what is a row of six with one was a row of six before.
    """
    yield pieces(words), stretches
    yield names(words), stretches
    every = shingles(words)
    yield winnowed(every), surroundings(every, len(words)) + stretches * _APART


def _words_of(drawing: _Drawing, form: Form) -> Generator[int, None, Words | None]:
    """Cut a form into words, again where not all of its letters were known; None without room."""
    for lesson in range(_MOST_LESSONS):
        if len(form.text) > drawing.room:
            drawing.partly = True
            return None
        drawing.room -= len(form.text)
        words = words_of(form.text, drawing.key)
        yield len(form.text)
        if words.whole or lesson == _MOST_LESSONS - 1:
            drawing.partly |= not words.whole
            return words
    return None


def _stretches(form: Form, words: Words, parts: Positions) -> Positions:
    """Number the stretches of a form, and say of each word in which it is."""
    if not form.in_place:
        return np.cumsum(np.diff(parts, prepend=parts[0]) > 0, dtype=np.int64)
    blocks = form.placed(words.starts) // STRETCH
    opens = (np.diff(blocks, prepend=blocks[0]) > 0) | (np.diff(parts, prepend=parts[0]) > 0)
    return np.cumsum(opens, dtype=np.int64)


def _drawn(drawing: _Drawing, text: str, rendering: str) -> DrawnResult:
    if not drawing.keys:
        return DrawnResult(text=text, rendering=rendering, partly=drawing.partly)
    postings = packed(
        np.concatenate(drawing.keys), np.concatenate(drawing.at), np.concatenate(drawing.alike)
    )
    return DrawnResult(
        text=text,
        rendering=rendering,
        postings=postings.tobytes(),
        prints=np.concatenate(drawing.prints).tobytes(),
        entries=np.concatenate(drawing.entries).tobytes(),
        partly=drawing.partly,
    )
