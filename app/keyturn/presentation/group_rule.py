"""Owns what a rule for a group of waiting calls offers: what is the same in those that are alike.

What is unlike the others takes no part in it, so that no value is left open for its sake. A rule
speaks of values and never of the group: what joins later is let in where it fits, and only there.
"""

from collections.abc import Collection, Sequence
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.client_request import kind_of
from keyturn.domain.condition import ConditionFault, Operator
from keyturn.domain.lamps import lamps_from_letters
from keyturn.domain.rule import Kind, Rule, RuleSubject, covers
from keyturn.domain.tier import Tier
from keyturn.presentation.hidden_secrets import hidden_of
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.rule_sheet import (
    MOST_VALUES,
    FixableValue,
    RuleSheet,
    fixable_values,
    refusal,
    rule_sheet,
)
from keyturn.presentation.words import Words

_MOST_SEEN: Final = 50
_LONGEST_SEEN: Final = 4_000
"""Values, and characters of them, that a person is read as "one of these"."""


def group_sheet(
    requests: Sequence[ApprovalRequest],
    unlike: Collection[str],
    words: Words,
    *,
    fault: str = "",
    waits: bool = True,
) -> RuleSheet:
    """Return the sheet of a group; `unlike` are the ids of what is flagged in it.

    `fault` is why no click may allow anything of it now.
    """
    alike = [one for one in requests if one.id not in unlike] or list(requests)
    # One that a rule may decide, where there is any: the others ask on, whatever is saved.
    first = next((one for one in alike if not refusal(one, words)), alike[0])
    of_one = rule_sheet(first, words, waits=waits)
    fixable, varying = _split(alike, words)
    if len(fixable) > MOST_VALUES:
        # With none of them to tick the rule would open at its widest, and say that it is narrow.
        fault = fault or words("sheets.no_rule_many", n=MOST_VALUES)
    return RuleSheet(
        request_id=first.id,
        revision=1,
        digest=first.digest,
        tier=max(one.tier for one in requests),
        agent=of_one.agent,
        server=of_one.server,
        tool=of_one.tool,
        kind=of_one.kind,
        arguments=of_one.arguments,
        values=fixable,
        refusal=fault or _refusal_of_all(requests, words),
        spans=of_one.spans,
        waits=waits,
        varying=varying,
        calls=len(requests),
    )


def witness(
    rule: Rule, sheet: RuleSheet, requests: Sequence[ApprovalRequest], words: Words
) -> tuple[str, str]:
    """Return id and digest of a call of the group by which an approval of a rule is remembered.

    That of the sheet, or of another that the rule decides where that one waits no more.
    """
    left = next((one for one in requests if one.id == sheet.request_id), None)
    if left is None:
        left = next((one for one in requests if decided_by(rule, [one], words)), None)
    return (left.id, left.digest) if left is not None else (sheet.request_id, sheet.digest)


def decided_by(rule: Rule, requests: Sequence[ApprovalRequest], words: Words) -> int:
    """Return how many waiting calls a rule would decide: those that fit, and that any rule may."""
    return sum(_fits(rule, one) and not refusal(one, words) for one in requests)


def decides_text(rule: Rule, requests: Sequence[ApprovalRequest], words: Words) -> str:
    """Say how many of the calls that wait fit a rule, as they wait now."""
    fitting = decided_by(rule, requests, words)
    return words("sheets.group_decides", n=fitting, of=len(requests))


def owed_for(
    rule: Rule, requests: Sequence[ApprovalRequest], unlike: Collection[str], words: Words
) -> str:
    """Say why a rule is not saved yet: it would let in what is unlike the others; else nothing.

    No press on a group's card allows what is flagged there, and no rule made of it does.
    """
    flagged = decided_by(rule, [one for one in requests if one.id in unlike], words)
    return words("sheets.group_unlike", n=flagged) if flagged else ""


def _refusal_of_all(requests: Sequence[ApprovalRequest], words: Words) -> str:
    """Say why no rule can decide any of them; one tier decides for all."""
    highest = max(requests, key=lambda one: one.tier)
    if highest.tier is Tier.T3:
        return refusal(highest, words)
    told = [refusal(one, words) for one in requests]
    return told[0] if all(told) else ""


def _split(
    requests: Sequence[ApprovalRequest], words: Words
) -> tuple[tuple[FixableValue, ...], int]:
    """Return what a rule can insist on, and how many arguments it leaves open whatever is ticked.

    What is the same in all, and of what differs that it is one of those that were seen: with all of
    it ticked the rule lets in what waits now, and nothing else of these arguments.
    """
    found = [
        {
            value.path: value
            for value in fixable_values(read_json(one.arguments), hidden_of(one, words))
        }
        for one in requests
    ]
    paths = dict.fromkeys(path for values in found for path in values)
    fixed = [_fixed(path, [values.get(path) for values in found], words) for path in paths]
    return tuple(one for one in fixed if one is not None), fixed.count(None)


def _fixed(path: str, values: Sequence[FixableValue | None], words: Words) -> FixableValue | None:
    """Return the one value, or one of several scalars; None for what some calls do not have."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    written = {canonical(value.value): value for value in known}
    if len(written) == 1:
        return known[0]
    seen = [value.value for value in written.values()]
    # With its quotation marks escaped: one value may look like two otherwise.
    text = ", ".join(map(_written, written.values()))
    if len(seen) > _MOST_SEEN or len(text) > _LONGEST_SEEN:
        return None
    if any(isinstance(value, list | dict) for value in seen):
        return None
    said = words("sheets.one_of", values=text)
    told: JsonValue = None
    if any(value.told is not None for value in written.values()):
        told = [value.value if value.told is None else value.told for value in written.values()]
    return FixableValue(path=path, value=seen, text=said, op=Operator.IN, told=told)


def _written(value: FixableValue) -> str:
    """Return a value as JSON, without what is hidden of it."""
    return canonical(value.value if value.told is None else value.told).decode()


def _fits(rule: Rule, request: ApprovalRequest) -> bool:
    arguments = read_json(request.arguments)
    subject = RuleSubject(
        kind=kind_of(request.method) or Kind.CALL,
        agent=request.agent,
        server=request.server,
        tool=request.tool or "",
        arguments=arguments if isinstance(arguments, dict) else {},
        lamps=lamps_from_letters(request.lamps),
        touches=request.touches,
    )
    try:
        return request.tier is not Tier.T3 and covers(rule, subject)
    except ConditionFault:
        return False
