"""Owns which characters a person does not see in a text: it counts them, or takes them out.

Sets: Unicode 15 `DerivedCoreProperties.txt` (Default_Ignorable_Code_Point), UTS #51 (emoji
sequences), ECMA-48 (escape sequences).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

MOST_FOUND = 50_000
"""Unseen characters, escape sequences and emoji that are looked at one by one (about 15 ms)."""
ZERO_WIDTH = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Draw nothing: zero-width characters, fillers, variation selectors, tags."""
BIDI = "\u202a-\u202e\u2066-\u2069"
"""Reorder their neighbours."""
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SEPARATORS = "\u2028\u2029\ufff9-\ufffb"
_NO_CHARACTERS = "\ud800-\udfff"
# A picture with its selector and skin tone, joined to others; the three flags spelt in tags.
_PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe"
    "\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_ONE_EMOJI = f"[{_PICTURES}][\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
_FLAG_TAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region)
    for region in ("gbeng", "gbsct", "gbwls")
)
_EMOJI = (
    f"\U0001f3f4(?:{_FLAG_TAGS})\U000e007f"
    f"|(?<=[0-9#*])\ufe0f\u20e3|{_ONE_EMOJI}(?:\u200d{_ONE_EMOJI})*"
)
# Joiners shape letters of these scripts, so between two such letters they are seen.
_JOINING = (
    "\u0600-\u07ff\u0840-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u18af\ua840-\ua87f"
)
_SHAPED = f"(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])"
# A set of letters of the Mongolian script picks its forms with selectors of its own.
_MONGOLIAN = "(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]"
_ESCAPE = "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)"
_UNSEEN = f"{_CONTROLS}{ZERO_WIDTH}{BIDI}{_SEPARATORS}{_NO_CHARACTERS}"
_PATTERN = re.compile(f"(?:{_EMOJI}|{_SHAPED}|{_MONGOLIAN})|(?P<hidden>{_ESCAPE}|[{_UNSEEN}])")
_FIRST = re.compile(f"[{_PICTURES}{_UNSEEN}]")
"""What every match of the pattern begins with: a set alone is looked for twenty times as fast."""
_FIRST_OF_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MAYBE = re.compile(f"[{_UNSEEN}]")
_NESTED = re.compile(f"[{_CONTROLS}{ZERO_WIDTH}{BIDI}{_SEPARATORS}]")
_ROUNDS = 4
_ASCII = bytes(code for code in range(0x80) if _MAYBE.match(chr(code)))


def hidden_in(text: str) -> int:
    """Count the characters of `text` that a person would not see, whole escape sequences included.

    Line feed, tab and carriage return do not count, nor do joiners and selectors where emoji and
    joining scripts need them.
    """
    return hidden_in_all((text,))


def hides_any(text: str) -> bool:
    """Tell whether a text holds one at all, which is known sooner than how many there are."""
    return any(_places(text))


def hidden_in_all(texts: Iterable[str]) -> int:
    """Count them in several texts; the count ends after `MOST_FOUND` places that had to be read."""
    places = chain.from_iterable(map(_places, filter(may_hide, texts)))
    return sum(islice(places, MOST_FOUND))


def places_to_read(text: str) -> int:
    """Count the places at which `without_hidden` would have to look more closely."""
    return len((_FIRST_OF_ASCII if text.isascii() else _FIRST).findall(text))


def without_hidden(text: str) -> tuple[str, int]:
    """Take out what a person would not see; also return how many characters that were.

    What is taken out may leave an escape sequence or a joined emoji behind that was none before:
    it is looked at again until nothing is left to take. Half a surrogate pair, which no character
    is, hides nothing and stays.
    """
    removed = 0
    for _ in range(_ROUNDS):
        if not may_hide(text):
            return text, removed
        left = _PATTERN.sub(_seen, text)
        if len(left) == len(text):
            return text, removed
        removed += len(text) - len(left)
        text = left
    # Whoever nests so deep means to: every character of the sets goes, emoji or not.
    left = _NESTED.sub("", text)
    return left, removed + len(text) - len(left)


def _seen(found: re.Match[str]) -> str:
    hidden = found["hidden"]
    return "" if hidden is not None and not "\ud800" <= hidden <= "\udfff" else found[0]


def _places(text: str) -> Iterator[int]:
    """Yield for each place in question how many characters there are unseen."""
    search = (_FIRST_OF_ASCII if text.isascii() else _FIRST).search
    first = search(text)
    while first is not None:
        # What begins with a character of the set is matched, if only as that character.
        found = _PATTERN.match(text, first.start()) or first
        yield len(found["hidden"] or "") if found.re is _PATTERN else 0
        first = search(text, found.end())


def may_hide(text: str) -> bool:
    """Tell, at the cost of one look for a set, whether a text could hold any."""
    if text.isascii():
        return not text.isprintable() and len(text.encode().translate(None, _ASCII)) < len(text)
    return _MAYBE.search(text) is not None
