"""Owns what is drawn out of one result for the trace: its text, and the hashes of what it says.

It keeps nothing, so that a large result can be drawn in another process than the one that keeps it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyturn.application.ports.inspection import DrawnResult, Place
from keyturn.domain.canonical import JsonValue
from keyturn.inspection.folding import FOLDED_AT_ONCE, fold, fold_cost
from keyturn.inspection.trace_text import (
    MAX_PIECE,
    MIN_CHARACTERS,
    holds_more_than,
    key_characters,
    leaf_text,
    pieces,
    render,
    render_on_one_line,
    scalars,
    structure_of,
    text_blocks,
)

HASHED_CHARACTERS = 128 * 1024
_HASHED_PIECES = 800
"""How much of one result is hashed (about 4 ms); text beyond it is searched instead."""
_MAX_STRUCTURE = 1_200
"""Objects, lists and scalars of one structure that is set out in lines (about 4 ms)."""
_SCALAR_BYTES = 150
"""What one scalar of a decoded structure costs besides its text, estimated."""


@dataclass(slots=True)
class _Drawing:
    text: str
    structure: JsonValue = None
    partly_hashed: bool = False


def draw(result: JsonValue, hash_of: Callable[[str], int]) -> DrawnResult:
    """Draw what is remembered of a result; `hash_of` is the index's."""
    blocks = text_blocks(result)
    if blocks:
        drawing = _Drawing("\n".join(blocks), structure_of(result))
        places = _places_of_text(drawing, blocks)
    else:
        drawing = _Drawing("")
        places = _places_of_rendering(drawing, structure_of(result))
    # Before the rest is looked at, which the walk finds out.
    values = tuple(_hashed(drawing, places, hash_of))
    return DrawnResult(
        text=drawing.text,
        values=values,
        structure=drawing.structure,
        partly_hashed=drawing.partly_hashed,
    )


def structure_bytes(structure: JsonValue, values: tuple[JsonValue, ...]) -> int:
    """Estimate what a structure and its scalars take up."""
    texts = sum(len(leaf_text(value) or "") + _SCALAR_BYTES for value in values)
    return key_characters(structure) + texts


def _hashed(
    drawing: _Drawing, places: Iterator[tuple[str, Place]], hash_of: Callable[[str], int]
) -> Iterator[tuple[int, Place]]:
    before = ""
    left = FOLDED_AT_ONCE
    for text, place in places:
        # A text of one line comes as its line and as a whole, and the first place counts.
        if text == before:
            continue
        before = text
        left -= fold_cost(text)
        if left < 0:
            drawing.partly_hashed = True
            return
        folded = fold(text)
        if len(folded) >= MIN_CHARACTERS:
            yield hash_of(folded), place


def _places_of_text(drawing: _Drawing, blocks: list[str]) -> Iterator[tuple[str, Place]]:
    text = drawing.text
    cut = pieces(text[:HASHED_CHARACTERS], _HASHED_PIECES)
    drawing.partly_hashed = len(text) > HASHED_CHARACTERS or len(cut) >= _HASHED_PIECES
    # Pieces first: a block that says one line amid unseen characters stands where that line does.
    yield from cut
    if len(cut) == len(blocks) == 1 and cut[0][0] == text.strip():
        blocks = []  # its one line is the whole
    start, line = 0, 1
    if len(blocks) > _HASHED_PIECES:
        drawing.partly_hashed = True
    for block in blocks[:_HASHED_PIECES]:
        if len(block) <= MAX_PIECE:
            blank = block[: len(block) - len(block.lstrip())]
            whole = block.strip()
            yield whole, Place(start + len(blank), len(whole), line + blank.count("\n"))
        start += len(block) + 1
        line += block.count("\n") + 1
    yield from _places_of_structure(drawing)


def _places_of_structure(drawing: _Drawing) -> Iterator[tuple[str, Place]]:
    if not drawing.structure:
        return
    if holds_more_than(drawing.structure, _MAX_STRUCTURE):
        # Too large to be kept besides the text, which says the same.
        drawing.structure = None
        drawing.partly_hashed = True
        return
    for number, value in enumerate(scalars(drawing.structure)):
        text = leaf_text(value) or ""
        if text and len(text) <= MAX_PIECE:
            yield text, Place(number, 0, 0)


def _places_of_rendering(drawing: _Drawing, structure: JsonValue) -> Iterator[tuple[str, Place]]:
    if holds_more_than(structure, _MAX_STRUCTURE):
        # Too large to be set out with line breaks here; it is searched as it is.
        drawing.text = render_on_one_line(structure)
        drawing.partly_hashed = True
        return
    rendering = render(structure)
    drawing.text = rendering.text
    for value, place in zip(scalars(structure), rendering.places, strict=True):
        text = leaf_text(value)
        if text is not None and len(text) <= MAX_PIECE:
            yield text, place
