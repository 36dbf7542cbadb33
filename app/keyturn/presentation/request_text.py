"""Writes an approval request as plain text: what a person reads without a window.

Every argument with its origin, hidden characters as marks; of what nobody could read to its end
the size and the hash of the whole, which the pages give. Every line that holds text of an
agent or server starts with a bar, a name or our own words, so that no value can pose as a line of
ours. The hash of exactly this text is what an answer's `prompt_hash` proves was shown.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.presentation.card import (
    ArgumentRow,
    CardView,
    DiffSide,
    ExcerptLine,
    Pair,
    SourceExcerpt,
    ValueKind,
)
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.concealed import Concealed
from keyturn.presentation.findings import finding_text
from keyturn.presentation.json_nodes import bare_json, shortened
from keyturn.presentation.visible_text import (
    Segment,
    cost_of,
    costs_less,
    each_visible,
    each_visible_in_line,
    in_brackets,
    shown_line,
)
from keyturn.presentation.words import Words

_STEP = "  "
_DEEPEST_INDENT = 3
_BAR = "| "
_OURS = "<- "
"""Begins our lines about a value; no line of a value or name begins so."""
_BREAK = "\n"
MOST_SHOWN = 256 * 1024
"""Characters of others' text that are shown of one request; a mark counts for several."""
_LEAST_SHOWN = 100
"""What is shown of each value even when there is no room left."""
_PAGE = 64 * 1024
_LONGEST_NAME = 300
_PLAIN_NAME = re.compile(r"""[\w/\[$@.][^":<\n]*""")
_SIGNS = {DiffSide.BOTH: "  ", DiffSide.BEFORE: "- ", DiffSide.AFTER: "+ "}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """A request as it was shown."""

    text: str
    prompt_hash: str
    """SHA-256 of the text in UTF-8, hexadecimal."""
    whole: bool
    """Nothing of what is asked about is left out; else `RequestTexts.page` has all of it."""
    hides: bool = False
    """Secrets are replaced by what they are; `RequestTexts.page` has them."""


def size_of(request: ApprovalRequest) -> int:
    """Return how much there is to read for a request's text, in characters."""
    return len(request.arguments) + len(request.definition) + len(request.bound_meta)


def page_count(request: ApprovalRequest) -> int:
    """Return how many pages `RequestTexts.page` has of it."""
    return len(_pages(request))


def _pages(request: ApprovalRequest) -> list[tuple[str, int]]:
    texts = (request.arguments, request.bound_meta)
    return [(text, at) for text in texts for at in range(0, len(text), _PAGE)]


