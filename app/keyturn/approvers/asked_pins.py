"""Owns what a PIN was asked for: exactly these changes, under exactly the sentence a person read.

A PIN carries out nothing else. More than was listed, other than was listed, or the same where what
it does has changed since is asked for anew, and no try is spent on it.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from msgspec import structs

from keyturn.application.console_protocol import (
    Decide,
    Intent,
    Pong,
    decode_from_window,
    encode_line,
)
from keyturn.application.edit_messages import EditCall
from keyturn.application.pin_messages import TOGETHER, WithPin
from keyturn.application.window_messages import OfWindow

_MOST: Final = 500
"""What is asked for and never typed is forgotten beyond this, the oldest first."""
Carried = Sequence[Decide | Intent]
Say = Callable[[Carried, bool], str]
"""Says what changes are, and that they take the PIN, or those of both persons."""


class AskedPins:
    """Remembers what a PIN was asked for while the broker runs; the PIN itself never comes here."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._asked: dict[bytes, tuple[str, bool]] = {}
        """The sentence and whether it takes both persons, by what it is for."""

    def ask(self, carried: Carried, *, both: bool) -> str:
        """Return what a PIN for these is asked with, and know it from now on."""
        key, sentence = _key(carried), self._say(carried, both)
        self._asked.pop(key, None)
        while len(self._asked) >= _MOST:
            self._asked.pop(next(iter(self._asked)))
        self._asked[key] = (sentence, both)
        return sentence

    def holds(self, carried: Carried) -> bool:
        """Tell whether a PIN was asked for these, with what is true of them now."""
        sentence, both = self._asked.get(_key(carried), ("", False))
        return bool(sentence) and self._say(carried, both) == sentence

    def typed_under(self, decide: Decide, *, both: bool) -> bool:
        """Tell whether its PIN was typed under the very words that this asks for it with."""
        return bool(decide.said) and decide.said == self._say((decide,), both)

    def together(self, carried: Carried) -> bool | None:
        """Tell whether these take both persons; None where they cannot go with one PIN.

        Each has to have been found to take it by itself.
        """
        if not 1 < len(carried) <= TOGETHER:
            return None
        each = [self._asked.get(_key((one,))) for one in carried]
        known = [one for one in each if one is not None]
        return any(both for _, both in known) if len(known) == len(each) else None


_NO_INTENTS = Pong | WithPin | EditCall | OfWindow


def carried_by(message: WithPin) -> tuple[Decide | Intent, ...]:
    """Return what a PIN came with; nothing where any of it is no such thing."""
    lines = (message.intent, *message.more)
    read = [decode_from_window(line.encode("utf-8", "surrogatepass")) for line in lines]
    carried = tuple(one for one in read if one and not isinstance(one, _NO_INTENTS))
    return carried if len(carried) == len(read) else ()


def _key(carried: Carried) -> bytes:
    digest = sha256()
    for one in carried:
        digest.update(encode_line(_bare(one)))
    return digest.digest()


def _bare(one: Decide | Intent) -> Decide | Intent:
    """Return what it would do; of an answer not how it was typed, or how long it was looked at."""
    if not isinstance(one, Decide):
        return structs.replace(one, n=0)
    return Decide(
        n=0,
        id=one.id,
        digest=one.digest,
        allow=one.allow,
        tier=one.tier,
        labels=one.labels,
        hide=one.hide,
    )
