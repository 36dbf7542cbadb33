"""Owns how results become text with places in it: pieces to match, renderings, excerpts."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from keyturn.domain.canonical import JsonValue
from keyturn.domain.json_pointer import escaped

MIN_CHARACTERS = 3
"""Shorter values never count as traced."""
MIN_DIGITS = 4
"""Shorter numbers never count: `100` is in nearly every result."""
MAX_PIECE = 64 * 1024
"""Longest text, in characters, that is matched as a whole."""
EXCERPT_CHARACTERS = 2_000
_MAX_TRIES = 100
"""Times that a text is searched further when the word found was part of a longer one."""
_LOOKED_AT = 256
"""Characters of a value in which its letters and digits are counted."""
_BINARY_MEMBERS = frozenset({"data", "blob"})
_SURROGATES = re.compile("[\ud800-\udfff]")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_COMMON_PATHS = frozenset(
    f"{start}{path}{end}".lower()
    for start in ("/", "/usr/", "/var/", "/usr/local/", "~/", "C:\\")
    for path in (
        "bin",
        "dev",
        "etc",
        "home",
        "lib",
        "opt",
        "proc",
        "root",
        "srv",
        "tmp",
        "usr",
        "var",
    )
    for end in ("", "/", "\\")
) | {"/dev/null", "localhost", "127.0.0.1", "0.0.0.0", "C:\\"}
_SAID_EVERYWHERE = _COMMON_PATHS | {"true", "false", "null", "none"}
"""Never count alone."""
_LONGEST_SAID = max(map(len, _SAID_EVERYWHERE))


class Place(NamedTuple):
    """A stretch of a text."""

    offset: int
    length: int
    line: int
    """Counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Structured content as text, and where in it each scalar stands (in the order of `leaves`)."""

    text: str
    places: tuple[Place, ...]
    """Where each scalar stands, strings without their quotation marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A line with its neighbours."""

    text: str
    first_line: int


def leaf_text(value: JsonValue) -> str | None:
    """Return the text of a scalar as it is matched; None for what never counts as traced."""
    match value:
        case None | bool():
            return None
        case str():
            text = value
        case int():
            text = str(value)
        case float():
            # As JSON of RFC 8785 writes it: 3.0 is 3.
            text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case _:
            return None
    return text if _counts(text) else None


def leaves(value: JsonValue, path: str = "") -> Iterator[tuple[str, JsonValue]]:
    """Walk all scalars with their JSON Pointers, members sorted by name."""
    match value:
        case dict():
            for key in sorted(value):
                yield from leaves(value[key], f"{path}/{escaped(key)}")
        case list():
            for number, item in enumerate(value):
                yield from leaves(item, f"{path}/{number}")
        case _:
            yield path, value


def holds_more_than(value: JsonValue, limit: int) -> bool:
    """Tell whether more than `limit` values and containers are in `value`."""
    stack = [value]
    count = 1
    while stack and count <= limit:
        item = stack.pop()
        below = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        count += len(below)
        stack.extend(below)
    return count > limit


def scalars(value: JsonValue) -> Iterator[JsonValue]:
    """Walk all scalars in the order of `leaves`."""
    match value:
        case dict():
            for key in sorted(value):
                yield from scalars(value[key])
        case list():
            for item in value:
                yield from scalars(item)
        case _:
            yield value


def text_blocks(result: JsonValue) -> list[str]:
    """Collect the texts of a result: of a tool, a resource or a prompt (MCP content blocks)."""
    if not isinstance(result, dict):
        return []
    blocks: list[JsonValue] = []
    for member in ("content", "contents", "messages"):
        value = result.get(member)
        blocks.extend(value if isinstance(value, list) else [])
    return [text for block in blocks if (text := _block_text(block)) is not None]


def structure_of(result: JsonValue) -> JsonValue:
    """Return what a result says in structured form, binary data left out; None for nothing.

    That is `structuredContent`, or blocks without a text (links), or all of another result.
    """
    if not isinstance(result, dict):
        return result
    structure = result.get("structuredContent")
    content = result.get("content")
    if structure is not None or not isinstance(content, list):
        return structure if structure is not None or text_blocks(result) else result
    return [
        {key: value for key, value in block.items() if key not in _BINARY_MEMBERS}
        for block in content
        if isinstance(block, dict) and _raw_text(block) is None
    ]


def render(value: JsonValue) -> Rendering:
    """Write structured content as indented JSON with sorted members."""
    writer = _Writer()
    writer.write(value, 0)
    return Rendering(text=_sound("".join(writer.parts)), places=tuple(writer.places))


def render_on_one_line(value: JsonValue) -> str:
    """Write structured content fast, for what is too large to be set out in lines."""
    return _sound(json.dumps(value, ensure_ascii=False, sort_keys=True))


def find_word(text: str, word: str) -> int:
    """Find `word` where it does not continue a longer word or number; -1 when nowhere."""
    offset = text.find(word)
    for _ in range(_MAX_TRIES):
        if offset < 0:
            break
        end = offset + len(word)
        left, right = text[max(0, offset - 1) : offset], text[end : end + 1]
        if not (_joins(left, word[0]) or _joins(word[-1], right)):
            return offset
        offset = text.find(word, offset + 1)
    return -1


def excerpt_at(text: str, offset: int, line: int, length: int = 0) -> Excerpt:
    """Cut out the lines of a place with one line before and after, 2,000 characters at most."""
    start, end = _line_start(text, offset), _line_end(text, offset)
    last = _line_end(text, offset + length) if length < EXCERPT_CHARACTERS else end
    end = last if last - start <= EXCERPT_CHARACTERS else end
    if end - start > EXCERPT_CHARACTERS:
        start = max(start, min(offset - EXCERPT_CHARACTERS // 4, end - EXCERPT_CHARACTERS))
        return Excerpt(text=text[start : start + EXCERPT_CHARACTERS], first_line=line)
    before = _line_start(text, start - 1) if start else 0
    if start and end - before <= EXCERPT_CHARACTERS:
        start, line = before, line - 1
    after = _line_end(text, end + 1)
    if after - start <= EXCERPT_CHARACTERS:
        end = after
    return Excerpt(text=text[start:end], first_line=line)


def _joins(left: str, right: str) -> bool:
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")


def _line_start(text: str, offset: int) -> int:
    """Return where the line begins, looking no further back than an excerpt may reach."""
    low = max(0, offset - EXCERPT_CHARACTERS - 1)
    found = text.rfind("\n", low, offset) + 1
    return found or low


def _line_end(text: str, offset: int) -> int:
    high = min(len(text), offset + EXCERPT_CHARACTERS + 1)
    found = text.find("\n", offset, high)
    return high if found < 0 else found


def _counts(text: str) -> bool:
    if len(text) < MIN_CHARACTERS or _YEAR.fullmatch(text):
        return False
    # Megabytes are not changed to small letters only to be told from `/tmp`.
    if len(text) <= _LONGEST_SAID and text.lower() in _SAID_EVERYWHERE:
        return False
    head = text[:_LOOKED_AT]
    return any(map(str.isalpha, head)) or sum(map(str.isdigit, head)) >= MIN_DIGITS


def _block_text(block: JsonValue) -> str | None:
    text = _raw_text(block)
    return None if text is None else _sound(text)


def _raw_text(block: JsonValue) -> str | None:
    if not isinstance(block, dict):
        return None
    for holder in (block, block.get("resource"), block.get("content")):
        text = holder.get("text") if isinstance(holder, dict) else None
        if isinstance(text, str):
            return text
    return None


def _sound(text: str) -> str:
    """Replace halves of surrogate pairs, one for one: such a text could not be passed on."""
    try:
        # Encoding tells in a tenth of the time that it takes to look for them.
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


class _Writer:
    """Writes indented JSON and remembers where each scalar went."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.places: list[Place] = []
        self._length = 0
        self._line = 1

    def write(self, value: JsonValue, depth: int) -> None:
        match value:
            case dict():
                rows = [(f"{_quote(key)}: ", value[key]) for key in sorted(value)]
                self._container("{", rows, "}", depth)
            case list():
                self._container("[", [("", item) for item in value], "]", depth)
            case str():
                text = _quote(value)
                self.places.append(Place(self._length + 1, len(text) - 2, self._line))
                self._put(text)
            case _:
                text = leaf_text(value) or json.dumps(value)
                self.places.append(Place(self._length, len(text), self._line))
                self._put(text)

    def _container(
        self, opening: str, rows: list[tuple[str, JsonValue]], closing: str, depth: int
    ) -> None:
        self._put(opening)
        for number, (label, item) in enumerate(rows):
            self._put("," if number else "")
            self._new_line(depth + 1)
            self._put(label)
            self.write(item, depth + 1)
        if rows:
            self._new_line(depth)
        self._put(closing)

    def _new_line(self, depth: int) -> None:
        self._put("\n" + "  " * depth)
        self._line += 1

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
