"""Owns the chips of a card: what its reach is, where its values came from, what it touches."""

from collections.abc import Iterator

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.json_texts import texts_of
from keyturn.domain.tier import LARGE_ARGUMENTS_BYTES, Tier
from keyturn.presentation.card import Chip
from keyturn.presentation.findings import finding_chips
from keyturn.presentation.hidden_secrets import hidden_of
from keyturn.presentation.json_nodes import read_json, value_at
from keyturn.presentation.launch_facts import facts_with, launch_chips
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.phrases import PRODUCTION, Phrases
from keyturn.presentation.source_excerpts import is_claim
from keyturn.presentation.touches import touches_chip
from keyturn.presentation.visible_text import MOST_HIDDEN, hidden_in_all, shown_line
from keyturn.presentation.words import Words

_LONGEST_NAME = 60


def chips_of(
    request: ApprovalRequest, phrases: Phrases, words: Words, *, stopped: bool = False
) -> tuple[Chip, ...]:
    """Return the chips, the tier's first; `stopped`: the agent no longer waits."""
    return tuple(_chips(request, phrases, words, stopped=stopped))


def hidden_in(text: str) -> int:
    """Count the characters of a JSON text's keys and values that would not have been seen."""
    return hidden_in_all(texts_of(read_json(text)))


def _chips(
    request: ApprovalRequest, phrases: Phrases, words: Words, *, stopped: bool
) -> Iterator[Chip]:
    tier = tier_of(request)
    yield Chip(role=tier_role(tier), icon=tier_icon(tier), text=phrases.tier(tier))
    if stopped:
        yield _plain(Icon.WITHDRAWN, words("phrases.chip_stopped_waiting"), Role.INFO)
    if request.kind is RequestKind.CHANGE:
        yield _plain(Icon.REFUSED, words("phrases.chip_blocked"), Role.DENY)
    yield from _noticed(request, words)
    yield from _provenance(request, words)
    if phrases.server_speaks(request):
        yield _plain(Icon.CLAIMED, words("phrases.chip_server_says"))
    if request.kind is RequestKind.CALL:
        yield from _call(request, words)
    elif request.kind is RequestKind.COMMAND:
        yield from launch_chips(facts_with(request), words)
    for name in request.credentials:
        yield _plain(Icon.CREDENTIAL, words("phrases.chip_credential", name=name))
    if request.environment:
        production = request.environment == PRODUCTION
        key = "phrases.chip_production" if production else "phrases.chip_environment"
        role = Role.WARNING if production else Role.NEUTRAL
        yield _plain(Icon.SERVER, words(key, name=request.environment), role)
    hidden = hidden_in(request.arguments)
    if hidden:
        counted = hidden < MOST_HIDDEN
        key = "phrases.chip_hidden" if counted else "phrases.chip_hidden_many"
        yield _plain(Icon.LOOK, words(key, n=hidden), Role.WARNING)


def _noticed(request: ApprovalRequest, words: Words) -> Iterator[Chip]:
    """Say what reads like an order: what is held, or a result before it; or what is odd."""
    if request.kind is RequestKind.RESULT:
        yield _plain(Icon.ATTENTION, words("findings.chip_result"), Role.WARNING)
        return
    if request.kind is RequestKind.INPUT and request.findings:
        yield _plain(Icon.ATTENTION, words("findings.chip_result"), Role.WARNING)
    else:
        yield from finding_chips(request.findings, words)
    if request.signs:
        text = words("phrases.chip_signs", n=len(request.signs), first=request.signs[0])
        yield _plain(Icon.ATTENTION, text, Role.WARNING)


def tier_of(request: ApprovalRequest) -> Tier:
    """Return the tier to show: of a reviewed tool the one that would stay, else not confirmed."""
    if request.kind in (RequestKind.DEFINITION, RequestKind.CHANGE):
        return Tier.T3 if request.proposed_tier is None else request.proposed_tier
    return request.tier


def _provenance(request: ApprovalRequest, words: Words) -> Iterator[Chip]:
    origins = request.trace.origins
    paths = {origin.path for origin in origins if not origin.is_typed}
    results = {(origin.server, origin.result) for origin in origins if not origin.is_typed}
    typed = {origin.path for origin in origins if is_claim(origin)} - paths
    if paths and len(results) == 1:
        yield _plain(Icon.TRACED, words("phrases.chip_traced", n=len(paths)), Role.TRACE)
    elif paths:
        text = words("phrases.chip_traced_more", n=len(paths), results=len(results))
        yield _plain(Icon.TRACED, text, Role.TRACE)
    if typed:
        yield _plain(Icon.CLAIMED, words("phrases.chip_typed", n=len(typed)))
    if any(origin.is_typed and origin.untrusted for origin in origins):
        yield _plain(Icon.ATTENTION, words("phrases.chip_typed_orders"), Role.WARNING)
    if request.trace.incomplete:
        yield _plain(Icon.UNKNOWN, words("phrases.chip_incomplete"), Role.WARNING)


def _call(request: ApprovalRequest, words: Words) -> Iterator[Chip]:
    if request.edited is not None:
        yield _plain(Icon.EDITED, words("edit.chip"))
    if not request.asked_by.agent_enrolled:
        yield _plain(Icon.ATTENTION, words("phrases.chip_not_enrolled"), Role.WARNING)
    if request.asked_by.program_changed:
        yield _plain(Icon.ATTENTION, words("phrases.chip_program_changed"), Role.WARNING)
    if request.two_persons:
        yield _plain(Icon.PERSON, words("phrases.chip_two_persons"), Role.WARNING)
    if request.first_use:
        yield _plain(Icon.FIRST_USE, words("phrases.chip_first_use"))
    if request.first_seen:
        yield _first_seen(request, words)
    if request.tier is Tier.T2:
        yield _plain(Icon.LEAVES_MACHINE, words("phrases.chip_leaves"))
    touched = touches_chip(request.touches, words)
    if touched is not None:
        yield touched
    if len(request.arguments) > LARGE_ARGUMENTS_BYTES:
        yield _plain(Icon.ATTENTION, words("phrases.chip_large"), Role.WARNING)


def _first_seen(request: ApprovalRequest, words: Words) -> Chip:
    if not request.first_seen[0].name:
        return _plain(Icon.ATTENTION, words("phrases.chip_not_all_seen"), Role.WARNING)
    name = shown_line(_as_written(request, words), words, most=_LONGEST_NAME)
    more = len(request.first_seen) - 1
    key = "phrases.chip_first_seen_more" if more else "phrases.chip_first_seen"
    return _plain(Icon.FIRST_USE, words(key, name=name, n=more), Role.WARNING)


def _as_written(request: ApprovalRequest, words: Words) -> str:
    """Return the first new destination as its argument has it, where it is that but for case."""
    first = request.first_seen[0]
    try:
        written = value_at(read_json(request.arguments), first.path)
    except KeyError:
        return first.name
    if not isinstance(written, str):
        return first.name
    shown = hidden_of(request, words).value(first.path, written)
    if shown.masks:
        return shown.text
    return written.strip() if written.strip().casefold() == first.name else first.name


def _plain(icon: Icon, text: str, role: Role = Role.NEUTRAL) -> Chip:
    return Chip(role=role, icon=icon, text=text)
