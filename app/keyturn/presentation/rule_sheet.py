"""Owns what the sheet "Allow with rule" offers: one tool, one agent, and which values are fixed.

Narrowest first: with every value ticked the rule covers exactly these arguments and no others, so
that an argument which this call did not have is not let in. Nothing of a choice is remembered.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from keyturn.application.approval_request import BECAUSE_PRACTICE, ApprovalRequest
from keyturn.application.console_protocol import SaveRule
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.client_request import kind_of
from keyturn.domain.condition import Operator
from keyturn.domain.pattern import is_glob
from keyturn.domain.policy import Because
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_data import rule_from_data, rule_to_data
from keyturn.domain.spelling import Fit, fit_of
from keyturn.domain.tier import Tier
from keyturn.presentation.asked_names import is_of_tool
from keyturn.presentation.hidden_secrets import HiddenSecrets, hidden_of
from keyturn.presentation.json_nodes import Node, nodes, read_json
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.words import Words

MOST_VALUES = 40
"""More than these nobody ticks one by one: then only the exact call can be fixed."""
LARGEST_ARGUMENTS = 32 * 1024
"""Characters of canonical JSON that a rule may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixableValue:
    """One argument that the rule can insist on."""

    path: str
    """JSON Pointer."""
    value: JsonValue
    text: str
    """As sent, a string in its quotation marks; without what is hidden of it."""
    op: Operator = Operator.EQ
    """IN: one of several, of a group whose calls differ in it."""
    told: JsonValue = None
    """What sentences say in its place, where something of it is hidden; else None."""


class Span(Enum):
    """How long what is made of a call holds; the shortest first."""

    QUARTER = 900.0
    HOUR = 3600.0
    SESSION = None
    """As long as the session may, twelve hours at most."""
    ALWAYS = math.inf
    """A rule, until it is removed."""

    @property
    def is_remembered(self) -> bool:
        """Tell whether an approval is only remembered, so that no rule is made."""
        return self is not Span.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSheet:
    """What can be made a rule of one waiting call."""

    request_id: str
    revision: int
    digest: str
    tier: Tier
    agent: str
    server: str
    tool: str
    kind: Kind
    arguments: JsonValue
    values: tuple[FixableValue, ...]
    refusal: str = ""
    """Why no rule can decide such a call; the sheet then offers nothing else."""
    spans: tuple[Span, ...] = (Span.ALWAYS,)
    """How long it can hold."""
    waits: bool = True
    """False when the agent stopped waiting: the rule decides its next call, not this one."""
    varying: int = 0
    """Of a group: how many arguments are not the same in all its calls."""
    calls: int = 1
    """How many calls wait in it."""

    @property
    def is_of_group(self) -> bool:
        """Tell whether it is for calls that differ, so that none of them is meant exactly."""
        return self.calls > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """The rule that stands in the sheet."""

    data: str
    """As `SaveRule` takes it; canonical JSON."""
    rule: Rule
    sentence: str
    conditions: tuple[str, ...]
    loose: str
    """What the rule leaves open, in words; empty when it leaves nothing open."""
    kept: str
    """How long it holds, in words."""
    span: Span
    fault: str = ""
    """Why it cannot be saved like this."""


def rule_sheet(
    request: ApprovalRequest, words: Words, *, revision: int = 1, waits: bool = True
) -> RuleSheet:
    """Return the sheet of a call."""
    arguments = read_json(request.arguments)
    hidden = hidden_of(request, words)
    found = fixable_values(arguments, hidden)
    return RuleSheet(
        request_id=request.id,
        revision=revision,
        digest=request.digest,
        tier=request.tier,
        agent=request.agent,
        server=request.server,
        tool=request.tool or "",
        kind=kind_of(request.method) or Kind.CALL,
        arguments=arguments,
        values=found if len(found) <= MOST_VALUES else (),
        refusal=refusal(request, words),
        spans=tuple(Span) if is_of_tool(request.method) else (Span.ALWAYS,),
        waits=waits,
    )


def fixable_values(arguments: JsonValue, hidden: HiddenSecrets) -> tuple[FixableValue, ...]:
    """Return every scalar argument, and every list as a whole.

    A list is one value: conditions on its items would leave room for further items.
    """
    found: list[Node] = []
    for node in nodes(arguments):
        if any(node.path.startswith(f"{one.path}/") for one in found[-1:]):
            continue
        if node.path and (node.is_leaf or isinstance(node.value, list)):
            found.append(node)
    return tuple(_fixable(node, hidden) for node in found)


def _fixable(node: Node, hidden: HiddenSecrets) -> FixableValue:
    shown = hidden.quoted(node.path, node.value)
    told = hidden.value(node.path, node.value).text if shown.masks else None
    return FixableValue(path=node.path, value=node.value, text=shown.text, told=told)


def draft(
    sheet: RuleSheet, ticked: Collection[str], words: Words, span: Span = Span.ALWAYS
) -> RuleDraft:
    """Return the rule that fixes the values at the paths `ticked`, and how long it holds."""
    kept = [value for value in sheet.values if value.path in ticked]
    exact = len(kept) == len(sheet.values) and not sheet.is_of_group
    rule = _rule(sheet, kept, exact=exact)
    left_open = len(sheet.values) - len(kept) + sheet.varying
    sentences = RuleSentences(words)
    said = _rule(sheet, list(map(_without_secrets, kept)), exact=exact)
    fault = ""
    if sheet.tier is Tier.T2 and not exact and not kept:
        fault = words("sheets.needs_a_value")
    return RuleDraft(
        data=canonical(rule_to_data(rule)).decode(),
        rule=rule,
        sentence=sentences.sentence(said),
        conditions=(words("sheets.exactly"),) if exact else sentences.conditions(said),
        loose="" if exact else _loose(left_open, words),
        kept=_kept(kept, span, words),
        span=span,
        fault=sheet.refusal or fault,
    )


