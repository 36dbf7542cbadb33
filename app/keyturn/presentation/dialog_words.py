"""Owns what the system's own dialog says of a call: its agent, its tool, its tier and one value.

Whatever shows that dialog may read text as markup, so that nothing in it can be any.
"""

from collections.abc import Callable, Mapping
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder, server_tool
from keyturn.presentation.request_text import size_of
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 80
_LARGE: Final = 4 * 1024
"""Arguments that are longer are not read for their value: the card shows them."""
_NO_MARKUP: Final = str.maketrans({"<": "‹", ">": "›", "&": "+", "$": "＄"})
_TIERS: Mapping[Tier, str] = {
    Tier.T0: "phrases.tier_0",
    Tier.T1: "phrases.tier_1",
    Tier.T2: "phrases.tier_2",
    Tier.T3: "phrases.tier_3",
}


class DialogWords:
    """Says it in the person's language; what is a secret is masked."""

    def __init__(self, words: Words, cards: CardBuilder, mask: Callable[[str], str]) -> None:
        self._words = words
        self._cards = cards
        self._mask = mask

    def of(self, request: ApprovalRequest) -> dict[str, str]:
        """Return the values for the places of the action file's message, by name."""
        said = {
            "agent": request.agent,
            "tool": server_tool(request, self._words),
            "tier": self._words(_TIERS[request.tier]),
            "value": self._value(request),
        }
        return {name: self._plain(text) for name, text in said.items()}

    def _value(self, request: ApprovalRequest) -> str:
        if size_of(request) > _LARGE:
            return self._words("console.dialog_see_card")
        decisive = self._cards.decisive(request)
        return decisive[0].value if decisive else self._words("console.dialog_see_card")

    def _plain(self, text: str) -> str:
        return shown_line(self._mask(text), self._words, most=_LONGEST).translate(_NO_MARKUP)
