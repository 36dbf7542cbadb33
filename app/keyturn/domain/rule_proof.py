"""Whether rules can ever let a call through: proved for all calls, or shown by the smallest one.

Allowed is what an allow rule covers and no stricter rule does; of the kinds that are not asked
about, what no stricter rule covers. That is a choice of one failing test for each stricter rule;
each choice is a conjunction of tests on names and arguments, and for each name and argument it is
found out what fits (`text_sets`, `value_sets`). What is found is held against the judge itself
before it is shown, and what cannot be told is said to be unproved. Only rules are looked at: tiers
and lamps forbid more, never less, and what a posture allows is no rule's doing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from keyturn.domain.call_sets import CallSet, size_of
from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import UNASKED, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.rule_life import NO_LIMITS
from keyturn.domain.tier import Tier

MOST_CHOICES = 20_000
"""More ways to pass by the stricter rules are not looked at: then nothing is proved."""
_QUICK = 200
"""The same while somebody types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Calls of which it is asked whether one of them can be allowed."""

    kind: Kind = Kind.CALL
    agent: str = "*"
    server: str = "*"
    tool: str = "*"
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Never:
    """No call within the question is allowed by the rules, or for want of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """This call is allowed, and none that is smaller was found."""

    call: RuleSubject
    rule: Rule | None
    """None where it is allowed because no rule speaks of it."""
    within: CallSet
    """Every call of which this holds was looked for; it is one of them."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """No call was found, and that there is none could not be shown."""


Answer = Never | Possible | Unproved


def can_ever(question: Question, rules: Iterable[Rule], *, most: int = MOST_CHOICES) -> Answer:
    """Tell whether the rules can allow a call; limits are taken as not reached, windows as shut.

    More than `most` ways past the stricter rules are not looked at.
    """
    standing, asked = at_their_loosest(rules), _rule_of(question)
    search = _Search(lambda call: _allowing(call, standing) if _is_within(call, asked) else None)
    search.left = most
    for rule in standing:
        if rule.effect is Effect.ALLOW and rule.kind is question.kind:
            start = CallSet(rule.kind).with_rule(asked).with_rule(rule)
            search.look(start, _stricter(standing, rule.kind))
    if question.kind in UNASKED:
        search.look(CallSet(question.kind).with_rule(asked), _stricter(standing, question.kind))
    return search.answer()


def can_be_reached(rule: Rule, stricter: Sequence[Rule]) -> Answer:
    """Tell whether one rule can decide a call beside stricter ones, within a window of its own."""
    alone = replace(rule, effect=Effect.ALLOW, during=(), never=False)
    beside = [replace(other, effect=Effect.DENY) for other in stricter]
    return can_ever(Question(kind=rule.kind), (alone, *beside), most=_QUICK)


def newly_allowed(
    before: Iterable[Rule], after: Iterable[Rule], *, most: int = MOST_CHOICES
) -> Answer:
    """Tell whether an edit allows a call that was not allowed before it."""
    old, new = at_their_loosest(before), at_their_loosest(after)

    def allowing(call: RuleSubject) -> Judgement | None:
        return None if _allowing(call, old) is not None else _allowing(call, new)

    search = _Search(allowing)
    search.left = most
    gone = [rule for rule in old if rule not in new]
    for rule in new:
        if rule.effect is not Effect.ALLOW:
            continue
        start, stricter = CallSet(rule.kind).with_rule(rule), _stricter(new, rule.kind)
        allows = [r for r in old if r.effect is Effect.ALLOW and r.kind is rule.kind]
        search.look(start, [*stricter, *allows])
        for lost in gone:
            if lost.kind is rule.kind and lost.effect is not Effect.ALLOW:
                search.look(start.with_rule(lost), stricter)
        if any(lost.kind is rule.kind and _may_fault(lost, rule.when) for lost in gone):
            search.unsure = True
    for lost in gone:
        if lost.kind in UNASKED and lost.effect is not Effect.ALLOW:
            search.look(CallSet(lost.kind).with_rule(lost), _stricter(new, lost.kind))
            search.unsure = search.unsure or _may_fault(lost, ())
    return search.answer()


def at_their_loosest(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that are on, with no limit reached and no window open."""
    return tuple(
        replace(rule, limits=NO_LIMITS) for rule in rules if rule.enabled and not rule.during
    )


