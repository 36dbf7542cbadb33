"""Words what screen readers are told unasked: what came to wait, together, and how Keyturn stands.

An agent chooses what is in these sentences and how many of them there are: each is one plain line
of bounded length, and many are told as one with a number.
"""

from collections.abc import Sequence
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.decision import Outcome
from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.chips import tier_of
from keyturn.presentation.decided import Decided, decided_row
from keyturn.presentation.queue_builder import QueueBuilder
from keyturn.presentation.topbar import ProtectionState, TopBarView
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

LONGEST: Final = 300
"""So many characters of what one request asks for are spoken; the rest is on the card."""
_RISKY: Final = frozenset({Tier.T2, Tier.T3})
_BY_A_PERSON: Final = frozenset(
    one.value for one in (Outcome.ALLOWED_ONCE, Outcome.ALLOWED_MODIFIED, Outcome.DENIED_USER)
)


def is_risky(request: ApprovalRequest) -> bool:
    """Tell whether its arrival may interrupt what a reader is saying."""
    return tier_of(request) in _RISKY


def is_by_a_person(decided: Decided) -> bool:
    """Tell whether somebody at a window waits to hear that it was done."""
    return decided.outcome in _BY_A_PERSON


class Announcements:
    """Makes the sentences in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards
        self._rows = QueueBuilder(words, cards)

    def arrivals(self, requests: Sequence[ApprovalRequest]) -> str:
        """Say the riskiest of these, the earliest of them, and how many more there are.

        Agent, verb and decisive value are in it (console.md section 3.12).
        """
        if not requests:
            return ""
        first = next((one for one in requests if is_risky(one)), requests[0])
        row = self._rows.row(first, age_seconds=0)
        said = shown_line(row.spoken, self._words, most=LONGEST).rstrip(" .")
        if len(requests) == 1:
            return self._words("announce.one", what=said)
        return self._words("announce.more", what=said, n=len(requests) - 1)

    def state(self, view: TopBarView) -> str:
        """Say how Keyturn stands now, and what that means for calls."""
        if view.state is ProtectionState.PROBLEM:
            return self._words("announce.problem", what=view.problem)
        key = {
            ProtectionState.STOPPED: "announce.stopped",
            ProtectionState.PROTECTING: "announce.protecting",
        }[view.state]
        return self._words(key)

    def decisions(self, decided: Sequence[Decided]) -> str:
        """Say the last of these, as the queue's foot does, and how many more there are."""
        row = decided_row(decided[-1], decided[-1].at_ms, self._cards, self._words)
        said = shown_line(row.text, self._words, most=LONGEST).rstrip(" .")
        if len(decided) == 1:
            return self._words("announce.one", what=said)
        return self._words("announce.decided", what=said, n=len(decided) - 1)

    def alerts(self, texts: Sequence[str]) -> str:
        """Say the last of these, and how many there were before it."""
        if len(texts) < 2:
            return "".join(texts)
        before = self._words("alert.others", n=len(texts) - 1)
        return f"{texts[-1]} {before}"
