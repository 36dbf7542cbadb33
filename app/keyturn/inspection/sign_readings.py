"""Owns in what other ways a text can be read than as it stands: encoded, spaced, turned, respelt.

Each way is tried only where the text has its look, and once: what is decoded is not decoded again.
"""

import base64
import binascii
import html
import re
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from keyturn.inspection.sign_looks import looks_of
from keyturn.inspection.sign_words import BREAK, Vocabulary, plain

_MOST_DECODED = 2_000
"""Stretches of one text that are decoded: more than decoys can fill up without being long."""
_MOST_PARTED = 40
"""Stretches without spaces of which words are made, which takes longer."""
_SHORTEST_WORD = 4
_FEW = 2
"""Known words by which a text that is turned, or shifted by 13 letters, is recognised."""
_SHIFTED_DIGITS = re.compile(
    r"[a-z][0134578@$!|]{1,12}[a-z]|(?<![0134578@$!])[0134578@$!]{1,12}[a-z]{2}"
)
"""Bounded, so that a text of nothing else is gone through once."""
_FEW_DIGITS = 3
_A_LETTER = re.compile(r"[^\W\d_]")
_WORD_WITH_SIGNS = re.compile(r"[\w@$!|]+")
_FOR_LETTERS = (
    str.maketrans("0134578@$!|", "oieastbasii"),
    str.maketrans("0134578@$!|", "oleastbasll"),
)
_SPACED = re.compile(r"(?<!\w)\w(?:[ .\-_*|/,\u00a0\n]{1,4}\w(?!\w)){5,}")
_STARS = "*~^+\u00b7"
_STARRED = re.compile(rf"(?<=[a-z])[{_STARS}](?=[a-z])")
_FEW_STARS = 5
_SMALL_CAPITALS = str.maketrans(
    "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731"
    "\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22",
    "abcdefghijklmnoprstuvwyz",
)
_GAP = re.compile(r"[ .\-_*|/,\u00a0\n]{2,}")
_SINGLE = re.compile(r"[ .\-_*|/,\u00a0\n]")
_WORD = re.compile(r"[a-z]{5,24}")
_RUN_TOGETHER = re.compile(r"[A-Za-z_]{20,}")
_HUMP = re.compile(r"_+|(?<=[a-z])(?=[A-Z])")
_LONGEST_RUN = 400
_SHORTEST_KNOWN, _LONGEST_KNOWN = 3, 16
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_BASE32 = re.compile(r"(?<![A-Z2-7])[A-Z2-7]{24,}={0,6}")
_HEX = re.compile(r"(?:(?:\\x|0x)?[0-9A-Fa-f]{2}[ :,]?){12,}")
_BINARY = re.compile(r"(?:[01]{8}[ ,]?){6,}")
_DECIMAL = re.compile(r"(?:\d{2,3}[ ,]{1,2}){10,}\d{2,3}")
_OCTAL = re.compile(r"(?:\\[0-3]?[0-7]{2}){8,}")
_PRINTABLE = re.compile(r"(?:=[0-9A-F]{2}){8,}")
_SELECTED = re.compile("[\U000e0100-\U000e01ef]{4,}")
_REGIONS = re.compile("(?:[\U0001f1e6-\U0001f1ff] ?){8,}")
_ASCII85 = re.compile(r"(?:<~)?[!-~]{50,}")
_ESCAPED = re.compile(r"(?:(?:\\u|U\+)\{?[0-9A-Fa-f]{4}\}?\s?){4,}")
_FOUR_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_MORSE = re.compile(r"(?:[.\-\u2212\u00b7]{1,6}[ /]{1,3}){12,}[.\-\u2212\u00b7]{0,6}")
_PERCENTS = 8
_LONGEST_DECODED = 8_000
"""Characters of one stretch."""
_NUMBERS = re.compile(r"[0-9]{2}|[\\0]x[0-9A-Fa-f]{2}")
_FIRST_TAG = 0xE0000
_FIRST_SELECTOR = 0xE0100
_FIRST_REGION = 0x1F1E6
_IN_MORSE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- "
    "-..- -.-- --.."
)
_MORSE_LETTERS = {code: chr(ord("a") + at) for at, code in enumerate(_IN_MORSE.split(" "))}


class Reading(NamedTuple):
    """A text in plain form."""

    text: str
    decoded: bool
    """Somebody has written it so that it is not read at once."""
    apart: bool = False
    """It is put together of stretches, and its parts are not those of the text."""


