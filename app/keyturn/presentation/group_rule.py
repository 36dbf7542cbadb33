"""Owns what a rule for a group of waiting calls offers: what is the same in those that are alike.

What is unlike the others takes no part in it, so that no value is left open for its sake. A rule
speaks of values and never of the group: what joins later is let in where it fits, and only there.
"""

from collections.abc import Collection, Sequence

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import canonical
from keyturn.domain.client_request import kind_of
from keyturn.domain.condition import ConditionFault
from keyturn.domain.lamps import lamps_from_letters
from keyturn.domain.rule import Kind, Rule, RuleSubject, covers
from keyturn.domain.tier import Tier
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
    constants, varying = _split(alike)
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
        values=constants if len(constants) <= MOST_VALUES else (),
        refusal=fault or _refusal_of_all(requests, words),
        spans=of_one.spans,
        waits=waits,
        varying=varying,
        calls=len(requests),
    )


def decided_by(rule: Rule, requests: Sequence[ApprovalRequest], words: Words) -> int:
    """Return how many waiting calls a rule would decide: those that fit, and that any rule may."""
    return sum(_fits(rule, one) and not refusal(one, words) for one in requests)


def decides_text(rule: Rule, requests: Sequence[ApprovalRequest], words: Words) -> str:
    """Say how many of the calls that wait fit a rule, as they wait now."""
    fitting = decided_by(rule, requests, words)
    return words("sheets.group_decides", n=fitting, of=len(requests))


def _refusal_of_all(requests: Sequence[ApprovalRequest], words: Words) -> str:
    """Say why no rule can decide any of them; one tier decides for all."""
    highest = max(requests, key=lambda one: one.tier)
    if highest.tier is Tier.T3:
        return refusal(highest, words)
    told = [refusal(one, words) for one in requests]
    return told[0] if all(told) else ""


def _split(requests: Sequence[ApprovalRequest]) -> tuple[tuple[FixableValue, ...], int]:
    """Return the values that are the same in all, and how many arguments are not."""
    found = [
        {value.path: value for value in fixable_values(read_json(one.arguments))}
        for one in requests
    ]
    paths = dict.fromkeys(path for values in found for path in values)
    same = [path for path in paths if len({_written(values.get(path)) for values in found}) == 1]
    return tuple(found[0][path] for path in same), len(paths) - len(same)


def _written(value: FixableValue | None) -> bytes:
    return b"" if value is None else canonical(value.value)


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
