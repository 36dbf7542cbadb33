"""Owns what the access review goes by: its kinds, what was looked at, and when that is long ago.

Nothing is allowed or denied by it: it reminds a person of what they let stand.
"""

from dataclasses import dataclass
from enum import StrEnum

from keyturn.domain.rule_life import seconds_between

REVIEW_DAYS = 90
"""What nobody looked at for so long is overdue."""
_DAY = 24 * 3600.0


class AccessKind(StrEnum):
    """What gives access, or bounds it."""

    AGENT = "agent"
    """An enrolled agent with its token."""
    CREDENTIAL = "credential"
    RULE = "rule"
    SIGHT = "sight"
    """What an agent sees."""
    PROFILE = "profile"
    """What an agent sees while it is on."""
    GRANT = "grant"
    """Ends by itself; nobody has to keep it."""


AccessKey = tuple[AccessKind, str]
"""The name of a credential is SERVER/NAME, that of a rule or a grant is its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Since when something stands as it does, or when a person last kept it."""

    kind: AccessKind
    name: str
    digest: str
    """Of what stood there then; of anything else it says nothing."""
    at: str
    """As the clock writes it; empty where nobody knows any more."""
    kept: bool = False
    """A person looked and kept it."""


def is_overdue(at: str, now: str) -> bool:
    """Tell whether it is time to look again; also where nobody knows when that was done."""
    return not at or seconds_between(at, now) >= REVIEW_DAYS * _DAY
