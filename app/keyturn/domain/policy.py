"""The judge: a total, pure function from a call and the standing rules to ALLOW, ASK or DENY."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from keyturn.domain.condition import ConditionFault, Look
from keyturn.domain.decision import Verdict
from keyturn.domain.environment import Crossing
from keyturn.domain.lamps import Lamps, needs_a_person
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers, vouches
from keyturn.domain.rule_life import AT_NO_TIME, Life, Moment
from keyturn.domain.tier import Tier
from keyturn.domain.touches import Touches


class Posture(StrEnum):
    """The built-in rule of a profile."""

    ASK_ALL = "ask_all"
    ASK_WRITES = "ask_writes"
    """Confirmed reads (T0) are allowed."""


UNASKED = frozenset({Kind.COMPLETE, Kind.TASK})
"""Allowed where no rule speaks of them, in every posture: a completion is asked for at each key,
and a task was judged when its call was."""


class Because(StrEnum):
    """Why the verdict is what it is; the window turns each into one sentence."""

    RULE = "rule"
    NO_RULE = "no_rule"
    POSTURE_READS = "posture_reads"
    BUILT_IN = "built_in"
    """No rule speaks of it, and requests of its kind are allowed until one does."""
    NOT_CONFIRMED = "not_confirmed"
    """An allow rule covers the call, but the tool's tier is T3."""
    THREE_LAMPS = "three_lamps"
    """Untrusted text and private data were read, so no rule may decide a call with reach."""
    UNTRUSTED_VALUE = "untrusted_value"
    """An allow rule covers the call, but tests no such value as was read in untrusted text."""
    RULE_FAULT = "rule_fault"
    RULE_ENDED = "rule_ended"
    """An allow rule covers the call, but its time is over."""
    RULE_SPENT = "rule_spent"
    """An allow rule covers the call, but allowed as many as it may in all."""
    RULE_RATE = "rule_rate"
    """An allow rule covers the call, but allowed as many as it may in a minute."""
    RULE_TOO_MANY = "rule_too_many"
    """An allow rule covers the call, but it touches more at once than the rule may allow."""
    RULE_HOUR = "rule_hour"
    """An allow rule covers the call, but would have touched more in an hour than it may allow."""
    OTHER_PARAMS = "other_params"
    """The call carries params that no rule looks at, so none may allow it (security.md I-13)."""
    NOT_ASKED = "not_asked"
    """It gives a task more than that was allowed to ask for, so no rule may allow it."""
    RULES_UNSURE = "rules_unsure"
    """The rules cannot be relied on, so that what none speaks of may have been denied."""
    GRANT = "grant"
    """A person had an approval remembered that covers it."""
    CONTINUATION = "continuation"
    """It repeats an allowed call with the input that the server was allowed to ask for."""
    UNKNOWN_AGENT = "unknown_agent"
    """The agent is not enrolled, so no rule may allow its calls."""
    PROGRAM_CHANGED = "program_changed"
    """The agent runs in another program than the one that a person enrolled."""
    TWO_PERSONS = "two_persons"
    """The tool takes two persons, so that nothing but these may allow its calls."""
    STEPPED_UP = "stepped_up"
    """What changed around the agent was looked at by nobody yet, so nothing allows its changes."""
    EDITED = "edited"
    """A person changed its arguments, and allows what they wrote themselves, or nobody does."""
    EARLIER_TASK = "earlier_task"
    """It was asked before a person began a new task, so that none of its lamps may be missed."""
    CROSSING = "crossing"
    """The agent's environment may not reach another one: the built-in rule about environments."""
    SENDS_SECRET = "sends_secret"
    """It would carry on what was read as a secret before, so that nothing but a person allows."""
    ENVIRONMENT_DIFFERS = "environment_differs"
    """Among the arguments another environment is named than the server's, so no rule may allow."""
    ENVIRONMENT_UNCLEAR = "environment_unclear"
    """There is too much among the arguments to say what environment they name."""


LIMITED = frozenset({Because.RULE_SPENT, Because.RULE_RATE, Because.RULE_HOUR})
"""A rule allows no more because of how much it allowed."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with the reason that is shown and recorded."""

    verdict: Verdict
    because: Because
    rule: Rule | None = None
    """The rule that is named; None for the default and the posture."""
    crossing: Crossing | None = None
    """From where to where, of a call that is denied for that."""
    touches: Touches | None = None
    """How much it touches, where a rule was asked that limits that."""


_VERDICTS = {
    Effect.DENY: Verdict.DENY,
    Effect.ASK: Verdict.ASK,
    Effect.ALLOW: Verdict.ALLOW,
}
_REACHED = {
    Life.ENDED: Because.RULE_ENDED,
    Life.SPENT: Because.RULE_SPENT,
    Life.OVER_RATE: Because.RULE_RATE,
    Life.TOO_MANY: Because.RULE_TOO_MANY,
    Life.OVER_HOUR: Because.RULE_HOUR,
}


