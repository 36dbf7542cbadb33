"""Makes look-alikes of genuine names by stated means, the same ones each time."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

FILE = Path(__file__).parent / "names" / "genuine_tool_names.txt"
_CYRILLIC = dict(zip("aceopxyikmtbgs", "асеорхуікмтвԍѕ", strict=True))
_GREEK = dict(zip("ovuaikptxye", "ονυαικρτχγε", strict=True))
_STROKED = dict(zip("odlhtkbn", "øđłħŧƙɓɲ", strict=True))
_DIGITS = dict(zip("oliest", "011357", strict=True))
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
LONG_ENOUGH = 6
"""Letters that a name has of which mistyped ones are made."""


class LookAlike(NamedTuple):
    """A name made of a genuine one."""

    kind: str
    genuine: str
    name: str


def genuine_names() -> list[tuple[str, str]]:
    """Return (server, name) of every genuine tool."""
    rows: list[tuple[str, str]] = []
    server = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            server = line.strip("[]")
        elif line and not line.startswith("#"):
            rows.append((server, line))
    return rows


def look_alikes(count: int, *, seed: int) -> list[LookAlike]:
    """Return so many look-alikes, of every kind in turn."""
    chance = random.Random(seed)
    names = [name for _, name in genuine_names() if len(name) >= LONG_ENOUGH]
    taken = set(names)
    made: list[LookAlike] = []
    kinds = list(KINDS)
    while len(made) < count:
        kind = kinds[len(made) % len(kinds)]
        genuine = chance.choice(names)
        name = KINDS[kind](genuine, chance)
        if name not in taken:
            taken.add(name)
            made.append(LookAlike(kind, genuine, name))
    return made


def _replaced(name: str, table: Mapping[str, str], chance: random.Random) -> str:
    places = [at for at, letter in enumerate(name) if letter in table]
    if not places:
        return name
    at = chance.choice(places)
    return name[:at] + table[name[at]] + name[at + 1 :]


def _of_another_script(name: str, chance: random.Random) -> str:
    return _replaced(name, chance.choice((_CYRILLIC, _GREEK, _STROKED)), chance)


def _with_digits(name: str, chance: random.Random) -> str:
    return _replaced(name, _DIGITS, chance)


def _in_other_case(name: str, chance: random.Random) -> str:
    at = chance.choice([at for at, letter in enumerate(name) if letter.isalpha()])
    return name[:at] + name[at].swapcase() + name[at + 1 :]


def _full_width(name: str, chance: random.Random) -> str:
    at = chance.choice([at for at, letter in enumerate(name) if letter.isalnum()])
    return name[:at] + chr(ord(name[at]) + 0xFEE0) + name[at + 1 :]


def _with_unseen(name: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(name))
    return name[:at] + chance.choice(_UNSEEN) + name[at:]


def _with_mark(name: str, chance: random.Random) -> str:
    at = chance.choice([at for at, letter in enumerate(name) if letter.isalpha()])
    return name[: at + 1] + chance.choice("\u0301\u0323\u0307") + name[at + 1 :]


def _joined_otherwise(name: str, chance: random.Random) -> str:
    words = name.replace("-", "_").split("_")
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    return chance.choice((camel, "-".join(words), "".join(words), ".".join(words)))


def _reordered(name: str, chance: random.Random) -> str:
    words = name.split("_")
    chance.shuffle(words)
    return "_".join(words)


def _letter_less(name: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(name) - 1)
    return name[:at] + name[at + 1 :]


def _letter_more(name: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(name) - 1)
    return name[:at] + name[at] + name[at:]


def _letter_other(name: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(name) - 1)
    return name[:at] + chance.choice("bdfghkmnpqrtvwz") + name[at + 1 :]


def _letters_swapped(name: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(name) - 2)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _drawn_alike(name: str, chance: random.Random) -> str:
    old, new = chance.choice((("m", "rn"), ("w", "vv"), ("l", "I"), ("i", "l")))
    return name.replace(old, new, 1)


KINDS: Mapping[str, Callable[[str, random.Random], str]] = MappingProxyType(
    {
        "a letter of another script": _of_another_script,
        "a digit for a letter": _with_digits,
        "another case": _in_other_case,
        "full width": _full_width,
        "an unseen character": _with_unseen,
        "a mark on a letter": _with_mark,
        "joined otherwise": _joined_otherwise,
        "words in another order": _reordered,
        "a letter less": _letter_less,
        "a letter twice": _letter_more,
        "another letter": _letter_other,
        "two letters swapped": _letters_swapped,
        "letters drawn alike": _drawn_alike,
    }
)
