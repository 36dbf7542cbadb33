"""Owns which links and pictures of a result carry data: what whoever follows them gives away.

A model that is told to show a picture, or to follow a link, sends what stands in its address. They
are marked for the person; nothing is changed.
"""

import re
from collections import Counter
from collections.abc import Iterator

from keyturn.domain.result_controls import Finding, Found

MOST_LINKS = 200
"""Links of one frame that are looked at."""
_LINK = re.compile(
    rb"(?:(!)\[[^\]\[]{0,200}\]\(|(<img\b[^>]{0,200}?\bsrc=\\?[\"']?))?"
    rb"(?:https?|ftp)://([^\s\"'<>()\\\]]{4,2048})"
)
_PLACEHOLDER = re.compile(rb"[?&#=/](?:\{|\[|%7[bB]|\$\{|<)")
_CARRIED = re.compile(rb"(?=[^/?&=#]*[0-9])(?=[^/?&=#]*[A-Za-z])[A-Za-z0-9+_%.~-]{24,}")
_IN_PICTURE = re.compile(rb"[?&][^=&]{1,40}=[^&]{1,}")


def carrying_links(line: bytes) -> list[Finding]:
    """Return how many links and pictures of a frame carry data; looks at the first ones only."""
    counts = Counter(_kinds(line))
    return [Finding(what=what, kind="", path="", count=count) for what, count in counts.items()]


def _kinds(line: bytes) -> Iterator[Found]:
    for number, link in enumerate(_LINK.finditer(line)):
        if number >= MOST_LINKS:
            return
        address = link[3]
        _, _, after_host = address.partition(b"/")
        queried = address.partition(b"?")[2]
        picture = link[1] is not None or link[2] is not None
        if picture and (_IN_PICTURE.search(address) or _carries(after_host)):
            yield Found.PICTURE
        elif not picture and queried and _carries(b"?" + queried):
            yield Found.LINK


def _carries(part: bytes) -> bool:
    return _PLACEHOLDER.search(part) is not None or _CARRIED.search(part) is not None
