"""Owns the kept texts of a session's results: packed when old, and in sheets for searching."""

import sys
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from keyturn.application.ports.inspection import ResultSource

SHEET_CHARACTERS = 64 * 1024
"""Of short texts that are searched together."""
_RESULT_BYTES = 800
_BLOCK = 4 * 1024
_SHORT = 1024
"""Texts up to this many characters share a sheet."""


class Passage:
    """A text that is kept; old ones are packed in blocks, of which one or two are opened."""

    __slots__ = ("_blocks", "_lines", "_plain", "bytes", "length")

    def __init__(self, text: str) -> None:
        """Keep a text as it is."""
        self._plain = text
        self._blocks: list[bytes] = []
        self._lines: list[int] = []
        """Line ends before each block."""
        self.length = len(text)
        self.bytes = sys.getsizeof(text)

    def part(self, start: int, end: int) -> str:
        """Return a stretch of the text."""
        if self._plain:
            return self._plain[start:end]
        first = start // _BLOCK
        blocks = self._blocks[first : -(-min(end, self.length) // _BLOCK)]
        opened = "".join(map(_unpacked, blocks))
        return opened[start - first * _BLOCK : end - first * _BLOCK]

    def line_at(self, offset: int) -> int:
        """Return the line that holds a place, counted from 1."""
        if self._plain or not self._blocks:
            return self._plain.count("\n", 0, offset) + 1
        block = min(offset // _BLOCK, len(self._blocks) - 1)
        return self._lines[block] + self.part(block * _BLOCK, offset).count("\n") + 1

    @property
    def is_packed(self) -> bool:
        """Nothing of it is left to be packed."""
        return not self._plain

    def pack(self, most: int) -> int:
        """Pack the next `most` characters, in whole blocks; return how many bytes that freed.

        It takes more room until the last of them are packed, and the text is let go.
        """
        before, packed = self.bytes, len(self._blocks)
        first = packed * _BLOCK
        end = min(first + max(most, _BLOCK), self.length)
        parts = [self._plain[at : at + _BLOCK] for at in range(first, end, _BLOCK)]
        self._blocks += [zlib.compress(part.encode(), 1) for part in parts]
        lines = self._lines.pop() if packed else 0
        self._lines += accumulate((part.count("\n") for part in parts), initial=lines)
        self.bytes += sum(map(sys.getsizeof, self._blocks[packed:]))
        if len(self._blocks) * _BLOCK >= self.length:
            self.bytes -= sys.getsizeof(self._plain)
            self._plain = ""
        return before - self.bytes


@lru_cache(maxsize=64)
def _unpacked(block: bytes) -> str:
    return zlib.decompress(block).decode()


@dataclass(slots=True, eq=False)
class Kept:
    """One result of the session."""

    source: ResultSource
    text: Passage
    rendering: Passage
    partly: bool
    """Not all of the text was drawn, so it must be searched."""

    @property
    def bytes(self) -> int:
        """What it holds."""
        return self.text.bytes + self.rendering.bytes + _RESULT_BYTES


@dataclass(slots=True, eq=False)
class Sheet:
    """A stretch of text that is searched in one go: one result's, or those of many short ones.

    A session of a thousand one-line results is searched as fast as one result of a thousand lines.
    """

    text: str
    results: list[Kept]
    beside: str = ""
    """Of one result's, what it says in structured form and must be searched, too."""
    copied: int = 0
    """Bytes that it holds besides the results' own."""
    _starts: list[int] = field(default_factory=lambda: [0])

    @property
    def length(self) -> int:
        """Characters that a search goes over."""
        return len(self.text) + len(self.beside)

    @property
    def partly(self) -> bool:
        """Whether its text must be searched; such a result has a sheet of its own."""
        return self.results[0].partly

    def has_room_for(self, kept: Kept) -> bool:
        """Tell whether a result may join the others here."""
        room = SHEET_CHARACTERS - len(self.text)
        alone = kept.partly or self.partly or kept.rendering.length > SHEET_CHARACTERS
        return kept.text.length <= min(room, _SHORT) and not alone

    def join(self, kept: Kept, text: str) -> int:
        """Write one more text below the others; return the bytes that the copy takes."""
        self._starts.append(len(self.text) + 1)
        self.results.append(kept)
        self.text = f"{self.text}\n{text}"
        # All of it is a copy from now on, with as many bytes a character as the widest needs.
        before, self.copied = self.copied, sys.getsizeof(self.text)
        return self.copied - before

    def holding(self, text: str) -> Iterator[tuple[Kept, Passage, str]]:
        """Yield the results whose own text holds `text`, with that text and as what it is kept.

        One that has the sheet for itself is yielded whether it does or not.
        """
        if len(self.results) == 1:
            alone = self.results[0]
            yield alone, alone.text, self.text
            if self.beside:
                yield alone, alone.rendering, self.beside
            return
        at = self.text.find(text)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            kept = self.results[number]
            start = self._starts[number]
            end = start + kept.text.length
            # What begins in one text and ends in the next was never said.
            if at + len(text) <= end:
                yield kept, kept.text, self.text[start:end]
            at = self.text.find(text, max(end, at + 1))
