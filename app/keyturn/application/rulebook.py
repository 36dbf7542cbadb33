"""The rules in force: loaded once, changed only by a person, each change recorded."""

from keyturn.application.events import Observers, Topic
from keyturn.application.masking import masked_json
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.stores import RuleStore
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.condition import fault_of
from keyturn.domain.decision import Actor, Verdict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Judgement, Posture, judge
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_data import rule_set_hash, rule_to_data
from keyturn.domain.tier import Tier


class RuleBook:
    """Judges calls by the standing rules."""

    def __init__(
        self, *, store: RuleStore, log: DecisionLog, mask: SecretMask, observers: Observers
    ) -> None:
        self._store = store
        self._log = log
        self._mask = mask
        self._observers = observers
        self._rules: tuple[Rule, ...] = ()
        self._hash = rule_set_hash(())
        self.posture = Posture.ASK_ALL
        self.distrusted = False
        """Another program changed the rules: until a person looked, none of them allows."""
        self._hits: dict[str, int] = {}

    async def load(self) -> None:
        """Read the rules of the profile."""
        self.use(await self._store.all())

    def use(self, rules: tuple[Rule, ...]) -> None:
        """Put a set of rules in force (a headless FILE's, or what the store holds)."""
        self._rules = rules
        self._hash = rule_set_hash(rules)
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

    def all_hits(self) -> dict[str, int]:
        """Return how often each rule decided, of those that did."""
        return dict(self._hits)

    def judge(
        self, subject: RuleSubject, *, tier: Tier, labels: Lamps, suspended: bool
    ) -> Judgement:
        """Judge a call; with the rules suspended or distrusted only those that tighten count."""
        rules = self._rules
        posture = self.posture
        if suspended or self.distrusted:
            rules = tuple(rule for rule in rules if rule.effect is not Effect.ALLOW)
            posture = Posture.ASK_ALL
        return judge(subject, tier=tier, labels=labels, rules=rules, posture=posture)

    def denies_reading(self, agent: str, server: str, uri: str, lamps: Lamps) -> Judgement | None:
        """Return the judgement of a rule that denies a resource; None where none does."""
        subject = RuleSubject(
            kind=Kind.READ,
            agent=agent,
            server=server,
            tool=uri,
            arguments={"uri": uri},
            lamps=lamps,
        )
        judgement = self.judge(subject, tier=Tier.T0, labels=Lamps.NONE, suspended=False)
        return judgement if judgement.verdict is Verdict.DENY else None

    def counted(self, judgement: Judgement) -> None:
        """Count the rule that decided."""
        if judgement.rule is not None:
            self._hits[judgement.rule.id] = self._hits.get(judgement.rule.id, 0) + 1

    async def add(self, rule: Rule) -> None:
        """Save a person's rule.

        Raises ConditionFault when it could never be evaluated, ConfigurationError when it would
        hold a secret: the rules are kept as they are, because they have to match.
        """
        for condition in rule.when:
            fault_of(condition)
        if _holds_a_secret(rule, self._mask):
            raise ConfigurationError(
                "The rule would hold what looks like a password, a key or a token.",
                mend="Leave that value out of the rule, or go on allowing such calls one by one.",
            )
        await self._log.commit(self._entry("added", rule))
        await self._store.put(rule)
        self.use((*(r for r in self._rules if r.id != rule.id), rule))

    async def remove(self, rule_id: str) -> bool:
        """Remove a rule; False when there is none of that id."""
        rule = next((r for r in self._rules if r.id == rule_id), None)
        if rule is None:
            return False
        await self._log.commit(self._entry("removed", rule))
        await self._store.remove(rule_id)
        self.use(tuple(r for r in self._rules if r.id != rule_id))
        return True

    def _entry(self, what: str, rule: Rule) -> Entry:
        """Record a rule's form; to its values the record only commits, as to a call's arguments."""
        mask = self._mask.mask
        values = _values(rule)
        committed = canonical(values) if values else b""
        kept, masked = masked_json(committed, self._mask) if values else (b"", False)
        tests: list[JsonValue] = [
            {"path": mask(test.path), "op": test.op.value} for test in rule.when
        ]
        form: JsonObject = {
            **rule_to_data(rule),
            **{name: mask(text) for name, text in _texts(rule).items()},
            "when": tests,
        }
        return Entry(
            type=RecordType.RULE,
            outcome=what,
            actor=Actor.HUMAN,
            details={"rule": form},
            arguments=kept,
            masked=masked,
            committed=committed,
        )


def _texts(rule: Rule) -> dict[str, str]:
    """Return what a person wrote of it, but for its conditions."""
    return {"agent": rule.agent, "server": rule.server, "tool": rule.tool, "name": rule.name}


def _values(rule: Rule) -> list[JsonValue]:
    """Return the values of its conditions, each under its path, by which a mask can tell it."""
    return [{test.path: test.value} for test in rule.when]


def _holds_a_secret(rule: Rule, mask: SecretMask) -> bool:
    texts = (*_texts(rule).values(), *(test.path for test in rule.when))
    if any(mask.mask(text) != text for text in texts):
        return True
    values = _values(rule)
    return masked_json(canonical(values), mask)[1]
