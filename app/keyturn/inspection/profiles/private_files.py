"""Owns what is withheld of files that a person marked private, whatever a text is taken for.

A path is what a call asked for, so links that lead to a private file are not seen here.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import basename

from keyturn.domain.pattern import name_matches
from keyturn.inspection.profiles.profiled import Edit, Mask, Profiled

_PRIVATE = "[Keyturn: {path} is private, so its text is withheld]"
# As grep and diff write where a line is from.
_GREP = re.compile(r"(?m)^([^\s:]{1,512}\.[\w-]{1,16}|[^\s:]*/[^\s:]{1,255})[:-]\d+[:-](.*)$")
_DIFF = re.compile(r"(?m)^diff --git a/(\S+) b/(\S+)$")
_FILE = re.compile(r"(?m)^(?:=== |--- FILE: |// FILE: |# FILE: |## )(\S*[./]\S*)(?: ===)?$")


def withheld_file(path: str) -> Profiled:
    """Return what stands for the text of a private file."""
    sentence = _PRIVATE.format(path=path)
    return Profiled(sentence, (Mask("private file", 0, len(sentence), path),))


def is_private(path: str, private: Sequence[str]) -> bool:
    """Tell whether a glob matches a path, the end of it, or one of the folders that it is in."""
    normal = path.replace("\\", "/").removeprefix("./").lower()
    parts = normal.split("/")
    ends = ["/".join(parts[number:]) for number in range(len(parts))]
    folders = ["/".join(parts[:number]) for number in range(1, len(parts))]
    for glob in private:
        pattern = glob.replace("\\", "/").removeprefix("./").removeprefix("**/").lower()
        pattern = pattern.removesuffix("/**").removesuffix("/")
        if any(name_matches(pattern, each) for each in (*ends, *folders, basename(normal))):
            return True
        if any(name_matches(pattern, part) for part in parts):
            return True
    return False


def private_parts(text: str, private: Sequence[str]) -> Iterator[Edit]:
    """Find what other files' text stands in it: lines of a search, parts of a difference."""
    if not private:
        return
    for line in _GREP.finditer(text):
        if is_private(line[1], private):
            yield Edit(*line.span(2), "private file", line[1], "[private]")
    headings = [(match.start(), match[match.lastindex or 1]) for match in _DIFF.finditer(text)]
    headings += [(match.start(), match[1]) for match in _FILE.finditer(text)]
    headings.sort()
    ends = [*(start for start, _ in headings), len(text)][1:]
    for (start, name), end in zip(headings, ends, strict=True):
        body = text.find("\n", start) + 1
        if is_private(name, private) and 0 < body < end:
            tail = "\n" if text[end - 1 : end] == "\n" else ""
            shown = _PRIVATE.format(path=name) + tail
            yield Edit(body, end, "private file", name, shown)
