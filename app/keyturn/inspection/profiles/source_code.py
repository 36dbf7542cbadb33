"""Owns the masking of source code: literals that are secrets.

A name that something is assigned to (`password = read_password()`) is code and stays; only what
stands in a literal or a comment, is a word of a shell, or has the form of a token, is taken out.
"""

import re
from collections.abc import Iterator, Sequence

from keyturn.inspection.profiles.profiled import (
    NAMED_ONLY,
    Edit,
    Profiled,
    applied,
    secrets_of,
    whole,
)

_ASSIGNS = re.compile(r"[ \t]*(?:(?:export|local|declare|readonly|ENV|ARG|set)[ \t]+)?\w+=")
_LONGEST_NAME = 128
_ENDS_WORD = frozenset({"", "\n", "\r", " ", ";"})
_OPENING = re.compile(r"""\"{3}|'{3}|["'`#]|//|--|;;|/\*|<!--""")
_IN_A_LINE = {
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    "'": re.compile(r"'(?:[^'\\\n]|\\.)*'"),
}
_CLOSING = {'"""': '"""', "'''": "'''", "`": "`", "/*": "*/", "<!--": "-->"}


def masked_source(text: str, withheld: Sequence[Edit] = ()) -> Profiled:
    """Mask source code, and what is withheld of it."""
    edits = secrets_of(text)
    if edits is None:
        return whole()
    literals = list(_literals(text))
    kept = [
        edit
        for edit in edits
        if edit.kind not in NAMED_ONLY or _within(edit, literals) or _is_of_a_shell(text, edit)
    ]
    return applied(text, [*withheld, *kept])


def _literals(text: str) -> Iterator[tuple[int, int]]:
    """Yield where literals and comments stand; each byte is looked at a few times at most."""
    unclosed: set[str] = set()
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        start, mark = opening.start(), opening[0]
        end = _end(text, opening.end(), mark) if mark not in unclosed else -1
        if end < 0:
            unclosed.update({mark} & _CLOSING.keys())
            at = opening.end()
            continue
        yield start, end
        at = end


def _end(text: str, start: int, mark: str) -> int:
    """Return where what a mark opens ends; -1 where it does not."""
    if mark in _CLOSING:
        end = text.find(_CLOSING[mark], start)
        return end + len(_CLOSING[mark]) if end >= 0 else -1
    if mark in _IN_A_LINE:
        found = _IN_A_LINE[mark].match(text, start - 1)
        return found.end() if found is not None else -1
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


def _is_of_a_shell(text: str, edit: Edit) -> bool:
    """Tell whether a bare word is a literal: a line that assigns without a blank, to its end."""
    line = text.rfind("\n", 0, edit.start) + 1
    before = text[max(line, edit.start - _LONGEST_NAME) : edit.start]
    return _ASSIGNS.fullmatch(before) is not None and text[edit.end : edit.end + 1] in _ENDS_WORD


def _within(edit: Edit, literals: list[tuple[int, int]]) -> bool:
    low, high = 0, len(literals)
    while low < high:
        middle = (low + high) // 2
        if literals[middle][1] <= edit.start:
            low = middle + 1
        else:
            high = middle
    return low < len(literals) and literals[low][0] <= edit.start
