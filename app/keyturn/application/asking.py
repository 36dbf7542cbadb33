"""What a person is asked about a judged call: the approval request, made from its facts."""

from dataclasses import dataclass, replace

from keyturn.application.approval_request import ApprovalRequest, AskedFor, RequestKind
from keyturn.application.call import IncomingCall, Judged, Refused
from keyturn.application.continuations import goes_on
from keyturn.application.provenance import asked_by
from keyturn.application.raises import raised_by
from keyturn.application.secret_search import SecretSearch
from keyturn.domain.canonical import canonical
from keyturn.domain.decision import Outcome
from keyturn.domain.destinations import MOST_MARKED
from keyturn.domain.origin import excerpts_of
from keyturn.domain.policy import Because, Judgement
from keyturn.domain.secret_places import NO_SECRETS, Secrets


def rule_name(judgement: Judgement | None) -> str:
    """Name the rule that a judgement rests on; empty for a default."""
    if judgement is None or judgement.rule is None:
        return ""
    return judgement.rule.name or judgement.rule.id


BY_RULES = frozenset({Outcome.ALLOWED_RULE, Outcome.ALLOWED_GRANT})
"""Allowed by what stands, without anybody being asked about this call."""


def allowed_by(judgement: Judgement) -> Outcome:
    """Name what a verdict that allows rests on."""
    granted = judgement.because is Because.GRANT
    return Outcome.ALLOWED_GRANT if granted else Outcome.ALLOWED_RULE


def denied(judgement: Judgement | None) -> Refused:
    """Return the refusal of a call that a rule denies."""
    rule = judgement.rule if judgement is not None else None
    return Refused(
        outcome=Outcome.DENIED_RULE,
        rule=rule_name(judgement),
        never=rule is not None and rule.never,
        crossing=judgement.crossing if judgement is not None else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSecrets:
    """Where secrets stand in what is shown of a call; found once for what does not change."""

    arguments: Secrets = NO_SECRETS
    meta: Secrets = NO_SECRETS
    excerpts: Secrets = NO_SECRETS
    """Of what stands beside the places that its arguments came from."""
    asked: Secrets = NO_SECRETS
    """Of the arguments that its agent asked for, where a person changed them."""


def secrets_of(judged: Judged, search: SecretSearch | None) -> HeldSecrets:
    """Look for the secrets of a call, and of what its agent asked for."""
    if search is None:
        return HeldSecrets()
    asked, meta = judged.asked, judged.call.beside_arguments()
    return HeldSecrets(
        arguments=search.of_call(judged.call, judged.arguments_text),
        meta=search.of_text(canonical(meta).decode()) if meta else NO_SECRETS,
        excerpts=search.of_text(excerpts_of(judged.trace)),
        asked=search.of_call(asked.call, asked.arguments_text) if asked else NO_SECRETS,
    )


def with_secrets(request: ApprovalRequest, found: HeldSecrets, server_url: str) -> ApprovalRequest:
    """Return a call's request with what its screen hides, and where that goes first."""
    edited = request.edited
    if edited is not None:
        edited = replace(edited, secrets=found.asked)
    return replace(
        request,
        secrets=found.arguments,
        meta_secrets=found.meta,
        excerpt_secrets=found.excerpts,
        server_url=server_url,
        edited=edited,
    )


def _asked_for(asked: Judged | None) -> AskedFor | None:
    if asked is None:
        return None
    return AskedFor(arguments=asked.canonical_arguments.decode(), digest=asked.digest)


def call_request(
    incoming: IncomingCall, judged: Judged, *, created_utc: str, ticket: str, times: int = 1
) -> ApprovalRequest:
    """Build the request of a call; its id is the call's, its digest what an answer must name.

    From the second of the `times` that it is shown on, its id counts them.
    """
    connection, call, standing = incoming.connection, judged.call, judged.standing
    session = connection.session
    judgement = judged.judgement
    meta = call.beside_arguments()
    return ApprovalRequest(
        id=incoming.id if times == 1 else f"{incoming.id}.{times}",
        call=incoming.id,
        kind=RequestKind.CALL,
        agent=call.agent,
        session=session.id,
        server=call.server,
        tool=call.tool,
        arguments=judged.arguments_text,
        digest=judged.digest,
        tier=judged.tier,
        because=judgement.because.value if judgement is not None else "",
        rule=rule_name(judgement),
        trace=judged.trace,
        lamps=session.lamps.letters(),
        lit_by=tuple(session.lit_by.items()),
        labels=standing.labels.letters(),
        definition=judged.definition.text if judged.definition is not None else "",
        bound_meta=canonical(meta).decode() if meta else "",
        asked_by=asked_by(connection),
        call_number=judged.number,
        earlier=tuple(session.earlier),
        first_seen=session.first_seen(judged.sends_to)[:MOST_MARKED],
        first_use=call.is_of_tool and (call.server, call.tool) not in session.tools_used,
        credentials=connection.server.credential_names(),
        environment=connection.server.environment,
        named_environments=judged.found.differing,
        production=judged.found.raises,
        confirmed_tier=standing.tier if call.is_of_tool else None,
        raised_by=raised_by(judged),
        goes_on=goes_on(call),
        touches=judged.touches(),
        commands=judged.commands,
        ran=judged.ran,
        flows=judged.flows,
        signs=session.signs_in_reach,
        edited=_asked_for(judged.asked),
        two_persons=standing.two_persons,
        pinned_at=standing.pin.pinned_at if standing.pin is not None else "",
        created_utc=created_utc,
        ticket=ticket,
        method=call.method,
    )