def _without_secrets(value: FixableValue) -> FixableValue:
    return value if value.told is None else replace(value, value=value.told)


def _kept(values: list[FixableValue], span: Span, words: Words) -> str:
    """Say how long it holds, and what a rule shows from then on that the card hides."""
    told = words(_KEPT[span])
    if span.is_remembered or all(value.told is None for value in values):
        return told
    return f"{told} {words('sheets.keeps_secret')}"


def _loose(left_open: int, words: Words) -> str:
    key = "sheets.leaves_open" if left_open else "sheets.leaves_only_more"
    return words(key, n=left_open)


_KEPT: Final = {
    Span.QUARTER: "sheets.kept_quarter",
    Span.HOUR: "sheets.kept_hour",
    Span.SESSION: "sheets.kept_session",
    Span.ALWAYS: "sheets.rule_kept",
}
SPAN_TEXTS: Final = {
    Span.QUARTER: "sheets.span_quarter",
    Span.HOUR: "sheets.span_hour",
    Span.SESSION: "sheets.span_session",
    Span.ALWAYS: "sheets.span_always",
}


def save_intent(n: int, made: RuleDraft, request_id: str, digest: str) -> SaveRule:
    """Return what is asked of the broker: a rule, or an approval that is remembered."""
    if not made.span.is_remembered:
        return SaveRule(n=n, data=made.data)
    seconds = made.span.value
    return SaveRule(n=n, data=made.data, request=request_id, digest=digest, seconds=seconds)


def _rule(sheet: RuleSheet, kept: list[FixableValue], *, exact: bool) -> Rule:
    tests: list[JsonValue] = [
        {"path": value.path, "op": value.op.value, "value": value.value} for value in kept
    ]
    if exact:
        tests = [{"path": "", "op": Operator.EQ.value, "value": sheet.arguments}]
    return rule_from_data(
        {
            "effect": Effect.ALLOW.value,
            "kind": sheet.kind.value,
            "agent": sheet.agent,
            "server": sheet.server,
            "tool": sheet.tool,
            "when": tests,
        }
    )


def _unknown(request: ApprovalRequest) -> bool:
    """Tell whether the agent is not, or no longer, the one that a person enrolled."""
    asked = request.asked_by
    unknown = request.because == Because.UNKNOWN_AGENT.value or not asked.agent_enrolled
    return unknown or asked.program_changed


_NO_RULE_MAY = {
    Because.TWO_PERSONS.value: "phrases.why_two_persons",
    Because.STEPPED_UP.value: "phrases.why_stepped_up",
    Because.NOT_ASKED.value: "phrases.why_not_asked",
    Because.EARLIER_TASK.value: "phrases.why_earlier_task",
    Because.EDITED.value: "phrases.why_edited",
    Because.SENDS_SECRET.value: "phrases.why_sends_secret",
    Because.ENVIRONMENT_DIFFERS.value: "phrases.why_environment_differs",
    Because.ENVIRONMENT_UNCLEAR.value: "phrases.why_environment_unclear",
}


def _names_of(request: ApprovalRequest) -> dict[str, str]:
    return {"agent": request.agent, "server": request.server, "tool": request.tool or ""}


def _held_back(request: ApprovalRequest) -> str:
    return Because.TWO_PERSONS.value if request.two_persons else request.because


def refusal(request: ApprovalRequest, words: Words) -> str:
    """Return why a rule could not decide this call (architecture.md section 7, "Tiers")."""
    if request.because == BECAUSE_PRACTICE:
        return words("sheets.no_rule_practice")
    return _refusal(request, words)


def _refusal(request: ApprovalRequest, words: Words) -> str:
    told = ""
    if request.tier is Tier.T3:
        told = words("sheets.no_rule_t3")
    elif request.because == Because.THREE_LAMPS.value:
        told = words("sheets.no_rule_lamps")
    elif _unknown(request):
        changed = request.asked_by.program_changed
        key = "phrases.why_program_changed" if changed else "sheets.no_rule_agent"
        told = words(key, agent=request.agent)
    elif request.because in (Because.RULE.value, Because.RULE_FAULT.value):
        told = words("sheets.no_rule_asks", rule=request.rule or words("sheets.one_of_yours"))
    elif (because := _held_back(request)) in _NO_RULE_MAY:
        told = words(_NO_RULE_MAY[because], **_names_of(request))
    elif request.because == Because.OTHER_PARAMS.value:
        of_tool = is_of_tool(request.method)
        told = words("phrases.why_other_params" if of_tool else "phrases.why_other_members")
    elif any(is_glob(name) for name in (request.agent, request.server, request.tool or "")):
        # Such a name would be read as a pattern and cover other tools as well.
        told = words("sheets.no_rule_name")
    elif not is_of_tool(request.method) and not _is_unmistakable(request.tool or ""):
        told = words("sheets.no_rule_spelling")
    elif len(request.arguments) > LARGEST_ARGUMENTS:
        told = words("sheets.no_rule_large")
    return told


def _is_unmistakable(name: str) -> bool:
    return fit_of(name, name) is Fit.YES
