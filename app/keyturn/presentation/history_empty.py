"""Owns what the history says when it has no row to show: what it looked for, and the way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.presentation.history import FilterToken
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 60
_MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEmpty:
    """The history without rows, at one moment."""

    title: str
    body: str
    action: str
    """Empty where there is nothing to clear."""


def history_empty(tokens: Sequence[FilterToken], search: str, words: Words) -> HistoryEmpty:
    """Return what it says (console.md section 3.10): the filters in force, one action."""
    looked = [f"{token.key}: {token.value}" for token in tokens]
    if search.strip():
        looked.append(words("history.quoted", text=search.strip()))
    if not looked:
        return HistoryEmpty(
            title=words("history.empty"), body=words("history.empty_rest"), action=""
        )
    named = ", ".join(shown_line(one, words, most=_LONGEST) for one in looked[:_MOST])
    if len(looked) > _MOST:
        named = words("rules.and_more", names=named, n=len(looked) - _MOST)
    return HistoryEmpty(
        title=words("history.no_hit"),
        body=words("history.no_hit_rest", filters=named),
        action=words("history.clear_all"),
    )
