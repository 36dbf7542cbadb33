"""Rules: standing policy lines as closed data, and which calls one covers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from keyturn.domain.canonical import JsonObject
from keyturn.domain.condition import Condition, ConditionFault, Look, Operator, holds_in
from keyturn.domain.lamps import Lamps
from keyturn.domain.pattern import is_glob, name_matches
from keyturn.domain.rule_life import NO_LIMITS, Life, Moment, RuleLimits, Window
from keyturn.domain.spelling import Fit, fit_of
from keyturn.domain.touches import ONE, Touches


class Effect(StrEnum):
    """What a matching rule asks for; deny beats ask beats allow, whatever the order."""

    DENY = "deny"
    ASK = "ask"
    ALLOW = "allow"


class Kind(StrEnum):
    """What a rule speaks of (architecture.md section 6)."""

    CALL = "call"
    READ = "read"
    PROMPT = "prompt"
    COMPLETE = "complete"
    TASK = "task"
    SAMPLING = "sampling"
    ELICITATION = "elicitation"
    ROOTS = "roots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One standing line: what it covers and what it asks for."""

    id: str
    effect: Effect
    kind: Kind = Kind.CALL
    agent: str = "*"
    server: str = "*"
    tool: str = "*"
    """The tool; for other kinds the URI, the prompt, what is completed, or the method."""
    when: tuple[Condition, ...] = ()
    name: str = ""
    """What a person called it; may be empty."""
    enabled: bool = True
    limits: RuleLimits = NO_LIMITS
    """Of a rule that allows; what they end asks again."""
    during: tuple[Window, ...] = ()
    """Of a rule that denies or asks: it does so within one of them only. None: always."""
    never: bool = False
    """Of a rule that denies: no approval of any kind lets through what it covers."""

    def life(self, moment: Moment, touches: Touches | None = ONE) -> Life:
        """Say whether it holds at a moment, for a call that touches so much."""
        if self.limits is NO_LIMITS and not self.during:
            return Life.ACTS
        if self.during and not any(window.may_be_open(moment) for window in self.during):
            return Life.OUTSIDE
        return self.limits.life(self.id, moment, touches)

    def specificity(self) -> tuple[int, int, int]:
        """Order rules for naming only: exact names, then longer patterns, then tests."""
        patterns = (self.agent, self.server, self.tool)
        exact = sum(not is_glob(pattern) for pattern in patterns)
        return (exact, sum(map(len, patterns)), len(self.when))


class RuleSubject(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a call that rules may look at."""

    kind: Kind
    agent: str
    server: str
    tool: str
    arguments: JsonObject
    lamps: Lamps
    proven: bool = True
    """Whether the agent proved its name. Who did not may be any agent that a rule names."""
    touches: Touches | None = None
    """How many things it touches; None where nobody counted, which is within no limit."""
    untrusted: tuple[str, ...] = ()
    """JSON Pointers of its arguments whose value stood in untrusted text of the session; "" where
    that is not known of all of them."""


FREELY_SPELT = frozenset({Kind.READ, Kind.PROMPT, Kind.COMPLETE})
"""Their names are what an agent writes, not what a person pinned."""


def covers(rule: Rule, subject: RuleSubject, look: Look | None = None) -> bool:
    """Tell whether the rule covers the call; raises ConditionFault when a test cannot be made.

    `look` is one into its arguments, shared by all rules that it is held against.
    """
    if not (
        rule.enabled
        and rule.kind is subject.kind
        and may_be_of_agent(rule, subject)
        and name_matches(rule.server, subject.server)
    ):
        return False
    named = _fit(rule, subject)
    if named is Fit.NO:
        return False
    look = look or Look(subject.arguments)
    for condition in rule.when:
        if not holds_in(condition, look, subject.lamps):
            return False
    if named is Fit.UNCLEAR:
        raise ConditionFault("the name can be read in two ways")
    return rule.effect is not Effect.ALLOW or name_matches(rule.agent, subject.agent)


def may_be_of_agent(rule: Rule, subject: RuleSubject) -> bool:
    """Tell whether a rule may speak of the agent; of one that proved no name each one may.

    It would only have to leave out its token otherwise. A rule that allows still covers by the
    name alone, but is held against the call all the same: where it cannot be evaluated, it asks.
    """
    return not subject.proven or name_matches(rule.agent, subject.agent)


_BOUNDING = frozenset(Operator) - {
    Operator.NE,
    Operator.LEN_LE,
    Operator.HAS,
    Operator.TAINT_HAS,
}


def vouches(rule: Rule, paths: Iterable[str]) -> bool:
    """Tell whether a rule says of each of these arguments what it may be, alone or as a whole."""
    tested = {test.path for test in rule.when if test.op in _BOUNDING}
    return all(any(above in tested for above in _from_above(path)) for path in paths)


def _from_above(path: str) -> Iterator[str]:
    """Return a pointer and those of everything that holds it."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield path


def _fit(rule: Rule, subject: RuleSubject) -> Fit:
    as_spelt = name_matches(rule.tool, subject.tool)
    if subject.kind not in FREELY_SPELT:
        return Fit.YES if as_spelt else Fit.NO
    fit = fit_of(rule.tool, subject.tool)
    if fit is Fit.UNCLEAR and rule.effect is Effect.ALLOW and not as_spelt:
        # What it allows is spelt otherwise; that it may be the same allows nothing, and stops none.
        return Fit.NO
    return fit
