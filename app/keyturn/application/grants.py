"""Owns the approvals that a person had remembered: in memory only, and ended by much.

Stop, drift, a higher tier, another enrolment of the agent, ten minutes without use and the end that
was chosen end one; nothing prolongs it beyond twelve hours.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keyturn.application.ports.clock import Clock
from keyturn.domain.grant import HARD_SECONDS, IDLE_SECONDS, GrantScope
from keyturn.domain.rule import Rule

MOST_GRANTS = 500
"""Of all sessions; the oldest end first."""
_SECOND = 1_000_000_000


@dataclass(slots=True)
class _Grant:
    rule: Rule
    scope: GrantScope
    ends_ns: int
    """The end that was chosen; it never moves."""
    used_ns: int

    def over_ns(self) -> int:
        return min(self.ends_ns, self.used_ns + int(IDLE_SECONDS * _SECOND))

    def is_over(self, now_ns: int) -> bool:
        return now_ns >= self.over_ns()


class Grants:
    """The grants that live."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._grants: dict[str, _Grant] = {}
        self.changes = 0
        """Counts up whenever one is made or ended: what was judged by them is judged anew."""

    def make(self, rule: Rule, scope: GrantScope, seconds: float) -> None:
        """Remember an approval for so long, at most twelve hours."""
        now = self._clock.monotonic_ns()
        ends = now + int(min(seconds, HARD_SECONDS) * _SECOND)
        self._grants.pop(rule.id, None)
        while len(self._grants) >= MOST_GRANTS:
            self._grants.pop(next(iter(self._grants)))
        self._grants[rule.id] = _Grant(rule, scope, ends, now)
        self.changes += 1

    def of(self, scope: GrantScope, agent: str, server: str, tool: str) -> tuple[Rule, ...]:
        """Return the rules of the grants that a call may be allowed by."""
        if not self._grants:
            return ()
        self._drop(lambda grant: grant.is_over(self._clock.monotonic_ns()))
        mine = [
            grant
            for grant in self._grants.values()
            if (grant.rule.agent, grant.rule.server, grant.rule.tool) == (agent, server, tool)
            and grant.scope.session == scope.session
        ]
        outgrown = {grant.rule.id for grant in mine if not grant.scope.reaches(scope)}
        if outgrown:
            # Not only unused: what comes back later is not what was shown.
            self._drop(lambda grant: grant.rule.id in outgrown)
        return tuple(grant.rule for grant in mine if grant.rule.id not in outgrown)

    def use(self, rule: Rule) -> bool:
        """Let a grant allow one call; False when it ended meanwhile."""
        grant, now = self._grants.get(rule.id), self._clock.monotonic_ns()
        if grant is None or grant.is_over(now):
            return False
        grant.used_ns = now
        return True

    def living(self) -> tuple[tuple[Rule, float], ...]:
        """Return what lives, and for how many seconds at most while nothing uses it."""
        now = self._clock.monotonic_ns()
        self._drop(lambda grant: grant.is_over(now))
        return tuple((g.rule, (g.over_ns() - now) / _SECOND) for g in self._grants.values())

    def end(self, rule_id: str) -> bool:
        """End one; False where there is none."""
        lived = rule_id in self._grants
        self._drop(lambda grant: grant.rule.id == rule_id)
        return lived

    def clear(self) -> None:
        """End all of them."""
        self._drop(lambda _: True)

    def end_agent(self, agent: str) -> None:
        """End those of an agent that was enrolled anew, or is no more."""
        self._drop(lambda grant: grant.rule.agent == agent)

    def end_server(self, server: str) -> None:
        """End those of a server whose tools changed."""
        self._drop(lambda grant: grant.rule.server == server)

    def _drop(self, which: Callable[[_Grant], bool]) -> None:
        kept = {key: grant for key, grant in self._grants.items() if not which(grant)}
        if len(kept) != len(self._grants):
            self._grants = kept
            self.changes += 1
