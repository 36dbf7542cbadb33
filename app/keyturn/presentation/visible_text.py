"""Makes what cannot be seen in a text visible, without changing the text.

An agent or server can hide words from a person with characters that draw nothing, reorder their
neighbours or push them out of sight. Each becomes a mark that says what it is; the text itself
stays as it was, so that what is copied, hashed and sent is what was received.
Source of the sets: Unicode 15, `DerivedCoreProperties.txt` (Default_Ignorable_Code_Point) and
UTS #51 (emoji sequences).
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from keyturn.presentation.words import Words

SPACE_RUN = 8
"""So many spaces or tabs in a row are counted instead of drawn (console.md section 3.2)."""
MOST_HIDDEN = 10_000
"""So many hidden characters are counted; of more only that they are there."""
_MOST_COUNTED_IN = 512 * 1024
_MOST_SEQUENCES = 100_000
COST_OF_MARK = 16
"""What a mark costs, in plain characters."""
UNSEEN_RUN = 64
"""So many unseen characters in a row, of more than one kind, are counted instead of named."""
BLANK_LINE_RUN = 3
"""So many empty lines in a row are counted instead of drawn."""


class MarkKind(Enum):
    """What a mark stands for."""

    CHARACTER = "character"
    SPACES = "spaces"
    TABS = "tabs"
    MIXED_SPACE = "mixed_space"
    BLANK_LINES = "blank_lines"
    UNSEEN = "unseen"
    """Many unseen characters of several kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscapeMark:
    """What is shown instead of a stretch of text that could not be seen."""

    kind: MarkKind
    code_point: int | None
    """None for a stretch of more than one kind of character."""
    name: str
    """The character's name in Unicode, in small letters; empty where the kind says it all."""
    count: int
    """Characters, or lines for BLANK_LINES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a text: drawn as it is, or as its mark."""

    text: str
    """The exact characters; joining all segments gives the text back."""
    mark: EscapeMark | None = None


HIDDEN = (
    # C0 and C1 controls but for tab and line feed.
    "\x00-\x08\x0b-\x1f\x7f-\x9f"
    # Default_Ignorable_Code_Point: zero-width, bidi controls, fillers, variation selectors, tags.
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # Format characters that are drawn as nothing, and separators that a view may not break at.
    "\ufff9-\ufffb\U00013430-\U0001343f\u2028\u2029"
    # Spaces that look like the space or like nothing, but are other characters.
    "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"
    # No characters at all: lone surrogates, noncharacters.
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
)
"""What is shown as a mark wherever it stands, but in an emoji; the inside of a character class."""
PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe"
    "\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
"""Class of what an emoji begins with."""
_ONE_EMOJI = f"{PICTURE}[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
_FLAG_TAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region)
    for region in ("gbeng", "gbsct", "gbwls")
)
# Only sequences that Unicode lists are kept whole: the joiner between two pictures, the selector
# after one, a keycap, and the three flags. Any other use of these characters carries hidden data.
_EMOJI = (
    f"\U0001f3f4(?:{_FLAG_TAGS})\U000e007f|[0-9#*]\ufe0f\u20e3|{_ONE_EMOJI}(?:\u200d{_ONE_EMOJI})*"
)
_PATTERN = re.compile(
    f"(?P<emoji>{_EMOJI})"
    rf"|(?P<blank>(?:\A|(?<=\n))(?:[ \t\r]*\n){{{BLANK_LINE_RUN},}})"
    rf"|(?P<space>[ \t]{{{SPACE_RUN},}})"
    f"|(?P<unseen>[{HIDDEN}]{{{UNSEEN_RUN},}})"
    rf"|(?P<hidden>[{HIDDEN}])(?P=hidden)*"
)
_SEQUENCES = re.compile(f"(?P<emoji>{_EMOJI})|(?P<hidden>[{HIDDEN}]+)")
_ANY_HIDDEN = re.compile(f"[{HIDDEN}]")
_ASCII_PATTERN = re.compile(
    rf"(?P<blank>(?:\A|(?<=\n))(?:[ \t\r]*\n){{{BLANK_LINE_RUN},}})"
    rf"|(?P<space>[ \t]{{{SPACE_RUN},}})"
    rf"|(?P<unseen>[\x00-\x08\x0b-\x1f\x7f]{{{UNSEEN_RUN},}})"
    r"|(?P<hidden>[\x00-\x08\x0b-\x1f\x7f])(?P=hidden)*"
)
_NEVER_PLAIN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_SPACES = " " * SPACE_RUN
_CONTROL_NAMES = dict(
    enumerate(
        (
            "null",
            "start of heading",
            "start of text",
            "end of text",
            "end of transmission",
            "enquiry",
            "acknowledge",
            "bell",
            "backspace",
            "tab",
            "line feed",
            "vertical tab",
            "form feed",
            "carriage return",
            "shift out",
            "shift in",
            "data link escape",
            "device control one",
            "device control two",
            "device control three",
            "device control four",
            "negative acknowledge",
            "synchronous idle",
            "end of transmission block",
            "cancel",
            "end of medium",
            "substitute",
            "escape",
            "file separator",
            "group separator",
            "record separator",
            "unit separator",
        )
    )
) | {0x7F: "delete", 0x85: "next line", 0x9B: "control sequence introducer"}


