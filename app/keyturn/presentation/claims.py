"""Owns the two columns under a card: what the agent and server claim, what Keyturn observed."""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.connection import OWN_AGENT, STDIO
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.asked_names import server_and_name
from keyturn.presentation.card import Pair
from keyturn.presentation.findings import command_pairs
from keyturn.presentation.json_nodes import read_json, shortened
from keyturn.presentation.launch_facts import (
    facts_with,
    launch_claims,
    launch_facts,
    program_facts,
)
from keyturn.presentation.tier_reasons import tier_pairs
from keyturn.presentation.words import Words

_HINTS: tuple[tuple[str, str, str], ...] = (
    ("readOnlyHint", "phrases.claims_read_only", "phrases.claims_writes"),
    ("destructiveHint", "phrases.claims_destructive", "phrases.claims_not_destructive"),
    ("openWorldHint", "phrases.claims_open_world", "phrases.claims_closed_world"),
    ("idempotentHint", "phrases.claims_idempotent", ""),
)


def claimed_pairs(request: ApprovalRequest, words: Words) -> tuple[Pair, ...]:
    """Return what is only said, quoted: the client's name, the tool's title and hints."""
    pairs: list[Pair] = []
    client = " ".join(filter(None, (request.asked_by.client_name, request.asked_by.client_version)))
    if client:
        pairs.append(_claim(words("phrases.client"), client, words))
    if request.kind is RequestKind.COMMAND:
        pairs += launch_claims(facts_with(request), words)
    title, hints = _definition_claims(request, words)
    if title:
        pairs.append(_claim(words("phrases.tool_title"), title, words))
    if hints:
        pairs.append(_claim(words("phrases.tool_hint"), ", ".join(hints), words))
    return tuple(pairs)


def claimed_title(request: ApprovalRequest, words: Words) -> str:
    """Say who claims that; empty for the agent, which has no part in a review of its own."""
    match request.kind:
        case RequestKind.COMMAND:
            return words("card.claimed_by_packages")
        case RequestKind.DEFINITION | RequestKind.CHANGE:
            return words("card.claimed_by_server")
        case _:
            return ""


def observed_pairs(request: ApprovalRequest, words: Words) -> tuple[Pair, ...]:
    """Return what Keyturn saw itself, and what it could not see."""
    asked = request.asked_by
    pairs: list[Pair] = []
    if request.kind is RequestKind.COMMAND:
        pairs += launch_facts(facts_with(request), words)
        pairs += command_pairs(request.findings, words)
    own = is_own(request)
    if own:
        pairs.append(Pair(key=words("phrases.asked_by"), value=words("phrases.asked_by_keyturn")))
    elif request.kind in (RequestKind.CALL, RequestKind.COMMAND, RequestKind.AGENT):
        process = words("phrases.process_value", pid=asked.host_pid, name=asked.host_name)
        known = asked.host_pid > 0
        pairs.append(_seen(words("phrases.process"), process if known else "", words))
        pairs.append(_seen(words("phrases.program"), asked.host_executable, words))
        if request.kind is RequestKind.AGENT:
            pairs += program_facts(_subject(request), words)
        if asked.parents:
            pairs.append(_seen(words("phrases.started_by"), " < ".join(asked.parents), words))
        pairs.append(_seen(words("phrases.workspace"), asked.workspace, words))
        pairs.append(_seen(words("phrases.connected_by"), asked.transport, words))
        enrolled = "phrases.enrolled_here" if asked.agent_enrolled else "phrases.not_enrolled"
        pairs.append(Pair(key=words("phrases.enrolled"), value=words(enrolled)))
    pairs += tier_pairs(request, words)
    if request.pinned_at:
        when = request.pinned_at[:16].replace("T", " ")
        text = words("phrases.definition_pinned", when=when)
        pairs.append(Pair(key=words("phrases.definition"), value=text))
    session = "" if own else request.session
    pairs += [_seen(words("phrases.session"), session, words)] if session else []
    pairs += [_seen(words("phrases.ticket"), request.ticket, words)] if request.ticket else []
    pairs += [
        Pair(
            key=words("phrases.earlier"),
            value=words(
                "phrases.earlier_call",
                number=call.number,
                name=server_and_name(call.server, shortened(call.tool, 200), call.method, words),
                outcome=call.outcome,
            ),
        )
        for call in request.earlier
    ]
    return tuple(pairs)


def is_own(request: ApprovalRequest) -> bool:
    """Tell whether no agent asks, but Keyturn for a review that a person began."""
    asked = request.asked_by
    named = request.kind is RequestKind.COMMAND and request.agent == OWN_AGENT
    # Nobody is seen behind an agent over HTTP either, nor behind one that proved no name.
    return named and asked.agent_enrolled and asked.host_pid == 0 and asked.transport == STDIO


def hints_of(definition: JsonValue, words: Words) -> list[str]:
    """Return a definition's annotations in words; they are claims."""
    annotations = definition.get("annotations") if isinstance(definition, dict) else None
    if not isinstance(annotations, dict):
        return []
    told: list[str] = []
    for name, when_true, when_false in _HINTS:
        value = annotations.get(name)
        key = when_true if value is True else when_false if value is False else ""
        if key:
            told.append(words(key))
    return told


def _definition_claims(request: ApprovalRequest, words: Words) -> tuple[str, list[str]]:
    definition = read_json(request.definition) if request.definition else None
    if not isinstance(definition, dict):
        return "", []
    title = definition.get("title")
    return title if isinstance(title, str) else "", hints_of(definition, words)


def _subject(request: ApprovalRequest) -> JsonObject:
    subject = read_json(request.arguments)
    return subject if isinstance(subject, dict) else {}


def _claim(key: str, text: str, words: Words) -> Pair:
    return Pair(key=key, value=words("phrases.quoted_claim", text=text))


def _seen(key: str, value: str, words: Words) -> Pair:
    if not value:
        return Pair(key=key, value=words("phrases.not_available"))
    return Pair(key=key, value=value, exact=True)
