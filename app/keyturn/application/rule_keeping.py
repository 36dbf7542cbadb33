"""Owns that a saved rule is what the store gives back: what was not kept is not said to be."""

from keyturn.application.ports.stores import RuleStore
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Rule


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
