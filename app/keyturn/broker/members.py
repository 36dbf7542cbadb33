"""Owns the members of one JSON object as raw bytes: decoded, and found again in their text.

Programs in use write and read a little more than JSON: NaN, infinities, halves of surrogate pairs.
What holds such is passed on and must be understood all the same; it is replaced for reading only.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec import Raw

NOTHING = Raw(b"")
BOM = b"\xef\xbb\xbf"

_members = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_KEY = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_COMPARED_WHOLE = 64 * 1024
"""Bytes up to which comparing with a re-spelling is cheaper than walking along the text."""
_NON_FINITE = re.compile(rb"(?<=[\[:,\s])-?(?:NaN|Infinity)(?=[\],}\s])")
_SURROGATE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_AFTER = (b",", b"}")
_TEXT_MARK = rb"\1\\ufdd0"
"""Stands for half a surrogate pair: a code point that is no character."""


class _Place(NamedTuple):
    """Where one member stands in its text."""

    key: str
    name: slice
    value: slice


def members_of(value: Raw | bytes) -> dict[str, Raw] | None:
    """Decode one object's members as raw values; None when it is no object."""
    try:
        return _members(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def tolerated(text: bytes) -> bytes:
    """Replace what is beyond JSON by something within it, of the same length."""
    return _NON_FINITE.sub(_number_mark, _SURROGATE.sub(_TEXT_MARK, text))


def holds_more_values(text: bytes, most: int) -> bool:
    """Tell whether a JSON text has more values than so many, by counts that are cheap to make."""
    if _separators(text) <= most:
        return False
    return _separators(_STRING.sub(b"", text)) > most


def members_as_sent(value: Raw | bytes) -> dict[str, Raw]:
    """Decode one object's members as raw values, and leave in them what is beyond JSON.

    Raises msgspec.DecodeError when it is no object, or one that has a key twice besides.
    """
    members = members_of(value)
    if members is not None:
        return members
    text = bytes(value).removeprefix(BOM)
    readable = tolerated(text)
    members = _members(readable)
    places = list(_places(readable, members))
    if repeats_a_key(readable, members):
        raise msgspec.DecodeError("the object has the same key twice")
    return {json.loads(text[place.name]): Raw(text[place.value]) for place in places}


def place_of(value: bytes, text: bytes) -> int:
    """Find a value's bytes in a text, wherever they stand first; -1 where they do not.

    Looking for 60 MB in one go first studies all of them.
    """
    at = text.find(value[:_COMPARED_WHOLE])
    return at if at < 0 or text.startswith(value, at) else text.find(value)


def repeats_a_key(text: bytes, members: dict[str, Raw]) -> bool:
    """Tell whether the outermost object has one key twice; `members` is what was decoded of it.

    Decoders keep the last of two equal keys, others the first.
    """
    if len(text) <= _COMPARED_WHOLE:
        compact = b",".join([b'"%b":%b' % (key.encode(), raw) for key, raw in members.items()])
        if text.rstrip() == b"{%b}" % compact:
            return False
    seen: set[str] = set()
    for place in _places(text, members):
        if place.key in seen or place.value.start < 0:
            return True
        seen.add(place.key)
    return False


def _places(text: bytes, members: dict[str, Raw]) -> "Iterator[_Place]":
    """Walk a text along its decoded members, whatever its white space and escapes.

    Where a key is repeated the walk meets it again, or meets a value that is not the kept one: then
    the value's place is -1, and the last.
    """
    at = text.find(b"{") + 1
    while True:
        at = _skip_space(text, at)
        found = _KEY.match(text, at)
        if found is None:
            return
        literal, name = found[0], slice(found.start(), found.end())
        key = _text(literal) if b"\\" in literal else literal[1:-1].decode()
        at = _skip_space(text, _skip_space(text, found.end()) + 1)
        value = bytes(members.get(key, NOTHING))
        end = at + len(value)
        after = _skip_space(text, end)
        # A kept 4 is also the beginning of an earlier 44.
        if not value or not text.startswith(value, at) or text[after : after + 1] not in _AFTER:
            yield _Place(key, name, slice(-1, -1))
            return
        yield _Place(key, name, slice(at, end))
        if text[after : after + 1] == b"}":
            return
        at = after + 1


def _separators(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _number_mark(found: "re.Match[bytes]") -> bytes:
    sign = b"-" if found[0].startswith(b"-") else b""
    return (sign + b"0.").ljust(len(found[0]), b"0")


def _skip_space(text: bytes, at: int) -> int:
    if text[at : at + 1] in b" \t\r\n":
        found = _SPACE.match(text, at)
        return found.end() if found is not None else at
    return at
