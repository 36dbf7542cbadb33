"""Owns when one name can be taken for another one: as it is drawn, spelt, typed or put in order.

Drawn: letters of other scripts (Unicode's confusables), width, case, unseen characters, digits for
letters. Spelt: `_`, `-` and camelCase. Typed: one letter more, less, other or swapped. That two
names differ in one real word each (`get_page`, `set_page`), or in a plural, is no mistyping.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from keyturn.domain.errors import ConfigurationError
from keyturn.domain.slip import one_edit_apart
from keyturn.inspection.hidden import BIDI, ZERO_WIDTH

SHORTEST_MISTYPED = 6
"""Letters of a name that one edit makes another one; of shorter ones too many are near."""
LONGEST_COMPARED = 128
"""Characters of a name that are compared; the specification allows no longer names."""
_UNSEEN = re.compile(f"[{ZERO_WIDTH}{BIDI}\x00-\x1f\x7f-\x9f]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_FOR_LETTERS = str.maketrans("01i|34578$@!", "ollleastbsal")
_JOINED = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_STROKED = dict(zip(map(ord, "øđłħŧɨƀɍɇɉʉƚɗɓƙɖɲŋɾƭ"), "odlhtibrejuldbkdnnrt", strict=True))
"""Letters with a stroke or a hook, which no normalising takes off."""


class Known(NamedTuple):
    """A name, and whose it is."""

    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How letters are drawn, and of which words names are made."""

    drawn: Mapping[int, str]
    """The ASCII letter that each letter of another script looks like."""
    words: frozenset[str] = frozenset()
    """Real words: one in the place of another is another name, not a mistyped one."""

    def plain_form(self, name: str) -> str:
        """Return what is left of a name to a hasty eye; the same for names that look the same."""
        seen = _UNSEEN.sub("", name[:LONGEST_COMPARED])
        if not seen.isascii():
            normal = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", seen))
            bare = "".join(c for c in normal if unicodedata.category(c)[0] != "M")
            seen = bare.translate(self.drawn)
        plain = "".join(c for c in seen.casefold().translate(_FOR_LETTERS) if c.isalnum())
        for drawn, meant in _JOINED:
            plain = plain.replace(drawn, meant)
        return plain

    def in_order(self, name: str) -> tuple[str, ...]:
        """Return a name's words in an order that all names of the same words have."""
        return tuple(sorted(map(self.plain_form, _words_of(name)))) or (self.plain_form(name),)

    def other_words(self, name: str, other: str) -> bool:
        """Tell whether two names differ in words that are both words, or in a plural."""
        one, two = _words_of(name), _words_of(other)
        if len(one) != len(two):
            return False
        differing = [(a, b) for a, b in zip(one, two, strict=True) if a != b]
        return all(
            f"{a}s" == b or f"{b}s" == a or (a in self.words and b in self.words)
            for a, b in differing
        )


def read_alphabet(file: Path, words: frozenset[str]) -> Alphabet:
    """Read `alike_letters.toml`; raises ConfigurationError when it is not what it should be."""
    drawn: dict[int, str] = {}
    for letter, alike in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if not isinstance(alike, str) or len(letter) != 1:
            raise ConfigurationError(
                f"The table {file.name} cannot be used.",
                cause=f"{letter} has no text of letters.",
                mend="Install Keyturn again.",
            )
        drawn |= dict.fromkeys(map(ord, alike), letter)
    return Alphabet(_in_both_cases(drawn), words)


def _in_both_cases(drawn: Mapping[int, str]) -> dict[int, str]:
    """Add the other case of each letter: it reads as the same one to whoever knows the script."""
    others = {
        ord(other): letter
        for code, letter in drawn.items()
        for other in (chr(code).lower(), chr(code).upper())
        if len(other) == 1 and not other.isascii()
    }
    return {**others, **_STROKED, **drawn}


class NameIndex:
    """Names to compare others with; each look costs what its own name is long, not how many."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._owners: dict[str, set[str]] = {}
        self._plain: dict[str, list[Known]] = {}
        self._ordered: dict[tuple[str, ...], list[Known]] = {}
        self._near: dict[str, list[Known]] = {}

    def add(self, name: str, owner: str) -> None:
        """Take in a name."""
        owners = self._owners.setdefault(name, set())
        if owner in owners:
            return
        owners.add(owner)
        known, plain = Known(name, owner), self._alphabet.plain_form(name)
        self._plain.setdefault(plain, []).append(known)
        self._ordered.setdefault(self._alphabet.in_order(name), []).append(known)
        for near in _with_one_less(plain):
            self._near.setdefault(near, []).append(known)

    def owners_of(self, name: str) -> set[str]:
        """Return who has exactly this name."""
        return self._owners.get(name, set())

    def resembled(self, name: str, owner: str) -> Known | None:
        """Return another name that this one could be taken for.

        One that its owner has, too, only where the two look the same: the tools of one server
        often differ in a letter.
        """
        plain = self._alphabet.plain_form(name)
        others = [known for known in self._plain.get(plain, ()) if known.name != name]
        if others:
            return others[0]
        for known in self._ordered.get(self._alphabet.in_order(name), ()):
            if known.owner != owner and known.name != name:
                return known
        for known in self._mistyped(name, plain):
            if known.owner != owner and known.name != name:
                return known
        return None

    def _mistyped(self, name: str, plain: str) -> Iterator[Known]:
        for near in _with_one_less(plain):
            for known in self._near.get(near, ()):
                other = self._alphabet.plain_form(known.name)
                if _mistyped(plain, other) and not self._alphabet.other_words(name, known.name):
                    yield known


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name[:LONGEST_COMPARED])]


def _with_one_less(plain: str) -> Iterator[str]:
    """Yield the name itself and each that lacks one letter: two near names share one of these."""
    if len(plain) >= SHORTEST_MISTYPED - 1:
        yield plain
        yield from {plain[:at] + plain[at + 1 :] for at in range(len(plain))}


def _mistyped(plain: str, other: str) -> bool:
    return max(len(plain), len(other)) >= SHORTEST_MISTYPED and one_edit_apart(plain, other)
