"""Says what a review preselects: the tier and the labels, and where that comes from."""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.tier_choice import TierChoice, tier_choice
from keyturn.presentation.words import Words


def review_choice(request: ApprovalRequest, words: Words) -> TierChoice | None:
    """Return the tier that a review offers, with what is preselected; None for other requests.

    Preselected is the pin's tier, or T2 where the server's own hints raise it, else nothing.
    """
    match request.kind:
        case RequestKind.CHANGE:
            key = "tiers.proposal_pin"
        case RequestKind.DEFINITION if request.proposed_tier is not None:
            key = "tiers.proposal_hints"
        case RequestKind.DEFINITION:
            key = "tiers.proposal_none"
        case _:
            return None
    subject = read_json(request.arguments)
    given = subject.get("labels") if isinstance(subject, dict) else None
    letters = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    return tier_choice(
        words,
        chosen=request.proposed_tier,
        ticked="".join(letters) or request.labels,
        proposal=words(key),
    )