def _stricter(rules: Iterable[Rule], kind: Kind) -> list[Rule]:
    return [rule for rule in rules if rule.effect is not Effect.ALLOW and rule.kind is kind]


def _allowing(call: RuleSubject, rules: Iterable[Rule]) -> Judgement | None:
    """Judge a call of a confirmed tool; None where it is not allowed."""
    judgement = judge(call, tier=Tier.T1, labels=Lamps.NONE, rules=rules, posture=Posture.ASK_ALL)
    return judgement if judgement.verdict is Verdict.ALLOW else None


def _is_within(call: RuleSubject, asked: Rule) -> bool:
    try:
        return covers(asked, call)
    except ConditionFault:
        return False


def _rule_of(question: Question) -> Rule:
    return Rule(
        id="question",
        effect=Effect.ASK,
        kind=question.kind,
        agent=question.agent,
        server=question.server,
        tool=question.tool,
        when=question.when,
    )


_NEVER_FAULTS = frozenset(
    {
        *(Operator.EQ, Operator.NE, Operator.IN, Operator.HAS, Operator.LEN_LE),
        *(Operator.LT, Operator.LE, Operator.GT, Operator.GE, Operator.TAINT_HAS),
    }
)


def _may_fault(gone: Rule, made: Sequence[Condition]) -> bool:
    """Tell whether a rule that is gone could not be evaluated where these tests can.

    It asked then, and nothing here looks for such calls.
    """
    if gone.kind not in (Kind.CALL, Kind.TASK, Kind.SAMPLING, Kind.ELICITATION, Kind.ROOTS):
        return True
    paths = {test.path for test in made}
    return any(
        test not in made and (test.op not in _NEVER_FAULTS or not _is_tested(test, paths))
        for test in gone.when
    )


def _is_tested(test: Condition, paths: set[str]) -> bool:
    """Tell whether a key that is alike to one on its way would be noticed all the same."""
    return test.op is Operator.TAINT_HAS or not test.path or test.path in paths


# ---------------------------------------------------------------- all choices


@dataclass(slots=True)
class _Search:
    """Looks through the ways past the stricter rules for the smallest call that is allowed."""

    allowing: Callable[[RuleSubject], Judgement | None]
    best: Possible | None = None
    size: int = 0
    left: int = MOST_CHOICES
    unsure: bool = False

    def answer(self) -> Answer:
        """Say what was found."""
        if self.best is not None:
            return self.best
        return Unproved() if self.unsure else Never()

    def look(self, start: CallSet, stricter: Sequence[Rule]) -> None:
        """Look at every way on which none of the stricter rules covers."""
        ways = [(start, 0)]
        while ways:
            branch, at = ways.pop()
            while at < len(stricter) and branch.cannot_meet(stricter[at]):
                at += 1
            if at == len(stricter):
                self._try(branch)
                continue
            self.left -= 1
            if self.left < 0:
                self.unsure = True
                return
            ways += [(way, at + 1) for way in branch.past(stricter[at])]

    def _try(self, branch: CallSet) -> None:
        calls = branch.calls()
        if calls is not None and not any(self._keep(call, branch) for call in calls):
            self.unsure = True

    def _keep(self, call: RuleSubject, branch: CallSet) -> bool:
        """Hold a call against the judge; keep it where it is the smallest so far."""
        judgement = self.allowing(call)
        if judgement is None:
            return False
        size = size_of(call)
        if self.best is None or size < self.size:
            self.best, self.size = Possible(call=call, rule=judgement.rule, within=branch), size
        return True
