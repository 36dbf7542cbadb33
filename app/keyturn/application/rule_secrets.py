"""Owns what of a rule could be a secret: its texts and values, and that none of them may be one."""

from keyturn.application.masking import masked_json
from keyturn.application.ports.inspection import SecretMask
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.condition import fault_of
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Rule


def refuse_unusable(rule: Rule, mask: SecretMask) -> None:
    """Raise ConfigurationError for a rule that cannot be tested, or that holds a secret."""
    for condition in rule.when:
        fault_of(condition)
    if _holds_a_secret(rule, mask):
        raise ConfigurationError(
            "The rule would hold what looks like a password, a key or a token.",
            mend="Leave that value out of the rule, or go on allowing such calls one by one.",
        )


def texts_of(rule: Rule) -> dict[str, str]:
    """Return what a person wrote of it, but for its conditions."""
    return {"agent": rule.agent, "server": rule.server, "tool": rule.tool, "name": rule.name}


def values_of(rule: Rule) -> list[JsonValue]:
    """Return the values of its conditions, each under its path, by which a mask can tell it."""
    return [{test.path: test.value} for test in rule.when]


def _holds_a_secret(rule: Rule, mask: SecretMask) -> bool:
    texts = (*texts_of(rule).values(), *(test.path for test in rule.when))
    if any(mask.mask(text) != text for text in texts):
        return True
    values = values_of(rule)
    return masked_json(canonical(values), mask)[1]
