"""Where an argument value came from: evidence that a person is shown, never proof of absence."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import msgspec

from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.typed import ON_CARD

MOST_ORIGINS = 256
MOST_ORIGIN_BYTES = 256 * 1024
"""Of the values and excerpts of one call's origins; a card has to be sent, read and kept."""

MOST_LOOKED_THROUGH = 16 * 1024
"""Characters of excerpts that somebody looks through for secrets beside those that are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One place in an earlier result of the session that holds an argument value, or part of it."""

    path: str
    """JSON Pointer of the argument leaf (RFC 6901)."""
    value: str
    """The result's text as matched, at most as much of it as the excerpt shows."""
    result: int
    """Number of the result within the session, counted from 1 over all servers."""
    server: str
    tool: str
    offset: int
    """Characters from the start of that result's text."""
    line: int
    """Line of that text, counted from 1."""
    excerpt: str
    """The line with its neighbours; text of a server, shown as quoted plain text."""
    excerpt_line: int
    """Line number of the excerpt's first line."""
    untrusted: bool
    """The tool that returned it is labelled U; of a typed text, that it holds pasted orders."""
    start: int = 0
    """Characters from the start of the leaf's text."""
    length: int | None = None
    """Characters of the leaf that came from there; None for all of it."""

    @property
    def is_typed(self) -> bool:
        """Whether it was typed, in what `tool` names, and not in the result of a server.

        `result` is then the number of the text among those that were typed in the session.
        """
        return not self.server

    @property
    def is_on_card(self) -> bool:
        """Whether a person typed it among the arguments of this very call."""
        return self.is_typed and self.tool == ON_CARD


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The origins of one call's arguments."""

    origins: tuple[Origin, ...] = ()
    incomplete: bool = False
    """Old text was dropped, or there were too many origins: a missing one says nothing."""

    def worst_first(self) -> tuple[Origin, ...]:
        """Sort by path; within one untrusted sources first, then the longest part, typed last."""
        return tuple(sorted(self.origins, key=lambda o: (o.path, *_need(o))))

    def with_typed(self, typed: Iterable[Origin]) -> "Trace":
        """Return this trace with what was typed behind it, as far as there is room.

        A claim displaces no result, and that one is left out does not make a trace incomplete.
        """
        origins = (*self.origins, *typed)
        if len(origins) == len(self.origins):
            return self
        return Trace(origins=bounded(origins, incomplete=False).origins, incomplete=self.incomplete)


def _need(origin: Origin) -> tuple[bool, bool, float, int]:
    length = inf if origin.length is None else origin.length
    return origin.is_typed, not origin.untrusted, -length, -origin.result


def untrusted_paths(trace: Trace, *, untrusted_read: bool) -> tuple[str, ...]:
    """Return which arguments hold untrusted text; "", all of them, where nobody can say.

    `untrusted_read` tells whether the session read any, so that there is something to come from.
    """
    if not untrusted_read or not (trace.origins or trace.incomplete):
        return ()
    found = dict.fromkeys(origin.path for origin in trace.origins if origin.untrusted)
    return ("", *found) if trace.incomplete else tuple(found)


_WITHOUT = {incomplete: Trace(incomplete=incomplete) for incomplete in (False, True)}


def bounded(origins: Iterable[Origin], *, incomplete: bool) -> Trace:
    """Keep as many origins as a card may have, and say so when some are left out.

    The worst one of each argument comes first, untrusted sources before others; then the second
    worst of each. One at least is kept, however long it is.
    """
    places = list(origins)
    if not places:
        return _WITHOUT[incomplete]
    chosen: list[int] = []
    size = 0
    for number in _by_need(places):
        more = _bytes(places[number])
        if len(chosen) < MOST_ORIGINS and (not chosen or size + more <= MOST_ORIGIN_BYTES):
            chosen.append(number)
            size += more
    kept = tuple(places[number] for number in sorted(chosen))
    return Trace(origins=kept, incomplete=incomplete or len(kept) < len(places))


def excerpts_of(trace: Trace) -> str:
    """Return the first excerpts, each once, as one canonical text; empty for none."""
    texts: list[JsonValue] = []
    left = MOST_LOOKED_THROUGH
    for excerpt in dict.fromkeys(origin.excerpt for origin in trace.origins):
        left -= len(excerpt)
        if left < 0:
            break
        texts.append(excerpt.encode(errors="replace").decode())
    return canonical(texts).decode() if texts else ""


def _by_need(places: list[Origin]) -> list[int]:
    """Return the places' numbers, the most needed first."""
    worst_first = sorted(range(len(places)), key=lambda n: _need(places[n]))
    seen: dict[str, int] = {}
    rank: dict[int, int] = {}
    for number in worst_first:
        path = places[number].path
        rank[number] = seen[path] = seen.get(path, -1) + 1
    return sorted(worst_first, key=lambda n: (places[n].is_typed, rank[n]))


def _bytes(origin: Origin) -> int:
    return sum(len(text.encode(errors="replace")) for text in (origin.value, origin.excerpt))
