"""Cuts a text into runs that are drawn alike: plain, traced, changed, or the box of a mark.

A run knows what is shown and what it stands for, so that copying gives the true text back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from keyturn.gui.theme import Token, TypeStyle
from keyturn.presentation.card import TracedSpan
from keyturn.presentation.concealed import Concealed, TextMask, masks_within
from keyturn.presentation.visible_text import Segment, mark_label, visible, visible_line
from keyturn.presentation.words import Words


class Ink(Enum):
    """How a run is drawn."""

    PLAIN = "plain"
    TRACED = "traced"
    CHANGED = "changed"
    MARK = "mark"
    SECRET = "secret"
    """Stands for hidden characters."""
    REVEALED = "revealed"
    """These characters, while somebody looks at them."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a flow."""

    shown: str
    source: str
    """The exact text behind it; empty for what only the view adds."""
    ink: Ink = Ink.PLAIN
    style: TypeStyle | None = None
    token: Token | None = None
    """Colour other than the flow's own."""


@dataclass(frozen=True, slots=True)
class _Zone:
    start: int
    end: int
    ink: Ink


def plain_runs(text: str, words: Words, *, one_line: bool = False) -> tuple[Run, ...]:
    """Return `text` with its hidden characters boxed."""
    segments = visible_line(text) if one_line else visible(text)
    return tuple(_runs_of(segments, (), words))


def concealed_runs(shown: Concealed, words: Words, *, revealed: bool) -> tuple[Run, ...]:
    """Return a text of several lines, its masks boxed, or what they hide."""
    return value_runs(shown.text, (), words, shown.masks, revealed=revealed)


def value_runs(
    text: str,
    spans: Sequence[TracedSpan],
    words: Words,
    masks: Sequence[TextMask] = (),
    *,
    revealed: bool = False,
) -> tuple[Run, ...]:
    """Return an argument's value: traced spans highlighted, masks and hidden characters boxed."""
    zones = [_Zone(span.start, span.end, Ink.TRACED) for span in spans]
    return tuple(_with_masks(text, masks, zones, words, visible, revealed=revealed))


def diff_runs(
    text: str,
    changed: Iterable[tuple[int, int]],
    words: Words,
    *,
    indent: int = 0,
    masks: Sequence[TextMask] = (),
    revealed: bool = False,
) -> tuple[Run, ...]:
    """Return a line of a diff: changed stretches boxed, hidden characters boxed.

    The first `indent` characters are our own layout and stand as they are.
    """
    ours = (phrase(text[:indent]),) if indent else ()
    zones = [
        _Zone(max(0, start - indent), end - indent, Ink.CHANGED)
        for start, end in changed
        if end > indent
    ]
    rest = text[indent:]
    inner = list(masks_within(masks, indent, len(text)))
    return (*ours, *_with_masks(rest, inner, zones, words, visible_line, revealed=revealed))


def definition_runs(text: str, words: Words) -> tuple[Run, ...]:
    """Return a definition as laid out by us, line by line, hidden characters boxed."""
    runs: list[Run] = []
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip(" "))
        body = line.removesuffix("\n")
        runs += diff_runs(body, (), words, indent=indent)
        runs += [phrase("\n")] if body != line else []
    return tuple(runs)


def phrase(text: str, style: TypeStyle | None = None, token: Token | None = None) -> Run:
    """Return words of ours as a run of their own face or colour."""
    return Run(shown=text, source=text, style=style, token=token)


def _with_masks(
    text: str,
    masks: Sequence[TextMask],
    zones: Sequence[_Zone],
    words: Words,
    seen: Callable[[str], Sequence[Segment]],
    *,
    revealed: bool,
) -> Iterator[Run]:
    """Yield the runs of a text; `seen` cuts what is between its masks into plain and marks."""
    done = 0
    for mask in masks:
        yield from _runs_of(seen(text[done : mask.start]), zones, words, offset=done)
        yield _mask_run(text[mask.start : mask.end], mask.hidden, revealed=revealed)
        done = mask.end
    yield from _runs_of(seen(text[done:]), zones, words, offset=done)


def _mask_run(says: str, hidden: str, *, revealed: bool) -> Run:
    """Return the box of a mask: what is copied is what is seen."""
    if revealed:
        return Run(hidden, hidden, Ink.REVEALED)
    return Run(says.removeprefix("[").removesuffix("]"), says, Ink.SECRET)


def _runs_of(
    segments: Sequence[Segment], zones: Sequence[_Zone], words: Words, *, offset: int = 0
) -> Iterable[Run]:
    position = offset
    for segment in segments:
        end = position + len(segment.text)
        if segment.mark is not None:
            yield Run(mark_label(segment.mark, words), segment.text, Ink.MARK)
        else:
            yield from _cut(segment.text, position, zones)
        position = end


def _cut(text: str, offset: int, zones: Sequence[_Zone]) -> Iterable[Run]:
    """Cut a plain stretch, which begins at `offset` of the whole text, at the zones' edges."""
    end = offset + len(text)
    edges = {offset, end}
    for zone in zones:
        edges |= {edge for edge in (zone.start, zone.end) if offset < edge < end}
    ordered = sorted(edges)
    for start, stop in zip(ordered, ordered[1:], strict=False):
        inks = [zone.ink for zone in zones if zone.start <= start and stop <= zone.end]
        piece = text[start - offset : stop - offset]
        yield Run(piece, piece, inks[0] if inks else Ink.PLAIN)