class Readings:
    """Reads texts in every way that they look like."""

    def __init__(self, words: Vocabulary, drawn: Mapping[int, str]) -> None:
        """Letters of other scripts are read as the ones that they are drawn like, too."""
        known = {w for w in words.words if len(w) > _SHORTEST_WORD and w.isascii()}
        self._vocabulary = words
        self._words = words.words
        # A stretch that nothing known begins like is no word, however long it is looked at.
        self._begin = frozenset(word[:_SHORTEST_KNOWN] for word in words.words)
        self._drawn = drawn
        self._changed = {
            change(word): way
            for way, change in _CHANGES.items()
            for word in known
            if change(word) not in known
        }

    def of(self, text: str) -> Iterator[Reading]:
        """Yield the text as it stands, then in every other way."""
        whole = plain(text)
        yield Reading(whole, decoded=False)
        if not text.isascii():
            drawn = whole.translate(_SMALL_CAPITALS).translate(self._drawn)
            if drawn != whole:
                yield Reading(drawn, decoded=True)
        if self.looks_shifted(whole):
            yield from (Reading(said, decoded=True) for said in self._shifted(whole))
        stars = sum(map(whole.count, _STARS))
        if stars >= _FEW_STARS and len(_STARRED.findall(whole)) >= _FEW_STARS:
            yield Reading(_STARRED.sub("", whole), decoded=True)
        ways = Counter(
            self._changed[word] for word in set(_WORD.findall(whole)) if word in self._changed
        )
        for way, _ in ways.most_common(1):
            if ways[way] >= _FEW:
                yield Reading(_CHANGES[_BACK[way]](whole), decoded=True)
        hidden = f" {BREAK} ".join(self._hidden_in(text))
        if hidden:
            yield Reading(plain(hidden), decoded=True, apart=True)

    def looks_shifted(self, whole: str) -> bool:
        """Tell whether digits and signs stand for letters here, more than by chance."""
        return sum(1 for _ in islice(_SHIFTED_DIGITS.finditer(whole), _FEW_DIGITS)) == _FEW_DIGITS

    def _shifted(self, whole: str) -> Iterator[str]:
        """Read digits and signs as letters, where any word is a known one by that.

        Else there is nothing to read that was not read before: a long text of ids and numbers.
        """
        # Of digits alone no words are made: they are numbers, and a stroke parts columns.
        words = [
            word
            for word in set(_WORD_WITH_SIGNS.findall(whole))
            if not word.isalpha() and _A_LETTER.search(word) is not None
        ]
        for letters in _FOR_LETTERS:
            for word in words:
                said = word.translate(letters)
                if said != word and self._vocabulary.brings(said, word):
                    yield whole.translate(letters)
                    break

    def _hidden_in(self, text: str) -> Iterator[str]:
        looks = looks_of(text)
        left = _MOST_DECODED
        for found in _decoded_in(text, looks):
            yield found
            left -= 1
            if not left:
                return
        spaced = _SPACED.finditer(text) if "spaced" in looks else iter(())
        for _ in range(min(left, _MOST_PARTED)):
            run = next(spaced, None)
            if run is None:
                break
            yield self._joined(run.group()[:_LONGEST_RUN].lower())
        if "run together" not in looks:
            return
        for run in islice(_RUN_TOGETHER.finditer(text), _MOST_PARTED):
            apart = _HUMP.sub(" ", run.group()[:_LONGEST_RUN]).lower()
            yield apart if " " in apart else self._parted(apart)

    def _joined(self, run: str) -> str:
        """Join letters that stand apart; where no word ends, the longest known words are taken."""
        words = (_SINGLE.sub("", word) for word in _GAP.split(run))
        return " ".join(self._parted(word) for word in words)

    def _parted(self, word: str) -> str:
        parts: list[str] = []
        at = 0
        while at < len(word):
            known = word[at : at + _SHORTEST_KNOWN] in self._begin
            for length in range(_LONGEST_KNOWN if known else 0, _SHORTEST_KNOWN - 1, -1):
                if word[at : at + length] in self._words:
                    parts.append(f" {word[at : at + length]} ")
                    break
            else:
                length = 1
                parts.append(word[at])
            at += length
        return "".join(parts)


def _decoded_in(text: str, looks: frozenset[str]) -> Iterator[str]:
    for pattern, decode in _ways_for(text, looks):
        for found in pattern.finditer(text):
            said = decode(found.group()[:_LONGEST_DECODED])
            if said is None:
                continue
            if pattern is _BASE64 and _BASE64.fullmatch(said.strip()):
                said = _base64(said.strip()) or said
            if _is_text(said):
                yield said
    if "&" in text and (unescaped := html.unescape(text)) != text:
        yield unescaped
    if text.count("%") >= _PERCENTS and (unquoted := urllib.parse.unquote(text)) != text:
        yield unquoted


def _is_text(said: str) -> bool:
    """Tell whether it is mostly letters."""
    letters = sum(map(str.isalpha, said)) + said.count(" ")
    return len(said) >= _SHORTEST_WORD * 2 and letters * 5 >= len(said) * 4


