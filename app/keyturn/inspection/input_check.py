"""Owns the look at what a person is about to hand to a model: secrets, hidden text, pasted orders.

Nothing is removed and nothing decided here. A secret is told by its kind alone.
"""

from collections.abc import Iterator
from itertools import islice

from keyturn.domain.finding import FindingKind
from keyturn.domain.typed import MOST_FINDINGS, InputFinding, InputFindingKind
from keyturn.inspection.hidden import hidden_in, hides_any
from keyturn.inspection.secrets import MOST_IN_A_WORKER, MOST_ON_THE_LOOP, cuts_in
from keyturn.inspection.wording import MOST_READ, SuspiciousWords

_ORDERS = frozenset({FindingKind.ORDER, FindingKind.SECRECY})
_OVERLAP = 256
"""Characters that two stretches share, so that no order is cut in two."""


class TextCheck:
    """`InputCheck` over the same detectors that look at what servers say."""

    def __init__(self, words: SuspiciousWords) -> None:
        """Take the words of `resources/suspicious_words.toml` for orders."""
        self._words = words

    def findings(self, text: str) -> tuple[InputFinding, ...]:
        """Return what a text holds: each kind of secret once, then hidden text, then orders."""
        return tuple(islice(self._found(text), MOST_FINDINGS))

    def _found(self, text: str) -> Iterator[InputFinding]:
        yield from secrets_in(text)
        if hidden := hidden_in(text):
            yield InputFinding(kind=InputFindingKind.HIDDEN, count=hidden)
        yield from _orders_in(text, self._words)


class QuickTextCheck:
    """`InputCheck` for the broker's loop: whether there is a secret or hidden text, no orders.

    64 KiB take 5 ms at most.
    """

    def findings(self, text: str) -> tuple[InputFinding, ...]:
        """Return what would keep a text back; unseen characters are not counted."""
        hidden = (InputFinding(kind=InputFindingKind.HIDDEN),) if hides_any(text) else ()
        return (*secrets_in(text, MOST_ON_THE_LOOP), *hidden)


def _orders_in(text: str, words: SuspiciousWords) -> Iterator[InputFinding]:
    said: set[FindingKind] = set()
    for start in range(0, len(text), MOST_READ - _OVERLAP):
        for finding in words.found_in({"": text[start : start + MOST_READ]}):
            if finding.kind in _ORDERS and finding.kind not in said:
                said.add(finding.kind)
                yield InputFinding(kind=InputFindingKind.ORDER, what=finding.words)


def secrets_in(text: str, most: int = MOST_IN_A_WORKER) -> Iterator[InputFinding]:
    """Yield each kind of secret in a text once."""
    cuts = cuts_in(text.encode("utf-8", "replace"), most)
    if cuts is None:
        yield InputFinding(kind=InputFindingKind.SECRET)
        return
    # A replacement is "[KIND, ends XXXX]" or "[KIND]"; the end of a secret is not handed on.
    kinds = (cut.replacement.strip('"').strip("[]").partition(", ends ")[0] for cut in cuts)
    for kind in dict.fromkeys(kinds):
        yield InputFinding(kind=InputFindingKind.SECRET, what=kind)
