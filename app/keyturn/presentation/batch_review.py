"""Builds the review of all tools of a server that were never seen before, to be pinned together.

A tool that is unlike the others is left out and reviewed on its own: one whose text hides
characters or was marked, and one whose description is too long to be read in a list.
"""

from collections.abc import Sequence

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.definition import said_of
from keyturn.domain.tier import Tier
from keyturn.presentation.card import Chip
from keyturn.presentation.chips import hidden_in
from keyturn.presentation.claims import hints_of
from keyturn.presentation.definition_facts import arguments_text
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.review_builder import new_definition
from keyturn.presentation.review_choice import review_choice
from keyturn.presentation.servers import BatchRow, BatchView
from keyturn.presentation.tier_choice import tier_choice
from keyturn.presentation.verbs import Vocabulary
from keyturn.presentation.words import Words

LONGEST_DESCRIPTION = 1200
"""Characters; a longer one is a page of its own."""


def batch_review(
    server: str,
    requests: Sequence[ApprovalRequest],
    words: Words,
    vocabulary: Vocabulary | None = None,
) -> BatchView:
    """Return the review of `requests`, all of kind `definition` and of one server.

    With a `vocabulary` each has a proposed tier with its reason; what reaches furthest is first.
    """
    rows = sorted((_row(request, words, vocabulary) for request in requests), key=_place)
    together = [row for row in rows if not row.alone]
    chips = [Chip(role=Role.INFO, icon=Icon.FIRST_USE, text=words("servers.chip_new"))]
    alone = len(rows) - len(together)
    if alone:
        text = words("servers.chip_alone", n=alone)
        chips.append(Chip(role=Role.WARNING, icon=Icon.OUTLIER, text=text))
    # What is unlike the others is on top (visual.md section 6, "Batch table").
    ordered = [row for row in rows if row.alone] + together
    return BatchView(
        server=server,
        headline=words("servers.batch_headline", server=server, n=len(rows)),
        chips=tuple(chips),
        rows=tuple(ordered),
        digest=digest_of(canonical([f"{row.request_id} {row.digest}" for row in together])),
    )


def _place(row: BatchRow) -> tuple[bool, str]:
    return row.choice.chosen is not Tier.T2, row.tool


def _row(request: ApprovalRequest, words: Words, vocabulary: Vocabulary | None) -> BatchRow:
    definition = new_definition(request)
    description = definition.get("description")
    text = description if isinstance(description, str) else ""
    said = said_of(request.tool or "")
    return BatchRow(
        request_id=request.id,
        digest=request.digest,
        tool=request.tool or "",
        description=text,
        takes=arguments_text(definition, words, said=said),
        claims=_claims(definition, words),
        choice=review_choice(request, words, vocabulary) or tier_choice(words, chosen=None),
        alone=_alone(request, definition, text, words),
    )


def _claims(definition: JsonObject, words: Words) -> str:
    hints = ", ".join(hints_of(definition, words))
    return words("servers.claims", claims=hints) if hints else words("servers.no_claims")


def _alone(request: ApprovalRequest, definition: JsonObject, description: str, words: Words) -> str:
    hidden = hidden_in(canonical(definition).decode())
    if hidden:
        return words("servers.alone_hidden", n=hidden)
    if (marked := sum(finding.raises_caution for finding in request.findings)) > 0:
        return words("findings.alone", n=marked)
    if len(description) > LONGEST_DESCRIPTION:
        return words("servers.alone_long", n=len(description))
    return ""
