"""Owns what a profile makes of a text: the text with what is secret replaced, and a list of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, cast

from keyturn.application.ports.inspection import MASKED_WHOLE
from keyturn.domain.flow import SensitiveValue
from keyturn.domain.pattern import regex
from keyturn.inspection.secret_search import spans_in
from keyturn.inspection.secrets import MOST_IN_A_WORKER


class _Match(Protocol):
    def span(self, group: int) -> tuple[int, int]: ...


class _Engine(Protocol):
    def finditer(self, text: str) -> Iterator[_Match]: ...


def found(pattern: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where RE2 finds a pattern, in characters; halves of surrogate pairs are none."""
    text = text if text.isascii() else text.encode("utf-8", "replace").decode()
    return (match.span(0) for match in cast("_Engine", regex(pattern)).finditer(text))


NAMED_ONLY = frozenset({"password", "token", "key", "secret"})
"""Kinds that only a name told; a profile knows better than a plain text what a name is."""


class Mask(NamedTuple):
    """One place where something was taken out, in characters of the new text."""

    kind: str
    start: int
    end: int
    what: str = ""
    """What it was called there: a key, a column, a path; empty where its form told."""


@dataclass(frozen=True, slots=True)
class Profiled:
    """A text as it may be passed on."""

    text: str
    masks: tuple[Mask, ...] = ()
    secrets: tuple[SensitiveValue, ...] = ()
    """What stood where something secret was taken out."""


NO_SECRETS = frozenset({"rows", "private file"})
"""Kinds of what is left out for another reason than that it is a secret."""


class Edit(NamedTuple):
    """What is to be replaced, in characters of the original, and by what."""

    start: int
    end: int
    kind: str
    what: str = ""
    replacement: str = ""
    """Empty for the kind in square brackets."""

    @property
    def shown(self) -> str:
        """What will stand there."""
        return self.replacement or f"[{self.kind}]"


def secrets_of(text: str, most: int = MOST_IN_A_WORKER) -> list[Edit] | None:
    """Find secrets of every kind; None for a text with more candidates than are looked at."""
    data = text.encode("utf-8", "replace")
    spans = spans_in(data, most)
    if spans is None:
        return None
    places = _characters(text, data, {at for span in spans for at in (span.start, span.end)})
    return [
        Edit(
            places[span.start],
            places[span.end],
            span.kind,
            replacement=f'"[{span.kind}]"' if span.quoted else "",
        )
        for span in spans
    ]


def _characters(text: str, data: bytes, places: set[int]) -> dict[int, int]:
    """Return which character begins at a byte."""
    if len(text) == len(data):
        return {place: place for place in places}
    found: dict[int, int] = {}
    done = count = 0
    for place in sorted(places):
        count += len(data[done:place].decode("utf-8", "ignore"))
        found[place], done = count, place
    return found


def apart(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Join edits that overlap: the one that begins first names the place, then the longest.

    Of two for the same place the one counts that knows what it was called.
    """
    last: Edit | None = None
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end, not edit.what)):
        if last is None:
            last = edit
        elif edit.start >= last.end:
            yield last
            last = edit
        elif edit.end > last.end:
            last = last._replace(end=edit.end)
    if last is not None:
        yield last


def applied(text: str, edits: Iterable[Edit]) -> Profiled:
    """Replace what is to be replaced; a place that shows the same already is no mask."""
    parts: list[str] = []
    masks: list[Mask] = []
    secrets: list[SensitiveValue] = []
    done = length = 0
    for edit in apart(edits):
        shown = edit.shown
        if text[edit.start : edit.end] == shown:
            continue
        length += edit.start - done
        masks.append(Mask(edit.kind, length, length + len(shown), edit.what))
        length += len(shown)
        if edit.kind not in NO_SECRETS:
            secrets.append(SensitiveValue(edit.kind, text[edit.start : edit.end].strip("\"'")))
        parts += text[done : edit.start], shown
        done = edit.end
    if not masks:
        return Profiled(text)
    return Profiled("".join(parts) + text[done:], tuple(masks), tuple(secrets))


def whole() -> Profiled:
    """Return what is left of a text in which more may be secret than was looked at."""
    return Profiled(MASKED_WHOLE, (Mask("secret", 0, len(MASKED_WHOLE)),))