def judge(
    subject: RuleSubject,
    *,
    tier: Tier,
    labels: Lamps,
    rules: Iterable[Rule],
    posture: Posture,
    moment: Moment = AT_NO_TIME,
) -> Judgement:
    """Judge one call that passed validation and review; never raises, never allows by default.

    All covering rules count and the most restrictive wins; specificity only picks which of them
    is named. A rule that cannot be evaluated counts as covering when it denies, and turns any
    would-be ALLOW into ASK otherwise. A rule that has reached a limit allows nothing; without a
    `moment` every limited one has. No rule and no posture allows who proved no name anything.
    """
    found = _covering(subject, rules, moment)
    for effect in (Effect.DENY, Effect.ASK):
        if effect in found.by_effect:
            return _by_rule(_VERDICTS[effect], found.by_effect[effect])
    if found.faulty is not None:
        return Judgement(verdict=Verdict.ASK, because=Because.RULE_FAULT, rule=found.faulty)
    allows = found.by_effect.get(Effect.ALLOW, [])
    judgement = _maybe_allow(subject, tier, labels, allows, posture)
    if not subject.proven and _lets_through(judgement, tier):
        return Judgement(verdict=Verdict.ASK, because=Because.UNKNOWN_AGENT)
    if judgement.because is Because.NO_RULE and found.resting:
        rule, life = max(found.resting, key=lambda one: one[0].specificity())
        return Judgement(verdict=Verdict.ASK, because=_REACHED[life], rule=rule)
    return judgement


@dataclass(slots=True)
class _Covering:
    """The rules that cover a call."""

    by_effect: dict[Effect, list[Rule]] = field(default_factory=dict[Effect, list[Rule]])
    """Of those that a stricter one outweighs perhaps not all."""
    resting: list[tuple[Rule, Life]] = field(default_factory=list[tuple[Rule, Life]])
    """Those that reached a limit."""
    faulty: Rule | None = None
    """One that cannot be evaluated and does not deny."""

    def outweighs(self, effect: Effect) -> bool:
        """Tell whether a rule of this effect changes nothing any more."""
        if effect is Effect.DENY or not self.by_effect:
            return False
        return Effect.DENY in self.by_effect or (
            effect is Effect.ALLOW and Effect.ASK in self.by_effect
        )


def _covering(subject: RuleSubject, rules: Iterable[Rule], moment: Moment) -> _Covering:
    found, look = _Covering(), Look(subject.arguments)
    for rule in rules:
        if found.outweighs(rule.effect):
            continue
        life = rule.life(moment, subject.touches)
        if life is Life.OUTSIDE:
            continue
        try:
            if not covers(rule, subject, look):
                continue
        except ConditionFault:
            if rule.effect is not Effect.DENY:
                found.faulty = rule
                continue
        if life is Life.ACTS:
            found.by_effect.setdefault(rule.effect, []).append(rule)
        else:
            found.resting.append((rule, life))
    return found


def _maybe_allow(
    subject: RuleSubject, tier: Tier, labels: Lamps, allows: list[Rule], posture: Posture
) -> Judgement:
    by_posture = posture is Posture.ASK_WRITES and tier is Tier.T0
    unasked = subject.kind in UNASKED and not allows
    if not allows and not by_posture and not unasked:
        return Judgement(verdict=Verdict.ASK, because=Because.NO_RULE)
    if tier is Tier.T3:
        return Judgement(verdict=Verdict.ASK, because=Because.NOT_CONFIRMED, rule=_named(allows))
    if needs_a_person(subject.lamps, labels):
        return Judgement(verdict=Verdict.ASK, because=Because.THREE_LAMPS)
    if subject.untrusted and _may_change(subject, tier, labels):
        # Where a value came from only ever raises a verdict (security.md section 4).
        vouching = [rule for rule in allows if vouches(rule, subject.untrusted)]
        if not vouching:
            named = _named(allows)
            return Judgement(verdict=Verdict.ASK, because=Because.UNTRUSTED_VALUE, rule=named)
        allows = vouching
    if allows:
        return msgspec.structs.replace(_by_rule(Verdict.ALLOW, allows), touches=subject.touches)
    because = Because.BUILT_IN if unasked else Because.POSTURE_READS
    return Judgement(verdict=Verdict.ALLOW, because=because)


def _lets_through(judgement: Judgement, tier: Tier) -> bool:
    """Tell whether more is allowed than what everybody may ask for unasked, and changes nothing."""
    unasked = judgement.because is Because.BUILT_IN and tier is Tier.T0
    return judgement.verdict is Verdict.ALLOW and not unasked


def _may_change(subject: RuleSubject, tier: Tier, labels: Lamps) -> bool:
    """Tell whether a call of a tool may change anything, or tell anybody."""
    return subject.kind is Kind.CALL and (tier is not Tier.T0 or Lamps.X in labels)


def _by_rule(verdict: Verdict, rules: list[Rule]) -> Judgement:
    return Judgement(verdict=verdict, because=Because.RULE, rule=_named(rules))


def _named(rules: list[Rule]) -> Rule | None:
    if len(rules) <= 1:
        return rules[0] if rules else None
    # That no approval helps is the first that has to be said.
    return max(rules, key=lambda rule: (rule.never, rule.specificity()))