class RequestTexts:
    """Makes such texts in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards

    def of(self, request: ApprovalRequest, deadline_ms: int | None) -> RequestText:
        """Return the text of a request whose agent waits for `deadline_ms` more."""
        card = self._cards.card(request, compared=False)
        lines = _Lines(self._words, self._cards, request, card, self.line)
        text = "\n".join(lines.all(deadline_ms)) + "\n"
        return RequestText(
            text=text,
            prompt_hash=hashlib.sha256(text.encode()).hexdigest(),
            whole=lines.whole,
            hides=bool(card.hidden),
        )

    def page(self, request: ApprovalRequest, number: int) -> str:
        """Return a page, from 0, of exactly what is asked about and the `_meta` sent along."""
        starts = _pages(request)
        text, at = starts[number]
        told = in_brackets(each_visible(text[at : at + _PAGE]), self._words)
        heading = self._words("request.page", n=number + 1, of=len(starts))
        return "\n".join([heading, *_behind_bars(told)]) + "\n"

    def line(self, text: str) -> str:
        """Return a text on one line, with everything that cannot be seen as a mark."""
        return shown_line(text, self._words)


def _behind_bars(told: str, indent: str = "") -> Iterator[str]:
    return (f"{indent}{_BAR}{line}" for line in told.split(_BREAK))


class _Lines:
    """Writes the lines of one request, and no more of others' text than can be read."""

    def __init__(
        self,
        words: Words,
        cards: CardBuilder,
        request: ApprovalRequest,
        card: CardView,
        line: Callable[[str], str],
    ) -> None:
        self._words = words
        self._cards = cards
        self._request = request
        self._card = card
        self._line = line
        self._left = MOST_SHOWN
        values = (row.value for row in card.rows if row.value_kind is ValueKind.EXACT)
        self._fits = costs_less(values, MOST_SHOWN // 2)
        self.whole = True
        """Nothing that was written so far is cut; what earlier results hold is not asked about."""

    def all(self, deadline_ms: int | None) -> Iterator[str]:
        words, card, request = self._words, self._card, self._request
        yield self._line(card.headline)
        yield self._line("    ".join(filter(None, (card.server_tool, card.call_number))))
        # How many more values decide stands below those that are shown.
        chips = [chip.text for chip in card.chips if chip.text != card.decisive_more]
        yield self._line(". ".join(chips) + ".")
        if card.hidden:
            yield words("request.hidden", hidden=card.hidden)
        if card.band is not None:
            yield self._line(f"{card.band.strong}. {card.band.rest}")
        of_definition = request.kind is not RequestKind.COMMAND
        for finding in request.findings if of_definition else ():
            yield self._line(finding_text(finding, words))
        for lamp in card.lamps:
            if lamp.lit:
                yield self._line(f"{lamp.letter} {lamp.words} ({lamp.where})")
        yield from self._decisive()
        yield from self._commands()
        yield ""
        yield words("request.arguments" if request.kind is RequestKind.CALL else "request.subject")
        for row in card.rows:
            yield from self._row(row)
        if card.raw_meta:
            yield ""
            yield words("request.meta")
            yield from self._block((card.meta_masked or Concealed(card.raw_meta)).text, _STEP)
        yield from self._difference()
        yield from self._excerpts()
        yield from self._pairs(words("request.claimed"), card.claimed)
        yield from self._pairs(words("request.observed"), card.observed)
        yield ""
        yield words("request.why", why=self._line(card.why_asked))
        deadline = self._cards.phrases.deadline(deadline_ms, request.kind)
        yield f"{deadline} {words('phrases.no_answer')}"

    def _decisive(self) -> Iterator[str]:
        card = self._card
        if not card.decisive:
            return
        yield ""
        yield self._words("request.decisive")
        for value in card.decisive:
            yield f"{_STEP}{self._name(value.key)}:"
            yield from self._block(value.value, _STEP * 2)
            notes = [note for note in (value.owed_reason, value.note) if note]
            if notes:
                yield f"{_STEP * 2}{self._line('. '.join(notes))}."
        if card.decisive_more:
            yield f"{_STEP}{card.decisive_more}."

    def _commands(self) -> Iterator[str]:
        if self._card.commands:
            yield ""
            yield self._words("request.commands")
            for line in self._card.commands:
                yield f"{_STEP}{line.text}"

    def _row(self, row: ArgumentRow) -> Iterator[str]:
        # Deep levels keep one indent and name their path, so that indents never grow into marks.
        deep = row.depth > _DEEPEST_INDENT
        indent = _STEP * (min(row.depth, _DEEPEST_INDENT) + 1)
        if row.left_out:
            rest = self._rest("request.rest_of_values", row.left_out)
            yield f"{indent}{_OURS}{rest}; {self._hash(self._request.arguments)}"
            return
        key = self._name(row.path if deep else row.key)
        if row.value_kind is ValueKind.EXACT and "\n" in row.value:
            yield f"{indent}{key}: {self._words('request.lines', n=row.value.count(_BREAK) + 1)}"
            yield from self._block(row.value, indent)
        else:
            value = _unmistakable(row.value) if row.value_kind is ValueKind.EXACT else row.value
            told, rest = self._part(value, each_visible_in_line(value[: self._room()]))
            yield f"{indent}{key}: {told}"
            if rest:
                yield f"{indent}{_OURS}{rest}"
        if row.origin is not None:
            yield f"{indent}{_OURS}{self._line(row.origin.text)}"

    def _difference(self) -> Iterator[str]:
        if not self._card.diff or self._request.kind is not RequestKind.CHANGE:
            return
        yield ""
        yield self._words("request.difference")
        for at, row in enumerate(self._card.diff):
            if self._left <= 0:
                rest = self._rest("request.rest_of_lines", len(self._card.diff) - at)
                yield f"{_STEP}{_OURS}{rest}"
                return
            told, rest = self._part(row.text, each_visible_in_line(row.text[: self._room()]))
            yield f"{_STEP}{_SIGNS[row.side]}{_BAR}{told}"
            if rest:
                yield f"{_STEP}{_OURS}{rest}"

    def _excerpts(self) -> Iterator[str]:
        excerpts = self._card.excerpts
        for at, excerpt in enumerate(excerpts):
            yield ""
            if self._left <= 0:
                yield f"{_OURS}{self._words('request.rest_of_places', n=len(excerpts) - at)}"
                return
            yield from self._excerpt(excerpt)

    def _excerpt(self, excerpt: SourceExcerpt) -> Iterator[str]:
        yield self._words("request.found", title=self._line(excerpt.title), place=excerpt.place)
        for line in excerpt.lines:
            self._left -= sum(map(cost_of, each_visible_in_line(line.text)))
            yield f"{_STEP}{line.number} {_BAR}{self._excerpt_line(line)}"

    def _excerpt_line(self, line: ExcerptLine) -> str:
        """Return a line with its traced stretches between angle brackets."""
        told: list[str] = []
        at = 0
        for span in line.spans:
            told.append(self._line(line.text[at : span.start]))
            told.append(f">>{self._line(line.text[span.start : span.end])}<<")
            at = span.end
        return "".join([*told, self._line(line.text[at:])])

    def _pairs(self, title: str, pairs: tuple[Pair, ...]) -> Iterator[str]:
        if not pairs:
            return
        yield ""
        yield title
        for pair in pairs:
            yield f"{_STEP}{self._line(pair.key)}: {self._line(pair.value)}"

    def _name(self, key: str) -> str:
        """Return a name; one that could be read as more than a name stands as JSON has it."""
        part = shortened(key, _LONGEST_NAME)
        self.whole = self.whole and part == key
        return self._line(part if _PLAIN_NAME.fullmatch(part) else bare_json(part))

    def _block(self, text: str, indent: str) -> Iterator[str]:
        told, rest = self._part(text, each_visible(text[: self._room()]))
        yield from _behind_bars(told, indent)
        if rest:
            yield f"{indent}{_OURS}{rest}"

    def _room(self) -> int:
        """Return how much of the next value is shown: never all that is left, so that any is."""
        return max(_LEAST_SHOWN, self._left if self._fits else self._left // 4)

    def _part(self, text: str, segments: Iterator[Segment]) -> tuple[str, str]:
        """Return what there is room for, and what to say of the rest; empty when it is all."""
        told: list[Segment] = []
        seen, room = 0, self._room()
        for segment in segments:
            told.append(segment)
            seen += len(segment.text)
            room -= cost_of(segment)
            self._left -= cost_of(segment)
            if room <= 0:
                break
        shown = in_brackets(told, self._words)
        if seen >= len(text):
            return shown, ""
        return shown, f"{self._rest('request.rest_of_text', len(text) - seen)}; {self._hash(text)}"

    def _rest(self, key: str, n: int) -> str:
        self.whole = False
        return self._words(key, n=n)

    def _hash(self, text: str) -> str:
        raw = text.encode("utf-8", "surrogatepass")
        return self._words("request.whole", n=len(raw), digest=hashlib.sha256(raw).hexdigest())


def _unmistakable(value: str) -> str:
    """Return a value of one line; a string that holds quotation marks as JSON has it."""
    inner = value[1:-1]
    return bare_json(inner) if value.startswith('"') and '"' in inner else value
