"""Owns what the system's own dialog says of a call: its agent, its tool, its tier and one value.

Whatever shows that dialog may read text as markup, so that nothing in it can be any. What an agent
or a server wrote stands in quotation marks that it cannot close, and takes no room from the rest.
"""

from collections.abc import Callable, Mapping
from typing import Final

from keyturn.application.agent_names import is_plain_name
from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.tier import Tier
from keyturn.presentation.asked_names import QUOTATION_MARKS
from keyturn.presentation.card_builder import CardBuilder, server_tool
from keyturn.presentation.request_text import size_of
from keyturn.presentation.visible_text import cost_of, each_visible_in_line, in_brackets
from keyturn.presentation.words import Words

_LONGEST: Final = 80
"""Characters of a text that are shown, by what it costs to show them."""
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
        agent = request.agent
        return {
            "agent": agent if is_plain_name(agent) else self._quoted(agent),
            "tool": self._quoted(server_tool(request, self._words)),
            "tier": self._words(_TIERS[request.tier]).translate(_NO_MARKUP),
            "value": self._value(request),
        }

    def _value(self, request: ApprovalRequest) -> str:
        large = size_of(request) > _LARGE
        decisive = () if large else self._cards.decisive(request)
        if not decisive:
            return self._words("console.dialog_see_card").translate(_NO_MARKUP)
        return self._quoted(decisive[0].value)

    def _quoted(self, text: str) -> str:
        masked = self._mask(text[:_LARGE])
        kept, room = 0, _LONGEST
        for part in each_visible_in_line(masked):
            cost = cost_of(part)
            if cost > room:
                kept += room if part.mark is None else 0
                break
            kept, room = kept + len(part.text), room - cost
        shown = in_brackets(each_visible_in_line(masked[:kept]), self._words)
        said = self._words("phrases.quoted", text=shown.translate(QUOTATION_MARKS))
        left_out = len(masked) - kept + len(text[_LARGE:])
        more = self._words("fitting.more", n=left_out) if left_out else ""
        return f"{said} {more}".rstrip().translate(_NO_MARKUP)
