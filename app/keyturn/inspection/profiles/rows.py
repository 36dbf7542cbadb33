"""Owns the masking of query results: columns by their names, values by their form, and few rows.

Tables drawn with bars, comma- and tab-separated values, and JSON rows keep their form. An email
address is no secret here; a card number or an IBAN is one only when its checksum holds.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keyturn.inspection.profiles.naming import secret_name
from keyturn.inspection.profiles.profiled import Edit, Profiled, applied, found, secrets_of, whole

MOST_ROWS = 100
"""Rows that are passed on when nobody says otherwise."""
_MARKER = "[Keyturn: {count} more rows]"
_IS_MARKER = re.compile(r'"?\[Keyturn: (\d+) more rows\]"?')
_OF_A_RULE = frozenset("-+=|: \t\r")
_FOOTER = re.compile(r"\(?\d+ rows?\b.*")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
# A letter may follow that belongs to something else that is masked; a digit may not.
_CARD = r"\b[0-9](?:[ -]?[0-9]){12,18}"
_IBAN = r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
_SSN = r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}"
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)')
_BLANKS = re.compile(r" *")
NULLS = frozenset({"", "null", "none", "\\n", "<null>", "nil", "(null)"})
_LEAST_COLUMNS = 2
_LOOKED_AT = 5
"""Lines that tell what kind of table it is."""


class _Cell(NamedTuple):
    start: int
    end: int


def masked_rows(text: str, most_rows: int = MOST_ROWS, withheld: Sequence[Edit] = ()) -> Profiled:
    """Mask a result of a query and leave out all but the first rows, which a last one says."""
    edits = secrets_of(text)
    if edits is None:
        return whole()
    by_form = [*withheld, *edits, *_by_form(text)]
    json_rows = _json_rows(text)
    if json_rows is not None:
        quoted = _quoted_in_json(text, by_form)
        cut = _cut_json(text, json_rows, most_rows)
        return applied(text, [*quoted, *_json_names(text), *cut])
    separator = separator_of(text)
    if separator:
        return applied(text, [*by_form, *_columns(text, separator, most_rows)])
    return applied(text, by_form)


def _quoted_in_json(text: str, edits: list[Edit]) -> Iterator[Edit]:
    """Put quotation marks around what takes the place of a number."""
    ends = [match.end() for match in _JSON_TEXT.finditer(text)]
    starts = [match.start() for match in _JSON_TEXT.finditer(text)]
    for edit in edits:
        number = bisect_right(starts, edit.start) - 1
        within = number >= 0 and edit.end <= ends[number]
        yield edit if within or edit.replacement else edit._replace(replacement=f'"[{edit.kind}]"')


def separator_of(text: str) -> str:
    """Return what stands between the cells of a table; empty for a text that is none."""
    lines = [line for line in text.split("\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    if len(lines) < _LEAST_COLUMNS:
        return ""
    if any(_is_rule(line) for line in lines) and any("|" in line for line in lines):
        return "|"
    for separator in ("\t", ",", ";", "|"):
        counts = {len(list(_cells(line, 0, separator))) for line in lines}
        if len(counts) == 1 and counts.pop() >= _LEAST_COLUMNS:
            return separator
    return ""


def _is_rule(line: str) -> bool:
    """Tell whether a line only draws the table."""
    return "-" in line and _OF_A_RULE.issuperset(line)


def _cells(line: str, at: int, separator: str) -> Iterator[_Cell]:
    """Yield where the cells of a line stand, without blanks and quotation marks around them."""
    start = 0
    while start <= len(line):
        lead = len(line[start:]) - len(line[start:].lstrip(" ")) if separator != "|" else 0
        quoted = _QUOTED.match(line, start + lead) if separator != "|" else None
        end = line.find(separator, quoted.end() if quoted else start)
        end = len(line) if end < 0 else end
        raw = line[start:end]
        inner = raw.strip(" \r")
        first = start + len(raw) - len(raw.lstrip(" \r"))
        marks = len(inner) > 1 and inner[0] == inner[-1] == '"'
        yield _Cell(at + first + marks, at + first + len(inner) - marks)
        start = end + 1


def _columns(text: str, separator: str, most_rows: int) -> Iterator[Edit]:
    kinds: list[tuple[str, str]] | None = None
    told = False
    at = rows = more = last_kept = cut_end = 0
    for line in text.split("\n"):
        end = at + len(line)
        if line.strip() and not _is_rule(line) and not _FOOTER.match(line.strip()):
            if kinds is None:
                names = [text[c.start : c.end] for c in _cells(line, at, separator)]
                kinds = [(secret_name(name), name) for name in names]
                told = any(kind for kind, _ in kinds)
                last_kept = end
            elif _IS_MARKER.match(line.strip()) is None:
                rows += 1
                if rows <= most_rows:
                    if told:
                        yield from _row(text, _cells(line, at, separator), kinds, separator)
                    last_kept = end
                else:
                    more, cut_end = more + 1, end
        at = end + 1
    if more:
        yield Edit(last_kept + 1, cut_end, "rows", "", _MARKER.format(count=more))


def _row(
    text: str, cells: Iterator[_Cell], kinds: list[tuple[str, str]], separator: str
) -> Iterator[Edit]:
    for cell, (kind, name) in zip(cells, kinds, strict=False):
        value = text[cell.start : cell.end]
        if not kind or value.strip().lower() in NULLS:
            continue
        shown = f"[{kind}]"
        end = cell.end
        if separator == "|":
            # The blanks after a value are the column's width.
            blanks = _BLANKS.match(text, end)
            width = cell.end - cell.start + (len(blanks[0]) - 1 if blanks and blanks[0] else 0)
            end = cell.start + width
            shown = shown.ljust(width)
        yield Edit(cell.start, end, kind, name, shown)


def _by_form(text: str) -> Iterator[Edit]:
    for start, end in found(_CARD, text):
        is_all = not text[end : end + 1].isdigit()
        if is_all and _passes_luhn(re.sub(r"\D", "", text[start:end])):
            yield Edit(start, end, "card number")
    for start, end in found(_IBAN, text):
        if _is_iban(text[start:end].replace(" ", "")):
            yield Edit(start, end, "account number")
    for start, end in found(_SSN, text):
        is_all = not text[end : end + 1].isdigit()
        if is_all and text[start] != "9" and not text.startswith(("000", "666"), start):
            yield Edit(start, end, "social security number")


def _passes_luhn(digits: str) -> bool:
    doubled = [sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2]]
    single = sum(int(digit) for digit in digits[::-2])
    return digits[0] in "3456" and len(set(digits)) > 1 and (single + sum(doubled)) % 10 == 0


def _is_iban(value: str) -> bool:
    rotated = value[4:] + value[:4]
    return int("".join(str(int(letter, 36)) for letter in rotated)) % 97 == 1


def are_json_rows(text: str) -> bool:
    """Tell whether a text is a JSON list of objects, or several objects, one a line."""
    rows = _json_rows(text)
    objects = rows is not None and all(
        text[row.start : row.end].lstrip()[:1] in '{"' for row in rows
    )
    return bool(rows) and objects and (len(rows) > 1 or text.lstrip()[0] == "[")


def _json_rows(text: str) -> list[_Cell] | None:
    """Return where the rows stand of a JSON list of objects, or of one object a line."""
    stripped = text.strip()
    if stripped[:1] == "[":
        return _elements(text)
    lines = [line for line in stripped.split("\n") if line.strip()]
    if not lines or not all(line.lstrip()[:1] in '{"' for line in lines) or "{" not in lines[0]:
        return None
    rows: list[_Cell] = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            try:
                json.loads(line)
            except ValueError:
                return None
            rows.append(_Cell(at, at + len(line)))
        at += len(line) + 1
    return rows


def _elements(text: str) -> list[_Cell] | None:
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    rows: list[_Cell] = []
    try:
        while True:
            at = _skipped(text, at)
            if text[at] == "]":
                return rows if not text[at + 1 :].strip() else None
            _, end = decoder.raw_decode(text, at)
            rows.append(_Cell(at, end))
            at = _skipped(text, end)
            if text[at] == ",":
                at += 1
    except (ValueError, IndexError, RecursionError):
        return None


def _skipped(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _json_names(text: str) -> Iterator[Edit]:
    for pair in _PAIR.finditer(text):
        kind = secret_name(pair[1])
        value = pair[2].strip('"')
        if kind and value.lower() not in NULLS:
            yield Edit(*pair.span(2), kind, pair[1], f'"[{kind}]"')


def _cut_json(text: str, rows: list[_Cell], most_rows: int) -> Iterator[Edit]:
    rows = [row for row in rows if not _IS_MARKER.fullmatch(text[row.start : row.end].strip())]
    if len(rows) > most_rows:
        marker = json.dumps(_MARKER.format(count=len(rows) - most_rows))
        yield Edit(rows[most_rows].start, rows[-1].end, "rows", "", marker)
