"""Says what a review preselects: the tier and the labels, and where that comes from."""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.definition import said_of
from keyturn.domain.finding import cautious_tier
from keyturn.domain.lamps import lamps_from_letters
from keyturn.domain.tier import Tier
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.tier_choice import TierChoice, tier_choice
from keyturn.presentation.tier_proposal import propose_tier
from keyturn.presentation.verbs import Vocabulary
from keyturn.presentation.words import Words


def review_choice(
    request: ApprovalRequest, words: Words, vocabulary: Vocabulary | None = None
) -> TierChoice | None:
    """Return the tier that a review offers, with what is preselected; None for other requests.

    Preselected is the pin's tier, or T2 where the definition asks for caution by now; of a new
    tool what its name, what it takes and what its server claims propose, with a `vocabulary`.
    """
    if request.kind is RequestKind.DEFINITION and vocabulary is not None:
        proposed = _proposed(request, words, vocabulary)
        if proposed is not None:
            return proposed
    match request.kind:
        case RequestKind.CHANGE if _is_cautious(request):
            key = "tiers.proposal_caution"
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
        # What it had before is kept, unless a person takes it away.
        ticked="".join(dict.fromkeys((*letters, *request.labels))),
        proposal=words(key),
    )


def _is_cautious(request: ApprovalRequest) -> bool:
    """Tell whether what a definition says may have raised the tier that was confirmed before."""
    raised = cautious_tier(Tier.T0, request.findings) is not Tier.T0
    return raised and request.proposed_tier is not None


def _proposed(request: ApprovalRequest, words: Words, vocabulary: Vocabulary) -> TierChoice | None:
    """Return the choice with what is read off a new tool; None where nothing can be."""
    definition = read_json(request.definition or request.arguments)
    if not isinstance(definition, dict) or said_of(request.tool or "") is not None:
        return None
    found = propose_tier(definition, request.server, vocabulary, words)
    tier = cautious_tier(found.tier, request.findings)
    if tier is None:
        return None
    if request.proposed_tier is not None:
        tier = max(tier, request.proposed_tier)
    reasons = found.reasons if tier is found.tier else (words("tiers.reason_caution"),)
    given = lamps_from_letters(request.labels)
    return tier_choice(
        words,
        chosen=tier,
        ticked=(found.labels | given).letters(),
        proposal=words(
            "tiers.proposal", tier=tier.name, reasons=" ".join((*reasons, *found.label_reasons))
        ),
    )
