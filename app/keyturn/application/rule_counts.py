"""Owns how often limited rules allowed, and what time it is for them; uses outlive this process.

The latest wall time that was seen is kept, so that a clock set back revives nothing; the rate of a
minute is of the monotonic clock, which nobody sets.
"""

from collections import deque
from collections.abc import Callable, Iterable

from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.ports.stores import RuleStore
from keyturn.domain.rule import Rule
from keyturn.domain.rule_life import AT_NO_TIME, NO_LIMITS, Life, Moment, seconds_between
from keyturn.domain.touches import Touches

_MINUTE = 60_000_000_000
_HOUR = 60 * _MINUTE
_SECOND = 1_000_000_000
_LONGEST_WAIT = 3600.0
"""The wall clock may be set meanwhile, so that it is looked at again."""


class _Touched:
    """When a rule allowed calls, and how many things these touched."""

    def __init__(self) -> None:
        self._calls: deque[tuple[int, int]] = deque()
        self._sum = 0

    def add(self, now: int, count: int) -> None:
        """Count a call that touches so many things."""
        self._calls.append((now, count))
        self._sum += count

    def since(self, start: int) -> int:
        """Return how many were touched later than that, and forget what was before it."""
        while self._calls and self._calls[0][0] <= start:
            self._sum -= self._calls.popleft()[1]
        return self._sum


class RuleCounts:
    """Counts for the rules in force; says nothing of what they cover."""

    def __init__(self, *, clock: Clock, store: RuleStore) -> None:
        self._clock = clock
        self._store = store
        self._rules: tuple[Rule, ...] = ()
        self._uses: dict[str, int] = {}
        self._times: dict[str, deque[int]] = {}
        self._touched: dict[str, _Touched] = {}
        self._seen = ""
        self._timer: Timer | None = None
        self._ended: set[str] = set()

    async def load(self, seen_utc: str) -> None:
        """Read how often rules allowed; `seen_utc` is the latest time that the log knows."""
        kept = await self._store.uses()
        # What was taken since and is not kept yet counts, too.
        self._uses = {
            rule: max(kept.get(rule, 0), self._uses.get(rule, 0)) for rule in {*kept, *self._uses}
        }
        self._seen = max(seen_utc, self._clock.now_utc())

    def use(self, rules: Iterable[Rule], on_turn: Callable[[], None]) -> None:
        """Count for these rules; calls back whenever one may have begun or ceased to hold."""
        self._rules = tuple(r for r in rules if r.limits is not NO_LIMITS or r.during)
        # One that is out of force for a while, as when it was changed on disk, keeps its hour.
        hour_ago = self._clock.monotonic_ns() - _HOUR
        counting = (rule for rule, touched in self._touched.items() if touched.since(hour_ago))
        recent = (rule for rule, times in self._times.items() if times and times[-1] > hour_ago)
        known = {*(rule.id for rule in self._rules), *counting, *recent}
        self._times = {rule: self._times.get(rule, deque()) for rule in known}
        self._touched = {rule: self._touched.get(rule, _Touched()) for rule in known}
        self._wait(on_turn)

    def moment(self) -> Moment:
        """Return what the life of the rules depends on now."""
        if not self._rules:
            return AT_NO_TIME
        now = self._clock.now_utc()
        self._seen = max(self._seen, now)
        recent = {rule.id: self._in_a_minute(rule) for rule in self._rules}
        touched = {r.id: self._in_an_hour(r) for r in self._rules if r.limits.touches_per_hour}
        return Moment(now=now, seen=self._seen, uses=self._uses, recent=recent, touched=touched)

    def uses(self, rule_id: str) -> int:
        """Return how often a rule that counts its uses allowed, in all."""
        return self._uses.get(rule_id, 0)

    def life(self, rule: Rule) -> Life:
        """Say whether a rule holds now."""
        return rule.life(self.moment())

    def take(self, rule: Rule, touches: Touches | None = None) -> bool:
        """Use up one of what a rule may allow; False where a limit was reached meanwhile."""
        if rule.limits is NO_LIMITS:
            return True
        if rule.life(self.moment(), touches) is not Life.ACTS:
            return False
        if rule.limits.touches_per_hour is not None and touches is not None and touches.count:
            of_rule = self._touched.setdefault(rule.id, _Touched())
            of_rule.add(self._clock.monotonic_ns(), touches.count)
        if rule.limits.uses is not None:
            self._uses[rule.id] = self._uses.get(rule.id, 0) + 1
        if rule.limits.per_minute is not None:
            self._times.setdefault(rule.id, deque()).append(self._clock.monotonic_ns())
        return True

    async def keep(self, rule: Rule) -> None:
        """Make the use that was taken last outlive this process; raises LogUnavailable."""
        if rule.limits.uses is not None:
            await self._store.count_use(rule.id)

    async def begin_anew(self, rule: Rule) -> None:
        """Forget the uses of a rule that a person made or changed."""
        if self._uses.pop(rule.id, None) is not None:
            await self._store.forget_uses(rule.id)

    def newly_ended(self) -> list[Rule]:
        """Return the rules whose time is over since this was last asked."""
        moment = self.moment()
        ended = {r.id for r in self._rules if r.limits.until and moment.latest >= r.limits.until}
        new = [rule for rule in self._rules if rule.id in ended - self._ended]
        self._ended = ended
        return new

    def _in_a_minute(self, rule: Rule) -> int:
        times = self._times[rule.id]
        since = self._clock.monotonic_ns() - _MINUTE
        while times and times[0] <= since:
            times.popleft()
        return len(times)

    def _in_an_hour(self, rule: Rule) -> int:
        return self._touched[rule.id].since(self._clock.monotonic_ns() - _HOUR)

    def _wait(self, on_turn: Callable[[], None]) -> None:
        """Call back at the next instant at which a rule begins or ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.now_utc()
        turns = [turn for rule in self._rules for turn in _turns(rule) if turn > now]
        if not turns:
            return

        def turned() -> None:
            on_turn()
            self._wait(on_turn)

        seconds = min(seconds_between(now, min(turns)), _LONGEST_WAIT)
        when = self._clock.monotonic_ns() + max(1, round(seconds * _SECOND))
        self._timer = self._clock.call_at(when, turned)


def _turns(rule: Rule) -> list[str]:
    ends = [rule.limits.until] if rule.limits.until else []
    return ends + [instant for window in rule.during for instant in (window.begins, window.ends)]
