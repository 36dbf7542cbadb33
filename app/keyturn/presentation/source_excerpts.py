"""Owns how provenance is told: a label for each argument, and the places in results, marked.

What was typed is said as what it is: a claim of the host's hook, or typed into Keyturn itself.
Values of one result share one excerpt. A missing origin is said as what it is: not found, not
looked for (too short, said everywhere), or not known because old text was dropped.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from keyturn.domain.canonical import JsonValue
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.rule import Kind
from keyturn.domain.server_input import KINDS
from keyturn.domain.traceable import Untraced, why_untraced
from keyturn.domain.typed import IN_KEYTURN, ON_CARD, InputHost
from keyturn.presentation.card import ExcerptLine, OriginLabel, SourceExcerpt, TracedSpan
from keyturn.presentation.words import Words

_ANSWERED = frozenset(method for method, kind in KINDS.items() if kind is Kind.ELICITATION)
"""What a person is asked at the agent's side; that a person answered is the agent's claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The excerpts of one request, and which of them shows which argument."""

    excerpts: tuple[SourceExcerpt, ...]
    labels: dict[str, OriginLabel]
    """By JSON Pointer; only traced arguments."""
    parts: dict[str, tuple[Origin, ...]]
    """By JSON Pointer: the origins that are shown of each traced argument, the worst first."""
    not_found: OriginLabel
    not_looked_for: dict[Untraced, OriginLabel]

    def label(self, path: str, value: JsonValue) -> OriginLabel:
        """Return where an argument of this value came from, in words."""
        found = self.labels.get(path)
        if found is not None:
            return found
        why = why_untraced(value)
        return self.not_found if why is None else self.not_looked_for[why]

    def spans(self, path: str, value: JsonValue) -> tuple[TracedSpan, ...]:
        """Return the stretches of an argument's quoted value that were found in results."""
        return _joined([_traced_span(value, origin) for origin in self.parts.get(path, ())])


_KNOWN = frozenset({IN_KEYTURN, ON_CARD, *map(str, InputHost)})
_Source = tuple[bool, int, str, str]
"""Whether it was typed, its number, its server, and what it was typed in: results come first."""


def sources_of(trace: Trace, words: Words, signs: Collection[int] = ()) -> Sources:
    """Gather the excerpts of all origins and label each traced argument with its worst one.

    Of several places of one part of an argument the worst is shown; parts have places of their own.
    Those of results with `signs` say so.
    """
    by_path: dict[str, list[Origin]] = {}
    by_source: dict[_Source, list[Origin]] = {}
    for origin in trace.worst_first():
        by_path.setdefault(origin.path, []).append(origin)
    parts = {
        path: _worst_of_each_part([one for one in origins if not one.is_on_card])
        for path, origins in by_path.items()
    }
    for origins in parts.values():
        for origin in (one for one in origins if not one.is_on_card):
            by_source.setdefault(_source_of(origin), []).append(origin)
    order = {key: index for index, key in enumerate(sorted(by_source))}
    labels = {
        path: OriginLabel(
            text=_label_text(origins, words),
            traced=not origins[0].is_on_card,
            claimed=is_claim(origins[0]),
            typed=origins[0].is_on_card,
            excerpt=order.get(_source_of(origins[0])),
        )
        for path, origins in by_path.items()
    }
    nowhere = words("phrases.origin_unknown" if trace.incomplete else "phrases.origin_none")
    not_looked_for = {
        Untraced.TOO_SHORT: words("phrases.origin_too_short"),
        Untraced.TOO_COMMON: words("phrases.origin_too_common"),
    }
    return Sources(
        excerpts=tuple(_excerpt(by_source[key], words, signs) for key in order),
        labels=labels,
        parts=parts,
        not_found=OriginLabel(text=nowhere, traced=False),
        not_looked_for={
            why: OriginLabel(text=text, traced=False) for why, text in not_looked_for.items()
        },
    )


def _worst_of_each_part(origins: list[Origin]) -> tuple[Origin, ...]:
    shown: list[Origin] = []
    for origin in origins:
        if not any(_overlap(origin, other) for other in shown):
            shown.append(origin)
    return tuple(shown)


def _overlap(one: Origin, other: Origin) -> bool:
    if one.length is None or other.length is None:
        return True
    return one.start < other.start + other.length and other.start < one.start + one.length


