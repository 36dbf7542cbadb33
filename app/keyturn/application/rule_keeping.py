"""Owns how a rule is kept: recorded by its form, and in force only as the store gives it back."""

from keyturn.application.masking import masked_json
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.stores import RuleStore
from keyturn.application.rule_secrets import texts_of, values_of
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_to_data


async def kept_rule(store: RuleStore, rule: Rule) -> Rule:
    """Save a rule and return it as it is read back; raises ConfigurationError when it is another.

    Then it is not in force: nobody can tell what the next start would make of it.
    """
    await store.put(rule)
    kept = await store.one(rule.id)
    if kept is None or kept != rule:
        raise ConfigurationError(
            "The rule was not found in the database as it was saved, so it is not in force.",
            mend="Run `keyturn verify`, then save it again.",
        )
    return kept


async def kept_rules(store: RuleStore, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Save rules and return them as they are read back, all or none, as `kept_rule` does one."""
    await store.put(*rules)
    found = {rule.id: rule for rule in await store.all()} if rules else {}
    if any(found.get(rule.id) != rule for rule in rules):
        raise ConfigurationError(
            "The rules were not found in the database as they were, so they are not in force.",
            mend="Run `keyturn verify`, then put them back again.",
        )
    return tuple(found[rule.id] for rule in rules)


def rule_entry(what: str, rule: Rule, secrets: SecretMask, actor: Actor) -> Entry:
    """Record a rule's form; to its values the record only commits, as to a call's arguments."""
    mask = secrets.mask
    values = values_of(rule)
    committed = canonical(values) if values else b""
    kept, masked = masked_json(committed, secrets) if values else (b"", False)
    tests: list[JsonValue] = [{"path": mask(test.path), "op": test.op.value} for test in rule.when]
    form: JsonObject = {
        **rule_to_data(rule),
        **{name: mask(text) for name, text in texts_of(rule).items()},
        "when": tests,
    }
    return Entry(
        type=RecordType.RULE,
        outcome=what,
        actor=actor,
        details={"rule": form},
        arguments=kept,
        masked=masked,
        committed=committed,
    )
