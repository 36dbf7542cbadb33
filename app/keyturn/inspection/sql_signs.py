"""Owns which texts of SQL all common servers part alike: into words, quoted parts and signs.

A backslash, a `#`, a `$$`, a letter before a quote, a comment that holds more than words: what one
server takes for a text, another runs. Of a text with any of these nobody knows what it does.
"""

import re
from dataclasses import dataclass

_COMMENT = r"--(?:[ \t][\w ,.:?()=]*)?(?=\n|$)"
_BEFORE = re.compile(rf"(?:\s*{_COMMENT}\n)+", re.ASCII)
_AFTER = re.compile(rf"{_COMMENT}\s*$", re.ASCII)
"""Comments up to the end of a line stand only around it all: lines may be joined on the way."""
_BLOCK = re.compile(r"/\*[\w\s,.:?()=]*\*/", re.ASCII)
_CLIENT = re.compile(r"^\s*(?:[.!@\\]|(?:delimiter|source|system|host|go)\b)", re.I | re.M)
"""Lines that a server's client takes for itself: it may start programs by them."""
_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+)"
    r"|(?P<word>[A-Za-z_]\w*)(?![\w'\"$&])"
    r"|(?P<text>'(?:[^'\\\x00-\x08\x0b-\x1f\x7f]|'')*')"
    r"|(?P<name>\"[\w ]*\"|`[\w ]+`|\[[\w ]+\])"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w'\"$])"
    r"|\$\d+|@{1,2}\w+|%s|!=|<>|<=|>=|\|\||::|:\w+|->>?|-(?!-)|/(?!\*)|\*(?!/)|:(?!=)"
    r"|[(),;.=<>+%?]",
    re.ASCII,
)
_DESPITE_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Signs:
    """A text of SQL that is parted alike everywhere."""

    text: str
    """Without its comments."""
    words: tuple[str, ...]
    """Those outside of quotes, in small letters; what a bracket follows ends with one."""
    commented: bool
    """There were comments: a change with any is not taken for bounded."""


def signs_of(text: str) -> Signs | None:
    """Part a text; None where servers may differ about it."""
    bare = _BLOCK.sub(" ", text)
    before = _BEFORE.match(bare)
    bare = _AFTER.sub("", bare[before.end() :] if before is not None else bare)
    if _CLIENT.search(bare):
        return None
    words: list[str] = []
    at = 0
    while at < len(bare):
        token = _TOKEN.match(bare, at)
        if token is None or not _letters_only(token):
            return None
        at = token.end()
        if token["word"]:
            calls = bare[at : at + 40].lstrip()[:1] == "("
            words.append(token["word"].lower() + ("(" if calls else ""))
    return Signs(bare, tuple(words), commented=bare.strip() != text.strip())


def _letters_only(token: "re.Match[str]") -> bool:
    """Tell whether no sign of a text becomes a quote where it is put into another set of them."""
    return all(one[0].isalnum() for one in _DESPITE_ASCII.finditer(token[0]))
