"""Owns the other ways to read a text in which a secret may be hidden from a look at it as it is.

Percent and backslash escapes undone, base64 decoded, lines and texts put together that a token
was broken over. Each view can say where in the text a stretch of it stands.
"""

import base64
import binascii
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice
from typing import NamedTuple, Protocol

from keyturn.inspection.secret_kinds import large_engine


class View(Protocol):
    """A text read in another way."""

    @property
    def data(self) -> bytes:
        """What it reads, in UTF-8."""
        ...

    @property
    def encoding(self) -> str:
        """How that was written, for the name of what is masked; empty where that does not count."""
        ...

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text a stretch of the view stands."""
        ...


Break = tuple[int, int]
"""Where a token may be broken: where it ends, and where it would go on."""

HAS_ESCAPES = r"%[0-9A-Fa-f]{2}|\\u00[0-7][0-9A-Fa-f]|\\x[0-7][0-9A-Fa-f]"
"""What a text with escapes holds."""
# From the beginning of a run on, the first of each four characters begins a byte of ASCII text, or
# the zero that UTF-16 has between two.
_IN_BASE64 = r"(?:\\[nrt]|^|[^\w+/-])(?:[I-Za-fACD][A-Za-z0-9+/_-]{3}){5}"
# A long run of a token's characters, or a long line: anything less no terminal breaks.
_BROKEN = r"(?:[\w+/=.-]{16}|[^\n]{39}[\w+/=.-])\\?\r?\n[ \t]{0,8}[\w+/=.-]"

_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNICODE = re.compile(rb"\\u00([0-7][0-9A-Fa-f])")
_HEXADECIMAL = re.compile(rb"\\x([0-7][0-9A-Fa-f])")
_BYTES = {
    f"{high}{low}".encode(): bytes.fromhex(f"{high}{low}")
    for high in "0123456789abcdefABCDEF"
    for low in "0123456789abcdefABCDEF"
}
_QUADS = 20
"""Characters of base64 that a look at its beginning takes in."""
_RUN = re.compile(rb"[A-Za-z0-9+/_-]*")
_NEXT_LINE = re.compile(rb"(?:\\r)?\\n|\r?\n")
_LONGEST_LINE = 40
"""From here on a line of base64 may go on in the next one."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_LINE_END = re.compile(rb"\n[ \t]{0,8}")
_TOKEN = re.compile(rb"[\w+/=.-]{0,512}", re.ASCII)


@dataclass(frozen=True)
class _Unescaped:
    """A text with one kind of escapes undone, each of which was of one width."""

    data: bytes
    parts: list[bytes]
    """Plain text and what stood for bytes, in turn."""
    width: int
    encoding: str = ""

    @cached_property
    def _escapes(self) -> list[int]:
        ends = accumulate(map(len, self.parts[0::2]))
        return [end + number for number, end in enumerate(ends)][:-1]

    def place(self, start: int, end: int) -> tuple[int, int]:
        return self._first(start), self._first(end)

    def _first(self, at: int) -> int:
        return at + (self.width - 1) * bisect_left(self._escapes, at)


def without_escapes(data: bytes) -> Iterator[tuple[View, int]]:
    r"""Yield the text with `%41`, with `\u0041` and with `\x41` undone, and how many there were."""
    for pattern, width in ((_PERCENT, 3), (_UNICODE, 6), (_HEXADECIMAL, 4)):
        parts = pattern.split(data)
        if len(parts) > 1:
            parts[1::2] = map(_BYTES.__getitem__, parts[1::2])
            # Bytes that are no UTF-8 would hide from RE2 what stands behind them.
            whole = b"".join(parts).decode("utf-8", "surrogateescape").encode("utf-8", "replace")
            yield _Unescaped(whole, parts, width), len(parts) // 2


class Encoded(NamedTuple):
    """Where base64 of a text stands, and that text; empty when it is none."""

    start: int
    end: int
    text: bytes


def texts_in_base64(data: bytes) -> Iterator[Encoded]:
    """Find base64 of UTF-8 text, and of UTF-16, which shells take; line by line or in one."""
    done = 0
    for match in large_engine(_IN_BASE64).finditer(data):
        start = match.span(0)[1] - _QUADS
        if start < done:
            continue
        end, letters = _lines(data, start)
        done = end + _padding(data, end)
        yield Encoded(start, done, _decoded(letters))


