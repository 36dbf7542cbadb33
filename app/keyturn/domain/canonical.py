"""One strict way to read JSON and one canonical way to write it (RFC 8785), and the digest of that.

What is shown, what is hashed, what is sent and what is logged are all made from the same canonical
bytes; a text that cannot be canonical (duplicate keys, NaN, lone surrogates, integers beyond 2^53)
is refused before anybody sees it, because two parsers could read it differently.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Annotated, NoReturn, TypeAlias

import msgspec
import rfc8785

JsonValue: TypeAlias = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject: TypeAlias = dict[str, JsonValue]

MAX_DEPTH = 64
"""Deepest nesting of arrays and objects that is accepted (security.md I-03)."""
MAX_SAFE_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8785 section 3.2.2.3)."""
_FIRST_EXPONENT = 1e21
"""From here on numbers are written with an exponent; smaller whole ones as integers, of which the
strict reader would refuse those beyond 2^53 (ECMAScript Number::toString)."""

_FIRST_PYTHON_EXPONENT = 1e16
_quoted = json.encoder.encode_basestring
"""Escapes what JSON must and nothing else, which is what RFC 8785 asks of texts."""
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_SafeInteger = Annotated[int, msgspec.Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
_Leaf = None | bool | _SafeInteger | str
_Level1 = _Leaf | list[_Leaf] | dict[str, _Leaf]
_Level2 = _Leaf | list[_Level1] | dict[str, _Level1]
_Level3 = _Leaf | list[_Level2] | dict[str, _Level2]
_Level4 = _Leaf | list[_Level3] | dict[str, _Level3]


class _WithoutFloats(msgspec.Struct):
    """Any JSON of four levels without floats and unsafe integers, as msgspec checks it in C."""

    value: _Level4


_decode_shallow = msgspec.json.Decoder(_Level4).decode
_encode_as_is = msgspec.json.encode
_RARE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Controls but for the white space that both encoders escape alike."""


class Parsed(msgspec.Struct, frozen=True):
    """A JSON text that was read strictly."""

    value: JsonValue


class Malformed(msgspec.Struct, frozen=True):
    """A JSON text that must not be judged, shown or sent as if it were understood."""

    reason: str
    """One short phrase for the record and the person, without the text itself."""
    unread: bool = False
    """Nobody has read it, so that it may be sound; it is refused all the same."""


class _Refused(ValueError):
    """Raised inside the decoder's hooks, never seen outside this module."""


def parse_strict(raw: bytes | str) -> Parsed | Malformed:
    """Read one JSON text; refuse what two parsers might understand in two ways.

    Refused: invalid UTF-8, a byte order mark, duplicate keys, NaN and infinities (also by
    overflow), lone surrogates, integers beyond 2^53 - 1 (also as `1e17`) and nesting deeper than
    `MAX_DEPTH`.
    """
    if isinstance(raw, bytes) and raw.isascii():
        read = _read_compact(raw)
        if read is not None:
            return read
    try:
        text = raw if isinstance(raw, str) else str(raw, "utf-8")
        value: JsonValue = _read_strictly(text)
    except UnicodeDecodeError:
        return Malformed("the text is not valid UTF-8")
    except _Refused as refusal:
        return Malformed(str(refusal))
    except RecursionError:
        return Malformed(f"nesting is deeper than {MAX_DEPTH}")
    except ValueError:
        return Malformed("the text is not JSON")
    # Most texts cannot have one: UTF-8 without escapes has no surrogates, and brackets are few.
    shallow = text.count("{") + text.count("[") <= MAX_DEPTH
    if shallow and isinstance(raw, bytes) and "\\u" not in text:
        return Parsed(value)
    fault = _structural_fault(value)
    return Malformed(fault) if fault else Parsed(value)


def read_shallow(raw: bytes) -> Parsed | None:
    """Read a text of four levels at most, without floats and unsafe integers, at a decoder's speed.

    None for any other, and for what is no JSON. Not strict: of two equal keys the last counts, and
    what stands for half a surrogate pair may be refused.
    """
    try:
        return Parsed(_decode_shallow(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def canonical(value: JsonValue) -> bytes:
    """Encode in the JSON Canonicalization Scheme (RFC 8785).

    Takes values that `parse_strict` returned or that are built in code; raises ValueError for a
    value that has no canonical form.
    """
    if _is_shallow_without_floats(value):
        text = _encode_sorted(value)
        # ASCII keys have one order in all encodings, and no control was written by its number.
        if text.isascii() and b"\\u" not in text:
            return text
    if _is_plain(value):
        return _encode_sorted(value)
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).encode()


def digest_of(canonical_bytes: bytes) -> str:
    """Return the SHA-256 of canonical bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical_bytes).hexdigest()


def _read_compact(raw: bytes) -> Parsed | None:
    """Read most of what programs write, at a decoder's speed; None for what it does not settle.

    It has four levels, neither floats nor unsafe integers, and encoded again it is the same text:
    no key comes twice, and nothing in it could be spelt in another way.
    """
    read = read_shallow(raw)
    return read if read is not None and _encode_as_is(read.value) == raw.strip() else None


def _unique_object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Refused("an object has the same key twice")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON")


def _finite_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _Refused("a number is too large")
    if MAX_SAFE_INTEGER < abs(value) < _FIRST_EXPONENT:
        raise _Refused("an integer is beyond 2^53")
    return value


def _safe_integer(text: str) -> int:
    # Bounded before int(): a text of thousands of digits costs quadratic time.
    if len(text) > 17:
        raise _Refused("an integer is beyond 2^53")
    value = int(text)
    if abs(value) > MAX_SAFE_INTEGER:
        raise _Refused("an integer is beyond 2^53")
    return value


_read_strictly = json.JSONDecoder(
    object_pairs_hook=_unique_object,
    parse_constant=_refuse_constant,
    parse_float=_finite_float,
    parse_int=_safe_integer,
).decode


def _structural_fault(value: JsonValue) -> str:
    """Name what makes the parsed value unusable, or return an empty string."""
    stack: list[tuple[JsonValue, int]] = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, str):
            if _has_surrogate(item):
                return "a text holds half of a surrogate pair"
        elif isinstance(item, dict):
            if depth > MAX_DEPTH:
                return f"nesting is deeper than {MAX_DEPTH}"
            if any(_has_surrogate(key) for key in item):
                return "a key holds half of a surrogate pair"
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            if depth > MAX_DEPTH:
                return f"nesting is deeper than {MAX_DEPTH}"
            stack.extend((child, depth + 1) for child in item)
    return ""


def _has_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _write(value: JsonValue, put: Callable[[str], None]) -> None:
    """Write a value as RFC 8785 asks: the library takes a second for a megabyte of odd texts."""
    if isinstance(value, str):
        put(_quoted(value))
    elif isinstance(value, dict):
        before = "{"
        for key in sorted(value, key=_utf16):
            put(f"{before}{_quoted(key)}:")
            _write(value[key], put)
            before = ","
        put("}" if value else "{}")
    elif isinstance(value, list):
        before = "["
        for item in value:
            put(before)
            _write(item, put)
            before = ","
        put("]" if value else "[]")
    elif isinstance(value, float) and 1e-4 <= abs(value) < _FIRST_PYTHON_EXPONENT:
        # Without an exponent both languages write the same shortest digits.
        put(repr(value).removesuffix(".0"))
    else:
        put(rfc8785.dumps(value).decode())


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _is_shallow_without_floats(value: JsonValue) -> bool:
    try:
        msgspec.convert({"value": value}, _WithoutFloats)
    except msgspec.ValidationError:
        return False
    return True


def _is_plain(value: JsonValue) -> bool:
    """Tell whether the fast encoder writes exactly what RFC 8785 asks for this value.

    It differs in floats (ECMAScript's shortest form), in keys beyond the basic plane (sorted by
    UTF-16 code unit), in controls other than the short escapes and in unsafe integers.
    """
    stack: list[JsonValue] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if not item.isprintable() and _RARE.search(item) is not None:
                return False
        elif isinstance(item, dict):
            keys = "".join(item)
            if not (keys.isascii() and keys.isprintable()):
                return False
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, float) or isinstance(item, int) and abs(item) > MAX_SAFE_INTEGER:
            return False
    return True
