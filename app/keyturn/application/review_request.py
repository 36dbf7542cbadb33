"""What a person is asked in a review: the approval request, made from what is reviewed."""

from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import ApprovalRequest, AskedBy, RequestKind
from keyturn.application.connection import Connection
from keyturn.application.provenance import asked_by
from keyturn.domain.canonical import digest_of
from keyturn.domain.definition import proposed_tier
from keyturn.domain.finding import Finding, cautious_tier
from keyturn.domain.tier import Tier

BECAUSE_VALUES = "review_values"
"""The command was agreed to, with other values in its environment or headers."""
VALUES_CHANGED = "values_changed"
"""In the subject of such a review: the names of those values."""


def review_request(
    connection: Connection,
    kind: RequestKind,
    name: str,
    text: bytes,
    *,
    agreements: Agreements,
    id_: str,
    created_utc: str,
    findings: tuple[Finding, ...] = (),
) -> ApprovalRequest:
    """Build the request of a review; `name` is the tool's, empty for a command."""
    pin = agreements.pin(connection, name)
    tool = connection.catalogue.get(name)
    proposed = pin.tier if pin is not None else None
    if kind is RequestKind.DEFINITION and tool is not None:
        proposed = proposed_tier(tool)
    of_values = kind is RequestKind.COMMAND and agreements.changed_values(connection)
    return ApprovalRequest(
        id=id_,
        kind=kind,
        agent=connection.agent,
        session=connection.session.id,
        server=connection.server.name,
        tool=name or None,
        arguments=text.decode(),
        digest=digest_of(text),
        tier=Tier.T2,
        because=BECAUSE_VALUES if of_values else f"review_{kind.value}",
        definition=tool.text if tool is not None else "",
        asked_by=asked_by(connection) if kind is RequestKind.COMMAND else AskedBy(),
        credentials=connection.server.credential_names(),
        environment=connection.server.environment,
        pinned_at=pin.pinned_at if pin is not None else "",
        created_utc=created_utc,
        proposed_tier=cautious_tier(proposed, findings),
        findings=findings,
    )
