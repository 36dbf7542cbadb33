"""Owns the tokens whose telling part stands in the middle or at the end, found from there.

A pattern that began with what stands before it would begin at every letter of a text. The facts
are those that gitleaks' rules state (MIT); the notation is ours.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from keyturn.inspection.secret_kinds import Finder, Kind, Span, engine, tail_of


class _Rarity(NamedTuple):
    kind: str
    trigger: str
    pattern: bytes
    """The rare part first, then what must stand before it, then what follows."""
    before: int
    """Bytes of the token that stand before the rare part."""


_RARITIES = (
    _Rarity("Azure secret", "Q~", rb"Q~(?<=[\w~.]{3}[0-9]Q~)[\w~.-]{31}", 4),
    _Rarity(
        "Terraform token",
        r"\.atlasv1\.",
        rb"\.atlasv1\.(?<=[A-Za-z0-9]{14}\.atlasv1\.)[\w=-]{60}",
        14,
    ),
    _Rarity("MaxMind key", "_mmk", rb"_mmk(?<=[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)", 36),
    _Rarity("Facebook token", r"\|", rb"\|(?<=[0-9]{15}\|)[\w-]{27}", 15),
    _Rarity("Facebook token", "[0-9]%", rb"%(?<=[0-9]{15}%)[\w-]{27}", 15),
)
_PRIVATE = r"-----BEGIN[ \w-]*PRIVATE KEY[ A-Z]*-----[^\"']*?KEY[ A-Z]*-----"
# The second part of a web token with its signature, whatever the first one says of itself.
_CLAIMS = re.compile(rb"\.ey[\w/\\-]{17,}\.[\w/\\-]*={0,2}", re.ASCII)
_HEADER = re.compile(rb"ey[A-Za-z0-9]{17}")
_TOKEN_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=\\/+"
_LONGEST_HEADER = 1024
_ACCESS = re.compile(rb"\.acc[_-][A-Za-z0-9-]{10,32}\.[\w+/=-]{30,}", re.ASCII)
_CLIENT = re.compile(rb"(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\Z")
_LONGEST_CLIENT = len("authress_") + 30 + 1 + 6


def _rare(rarity: _Rarity, compiled: re.Pattern[bytes], data: bytes) -> Iterator[Span]:
    for match in compiled.finditer(data):
        end = tail_of(data, match.end())
        yield Span(match.start() - rarity.before, end, rarity.kind)


def _unread_web_tokens(data: bytes) -> Iterator[Span | None]:
    for match in _CLAIMS.finditer(data):
        window = data[max(0, match.start() - _LONGEST_HEADER) : match.start()]
        start = match.start() - len(window) + len(window.rstrip(_TOKEN_BYTES))
        begins = _HEADER.match(data, start, match.start())
        yield Span(start, tail_of(data, match.end()), "web token") if begins is not None else None


def _client_keys(data: bytes) -> Iterator[Span | None]:
    for match in _ACCESS.finditer(data):
        first = max(0, match.start() - _LONGEST_CLIENT)
        before = _CLIENT.search(data[first : match.start()])
        yield Span(first + before.start(), match.end(), "Authress key") if before else None


def _private_keys(data: bytes) -> Iterator[Span]:
    for match in engine(_PRIVATE).finditer(data):
        yield Span(*match.span(0), "private key")


def _finder(rarity: _Rarity) -> Finder:
    return partial(_rare, rarity, re.compile(rarity.pattern, re.ASCII))


RARITIES = (
    *(Kind(triggers=(each.trigger,), finders=(_finder(each),)) for each in _RARITIES),
    Kind(triggers=(r"\.ey",), finders=(_unread_web_tokens,)),
    Kind(triggers=(r"\.acc[_-]",), finders=(_client_keys,)),
    Kind(triggers=("PRIVATE KEY",), finders=(_private_keys,)),
)
