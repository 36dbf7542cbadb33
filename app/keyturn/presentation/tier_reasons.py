"""Owns why a call has its tier and its tool its labels: what was confirmed, and what raised it."""

from collections.abc import Iterator, Sequence
from typing import Final

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.record import Entry
from keyturn.domain.tier import CAUSES, RAISED_BY, RAISED_FROM, Tier
from keyturn.presentation.asked_names import is_of_tool
from keyturn.presentation.card import Pair
from keyturn.presentation.words import Words

_KEYS: Final = {
    "production": "tiers.by_production",
    "unclear": "tiers.by_unclear",
    "commands": "tiers.by_commands",
    "written": "tiers.by_written",
    "size": "tiers.by_size",
}


def tier_pairs(request: ApprovalRequest, words: Words) -> Iterator[Pair]:
    """Yield where the tier and the labels of a call come from."""
    if request.kind is not RequestKind.CALL or not is_of_tool(request.method):
        return
    confirmed = request.confirmed_tier
    if confirmed is None:
        said = words("tiers.unconfirmed_why") if request.tier is Tier.T3 else ""
    elif request.raised_by:
        said = _raised(request.tier.name, confirmed.name, request.raised_by, words)
    else:
        said = words("tiers.as_confirmed", tier=request.tier.name)
    if said:
        yield Pair(key=words("history.tier"), value=said)
    if request.labels:
        given = ", ".join(request.labels)
        yield Pair(key=words("tiers.labels_of_tool"), value=words("tiers.labels_why", labels=given))


def raised_pair(tier: str, entry: Entry, words: Words) -> Pair | None:
    """Return what raised the tier of a recorded call; None for nothing, or nothing known."""
    before, causes = entry.details.get(RAISED_FROM), entry.details.get(RAISED_BY)
    if not isinstance(before, str) or before not in Tier.__members__:
        return None
    said = [one for one in CAUSES if one in causes] if isinstance(causes, list) else []
    return Pair(key=words("history.tier"), value=_raised(tier, before, said, words))


def _raised(tier: str, before: str, causes: Sequence[str], words: Words) -> str:
    reasons = " ".join(words(_KEYS[cause]) for cause in causes if cause in _KEYS)
    return words("tiers.raised", tier=tier, before=before, reasons=reasons).strip()
