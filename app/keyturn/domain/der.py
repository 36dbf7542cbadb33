"""Owns where the public key stands in a certificate: the few steps into its DER that lead there.

Pure, and only for certificates that a library for that has verified: of anything else it says that
there is none. X.509 (RFC 5280, section 4.1) puts before the key, in this order: version (tagged 0,
may be missing), serial number, signature, issuer, validity, subject.
"""

_SEQUENCE = 0x30
_VERSION = 0xA0
_BEFORE_THE_KEY = 5
_LONG_FORM = 0x80
_MOST_LENGTH_BYTES = 4


def public_key_info(certificate: bytes) -> bytes:
    """Return a certificate's SubjectPublicKeyInfo with its header; empty where there is none."""
    whole = _inside(certificate)
    rest = _inside(whole)
    if rest[:1] == bytes([_VERSION]):
        rest = _after(rest)
    for _ in range(_BEFORE_THE_KEY):
        rest = _after(rest)
    if rest[:1] != bytes([_SEQUENCE]):
        return b""
    return rest[: len(rest) - len(_after(rest))] if _inside(rest) else b""


def _inside(element: bytes) -> bytes:
    """Return what a sequence at the beginning holds; empty where there is none."""
    start, end = _bounds(element)
    return element[start:end] if element[:1] == bytes([_SEQUENCE]) else b""


def _after(elements: bytes) -> bytes:
    """Return what comes after the first element; empty where that is none."""
    return elements[_bounds(elements)[1] :]


def _bounds(element: bytes) -> tuple[int, int]:
    """Return where the first element's content begins and ends; the end of all where it is none."""
    nothing = (len(element), len(element))
    if len(element) < 2:
        return nothing
    length, start = element[1], 2
    if length >= _LONG_FORM:
        count = length - _LONG_FORM
        if not 0 < count <= _MOST_LENGTH_BYTES or len(element) < start + count:
            return nothing
        length, start = int.from_bytes(element[start : start + count], "big"), start + count
    end = start + length
    return (start, end) if end <= len(element) else nothing
