"""Owns the search for secrets in a text: as it is, with escapes undone, decoded, and joined.

Every candidate is counted, whichever way the text is read, so that no text costs more than the
number of candidates that its caller grants.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from keyturn.domain.pattern import PatternSet
from keyturn.inspection.secret_context import CONTEXT
from keyturn.inspection.secret_kinds import KINDS, Span
from keyturn.inspection.secret_likeness import is_hash_or_id, looks_random
from keyturn.inspection.secret_names import NAMED
from keyturn.inspection.secret_rarities import RARITIES
from keyturn.inspection.secret_shapes import SHAPED
from keyturn.inspection.secret_views import (
    HAS_ESCAPES,
    Break,
    Encoded,
    Joined,
    View,
    breaks_in,
    decoded,
    flat,
    joined,
    texts_in_base64,
    token_at,
    without_escapes,
)

BETWEEN = '"\n"'
"""What no match of any kind goes across, so that texts can be looked through as one."""
Joints = Callable[[], Sequence[Break]]
"""Says where one text ends and the next begins, in a text made of several."""
_DEEPEST = 2
"""Encodings within encodings that are undone."""
_ESCAPES_OF_A_COUNT = 64
_BREAKS_OF_A_COUNT = 7
"""Escapes, and breaks within tokens, that cost as much as one candidate."""
_ATTEMPTS_OF_A_COUNT = 4
"""The same of what looks like base64 of a text and is none."""

_KINDS = (*KINDS, SHAPED, *RARITIES, NAMED, *CONTEXT)
_FORMS = [
    number
    for number, kind in enumerate((*KINDS, SHAPED, *RARITIES))
    if not {r"\.", "://", "SK", "(?i)aws", r"\|", "[0-9]%"} & set(kind.triggers)
]
"""Those that are told by their form alone, and begin with what little else begins with."""
_ALL = range(len(_KINDS))
_ALWAYS = frozenset(number for number, kind in enumerate(_KINDS) if not kind.triggers)
_TRIGGERED = [number for number, kind in enumerate(_KINDS) if kind.triggers]
_TRIGGERS = PatternSet("|".join(_KINDS[number].triggers) for number in _TRIGGERED)
_ESCAPES = PatternSet((HAS_ESCAPES,))


@cache
def _beginnings() -> PatternSet:
    # When it is first needed: only a text of several lines takes it.
    return PatternSet(("|".join("|".join(_KINDS[number].triggers) for number in _FORMS),))


def _present(data: bytes) -> frozenset[int]:
    """Return the numbers of the kinds that are worth a look."""
    return _ALWAYS.union(_TRIGGERED[number] for number in _TRIGGERS.found_in(data))


class _TooMany(Exception):
    """The text holds more candidates than may be looked at."""


@dataclass(slots=True)
class _Count:
    most: int
    done: int = 0

    @property
    def left(self) -> int:
        return self.most - self.done

    def add(self, work: int = 1) -> None:
        self.done += work
        if self.done > self.most:
            raise _TooMany


def spans_in(data: bytes, most: int, joints: Joints | None = None) -> list[Span] | None:
    """Return the secrets in UTF-8 bytes; None with more than `most` candidates for one."""
    try:
        return _search(data, _Count(most), joints, _DEEPEST)
    except _TooMany:
        return None


def _search(data: bytes, count: _Count, joints: Joints | None, deepest: int) -> list[Span]:
    spans = _found(data, count, _ALL)
    if deepest:
        for view in _views(data, count):
            spans += _seen(view, _search(view.data, count, None, deepest - 1))
    # Where texts were put together there is a line end between them.
    if b"\n" in data and (spans or _beginnings().found_in(flat(data, BETWEEN.encode()))):
        breaks = breaks_in(data, count.left * _BREAKS_OF_A_COUNT)
        count.add(len(breaks) // _BREAKS_OF_A_COUNT)
        between = joints() if joints is not None else ()
        breaks = sorted({*breaks, *between})
        spans += _across(joined(data, breaks), count, spans, between) if breaks else ()
    return spans


def _found(data: bytes, count: _Count, kinds: Sequence[int]) -> list[Span]:
    spans: list[Span] = []
    present = _present(data)
    # In their order: of two kinds that find the same text the first names it.
    for finder in (finder for kind in kinds if kind in present for finder in _KINDS[kind].finders):
        for span in finder(data):
            count.add()
            if span is not None:
                spans.append(span)
    return spans


def _views(data: bytes, count: _Count) -> Iterator[View]:
    if _ESCAPES.found_in(data):
        for view, escapes in without_escapes(data):
            count.add(escapes // _ESCAPES_OF_A_COUNT)
            yield view
    texts: list[Encoded] = []
    for number, encoded in enumerate(texts_in_base64(data)):
        if encoded.text or number % _ATTEMPTS_OF_A_COUNT == 0:
            count.add()
        if encoded.text:
            texts.append(encoded)
    if texts:
        yield decoded(texts, BETWEEN.encode())


def _seen(view: View, spans: list[Span]) -> list[Span]:
    """Return in the text itself what was found in a view of it."""
    seen: list[Span] = []
    for span in spans:
        start, end = view.place(span.start, span.end)
        is_new = view.encoding and not span.encoded
        kind = f"{span.kind} in {view.encoding}" if is_new else span.kind
        seen.append(Span(start, end, kind, encoded=span.encoded or bool(view.encoding)))
    return seen


def _across(view: Joined, count: _Count, spans: list[Span], joints: Sequence[Break]) -> list[Span]:
    """Find what a line end or the end of a text breaks in two."""
    begun = {span.start for span in spans}
    broken = _found(view.data, count, _FORMS)
    crossing = [
        place
        for place in _places(view, [_shortest(view, span, count) for span in broken])
        # What is whole before the break does not go on in the first word after it.
        if place.start not in begun
    ]
    return crossing + list(_going_on(view, count, spans, joints))


def _places(view: Joined, spans: list[Span]) -> Iterator[Span]:
    for span, seen in zip(spans, _seen(view, spans), strict=True):
        if seen.end - seen.start > span.end - span.start:
            yield seen


def _shortest(view: Joined, span: Span, count: _Count) -> Span:
    """Leave out what stands after the last breaks of a secret that is one without it."""
    for end in reversed(view.breaks_within(span.start, span.end)):
        count.add()
        shorter = view.data[span.start : end]
        whole = Span(0, len(shorter), span.kind)
        if whole not in _found(shorter, count, _FORMS):
            break
        span = span._replace(end=end)
    return span


def _going_on(
    view: Joined, count: _Count, spans: list[Span], joints: Sequence[Break]
) -> Iterator[Span]:
    """Follow each secret over the breaks after it, as long as chance wrote what follows.

    Over the end of a line only from the end of a longer one, to a line that holds nothing else:
    in a list of tokens and hashes each line is one of its own.
    """
    between = dict(joints)
    lines = dict(view.breaks)
    for span in spans:
        end = span.end
        while (start := between.get(end, lines.get(end))) is not None:
            count.add()
            token = token_at(view.text, start)
            if end not in between and not _is_wrapped(view.text, span.start, start + len(token)):
                break
            if b"=" in token.rstrip(b"=") or is_hash_or_id(token) or not looks_random(token):
                break
            end = start + len(token)
            yield Span(start, end, span.kind)


def _is_wrapped(text: bytes, start: int, end: int) -> bool:
    before = text[max(0, start - 512) : start].rpartition(b"\n")[2]
    return b" " in before.strip() and text[end : end + 1] in (b"", b"\r", b"\n")
