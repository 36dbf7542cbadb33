"""The files that an agreement is about, as one compressed text for the database."""

import json
import zlib

from keyturn.domain.canonical import JsonValue, Parsed, parse_strict
from keyturn.domain.closure import Closure, ClosureFile

MOST_BYTES = 16 * 1024 * 1024
"""Longest list that is kept, before it is compressed; of a longer one only the hash is."""


def pack(closure: Closure) -> bytes:
    """Return the list of files for keeping; empty when it is too long for that."""
    text = json.dumps(closure.files, ensure_ascii=False, separators=(",", ":")).encode()
    return zlib.compress(text, 6) if len(text) <= MOST_BYTES else b""


def unpack(packed: bytes) -> Closure | None:
    """Read such a list; None for anything else, and for one that would be too long."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(packed, MOST_BYTES)
    except zlib.error:
        return None
    if not reader.eof:
        return None
    parsed = parse_strict(text)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, list):
        return None
    try:
        return Closure(files=tuple(map(_file, parsed.value)))
    except (TypeError, ValueError):
        return None


def _file(said: JsonValue) -> ClosureFile:
    if not isinstance(said, list) or len(said) != 3:
        raise TypeError("a file is a path, a size and a hash")
    path, size, sha256 = said
    if not isinstance(path, str) or not isinstance(size, int) or not isinstance(sha256, str):
        raise TypeError("a file is a path, a size and a hash")
    return ClosureFile(path, size, sha256)
