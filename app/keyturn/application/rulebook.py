"""The rules in force: loaded once, changed only by a person, each change recorded."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from msgspec import structs

from keyturn.application.events import Observers, Topic
from keyturn.application.grants import Grants
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.stores import RuleStore
from keyturn.application.proposed_rules import ProposedRules
from keyturn.application.rule_counts import RuleCounts
from keyturn.application.rule_keeping import kept_rule, kept_rules, rule_entry
from keyturn.application.rule_removals import RemovedRules, commit_each
from keyturn.application.rule_secrets import refuse_unusable
from keyturn.domain.decision import Actor, Verdict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.grant import GrantScope, fault_of_grant
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.record import Entry
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_data import rule_set_hash, says_the_same
from keyturn.domain.rule_index import RuleIndex
from keyturn.domain.step_up import is_changing
from keyturn.domain.tier import Tier
from keyturn.domain.touches import Touches, touches_of


class RuleBook:
    """Judges calls by the standing rules."""

    def __init__(
        self,
        *,
        store: RuleStore,
        log: DecisionLog,
        mask: SecretMask,
        observers: Observers,
        clock: Clock,
    ) -> None:
        self._store = store
        self._log = log
        self._mask = mask
        self._observers = observers
        self._rules: tuple[Rule, ...] = ()
        self._hash = rule_set_hash(())
        self._index = RuleIndex(())
        self._count_touches = False
        self.posture = Posture.ASK_ALL
        self.distrusted = False
        """Another program changed the rules: until a person looked, none of them allows."""
        self._hits: dict[str, int] = {}
        self.on_hit: Callable[[str], None] = lambda _rule: None
        """Called with the id of each rule that decides."""
        self.raised: Callable[[str], bool] = lambda _agent: False
        """Tells whether nothing allows an agent's changes until a person looked at what changed."""
        self.counts = RuleCounts(clock=clock, store=store)
        self.grants = Grants(clock)
        self._on_turn: list[Callable[[], object]] = []
        self.removed = RemovedRules()
        self._changing = asyncio.Lock()
        self.proposed = ProposedRules(lambda: self._rules, mask, observers)

    async def load(self, seen_utc: str = "") -> None:
        """Read the rules of the profile; `seen_utc` is the latest time that its log knows."""
        await self.begin(await self._store.all(), seen_utc)

    async def begin(self, rules: tuple[Rule, ...], seen_utc: str = "") -> None:
        """Put the first set of rules in force, with what was used of them before this start."""
        await self.counts.load(seen_utc)
        self.use(rules)

    def on_turn(self, callback: Callable[[], object]) -> None:
        """Call back when a rule began or ceased to hold because of the time."""
        self._on_turn.append(callback)

    def use(self, rules: tuple[Rule, ...]) -> None:
        """Put a set of rules in force (a headless FILE's, or what the store holds)."""
        self._rules = rules
        self._hash = rule_set_hash(rules)
        self._index = RuleIndex(rules)
        self._count_touches = any(rule.limits.count_touches for rule in rules)
        self.counts.use(rules, self._turned)
        self._observers.changed(Topic.RULES)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in force."""
        return self._rules

    @property
    def hash(self) -> str:
        """Return the hash of the set in force, for the record."""
        return self._hash

    def hits(self, rule_id: str) -> int:
        """Return how often a rule decided since the broker started."""
        return self._hits.get(rule_id, 0)

    def judge(
        self,
        subject: RuleSubject,
        *,
        tier: Tier,
        labels: Lamps,
        suspended: bool,
        scope: GrantScope | None = None,
        count: Callable[[], Touches] | None = None,
    ) -> Judgement:
        """Judge a call; with the rules suspended or distrusted only those that tighten count.

        With a `scope` the grants count too that were given for it, where no rule asks. `count`
        tells how much it touches, where a rule has to know; else it is read off the arguments.
        """
        if self._count_touches:
            # Only then: no other call pays for it.
            touches = count() if count is not None else _touches_of(subject)
            subject = structs.replace(subject, touches=touches)
        judged = self._judge(subject, tier, labels, suspended=suspended, scope=scope)
        allows = judged.verdict is Verdict.ALLOW and is_changing(tier)
        if allows and self.raised(subject.agent):
            return Judgement(verdict=Verdict.ASK, because=Because.STEPPED_UP)
        return judged

    def _judge(
        self,
        subject: RuleSubject,
        tier: Tier,
        labels: Lamps,
        *,
        suspended: bool,
        scope: GrantScope | None,
    ) -> Judgement:
        suspended = suspended or self.distrusted
        granted: tuple[Rule, ...] = ()
        if scope is not None and not suspended:
            granted = self.grants.of(scope, subject.agent, subject.server, subject.tool)
        rules = self._index.covering(subject)
        posture = self.posture
        if suspended:
            rules = tuple(rule for rule in rules if rule.effect is not Effect.ALLOW)
            posture = Posture.ASK_ALL
        moment = self.counts.moment()
        by_rules = judge(
            subject, tier=tier, labels=labels, rules=rules, posture=posture, moment=moment
        )
        if self.distrusted and by_rules.because is Because.BUILT_IN:
            return Judgement(verdict=Verdict.ASK, because=Because.RULES_UNSURE)
        if not granted or by_rules.verdict is not Verdict.ASK:
            return by_rules
        rules = (*rules, *granted)
        judgement = judge(
            subject, tier=tier, labels=labels, rules=rules, posture=posture, moment=moment
        )
        if judgement.verdict is not Verdict.ALLOW:
            return by_rules
        return structs.replace(judgement, because=Because.GRANT)

    def disturbed(self) -> None:
        """Have what was judged be judged anew before it moves: something else holds now."""
        self.grants.changes += 1

    def denies_reading(
        self, agent: str, server: str, uri: str, lamps: Lamps, *, proven: bool
    ) -> Judgement | None:
        """Return why a resource is not told of: a rule denies it, or one may have; else None."""
        subject = _reading(agent, server, uri, lamps, proven=proven)
        judgement = self.judge(subject, tier=Tier.T0, labels=Lamps.NONE, suspended=False)
        if judgement.verdict is Verdict.DENY:
            return judgement
        # Nobody is asked about being told, so that it is either allowed or denied.
        unsure = Judgement(verdict=Verdict.DENY, because=Because.RULES_UNSURE)
        return unsure if self.distrusted else None

    def counted(self, judgement: Judgement) -> None:
        """Count the rule that decided."""
        if judgement.rule is not None:
            self._hits[judgement.rule.id] = self._hits.get(judgement.rule.id, 0) + 1
            self.on_hit(judgement.rule.id)

    def take(self, judgement: Judgement) -> bool:
        """Let a rule allow one call, and count it; False where it reached a limit meanwhile."""
        rule = judgement.rule
        if rule is not None and judgement.because is Because.GRANT:
            return self.grants.use(rule)
        if rule is not None and not self.counts.take(rule, judgement.touches):
            return False
        self.counted(judgement)
        if rule is not None and rule.limits.uses is not None:
            self._observers.changed(Topic.RULES)
        return True

    async def keep_use(self, judgement: Judgement | None) -> None:
        """Have what was taken outlive this process, before the call moves; see `RuleCounts`."""
        if judgement is not None and judgement.rule is not None:
            await self.counts.keep(judgement.rule)

    def _turned(self) -> None:
        for rule in self.counts.newly_ended():
            self._log.note(self._entry("ended", rule, Actor.KEYTURN))
        self._observers.changed(Topic.RULES)
        for callback in self._on_turn:
            callback()

    async def add(self, rule: Rule) -> None:
        """Save a person's rule.

        Raises ConditionFault when it could never be evaluated, ConfigurationError when it would
        hold a secret: the rules are kept as they are, because they have to match.
        """
        refuse_unusable(rule, self._mask)
        async with self._changing:
            old = next((r for r in self._rules if r.id == rule.id), None)
            await self._log.commit(self._entry("added", rule))
            rule = await kept_rule(self._store, rule)
            if old is None or not says_the_same(replace(old, enabled=rule.enabled), rule):
                await self.counts.begin_anew(rule)
            self._put(rule)

    async def grant(self, rule: Rule, scope: GrantScope, seconds: float) -> None:
        """Remember a person's approval; recorded first, and never over a restart.

        Raises ConfigurationError where it cannot be remembered like this.
        """
        fault = fault_of_grant(rule, scope.tier)
        if fault:
            raise ConfigurationError(fault)
        refuse_unusable(rule, self._mask)
        await self._log.commit(self._entry("granted", rule))
        self.grants.make(rule, scope, seconds)
        self._observers.changed(Topic.ACCESS)

    async def end_grant(self, rule_id: str) -> bool:
        """End a remembered approval before its time; False where it has ended."""
        rule = next((rule for rule, _ in self.grants.living() if rule.id == rule_id), None)
        if rule is None:
            return False
        self.grants.end(rule_id)
        await self._log.commit(self._entry("grant_ended", rule))
        self._observers.changed(Topic.ACCESS)
        return True

    async def remove(self, *ids: str) -> bool:
        """Remove rules, all or none; False when there is none of these ids."""
        async with self._changing:
            gone = {rule.id: rule for rule in self._rules if rule.id in set(ids)}
            if not gone:
                return False
            await commit_each(self._log, (self._entry("removed", rule) for rule in gone.values()))
            await self._store.remove(*gone)
            self.removed.note(gone.values())
            self.use(tuple(r for r in self._rules if r.id not in gone))
            return True

    async def restore(self, *ids: str) -> None:
        """Put removed rules back, all or none; what was used of them stays used.

        One whose place another took meanwhile stays away. Raises ConfigurationError when they are
        not read back as they were.
        """
        async with self._changing:
            in_force = {rule.id for rule in self._rules}
            back = self.removed.named(one for one in ids if one not in in_force)
            await commit_each(self._log, (self._entry("restored", rule) for rule in back))
            self._put(*await kept_rules(self._store, back))

    def _put(self, *rules: Rule) -> None:
        new = {rule.id for rule in rules}
        self.use((*(rule for rule in self._rules if rule.id not in new), *rules))

    def _entry(self, what: str, rule: Rule, actor: Actor = Actor.HUMAN) -> Entry:
        return rule_entry(what, rule, self._mask, actor)


def _reading(agent: str, server: str, uri: str, lamps: Lamps, *, proven: bool) -> RuleSubject:
    return RuleSubject(
        kind=Kind.READ,
        agent=agent,
        server=server,
        tool=uri,
        arguments={"uri": uri},
        lamps=lamps,
        proven=proven,
    )


def _touches_of(subject: RuleSubject) -> Touches:
    return touches_of(subject.arguments, tool=subject.tool)