def _traced_span(value: JsonValue, origin: Origin) -> TracedSpan:
    """Return the stretch of a quoted leaf that was found; all of it when it was found whole."""
    if not isinstance(value, str):
        return TracedSpan(start=0, end=len(origin.value))
    # One character more for the quotation mark that opens the shown value.
    if origin.length is not None:
        end = min(origin.start + origin.length, len(value))
        return TracedSpan(start=origin.start + 1, end=end + 1)
    at = value.find(origin.value) if origin.value else -1
    start, end = (at, at + len(origin.value)) if at >= 0 else (0, len(value))
    return TracedSpan(start=start + 1, end=end + 1)


def _label_text(origins: list[Origin], words: Words) -> str:
    first = origins[0]
    others = {(origin.server, origin.result) for origin in origins} - {(first.server, first.result)}
    if first.is_typed:
        # Behind every result: all others are typed, too.
        return words("phrases.says_typed_" + _key_of(first))
    key = "phrases.origin" if first.length is None else "phrases.origin_part"
    if first.tool in _ANSWERED and not first.untrusted:
        key = "phrases.origin_answer"
    text = words(key, server=first.server, n=first.result)
    if not others:
        return text
    key = "phrases.origin_and_others" if first.length is None else "phrases.origin_part_and_others"
    return words(key, first=text, n=len(others))


def _source_of(origin: Origin) -> _Source:
    typed_in = origin.tool if origin.is_typed else ""
    return origin.is_typed, origin.result, origin.server, typed_in


def is_claim(origin: Origin) -> bool:
    """Tell whether only a host's hook, or who calls itself one, says where it comes from."""
    return origin.is_typed and origin.tool not in (IN_KEYTURN, ON_CARD)


def typed_in(origin: Origin, words: Words) -> str:
    """Say where a value was typed, and who says so."""
    return words("phrases.typed_in_" + _key_of(origin))


def _key_of(origin: Origin) -> str:
    # A row of the database may say anything.
    return origin.tool.replace("-", "_") if origin.tool in _KNOWN else InputHost.PLAIN.value


def _excerpt(origins: list[Origin], words: Words, signs: Collection[int]) -> SourceExcerpt:
    first = origins[0]
    texts: dict[int, str] = {}
    spans: dict[int, list[TracedSpan]] = {}
    for origin in origins:
        lines = origin.excerpt.split("\n")
        for number, text in enumerate(lines, origin.excerpt_line):
            texts.setdefault(number, text)
        for number, span in _spans(origin, lines):
            spans.setdefault(number, []).append(span)
    named = {origin.line for origin in origins}
    return SourceExcerpt(
        title=_title(first, words, signs),
        place=_place(origins, words),
        lines=tuple(
            ExcerptLine(
                number=number,
                text=texts[number],
                spans=_joined(spans.get(number, [])),
                around=number not in named and number not in spans,
            )
            for number in sorted(texts)
        ),
        opens="" if first.is_typed else f"result:{first.result}",
        claimed=is_claim(first),
    )


def _title(origin: Origin, words: Words, signs: Collection[int]) -> str:
    if origin.is_typed:
        return words("phrases.excerpt_typed", where=typed_in(origin, words), n=origin.result)
    title = words("phrases.excerpt", server=origin.server, n=origin.result, tool=origin.tool)
    return words("phrases.excerpt_signs", title=title) if origin.result in signs else title


def _spans(origin: Origin, lines: list[str]) -> Iterable[tuple[int, TracedSpan]]:
    """Find the value at or after its line, and cut it at line ends."""
    text = "\n".join(lines)
    before = origin.line - origin.excerpt_line
    line_start = sum(len(line) + 1 for line in lines[:before]) if 0 <= before < len(lines) else 0
    # Of a part that is longer than the excerpt, as much as stands there.
    value = origin.value if origin.value in text else origin.value.split("\n", 1)[0]
    at = text.find(value, line_start)
    if at < 0 or not value:
        return
    end, start = at + len(value), 0
    for number, line in enumerate(lines, origin.excerpt_line):
        low, high = max(at, start), min(end, start + len(line))
        if low < high:
            yield number, TracedSpan(start=low - start, end=high - start)
        start += len(line) + 1


def _joined(spans: list[TracedSpan]) -> tuple[TracedSpan, ...]:
    """Sort the spans and merge those that touch, so that a highlighter is drawn once."""
    merged: list[TracedSpan] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = TracedSpan(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def _place(origins: list[Origin], words: Words) -> str:
    first, last = min(o.line for o in origins), max(o.line for o in origins)
    start = min(origin.offset for origin in origins)
    end = max(origin.offset + len(origin.value) for origin in origins)
    if first == last:
        return words("phrases.place", line=first, start=start, end=end)
    return words("phrases.place_lines", first=first, last=last, start=start, end=end)
