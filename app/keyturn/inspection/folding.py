"""Owns the form in which two texts count as the same for tracing; what is shown is never folded."""

import re
import unicodedata

from keyturn.inspection.hidden import BIDI, ZERO_WIDTH

_UNSEEN = re.compile(f"[{ZERO_WIDTH}{BIDI}]+")


def fold(text: str) -> str:
    """Normalise: NFKC, case folded, white space collapsed, unseen characters taken out."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
        return " ".join(text.split())
    return " ".join(text.lower().split())
