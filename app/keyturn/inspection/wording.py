"""Owns which words of a definition are marked for the person who reviews it, and where they stand.

Lists of words as data, and three shapes: blank stretches, long encoded ones, addresses. Texts are
folded as for tracing, so neither case, width, unseen characters nor line ends hide a word; and read
once more with every letter as the ASCII one that it is drawn like.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.finding import LONGEST_WORDS, Finding, FindingKind
from keyturn.domain.json_pointer import escaped
from keyturn.inspection.folding import fold
from keyturn.inspection.signs import SignReader, read_signs

MOST_READ = 64 * 1024
"""Characters of a definition that are read, as many as it may have bytes."""
MOST_READ_FOR_SIGNS = 2 * 1024
"""Characters of one text of a definition; a description is shorter."""
_SHORTEST_READ = 24
MOST_FINDINGS = 12
"""Of one definition; who has more has been marked enough."""
_GAP = 40
"""Characters that may stand where a phrase has its star."""
_MOST_STARTS = 200
_LISTED = (FindingKind.ORDER, FindingKind.SECRECY, FindingKind.KEY_PATH)
_PLAIN_SIGNS = {0x2018: "'", 0x2019: "'", 0x02BC: "'", 0x00B4: "'", 0x2800: " "}
"""Other signs for an apostrophe, and a blank that counts as none (U+2800)."""
_BLANK = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]{40,}|(?:\r?\n[ \t]*){8,}")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{100,}={0,2}")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}]{3,300}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to look for; between its parts up to `_GAP` characters may stand."""

    kind: FindingKind
    parts: tuple[str, ...]

    def found_in(self, folded: str) -> str:
        """Return the words as they stand in a folded text; empty where they do not."""
        first, *rest = self.parts
        start = folded.find(first)
        for _ in range(_MOST_STARTS):
            if start < 0:
                return ""
            end = _end(folded, start + len(first), rest)
            if end and _apart(folded, start, end):
                return folded[start:end]
            start = folded.find(first, start + 1)
        return ""


class SuspiciousWords:
    """The phrases of `resources/suspicious_words.toml`."""

    def __init__(
        self,
        phrases: tuple[Phrase, ...],
        drawn: Mapping[int, str],
        signs: SignReader | None = None,
    ) -> None:
        """With `signs` texts are read for orders as results are, too."""
        self._phrases = phrases
        self._drawn = drawn
        self._signs = signs

    def found_in(self, definition: JsonObject) -> Iterator[Finding]:
        """Yield what is found, text by text; every kind is said once of a text."""
        left = MOST_READ
        for place, text in _texts(definition, ""):
            yield from self._in_text(text[:left], place)
            left -= len(text)
            if left <= 0:
                return

    def _in_text(self, text: str, place: str) -> Iterator[Finding]:
        folded = fold(text.translate(_PLAIN_SIGNS))
        said: set[FindingKind] = set()
        for reading in dict.fromkeys((folded, folded.translate(self._drawn))):
            for phrase, words in self._spoken(reading):
                if phrase.kind not in said:
                    said.add(phrase.kind)
                    yield _finding(phrase.kind, words, place)
        if (
            FindingKind.ORDER not in said
            and self._signs is not None
            and len(text) >= _SHORTEST_READ
        ):
            sign = self._signs.sign_in(text[:MOST_READ_FOR_SIGNS])
            if sign is not None:
                yield _finding(FindingKind.ORDER, sign.words, place)
        blank = _BLANK.search(text)
        if blank is not None and text[blank.end() :].strip():
            after = text[blank.end() :].strip()
            yield _finding(FindingKind.PADDING, after, place)
        if (encoded := _ENCODED.search(text)) is not None:
            yield _finding(FindingKind.ENCODED, encoded.group(), place)
        if (address := _ADDRESS.search(text)) is not None:
            yield _finding(FindingKind.ADDRESS, address.group(), place)

    def _spoken(self, folded: str) -> Iterator[tuple[Phrase, str]]:
        for phrase in self._phrases:
            words = phrase.found_in(folded)
            if words:
                yield phrase, words


def read_suspicious_words(
    file: Path, drawn: Mapping[int, str], signs: SignReader | None = None
) -> SuspiciousWords:
    """Read the list; `drawn` is an alphabet's, `signs` whoever has read those of it already.

    Raises ConfigurationError for an unusable file.
    """
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    phrases = (p for kind in _LISTED for p in _phrases(file, kind, data.get(kind.value)))
    if signs is None and "signs" in data:
        signs = read_signs(file, drawn)
    return SuspiciousWords(tuple(phrases), drawn, signs)


def _phrases(file: Path, kind: FindingKind, rows: object) -> Iterator[Phrase]:
    if not isinstance(rows, list):
        raise _unusable(file, f"{kind} is no list")
    for row in cast("list[object]", rows):
        parts = tuple(fold(part) for part in row.split("*")) if isinstance(row, str) else ()
        if not parts or not all(parts):
            raise _unusable(file, f"{kind} has an entry that is no phrase")
        yield Phrase(kind, parts)


def _unusable(file: Path, cause: str) -> ConfigurationError:
    return ConfigurationError(
        f"The list {file.name} cannot be used.", cause=f"{cause}.", mend="Install Keyturn again."
    )


def _end(folded: str, at: int, rest: list[str]) -> int:
    """Return where a phrase ends whose first part ends `at`; 0 where it does not go on."""
    for part in rest:
        found = folded.find(part, at, at + _GAP + len(part))
        if found < 0:
            return 0
        at = found + len(part)
    return at


def _apart(folded: str, start: int, end: int) -> bool:
    """Tell whether words of ASCII letters are not the inside of longer ones."""
    before, after = folded[start - 1 : start], folded[end : end + 1]
    opens = not (_is_letter(before) and _is_letter(folded[start]))
    return opens and not (_is_letter(after) and _is_letter(folded[end - 1]))


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _texts(value: JsonValue, place: str) -> Iterator[tuple[str, str]]:
    """Yield every text with its JSON Pointer, keys with that of what they name."""
    stack: list[tuple[str, JsonValue]] = [(place, value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, str):
            yield at, item
        elif isinstance(item, dict):
            inner = [(f"{at}/{escaped(key)}", one) for key, one in item.items()]
            yield from ((where, key) for (where, _), key in zip(inner, item, strict=True))
            stack.extend(reversed(inner))
        elif isinstance(item, list):
            stack.extend(reversed([(f"{at}/{n}", one) for n, one in enumerate(item)]))


def _finding(kind: FindingKind, words: str, place: str) -> Finding:
    return Finding(kind=kind, words=words[:LONGEST_WORDS], place=place[:LONGEST_WORDS])
