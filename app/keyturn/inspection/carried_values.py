"""Owns which texts among a call's arguments could be a value that was read before.

Looked at are whole leaves, what the finder of secrets finds in them, and their words, cut at what
stands around values in headers, addresses, assignments and JSON; the same in what is decoded from
base64, hexadecimal and percent signs. What stands in the middle of a longer word, or is put
together from two arguments, is not found.
"""

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from keyturn.application.ports.inspection import Carried
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.flow import LONGEST, SHORTEST, told_form
from keyturn.domain.json_pointer import escaped
from keyturn.inspection.encoded_text import text_in_base64
from keyturn.inspection.secrets import MOST_ON_THE_LOOP, cuts_in
from keyturn.inspection.trace_text import holds_more_than

MOST_CHARACTERS = 256 * 1024
"""Of all leaves of a call."""
MOST_VALUES = 20_000
"""Values and containers among the arguments."""
MOST_WORDS = 20_000
"""That are compared, decoded ones included."""
_DEEPEST = 2
"""How often in each other values are decoded."""
_LEAST_ENCODED = 16
_WORD = re.compile(r"""[^\s"'`<>(){}\[\],;|]+""")
_PART = re.compile(r"[^=:&?@#]+")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")


class ArgumentValues:
    """`CarriedValues` over the texts of arguments."""

    def read(self, arguments: JsonObject, lengths: frozenset[int]) -> Carried:
        """Return what is as long as a value that is known, in its told form, with its place."""
        if holds_more_than(arguments, MOST_VALUES):
            return Carried(incomplete=True)
        found: list[tuple[str, str]] = []
        characters = words = 0
        for path, text in _texts(arguments):
            characters += len(text)
            if characters > MOST_CHARACTERS:
                return Carried(tuple(found), incomplete=True)
            for word in _words(text, _DEEPEST):
                words += 1
                if words > MOST_WORDS:
                    return Carried(tuple(found), incomplete=True)
                form = told_form(word) if len(word) <= 2 * LONGEST else ""
                if len(form) in lengths:
                    found.append((path, form))
        return Carried(tuple(found))


def _texts(arguments: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield every text with its pointer, and every key with that of what it is in.

    The pointer to a key would hold the key, which is then written down.
    """
    waiting: list[tuple[str, JsonValue]] = [("", arguments)]
    while waiting:
        path, value = waiting.pop()
        match value:
            case dict():
                yield from ((path, key) for key in value)
                waiting += ((f"{path}/{escaped(key)}", item) for key, item in value.items())
            case list():
                waiting += ((f"{path}/{number}", item) for number, item in enumerate(value))
            case str():
                yield path, value
            case _:
                pass


def _words(text: str, deeper: int) -> Iterator[str]:
    if len(text) < SHORTEST:
        return
    yield text
    raw = text.encode("utf-8", "replace")
    for cut in cuts_in(raw, MOST_ON_THE_LOOP) or ():
        yield raw[cut.start : cut.end].decode("utf-8", "replace")
    for match in _WORD.finditer(text):
        word = match[0]
        if len(word) >= SHORTEST:
            yield from _forms(word, deeper)


def _forms(word: str, deeper: int) -> Iterator[str]:
    """Yield a word, its parts, and what of both is written in another way."""
    yield word
    parts = [part for part in _PART.findall(word) if part != word and len(part) >= SHORTEST]
    yield from parts
    if deeper:
        for written in (word, *parts):
            for decoded in _decoded(written):
                yield from _words(decoded, deeper - 1)


def _decoded(word: str) -> Iterator[str]:
    if "%" in word and (plain := unquote(word)) != word:
        yield plain
    if len(word) < _LEAST_ENCODED or len(word) > 2 * LONGEST:
        return
    inner = text_in_base64(word)
    if inner is not None:
        yield inner
    if _HEX.fullmatch(word):
        try:
            yield binascii.unhexlify(word).decode()
        except ValueError:
            return
