"""Owns filters of the history that a person keeps by a name: few, short, and plain text.

They are settings of the window, so each is recorded; what looks into arguments is not kept, because
no record holds what stands in one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keyturn.application.window_setting_names import HISTORY_SAVED, LONGEST_VALUE
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_filters import (
    ARGUMENT,
    kept_filters,
    read_filters,
    unworded,
    worded,
)
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

LONGEST_NAME: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFilter:
    """One kept search."""

    slot: str
    """The setting that holds it."""
    name: str
    """As it was typed."""
    tokens: tuple[FilterToken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRow:
    """One line of the list."""

    slot: str
    text: str
    """The name, with hidden characters seen."""
    spoken: str
    remove: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSave:
    """What is to be stored under a name, or why it cannot be."""

    slot: str = ""
    value: str = ""
    fault: str = ""


def saved_filters(
    settings: Mapping[str, str], now: datetime, words: Words
) -> tuple[SavedFilter, ...]:
    """Read what is kept, in order; what cannot be read is left out."""
    read = (_read(slot, settings.get(slot, ""), now, words) for slot in HISTORY_SAVED)
    return tuple(one for one in read if one is not None)


def saved_rows(saved: Sequence[SavedFilter], words: Words) -> tuple[SavedRow, ...]:
    """Return the lines of the list."""
    rows: list[SavedRow] = []
    for one in saved:
        name = shown_line(one.name, words, most=LONGEST_NAME)
        said = ", ".join(f"{token.key}: {token.value}" for token in one.tokens)
        shown = shown_line(said, words, most=LONGEST_VALUE)
        spoken = words("history.saved_spoken", name=name, filters=shown)
        remove = words("history.saved_remove", name=name)
        rows.append(SavedRow(slot=one.slot, text=name, spoken=spoken, remove=remove))
    return tuple(rows)


def to_save(
    typed: str,
    tokens: Sequence[FilterToken],
    saved: Sequence[SavedFilter],
    words: Words,
    *,
    search: str = "",
) -> ToSave:
    """Return where and how filters are kept under a name; the same name takes its place again.

    `search` are the words that narrow the list as well.
    """
    name = " ".join(typed.split())
    if not name or len(name) > LONGEST_NAME:
        return ToSave(fault=words("history.saved_name", most=LONGEST_NAME))
    if search.strip():
        # They may be what stood in an argument; a list without them would be another one.
        return ToSave(fault=words("history.saved_words"))
    if not tokens:
        return ToSave(fault=words("history.saved_nothing"))
    inside = any(token.key == "host" or token.key.startswith(ARGUMENT) for token in tokens)
    kept = "" if inside else kept_filters(unworded(tokens, words))
    value = f"{name}\n{kept}"
    if not kept or len(value) > LONGEST_VALUE:
        return ToSave(fault=words("history.saved_not"))
    slots = {one.name: one.slot for one in saved}
    free = (slot for slot in HISTORY_SAVED if slot not in slots.values())
    slot = slots.get(name) or next(free, "")
    if not slot:
        return ToSave(fault=words("history.saved_full", n=len(HISTORY_SAVED)))
    return ToSave(slot=slot, value=value)


def _read(slot: str, text: str, now: datetime, words: Words) -> SavedFilter | None:
    name, _, rest = text[:LONGEST_VALUE].partition("\n")
    tokens = read_filters(rest, now)
    if not name or len(name) > LONGEST_NAME or not tokens:
        return None
    return SavedFilter(slot=slot, name=name, tokens=worded(tokens, words))
