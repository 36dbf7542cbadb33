"""Owns the masking of source code: literals that are secrets, and files that are private.

A name that something is assigned to (`password = read_password()`) is code and stays; only what
stands in a literal or a comment, or has the form of a token, is taken out.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import basename

from keyturn.domain.pattern import name_matches
from keyturn.inspection.profiles.profiled import (
    NAMED_ONLY,
    Edit,
    Mask,
    Profiled,
    applied,
    secrets_of,
    whole,
)

_PRIVATE = "[Keyturn: {path} is private, so its text is withheld]"
_OPENING = re.compile(r"""\"{3}|'{3}|["'`#]|//|--|;;|/\*|<!--""")
_IN_A_LINE = {
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    "'": re.compile(r"'(?:[^'\\\n]|\\.)*'"),
}
_CLOSING = {'"""': '"""', "'''": "'''", "`": "`", "/*": "*/", "<!--": "-->"}
# As grep and diff write where a line is from.
_GREP = re.compile(r"(?m)^([^\s:]{1,512}\.[\w-]{1,16}|[^\s:]*/[^\s:]{1,255})[:-]\d+[:-](.*)$")
_DIFF = re.compile(r"(?m)^diff --git a/(\S+) b/(\S+)$")
_FILE = re.compile(r"(?m)^(?:=== |--- FILE: |// FILE: |# FILE: |## )(\S*[./]\S*)(?: ===)?$")


def masked_source(text: str, private: Sequence[str] = (), path: str = "") -> Profiled:
    """Mask source code; of a file that a glob of `private` matches only a sentence is left."""
    if path and is_private(path, private):
        sentence = _PRIVATE.format(path=path)
        return Profiled(sentence, (Mask("private file", 0, len(sentence), path),))
    edits = secrets_of(text)
    if edits is None:
        return whole()
    literals = list(_literals(text))
    kept = [edit for edit in edits if edit.kind not in NAMED_ONLY or _within(edit, literals)]
    return applied(text, [*_private_parts(text, private), *kept])


def _literals(text: str) -> Iterator[tuple[int, int]]:
    """Yield where literals and comments stand; each byte is looked at a few times at most."""
    unclosed: set[str] = set()
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        start, mark = opening.start(), opening[0]
        end = _end(text, opening.end(), mark) if mark not in unclosed else -1
        if end < 0:
            unclosed.update({mark} & _CLOSING.keys())
            at = opening.end()
            continue
        yield start, end
        at = end


def _end(text: str, start: int, mark: str) -> int:
    """Return where what a mark opens ends; -1 where it does not."""
    if mark in _CLOSING:
        end = text.find(_CLOSING[mark], start)
        return end + len(_CLOSING[mark]) if end >= 0 else -1
    if mark in _IN_A_LINE:
        found = _IN_A_LINE[mark].match(text, start - 1)
        return found.end() if found is not None else -1
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


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


def _within(edit: Edit, literals: list[tuple[int, int]]) -> bool:
    low, high = 0, len(literals)
    while low < high:
        middle = (low + high) // 2
        if literals[middle][1] <= edit.start:
            low = middle + 1
        else:
            high = middle
    return low < len(literals) and literals[low][0] <= edit.start


def _private_parts(text: str, private: Sequence[str]) -> Iterator[Edit]:
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
