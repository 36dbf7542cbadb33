"""Owns what the access review goes by: its kinds, what was looked at, and when that is long ago.

Nothing is allowed or denied by it: it reminds a person of what they let stand.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from keyturn.domain.rule_life import written

REVIEW_DAYS = 90
"""What nobody looked at for so long is overdue."""


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


def long_ago(now: str) -> str:
    """Return the moment by which a look is overdue; instants compare as texts."""
    return written(datetime.fromisoformat(now) - timedelta(days=REVIEW_DAYS))


def is_overdue(at: str, by: str) -> bool:
    """Tell whether it is time to look again; also where nobody knows when that was done."""
    return at <= by
