"""Writes an approval request as plain text: what a person reads without a window.

Whole: every argument with its origin, hidden characters as marks. Every line that holds text of an
agent or server starts with a bar or with our own words, so that no value can pose as a line of
ours. The hash of exactly this text is what an answer's `prompt_hash` proves was shown.
"""

import hashlib
from collections.abc import Iterator
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
from keyturn.presentation.visible_text import Segment, mark_label, visible, visible_line
from keyturn.presentation.words import Words

_STEP = "  "
_DEEPEST_INDENT = 3
_BAR = "| "
_SIGNS = {DiffSide.BOTH: "  ", DiffSide.BEFORE: "- ", DiffSide.AFTER: "+ "}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """A request as it was shown."""

    text: str
    prompt_hash: str
    """SHA-256 of the text in UTF-8, hexadecimal."""


class RequestTexts:
    """Makes such texts in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards

    def of(self, request: ApprovalRequest, deadline_ms: int | None) -> RequestText:
        """Return the text of a request whose agent waits for `deadline_ms` more."""
        card = self._cards.card(request)
        text = "\n".join(self._lines(request, card, deadline_ms)) + "\n"
        return RequestText(text=text, prompt_hash=hashlib.sha256(text.encode()).hexdigest())

    def line(self, text: str) -> str:
        """Return a text on one line, with everything that cannot be seen as a mark."""
        return self._shown(visible_line(text))

    def block(self, text: str, indent: str = "") -> Iterator[str]:
        """Yield a text of several lines, each behind a bar."""
        for line in self._shown(visible(text)).split("\n"):
            yield f"{indent}{_BAR}{line}"

    def _shown(self, segments: tuple[Segment, ...]) -> str:
        return "".join(
            part.text if part.mark is None else f"[{mark_label(part.mark, self._words)}]"
            for part in segments
        )

    def _lines(
        self, request: ApprovalRequest, card: CardView, deadline_ms: int | None
    ) -> Iterator[str]:
        words = self._words
        yield self.line(card.headline)
        yield self.line("    ".join(filter(None, (card.server_tool, card.call_number))))
        yield self.line(". ".join(chip.text for chip in card.chips) + ".")
        for lamp in card.lamps:
            if lamp.lit:
                yield self.line(f"{lamp.letter} {lamp.words} ({lamp.where})")
        yield from self._decisive(card)
        yield ""
        yield words("request.arguments" if request.kind is RequestKind.CALL else "request.subject")
        for row in card.rows:
            yield from self._row(row)
        if card.raw_meta:
            yield ""
            yield words("request.meta")
            yield from self.block(card.raw_meta, _STEP)
        if card.diff and request.kind is RequestKind.CHANGE:
            yield ""
            yield words("request.difference")
            for row in card.diff:
                yield f"{_STEP}{_SIGNS[row.side]}{_BAR}{self.line(row.text)}"
        for excerpt in card.excerpts:
            yield from self._excerpt(excerpt)
        yield from self._pairs(words("request.claimed"), card.claimed)
        yield from self._pairs(words("request.observed"), card.observed)
        yield ""
        yield words("request.why", why=self.line(card.why_asked))
        deadline = self._cards.phrases.deadline(deadline_ms)
        yield f"{deadline} {words('phrases.no_answer')}"

    def _decisive(self, card: CardView) -> Iterator[str]:
        if not card.decisive:
            return
        yield ""
        yield self._words("request.decisive")
        for value in card.decisive:
            yield f"{_STEP}{self.line(value.key)}:"
            yield from self.block(value.value, _STEP * 2)
            notes = [note for note in (value.owed_reason, value.note) if note]
            if notes:
                yield f"{_STEP * 2}{self.line('. '.join(notes))}."

    def _row(self, row: ArgumentRow) -> Iterator[str]:
        # Deep levels keep one indent and name their path, so that indents never grow into marks.
        deep = row.depth > _DEEPEST_INDENT
        indent = _STEP * (min(row.depth, _DEEPEST_INDENT) + 1)
        key = self.line(row.path if deep else row.key)
        origin = f"    ({self.line(row.origin.text)})" if row.origin is not None else ""
        several = row.value_kind is ValueKind.EXACT and "\n" in row.value
        if not several:
            yield f"{indent}{key}: {self.line(row.value)}{origin}"
            return
        count = row.value.count("\n") + 1
        yield f"{indent}{key}: {self._words('request.lines', n=count)}{origin}"
        yield from self.block(row.value, indent)

    def _excerpt(self, excerpt: SourceExcerpt) -> Iterator[str]:
        yield ""
        yield self._words("request.found", title=self.line(excerpt.title), place=excerpt.place)
        for line in excerpt.lines:
            yield f"{_STEP}{line.number} {_BAR}{self._excerpt_line(line)}"

    def _excerpt_line(self, line: ExcerptLine) -> str:
        """Return a line with its traced stretches between angle brackets."""
        told: list[str] = []
        at = 0
        for span in line.spans:
            told.append(self.line(line.text[at : span.start]))
            told.append(f">>{self.line(line.text[span.start : span.end])}<<")
            at = span.end
        return "".join([*told, self.line(line.text[at:])])

    def _pairs(self, title: str, pairs: tuple[Pair, ...]) -> Iterator[str]:
        if not pairs:
            return
        yield ""
        yield title
        for pair in pairs:
            yield f"{_STEP}{self.line(pair.key)}: {self.line(pair.value)}"
