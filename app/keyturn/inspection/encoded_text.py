"""Owns the reading of text that stands in base64, as pictures and files do in results."""

import base64
import binascii

SHORTEST = 16
"""Characters of base64; what is shorter holds no secret."""
_STANDARD = str.maketrans("-_", "+/")


def text_in_base64(said: str) -> str | None:
    """Return the text that stands in base64; None for what is none, or no text."""
    if len(said) < SHORTEST or not said.isascii():
        return None
    plain = "".join(said.split()) if not said.isalnum() else said
    padded = plain.translate(_STANDARD).rstrip("=")
    padded += "=" * (-len(padded) % 4)
    try:
        decoded = base64.b64decode(padded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    # A file of another kind may happen to be UTF-8.
    return None if "\0" in decoded else decoded


def as_base64_again(text: str, before: str) -> str:
    """Write text in base64, in the alphabet that it came in."""
    raw = text.encode("utf-8", "replace")
    urlsafe = "-" in before or "_" in before
    encoded = base64.urlsafe_b64encode(raw) if urlsafe else base64.b64encode(raw)
    return encoded.decode()