def _lines(data: bytes, start: int) -> tuple[int, bytes]:
    """Return where base64 ends that may go on over lines, and all of its letters."""
    run = _RUN.match(data, start)
    pieces = [run[0] if run is not None else b""]
    end = start + len(pieces[0])
    while len(pieces[-1]) >= _LONGEST_LINE and len(pieces[-1]) % 4 == 0:
        following = _NEXT_LINE.match(data, end)
        run = _RUN.match(data, following.end()) if following is not None else None
        if run is None or not run[0] or (len(run[0]) + _padding(data, run.end())) % 4:
            break
        pieces.append(run[0])
        end = run.end()
    return end, b"".join(pieces)


def _padding(data: bytes, end: int) -> int:
    return len(data[end : end + 2]) - len(data[end : end + 2].lstrip(b"="))


def _decoded(letters: bytes) -> bytes:
    letters = letters.translate(_STANDARD)
    letters = letters[: -1 if len(letters) % 4 == 1 else None]
    try:
        raw = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        if raw[1::2].count(0) * 2 >= len(raw) - 1:
            raw = raw[::2]
        raw.decode()
    except (binascii.Error, UnicodeDecodeError):
        return b""
    return b"" if 0 in raw else raw


@dataclass(frozen=True)
class Decoded:
    """Texts that stood in base64, as one; a stretch of one is all of its base64."""

    data: bytes
    texts: Sequence[Encoded]
    between: int
    """How many bytes stand between two of them."""
    encoding: str = "base64"

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where the base64 of the texts stands that a stretch touches."""
        lengths = (len(text) + self.between for _, _, text in self.texts)
        starts = [0, *accumulate(lengths)]
        first, last = bisect_right(starts, start) - 1, bisect_left(starts, end) - 1
        return self.texts[first].start, self.texts[last].end


def flat(data: bytes, between: bytes) -> bytes:
    """Return a text as one line, for a first look at what its breaks could hide."""
    data = data.replace(between, b"").replace(b"\r\n", b"\n").replace(b"\\\n", b"\n")
    return _LINE_END.sub(b"", data)


def breaks_in(data: bytes, most: int) -> list[Break]:
    """Find where lines end within what may be one token; no more than one over the most."""
    breaks: list[Break] = []
    for match in islice(large_engine(_BROKEN).finditer(data), most + 1):
        begin, end = match.span(0)
        breaks.append((begin + len(data[begin : end - 1].rstrip(b"\n\r\t \\")), end - 1))
    return breaks


def decoded(texts: Sequence[Encoded], between: bytes) -> Decoded:
    """Put texts together with what no match goes across between them."""
    return Decoded(between.join(text for _, _, text in texts), texts, len(between))


def joined(text: bytes, breaks: Sequence[Break]) -> "Joined":
    """Leave out what stands between the ends and the starts of breaks, in order and apart."""
    starts = (0, *(start for _, start in breaks))
    ends = (*(end for end, _ in breaks), len(text))
    data = b"".join(text[start:end] for start, end in zip(starts, ends, strict=True))
    return Joined(data, text, breaks)


@dataclass(frozen=True)
class Joined:
    """A text without what breaks its tokens."""

    data: bytes
    text: bytes
    breaks: Sequence[Break]
    encoding: str = ""

    @cached_property
    def _left_out(self) -> tuple[list[int], list[int]]:
        """Where in the view something is left out, and how much up to there."""
        sums = list(accumulate(start - end for end, start in self.breaks))
        before = (0, *sums[:-1])
        ends = [end - out for (end, _), out in zip(self.breaks, before, strict=True)]
        return ends, [0, *sums]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where it stands, with what was left out within it."""
        ends, sums = self._left_out
        return (
            start + sums[bisect_right(ends, start)],
            end + sums[bisect_right(ends, end - 1)],
        )

    def breaks_within(self, start: int, end: int) -> list[int]:
        """Return where in the view something is left out within a stretch of it."""
        ends, _ = self._left_out
        return ends[bisect_right(ends, start) : bisect_left(ends, end)]


def token_at(data: bytes, start: int) -> bytes:
    """Return the unbroken run of a token's characters that begins there; at most 512 bytes."""
    run = _TOKEN.match(data, start)
    return run[0] if run is not None else b""
