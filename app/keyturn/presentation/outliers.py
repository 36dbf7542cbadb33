"""Owns which of many like calls are unlike the others: another host, another folder, much larger.

Pure, and only an aid: every value is on screen whether or not it is flagged, and nothing that is
flagged is ever selected for a person.
"""

import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

from keyturn.domain.address import TwoReadings, host_of
from keyturn.domain.canonical import JsonValue
from keyturn.presentation.visible_text import hidden_in_all

_MOST: Final = 0.8
"""Such a share of the calls is what the others are held against."""
_TIMES: Final = 8
"""So many times the median is much larger."""
_LEAST_LONGER: Final = 200
"""And so many characters at least."""


class Unlike(StrEnum):
    """In what a call is unlike the others; the gravest first."""

    HIDDEN = "hidden"
    MIXED = "mixed"
    """A word of letters that look like others: Latin ones and, say, Cyrillic ones."""
    LEAVES = "leaves"
    HOST = "host"
    FOLDER = "folder"
    KIND = "kind"
    LARGER = "larger"


@dataclass(frozen=True, slots=True)
class Outlier:
    """Why one call is unlike the others."""

    why: Unlike
    n: int = 0
    """How many times larger, or how many hidden characters."""


_WORD: Final = re.compile(r"[^\W\d_]+")
_LIKE_LATIN: Final = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}
_LONGEST_READ: Final = 2_000
"""Characters of a value that are looked at for mixed words; a longer one is opened to be read."""
Leaves = Mapping[str, JsonValue]
"""The arguments of one call by their JSON Pointers."""


def outliers(calls: Sequence[Leaves], columns: Sequence[str]) -> list[Outlier | None]:
    """Return for each call the gravest reason why it is unlike the others, by these columns."""
    found: list[list[Outlier]] = [[] for _ in calls]
    for column in columns:
        values = [call.get(column) for call in calls]
        for place, outlier in enumerate(_of_column(values)):
            found[place].extend(outlier)
    order = list(Unlike)
    return [min(one, key=lambda o: order.index(o.why), default=None) for one in found]


def _of_column(values: Sequence[JsonValue]) -> list[list[Outlier]]:
    kinds, common_kind = _features([type(value).__name__ for value in values])
    hosts, common_host = _features([_host(value) for value in values])
    folder = _common_folder(values)
    middle = median([_size(value) for value in values]) if values else 0
    found: list[list[Outlier]] = []
    for value, kind, host in zip(values, kinds, hosts, strict=True):
        one: list[Outlier] = []
        if isinstance(value, str) and (hidden := hidden_in_all([value])):
            one.append(Outlier(Unlike.HIDDEN, hidden))
        if _mixes(value):
            one.append(Outlier(Unlike.MIXED))
        if _leaves(value):
            one.append(Outlier(Unlike.LEAVES))
        if common_host is not None and host != common_host:
            one.append(Outlier(Unlike.HOST))
        if folder and not _within(value, folder):
            one.append(Outlier(Unlike.FOLDER))
        if common_kind is not None and kind != common_kind:
            one.append(Outlier(Unlike.KIND))
        if (times := _times(value, middle)) > 0:
            one.append(Outlier(Unlike.LARGER, times))
        found.append(one)
    return found


def _mixes(value: JsonValue) -> bool:
    """Tell whether a word is written in two scripts whose letters look the same."""
    if not isinstance(value, str) or value.isascii():
        return False
    words = (word for word in _WORD.findall(value[:_LONGEST_READ]) if not word.isascii())
    return any(len(_scripts(word) & _LIKE_LATIN) > 1 for word in words)


def _scripts(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in set(word)}


def _features(texts: list[str]) -> tuple[list[str], str | None]:
    """Return the features, and the one that most have; None where none has so many."""
    if not texts:
        return texts, None
    common, count = Counter(texts).most_common(1)[0]
    return texts, common if count >= _MOST * len(texts) else None


def _host(value: JsonValue) -> str:
    """Return where a value leads; empty for one that names no host."""
    if not isinstance(value, str):
        return ""
    before, at, after = value.rpartition("@")
    if at and before and "/" not in value and " " not in after:
        return after.casefold()
    if "://" not in value:
        return ""
    try:
        return host_of(value).casefold()
    except TwoReadings:
        # Two programs may read two hosts, so that it is like none.
        return value


def _is_path(value: JsonValue) -> bool:
    return isinstance(value, str) and "://" not in value and ("/" in value or "\\" in value)


def _folders(value: JsonValue) -> list[str]:
    """Return the folders that a path is in, the innermost last."""
    if not _is_path(value):
        return []
    parts = posixpath.normpath(str(value).replace("\\", "/")).split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _leaves(value: JsonValue) -> bool:
    return _is_path(value) and ".." in str(value).replace("\\", "/").split("/")


def _common_folder(values: Sequence[JsonValue]) -> str:
    """Return the innermost folder that nearly all paths are in; empty where there is none."""
    counts = Counter(folder for value in values for folder in _folders(value))
    common = [
        folder
        for folder, count in counts.items()
        if count >= _MOST * len(values) and folder not in {"", "~", "."}
    ]
    return max(common, key=len, default="")


def _within(value: JsonValue, folder: str) -> bool:
    return folder in _folders(value)


def _size(value: JsonValue) -> float:
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, int | float):
        return abs(value)
    return len(value) if isinstance(value, str) else len(str(value))


def _times(value: JsonValue, middle: float) -> int:
    size = _size(value)
    if middle <= 0 or size <= _TIMES * middle:
        return 0
    if not isinstance(value, int | float) and size <= middle + _LEAST_LONGER:
        return 0
    return int(size // middle)
