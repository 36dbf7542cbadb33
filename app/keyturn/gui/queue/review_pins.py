"""What the choice on a review's card takes, and what its PIN is typed for, before anybody presses.

It foretells what the broker would ask for, so that the field stands there at once. The broker
decides it again, and asks where this did not know.
"""

from collections.abc import Callable

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import Decide
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier
from keyturn.gui.queue.card_pane import CardPane
from keyturn.presentation.owed_pins import OwedPins
from keyturn.presentation.words import Words

REVIEWS = frozenset({RequestKind.DEFINITION, RequestKind.CHANGE})


class ReviewPins:
    """Reads the choice off the card, or off the request while another one's card is open."""

    def __init__(self, card: CardPane, words: Words, covers: Callable[[Tier], bool]) -> None:
        self._card = card
        self._words = words
        self._covers = covers

    def level(self, request: ApprovalRequest) -> Takes:
        """Return what it takes to accept a tool as it is chosen; a click for all but reviews."""
        if request.kind not in REVIEWS:
            return Takes.CLICK
        tier, labels = self._chosen(request)
        before = _reach(None if request.kind is RequestKind.DEFINITION else request.proposed_tier)
        if _reach(tier) >= before and set(request.labels) <= set(labels):
            return Takes.CLICK
        if request.two_persons:
            return Takes.BOTH
        return Takes.PIN if self._covers(max(before, Tier.T2)) else Takes.CLICK

    def sentence(self, request: ApprovalRequest) -> str:
        """Return what the PIN would be typed for; empty where it takes none."""
        level = self.level(request)
        if level < Takes.PIN:
            return ""
        tier, labels = self._chosen(request)
        chosen = Decide(
            n=0, id=request.id, digest=request.digest, allow=True, tier=tier, labels=labels
        )
        owed = OwedPins(self._words, lambda _rule: None, {request.id: request}.get)
        return owed.said(chosen, both=level is Takes.BOTH)

    def _chosen(self, request: ApprovalRequest) -> tuple[Tier | None, str]:
        shown = self._card.card
        if shown is None or shown.request_id != request.id:
            return request.proposed_tier, request.labels
        return self._card.review.tiers.tier, self._card.review.tiers.labels


def _reach(confirmed: Tier | None) -> Tier:
    return Tier.T3 if confirmed is None else confirmed
