"""Owns which ways of writing otherwise a long text has the look of at all, by a quick look.

A look is never narrower than the pattern that it stands for: what it lets through is read by that
pattern, and what it holds back has no match of it. `sign_readings` says what the patterns are.
"""

from keyturn.domain.pattern import PatternSet

_WORD = r"[0-9A-Za-z_\x{80}-\x{10ffff}]"
_APART = r"[ .\-_*|/,\x{a0}\n]"
# Of what repeats groups only the signs and how many they are at least, and each look by itself: no
# text brings the engine into more than a few states, so that all are equally fast.
_LOOKS = {
    look: PatternSet((pattern,))
    for look, pattern in {
        "base64": r"[A-Za-z0-9+/_-]{20}",
        "base32": r"[A-Z2-7]{24}",
        "ascii85": r"[!-~]{50}",
        "hex": r"[\\x0-9A-Fa-f :,]{24}",
        "binary": r"[01 ,]{48}",
        "decimal": r"[0-9 ,\x{80}-\x{10ffff}]{32}",
        "morse": r"[.\-\x{2212}\x{b7} /]{24}",
        "spaced": f"{_WORD}(?:{_APART}{{1,4}}{_WORD}){{5}}",
        "run together": r"[A-Za-z_]{20}",
    }.items()
}
ALL_LOOKS = frozenset(_LOOKS)
_NO_LOOK = 3 * 1024
"""Characters of a text that is read in every way: to look would take as long."""
_INDENT = b"    "
"""More blanks than stand between signs in any of the ways, but for letters that stand apart."""


def looks_of(text: str) -> frozenset[str]:
    """Return the names of the looks that a text has."""
    if len(text) <= _NO_LOOK:
        return ALL_LOOKS
    data = text.encode("utf-8", "replace").replace(_INDENT, b"\n")
    return frozenset(look for look, pattern in _LOOKS.items() if pattern.found_in(data))
