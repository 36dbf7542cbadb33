"""Owns which texts of a structured result are cells of a column that holds secrets by its name.

A server sends the same rows as text and as structure; what is masked in the one stays in neither.
Rows are objects in a list, or lists beside a list of their columns' names. Numbers stay.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from keyturn.inspection.frame_texts import FrameText
from keyturn.inspection.json_places import Member, elements_at, members_at
from keyturn.inspection.profiles.naming import secret_name
from keyturn.inspection.profiles.rows import NULLS

_WITHIN = "/result/structuredContent"
_COLUMNS = frozenset({"columns", "fields", "headers", "header", "cols", "names"})
_ROWS = frozenset({"rows", "data", "values", "records", "results"})
_DEEPEST = 4
"""Levels of the structure in which columns and rows are looked for."""
_BYTE_BY_BYTE = "latin-1"


class Cell(NamedTuple):
    """One text, quotation marks included, in bytes."""

    start: int
    kind: str


def may_hold_rows(line: bytes) -> bool:
    """Tell whether a frame may have a structured result."""
    return b'"structuredContent"' in line or b"\\u00" in line


def secret_cells(line: bytes, texts: Sequence[FrameText]) -> dict[int, str]:
    """Return where the texts begin that a column's name makes secret, and of which kind."""
    return dict(chain(_named(texts), _in_columns(line)))


def is_nothing(value: str) -> bool:
    """Tell whether a cell is empty by what databases write for it."""
    return value.strip().lower() in NULLS


def _named(texts: Sequence[FrameText]) -> Iterator[Cell]:
    for text in texts:
        if text.key and text.path.startswith(_WITHIN) and text.path.rpartition("/")[0][-2:] == "/*":
            kind = secret_name(text.key)
            if kind:
                yield Cell(text.start, kind)


def _in_columns(line: bytes) -> Iterator[Cell]:
    """Yield the cells of rows that are lists; what is no JSON has none."""
    text = line.decode(_BYTE_BY_BYTE)
    try:
        for result in _objects(text, text.find("{"), "result"):
            for structure in _objects(text, result, "structuredContent"):
                yield from _tables(text, structure, _DEEPEST)
    except (ValueError, RecursionError):
        return


def _objects(text: str, at: int, name: str) -> Iterator[int]:
    for member in members_at(text, at):
        if member.name == name and text[member.value] == "{":
            yield member.value


def _tables(text: str, at: int, levels: int) -> Iterator[Cell]:
    members = list(members_at(text, at))
    columns = next((m for m in members if m.name.lower() in _COLUMNS), None)
    kinds = [secret_name(name) for name in _names(text, columns)] if columns is not None else []
    for member in members:
        first = text[member.value]
        if any(kinds) and member.name.lower() in _ROWS and first == "[":
            yield from _cells(text, member.value, kinds)
        elif first == "{" and levels:
            yield from _tables(text, member.value, levels - 1)


def _names(text: str, columns: Member) -> Iterator[str]:
    """Yield the names of columns: texts, or objects that have one."""
    if text[columns.value] != "[":
        return
    for column in elements_at(text, columns.value):
        if text[column.value] == "{":
            named = (m for m in members_at(text, column.value) if m.name.lower() == "name")
            yield next((_read(text, m) for m in named), "")
        else:
            yield _read(text, column)


def _read(text: str, place: Member) -> str:
    raw = text[place.value : place.end].encode(_BYTE_BY_BYTE)
    return str(json.loads(raw.decode("utf-8", "replace"), strict=False))


def _cells(text: str, at: int, kinds: Sequence[str]) -> Iterator[Cell]:
    for row in elements_at(text, at):
        if text[row.value] != "[":
            continue
        for cell, kind in zip(elements_at(text, row.value), kinds, strict=False):
            if kind and text[cell.value] == '"':
                yield Cell(cell.value, kind)