def visible(text: str) -> tuple[Segment, ...]:
    """Cut `text` into plain stretches and marks.

    Joining the segments' texts gives `text` back exactly. Joined emoji, accents and letters of
    every script stay in plain segments; tab and line feed stay plain, alone or in short runs.
    """
    return tuple(each_visible(text))


def each_visible(text: str) -> Iterator[Segment]:
    """Yield the same one by one, for whoever shows only so much."""
    if _is_plain(text):
        if text:
            yield Segment(text=text)
        return
    plain_from = 0
    pattern = _ASCII_PATTERN if text.isascii() else _PATTERN
    for found in pattern.finditer(text):
        if found.lastgroup == "emoji":
            continue
        if found.start() > plain_from:
            yield Segment(text=text[plain_from : found.start()])
        yield Segment(text=found.group(), mark=_mark(found))
        plain_from = found.end()
    if plain_from < len(text):
        yield Segment(text=text[plain_from:])


def _is_plain(text: str) -> bool:
    """Tell whether there is surely no mark in a text; most are told at the speed of a search."""
    return (
        text.isascii()
        and _NEVER_PLAIN.search(text) is None
        and _SPACES not in text
        and "\n\n" not in text
        and " \n" not in text
        and not text.startswith("\n")
    )


def visible_line(text: str) -> tuple[Segment, ...]:
    """Do the same for a text that is shown on one line: its line feeds and tabs are marks too."""
    return tuple(each_visible_in_line(text))


def each_visible_in_line(text: str) -> Iterator[Segment]:
    """Yield the same one by one."""
    for segment in each_visible(text):
        if segment.mark is not None:
            yield segment
            continue
        for piece in re.split(r"([\n\t])", segment.text):
            if piece in {"\n", "\t"}:
                yield Segment(text=piece, mark=_character_mark(piece, 1))
            elif piece:
                yield Segment(text=piece)


def shown_line(text: str, words: Words, *, most: int = 0) -> str:
    """Return the text for a place that takes nothing but one plain line: marks stand in brackets.

    For menus, tool tips and the names that readers speak; `most` is the longest text in characters
    (0: no limit), beyond which the rest is counted.
    """
    kept = text[:most] if most and len(text) > most else text
    shown = in_brackets(each_visible_in_line(kept), words)
    left_out = len(text) - len(kept)
    return f"{shown} {words('fitting.more', n=left_out)}" if left_out else shown


def in_brackets(segments: Iterable[Segment], words: Words) -> str:
    """Return the segments as one plain text, the marks in brackets."""
    return "".join(
        part.text if part.mark is None else f"[{mark_label(part.mark, words)}]" for part in segments
    )


def cost_of(segment: Segment) -> int:
    """Return what it costs to show a segment, in plain characters."""
    return len(segment.text) if segment.mark is None else COST_OF_MARK


def beginning(text: str, most: int) -> str:
    """Return as much of the beginning as costs at most `most` to show."""
    if len(text) * COST_OF_MARK <= most:
        return text
    end = 0
    for segment in each_visible(text[:most]):
        if cost_of(segment) > most:
            return text[: end + (most if segment.mark is None else 0)]
        most -= cost_of(segment)
        end += len(segment.text)
    return text[:end]


