"""Owns which answers to reviews loosen, and what they take: the PIN, or the PINs of two persons.

A card is no way around the PIN: what an intent takes it for takes it on a card, too, and so does
agreeing to a start, which runs code. What only agrees to a definition, or tightens, takes a click.
"""

from collections.abc import Callable, Iterable
from typing import assert_never

from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import Answer, ApprovalRequest, RequestKind
from keyturn.domain.definition import Pin
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier

Covers = Callable[[Tier], bool]
"""Tells whether calls of a tier are allowed with the PIN only."""


class ReviewGuard:
    """Looks at what an answer would change; it changes nothing."""

    def __init__(self, *, covers: Covers, agreements: Agreements) -> None:
        self._covers = covers
        self._agreements = agreements

    def takes(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what it takes to allow what is no call, with just this answer.

        A kind that is sorted nowhere fails the type check here.
        """
        match request.kind:
            case RequestKind.AGENT | RequestKind.COMMAND:
                # A start runs code, which is of the second tier: the first one, and a changed one.
                return Takes.PIN if self._covers(Tier.T2) else Takes.CLICK
            case RequestKind.DEFINITION | RequestKind.CHANGE:
                return self._of_tool(request, answer)
            case RequestKind.INPUT | RequestKind.RESULT | RequestKind.CALL:
                # It goes on once; it changes nothing that stands.
                return Takes.CLICK
            case _:
                assert_never(request.kind)

    def lowers(self, before: Tier | None, after: Tier | None, lost: Lamps = Lamps.NONE) -> bool:
        """Tell whether a tool reaches less far than it did, or has lost a label."""
        return tier_of(after) < tier_of(before) or lost is not Lamps.NONE

    def covers(self, before: Tier | None) -> bool:
        """Tell whether the PIN covers what is lowered.

        The server's environment may raise a tier by one, so that even a low one may be asked.
        """
        return self._covers(max(tier_of(before), Tier.T2))

    def _of_tool(self, request: ApprovalRequest, answer: Answer) -> Takes:
        pins = self._agreements.named(request.server, request.tool or "")
        before = _before(request, pins)
        lost = _labels_of(pins) & ~labels_in(answer.labels) if answer.labels is not None else None
        if not self.lowers(before, answer.tier, lost or Lamps.NONE):
            return Takes.CLICK
        if any(pin.two_persons for pin in pins):
            return Takes.BOTH
        return Takes.PIN if self.covers(before) else Takes.CLICK


def tier_of(confirmed: Tier | None) -> Tier:
    """Return the tier of a tool that a person confirmed as that, or not at all."""
    return Tier.T3 if confirmed is None else confirmed


def labels_in(letters: str) -> Lamps:
    """Return the labels that are named; none for what are no labels."""
    try:
        return lamps_from_letters(letters)
    except KeyError:
        return Lamps.NONE


def _before(request: ApprovalRequest, pins: Iterable[Pin]) -> Tier:
    """Return how far a tool reached before; what nobody has confirmed yet is of the last tier.

    Of a change also what the card proposes: a definition that seems to do more has no tier yet.
    """
    if request.kind is RequestKind.DEFINITION:
        return Tier.T3
    confirmed = [tier_of(pin.tier) for pin in pins]
    return max([tier_of(request.proposed_tier), *confirmed])


def _labels_of(pins: Iterable[Pin]) -> Lamps:
    labels = Lamps.NONE
    for pin in pins:
        labels |= pin.labels
    return labels
