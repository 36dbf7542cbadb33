"""What a person is asked in a review: the approval request, made from what is reviewed."""

from collections.abc import Callable

from keyturn.application.agreed_values import shown_subject
from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import ApprovalRequest, AskedBy, RequestKind
from keyturn.application.connection import Connection
from keyturn.application.provenance import asked_by
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.client_request import PROMPT, TOOLS_CALL
from keyturn.domain.closure_change import ClosureChange
from keyturn.domain.definition import Said, ToolDefinition, proposed_tier, said_key, said_of
from keyturn.domain.finding import Finding, cautious_tier
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier

BECAUSE_VALUES = "review_values"
"""The command was agreed to, with other values in its environment or headers."""
BECAUSE_PROGRAM = "review_program"
"""The agent runs in another program than the one that it was enrolled in."""
BECAUSE_CLOSURE = "review_closure"
"""The command was agreed to while it loaded other files."""
CLOSURE = "closure_sha256"
"""In the subject of a command: the hash of the files that it loads, and of what is not covered."""
CLOSURE_CHANGED = "closure_changed"
"""In the facts of such a review: which files, and how many."""
AGREED_AT = "agreed_at"
"""In the facts: when a command of this server was agreed to last."""
AGREED_BEFORE = "agreed_before"
"""In the facts: canonical JSON of what was agreed to then, where it is another command."""
VALUES_CHANGED = "values_changed"
"""In the subject of such a review: the names of those values."""


def command_subject(connection: Connection, agreements: Agreements) -> JsonObject:
    """Return what a person is asked about a command; the files that it loads by their hash."""
    subject = connection.launch.subject()
    if connection.closure.closure_hash:
        subject[CLOSURE] = connection.closure.closure_hash
    if changed := agreements.changed_values(connection):
        subject[VALUES_CHANGED] = list(changed)
    return subject


def command_facts(
    connection: Connection, change: ClosureChange | None, agreements: Agreements
) -> str:
    """Return what there is to say of those files; `change`: others were agreed to.

    Not in the subject, which is read line by line: its hash is, and binds them.
    """
    facts = connection.closure.subject()
    if change is not None:
        facts[CLOSURE_CHANGED] = change.subject()
    agreed = agreements.latest_consent(*connection.launched)
    if agreed is not None:
        facts[AGREED_AT] = agreed.agreed_at
    if agreed is not None and agreed.launch_hash != connection.launch.launch_hash:
        facts[AGREED_BEFORE] = shown_subject(agreed.subject)
    return canonical(facts).decode()


def definition_subject(tool: ToolDefinition, labels: Lamps) -> JsonObject:
    """Return what a person is asked about a tool at first sight."""
    proposed = proposed_tier(tool)
    return {
        **tool.body,
        "proposed_tier": proposed.name if proposed is not None else None,
        "labels": list(labels.letters()),
    }


def resting_on(server: str, tool: ToolDefinition) -> Callable[[ApprovalRequest], bool]:
    """Return what tells the calls that are void once a definition is another one."""
    said = said_of(tool.name)
    name = tool.name if said is None else tool.name.removeprefix(said_key(said, ""))
    method = {None: TOOLS_CALL, Said.PROMPT: PROMPT}.get(said)
    calls = (RequestKind.CALL, server, name, method)
    return lambda request: (request.kind, request.server, request.tool, request.method) == calls


def review_request(
    connection: Connection,
    kind: RequestKind,
    name: str,
    text: bytes,
    *,
    agreements: Agreements,
    facts: str,
    id_: str,
    created_utc: str,
    findings: tuple[Finding, ...] = (),
) -> ApprovalRequest:
    """Build the request of a review; `name` is the tool's, empty for a command with its `facts`."""
    pin = agreements.pin(connection, name)
    tool = connection.catalogue.get(name)
    proposed = pin.tier if pin is not None else None
    if kind is RequestKind.DEFINITION and tool is not None:
        proposed = proposed_tier(tool)
    because = f"review_{kind.value}"
    if kind is RequestKind.COMMAND and agreements.changed_values(connection):
        because = BECAUSE_VALUES
    elif kind is RequestKind.COMMAND and agreements.closure_changed(connection):
        because = BECAUSE_CLOSURE
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
        because=because,
        definition=tool.text if tool is not None else facts,
        asked_by=asked_by(connection) if kind is RequestKind.COMMAND else AskedBy(),
        credentials=connection.server.credential_names(),
        environment=connection.server.environment,
        pinned_at=pin.pinned_at if pin is not None else "",
        created_utc=created_utc,
        proposed_tier=cautious_tier(proposed, findings),
        findings=findings,
        labels=_known_labels(connection, name, agreements).letters(),
    )


def _known_labels(connection: Connection, name: str, agreements: Agreements) -> Lamps:
    """Return what is to be kept of a tool's labels: an agreement anew must not lose them."""
    labels = Lamps.NONE
    if name:
        labels = agreements.standing(connection, name).labels
        for pin in agreements.named(connection.server.name, name):
            labels |= pin.labels
    return labels
