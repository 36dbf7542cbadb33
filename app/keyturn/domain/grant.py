"""Grants: an approval that is remembered for a while, for one tool of one session."""

from dataclasses import dataclass

from keyturn.domain.condition import Operator
from keyturn.domain.lamps import Lamps, lamps_within
from keyturn.domain.pattern import is_glob
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import NO_LIMITS
from keyturn.domain.tier import Tier

IDLE_SECONDS = 600.0
"""A grant that allowed nothing for so long is over."""
HARD_SECONDS = 12 * 3600.0
"""No grant lives longer, however often it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantScope:
    """What a grant was given for, as it stood on screen; another one is not covered."""

    session: str
    launch_hash: str
    def_hash: str
    tier: Tier
    labels: Lamps

    def reaches(self, now: "GrantScope") -> bool:
        """Tell whether a call of `now` reaches no further than what was shown."""
        return (
            (self.session, self.launch_hash, self.def_hash)
            == (now.session, now.launch_hash, now.def_hash)
            and now.tier <= self.tier
            and lamps_within(now.labels, self.labels)
        )


def fault_of_grant(rule: Rule, tier: Tier) -> str:
    """Say why an approval cannot be remembered like this; empty where it can.

    It is of one tool. What reaches out needs a fixed argument, and of what nobody confirmed
    nothing is remembered.
    """
    if rule.effect is not Effect.ALLOW or rule.kind is not Kind.CALL:
        return "Only an approval of a tool's calls can be remembered."
    if any(map(is_glob, (rule.agent, rule.server, rule.tool))):
        return "An approval is remembered for one tool of one server and one agent only."
    if rule.limits is not NO_LIMITS or not rule.enabled:
        return "A remembered approval has no limits of its own."
    if tier is Tier.T3:
        return "Nobody confirmed how far this tool reaches, so no approval of it is remembered."
    tested = any(test.op is not Operator.TAINT_HAS for test in rule.when)
    if tier is Tier.T2 and not tested:
        return "A tool that reaches out needs at least one fixed argument."
    return ""
