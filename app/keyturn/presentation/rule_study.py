"""Says what a rule would have done to past calls, and what it newly lets through."""

from collections.abc import Iterable, Sequence
from typing import Final

from keyturn.application.approval_request import PRACTICE_SERVER
from keyturn.application.recorded_names import LONGEST_NAME
from keyturn.domain.back_test import BackTest, PastCall, back_test
from keyturn.domain.canonical import JsonObject, Parsed, parse_strict
from keyturn.domain.client_request import kind_of
from keyturn.domain.decision import Outcome
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_proof import Never, newly_allowed
from keyturn.domain.tier import Tier
from keyturn.presentation.history_builder import RecordedCall
from keyturn.presentation.rule_findings import RuleFindings
from keyturn.presentation.words import Words

_TIERS: Final = {tier.name: tier for tier in Tier}
_MOST_WAYS: Final = 2_000
"""Ways past the stricter rules that are looked at while somebody waits for the answer."""


def past_calls(items: Iterable[RecordedCall]) -> tuple[PastCall, ...]:
    """Return decisions as calls to judge again, but no practice and what no agent asked for."""
    return tuple(call for item in items if (call := _past_call(item)) is not None)


def study_lines(
    before: Sequence[Rule],
    rule: Rule,
    calls: Sequence[PastCall],
    words: Words,
    posture: Posture = Posture.ASK_ALL,
) -> tuple[str, ...]:
    """Return what putting a rule beside others would change, a sentence each."""
    others = [other for other in before if other.id != rule.id]
    after = [*others, rule]
    found = back_test(before, after, calls, rule, posture)
    lines: list[str] = []
    if found.looked:
        lines.append(_matched(found, words))
        moved = found.loosened + found.tightened
        if moved:
            lines.append(words("rules.back_changed", n=moved, passing=found.loosened))
        if found.unclear:
            lines.append(words("rules.back_unclear", n=found.unclear))
    replaced = next((other for other in before if other.id == rule.id), None)
    answer = newly_allowed(before, after, most=_MOST_WAYS)
    # That a new rule which tightens allows nothing goes without saying.
    if rule.effect is Effect.ALLOW or (replaced is not None and answer != Never()):
        lines.append(RuleFindings(words).newly(answer))
    if replaced is not None and rule.limits.may_allow_more_than(replaced.limits):
        lines.append(words("rules.newly_more"))
    return tuple(lines)


def _matched(found: BackTest, words: Words) -> str:
    if not found.matched:
        return words("rules.back_none", n=found.looked)
    if not found.matched_denied:
        return words("rules.back_undenied", n=found.matched, looked=found.looked)
    denied = found.matched_denied
    return words("rules.back_matched", n=found.matched, looked=found.looked, denied=denied)


def _past_call(item: RecordedCall) -> PastCall | None:
    kind = kind_of(item.method) if item.method else Kind.CALL
    if kind is None or item.server == PRACTICE_SERVER:
        return None
    cut = kind is not Kind.CALL and (item.masked or len(item.tool) >= LONGEST_NAME)
    return PastCall(
        kind=kind,
        agent=item.agent,
        server=item.server,
        tool=item.tool,
        tier=_TIERS.get(item.tier, Tier.T3),
        arguments=None if item.masked or cut else _arguments(item.arguments),
        denied=item.outcome == Outcome.DENIED_USER.value,
    )


def _arguments(text: str | None) -> JsonObject | None:
    parsed = parse_strict(text) if text is not None else None
    value = parsed.value if isinstance(parsed, Parsed) else None
    return value if isinstance(value, dict) else None