def costs_less(texts: Iterable[str], most: int) -> bool:
    """Tell whether showing all the texts costs less than `most`."""
    for text in texts:
        if len(text) >= most:
            return False
        for segment in each_visible(text) if "\n" in text else each_visible_in_line(text):
            most -= cost_of(segment)
            if most <= 0:
                return False
    return True


def json_escaped(text: str) -> str:
    """Return a JSON text that says the same, with each hidden character as its escape."""
    return _ANY_HIDDEN.sub(lambda found: json.dumps(found.group())[1:-1], text)


def hidden_characters(segments: Iterable[Segment]) -> int:
    """Count the characters that would not have been seen; counted white space is not among them."""
    return sum(
        segment.mark.count
        for segment in segments
        if segment.mark is not None and segment.mark.kind in {MarkKind.CHARACTER, MarkKind.UNSEEN}
    )


def hidden_in_all(texts: Iterable[str]) -> int:
    """Count them in several texts; `MOST_HIDDEN` where there are that many, or too much is drawn.

    Far in, emoji are told from what hides by their sequences alone.
    """
    count = 0
    left = _MOST_COUNTED_IN
    sequences = _MOST_SEQUENCES
    for text in texts:
        if _is_plain(text):
            continue
        seen = 0
        for segment in each_visible(text[: max(0, left)]):
            seen += len(segment.text)
            left -= cost_of(segment)
            count += hidden_characters((segment,))
            if left <= 0 or count >= MOST_HIDDEN:
                break
        for found in _SEQUENCES.finditer(text, seen) if count < MOST_HIDDEN else ():
            count += len(found.group()) if found.lastgroup == "hidden" else 0
            sequences -= 1
            if sequences <= 0 or count >= MOST_HIDDEN:
                break
        if count >= MOST_HIDDEN or (sequences <= 0 and _ANY_HIDDEN.search(text)):
            return MOST_HIDDEN
    return count


def mark_label(mark: EscapeMark, words: Words) -> str:
    """Return the words that stand in the mark's box."""
    if mark.kind is not MarkKind.CHARACTER:
        return words(_COUNTED[mark.kind], n=mark.count)
    code = f"{mark.code_point:04X}"
    if mark.count == 1:
        return words("visible.character", code=code, name=mark.name)
    return words("visible.repeated", code=code, n=mark.count)


_COUNTED = {
    MarkKind.SPACES: "visible.spaces",
    MarkKind.TABS: "visible.tabs",
    MarkKind.MIXED_SPACE: "visible.mixed_space",
    MarkKind.BLANK_LINES: "visible.blank_lines",
    MarkKind.UNSEEN: "visible.unseen",
}


def _mark(found: re.Match[str]) -> EscapeMark:
    stretch = found.group()
    if found.lastgroup == "blank":
        return EscapeMark(
            kind=MarkKind.BLANK_LINES, code_point=0x0A, name="", count=stretch.count("\n")
        )
    if found.lastgroup == "space":
        return _space_mark(stretch)
    if found.lastgroup == "unseen" and stretch.count(stretch[0]) < len(stretch):
        return EscapeMark(kind=MarkKind.UNSEEN, code_point=None, name="", count=len(stretch))
    return _character_mark(stretch[0], len(stretch))


def _space_mark(stretch: str) -> EscapeMark:
    characters = set(stretch)
    if len(characters) > 1:
        return EscapeMark(kind=MarkKind.MIXED_SPACE, code_point=None, name="", count=len(stretch))
    kind = MarkKind.SPACES if " " in characters else MarkKind.TABS
    return EscapeMark(kind=kind, code_point=ord(stretch[0]), name="", count=len(stretch))


def _character_mark(character: str, count: int) -> EscapeMark:
    code_point = ord(character)
    name = _CONTROL_NAMES.get(code_point) or unicodedata.name(character, "").lower()
    return EscapeMark(
        kind=MarkKind.CHARACTER,
        code_point=code_point,
        name=name or _nameless(code_point),
        count=count,
    )


def _nameless(code_point: int) -> str:
    if 0xD800 <= code_point <= 0xDFFF:
        return "lone surrogate"
    return "control" if code_point < 0xA0 else "unassigned"
