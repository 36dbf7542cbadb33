"""Owns the form in which two texts count as the same for tracing; what is shown is never folded."""

import re
import unicodedata

from keyturn.inspection.hidden import BIDI, ZERO_WIDTH

FOLDED_AT_ONCE = 128 * 1024
"""What may be folded in one go, in the measure of `fold_cost`: about 20 ms."""
_UNSEEN = re.compile(f"[{ZERO_WIDTH}{BIDI}]+")
_BREAK = "\u034f"
"""Parts a run of marks; itself unseen, it is in no text that gets so far."""
_LONGEST_RUN = 30
# No mark that normalising reorders is a letter or digit, once the two of half width are replaced.
_MARK = r"[^\w\x00-\x7f]"
_LONG_RUN = re.compile(f"(?<!{_MARK}){_MARK}{{{_LONGEST_RUN + 1},}}")
_HALF_WIDTH_MARKS = (("\uff9e", "\u3099"), ("\uff9f", "\u309a"))
_GROWING = re.compile("[\u3300-\u3357\ufdf0-\ufdfc]")
"""One character that normalises to a whole word."""
_COST_OF_GROWING = 32


def fold(text: str) -> str:
    """Normalise: NFKC, case folded, white space collapsed, unseen characters taken out.

    Linear: normalising sorts the marks on a letter in quadratic time, so that a longer run of them
    than any script has is normalised in parts (UAX #15, stream-safe text format).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = _UNSEEN.sub("", text)
    for narrow, wide in _HALF_WIDTH_MARKS:
        text = text.replace(narrow, wide)
    text = unicodedata.normalize("NFKC", _LONG_RUN.sub(_in_parts, text))
    return " ".join(text.replace(_BREAK, "").casefold().split())


def fold_cost(text: str) -> int:
    """Return what folding a text costs, in characters that are not ASCII."""
    if text.isascii():
        return len(text) // 4
    return len(text) + _COST_OF_GROWING * len(_GROWING.findall(text))


def _in_parts(run: re.Match[str]) -> str:
    marks = run.group()
    parts = (marks[at : at + _LONGEST_RUN] for at in range(0, len(marks), _LONGEST_RUN))
    return _BREAK.join(parts)
