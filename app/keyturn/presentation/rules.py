"""Owns what the rules' screen says: each rule as a sentence, how often it decided, its state."""

from dataclasses import dataclass
from enum import Enum

from keyturn.presentation.marks import IconText


class RuleGroup(Enum):
    """The lists a rule can stand in (console.md section 3.7)."""

    ACTIVE = "active"
    STALE = "stale"
    SHADOWED = "shadowed"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule."""

    rule_id: str
    effect: IconText
    sentence: str
    who: str
    lasts: str
    hits: str
    last_hit: str
    made_from: str
    group: RuleGroup
    enabled: bool
