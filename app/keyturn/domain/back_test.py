"""What a change of rules would have done to past calls: as far as their recorded values tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keyturn.domain.canonical import JsonObject
from keyturn.domain.condition import ConditionFault, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture, judge
from keyturn.domain.rule import Kind, Rule, RuleSubject, covers
from keyturn.domain.rule_index import RuleIndex
from keyturn.domain.rule_life import AT_ANY_TIME
from keyturn.domain.rule_proof import at_their_loosest
from keyturn.domain.tier import Tier
from keyturn.domain.touches import touches_of

MOST_CALLS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """One recorded call."""

    kind: Kind
    agent: str
    server: str
    tool: str
    tier: Tier
    arguments: JsonObject | None
    """None where they are masked, pruned or too long to be kept beside the row."""
    denied: bool
    """A person said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """What would have been otherwise."""

    looked: int
    """Calls that were looked at, those that say nothing among them."""
    unclear: int
    """Calls of which nobody can tell: their values are gone, or lamps would have counted."""
    loosened: int
    """Calls that would pass, and did not by the rules as they are."""
    tightened: int
    """Calls that would be asked about or denied, and passed or were only asked about."""
    matched: int
    """Calls that the rule covers that the test is about."""
    matched_denied: int
    """Those of them that a person denied."""


_STRICTNESS = {Verdict.ALLOW: 0, Verdict.ASK: 1, Verdict.DENY: 2}


def back_test(
    before: Iterable[Rule],
    after: Iterable[Rule],
    calls: Sequence[PastCall],
    rule: Rule | None,
    posture: Posture = Posture.ASK_ALL,
) -> BackTest:
    """Judge past calls by two sets of rules; `rule` is the one whose own matches are counted.

    Tiers are those of then, and limits are taken as not reached.
    """
    old, new = RuleIndex(at_their_loosest(before)), RuleIndex(at_their_loosest(after))
    own = RuleIndex(at_their_loosest((rule,) if rule is not None else ()))
    unclear = loosened = tightened = matched = denied = 0
    for call in calls:
        subject = _subject(call)
        about = [index.about(subject) for index in (old, new, own)]
        if any(_is_unclear(one, call) for rules in about for one in rules):
            unclear += 1
            continue
        was, is_now = (_strictness(subject, call, rules, posture) for rules in about[:2])
        step = is_now - was
        loosened += step < 0
        tightened += step > 0
        if _covers(about[2], subject):
            matched += 1
            denied += call.denied
    return BackTest(
        looked=len(calls),
        unclear=unclear,
        loosened=loosened,
        tightened=tightened,
        matched=matched,
        matched_denied=denied,
    )


def _subject(call: PastCall) -> RuleSubject:
    return RuleSubject(
        kind=call.kind,
        agent=call.agent,
        server=call.server,
        tool=call.tool,
        arguments=call.arguments or {},
        lamps=Lamps.NONE,
        touches=None if call.arguments is None else touches_of(call.arguments, tool=call.tool),
    )


def _is_unclear(rule: Rule, call: PastCall) -> bool:
    """Tell whether a rule looks at what was not kept of a call."""
    of_lamps = any(test.op is Operator.TAINT_HAS for test in rule.when)
    looks = bool(rule.when) or rule.limits.count_touches
    return of_lamps or (looks and call.arguments is None)


def _strictness(
    subject: RuleSubject, call: PastCall, rules: Iterable[Rule], posture: Posture
) -> int:
    judgement = judge(
        subject,
        tier=call.tier,
        labels=Lamps.NONE,
        rules=rules,
        posture=posture,
        moment=AT_ANY_TIME,
    )
    return _STRICTNESS[judgement.verdict]


def _covers(rules: Iterable[Rule], subject: RuleSubject) -> bool:
    try:
        return any(covers(rule, subject) for rule in rules)
    except ConditionFault:
        return False