def _of_bytes(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _base64(said: str) -> str | None:
    bare = said.rstrip("=").translate(str.maketrans("-_", "+/"))
    bare = bare[: len(bare) - 1] if len(bare) % 4 == 1 else bare
    return _of_bytes(base64.b64decode(bare + "=" * (-len(bare) % 4)))


def _base32(said: str) -> str | None:
    bare = said.rstrip("=")
    try:
        return _of_bytes(base64.b32decode(bare + "=" * (-len(bare) % 8)))
    except binascii.Error:
        return None


def _hex(said: str) -> str | None:
    bare = re.sub(r"\\x|0x|[ :,]", "", said)
    return _of_bytes(bytes.fromhex(bare[: len(bare) // 2 * 2]))


def _binary(said: str) -> str | None:
    bare = re.sub("[ ,]", "", said)
    return _of_bytes(bytes(int(bare[at : at + 8], 2) for at in range(0, len(bare) - 7, 8)))


def _decimal(said: str) -> str | None:
    codes = [int(code) for code in re.findall(r"\d+", said)]
    return _of_bytes(bytes(codes)) if max(codes) < 0x100 else None


def _escaped(said: str) -> str:
    return "".join(chr(int(code, 16)) for code in _FOUR_HEX.findall(said))


def _tagged(said: str) -> str:
    return "".join(chr(ord(tag) - _FIRST_TAG) for tag in said)


def _morse(said: str) -> str:
    parts = said.replace("\u2212", "-").replace("\u00b7", ".").split(" ")
    return "".join(_MORSE_LETTERS.get(part, " ") for part in parts)


def _octal(said: str) -> str | None:
    return _of_bytes(bytes(int(code, 8) for code in said.split("\\")[1:]))


def _selected(said: str) -> str | None:
    return _of_bytes(bytes(ord(c) - _FIRST_SELECTOR + 16 for c in said))


def _regions(said: str) -> str:
    return "".join(chr(ord(c) - _FIRST_REGION + ord("a")) if c != " " else " " for c in said)


def _ascii85(said: str) -> str | None:
    for decode in (base64.a85decode, base64.b85decode):
        try:
            found = _of_bytes(decode(said.removeprefix("<~").removesuffix("~>").encode()))
        except ValueError:
            continue
        if found is not None and _is_text(found):
            return found
    return None


def _caesar(by: int) -> dict[int, int]:
    return {ord(first) + at: ord(first) + (at + by) % 26 for first in "aA" for at in range(26)}


def _by_table(table: dict[int, int]) -> Callable[[str], str]:
    return lambda text: text.translate(table)


def _turned(text: str) -> str:
    return text[::-1]


_MIRRORED = {ord("a") + at: ord("z") - at for at in range(26)}
_CHANGES: dict[str, Callable[[str], str]] = {
    "turned": _turned,
    "mirrored": _by_table(_MIRRORED),
} | {f"shifted by {by}": _by_table(_caesar(by)) for by in range(1, 26)}
"""A change is undone by another one: a shift by the one that fills the alphabet."""
_BACK = {"turned": "turned", "mirrored": "mirrored"} | {
    f"shifted by {by}": f"shifted by {26 - by}" for by in range(1, 26)
}

_Way = tuple[re.Pattern[str], Callable[[str], str | None]]
_IN_LONG_WORDS: dict[str, _Way] = {
    "base64": (_BASE64, _base64),
    "base32": (_BASE32, _base32),
    "ascii85": (_ASCII85, _ascii85),
}
_IN_NUMBERS: dict[str, _Way] = {
    "hex": (_HEX, _hex),
    "binary": (_BINARY, _binary),
    "decimal": (_DECIMAL, _decimal),
}
_ESCAPES: tuple[_Way, ...] = ((_ESCAPED, _escaped), (_OCTAL, _octal))
_IN_SIGNS: tuple[_Way, ...] = ((_TAGS, _tagged), (_SELECTED, _selected), (_REGIONS, _regions))


def patterns_by_look() -> dict[str, re.Pattern[str]]:
    """Return the patterns that are tried only where `sign_looks` saw the look of them."""
    ways = {**_IN_LONG_WORDS, **_IN_NUMBERS, "morse": (_MORSE, _morse)}
    apart = {"spaced": _SPACED, "run together": _RUN_TOGETHER}
    return {look: pattern for look, (pattern, _) in ways.items()} | apart


def _ways_for(text: str, looks: frozenset[str]) -> Iterator[_Way]:
    """Yield the ways that a text may be written in, by its looks or at the cost of a look each."""
    yield from (way for look, way in _IN_LONG_WORDS.items() if look in looks)
    if not looks.isdisjoint(_IN_NUMBERS) and _NUMBERS.search(text) is not None:
        yield from (way for look, way in _IN_NUMBERS.items() if look in looks)
    if "\\" in text or "U+" in text:
        yield from _ESCAPES
    if text.count("=") >= _PERCENTS:
        yield _PRINTABLE, lambda said: _hex(said.replace("=", ""))
    if not text.isascii():
        yield from _IN_SIGNS
    if "morse" in looks:
        yield _MORSE, _morse
