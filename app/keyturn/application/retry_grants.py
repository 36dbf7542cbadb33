"""Permissions for one identical retry: made by a person, used once, gone after ten minutes.

They are gone too with the session of their call: its digest names that session.
"""

from dataclasses import dataclass

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.ports.clock import Clock
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Grant:
    until_ns: int
    tier: Tier
    """As shown to the person who made it."""
    session: str
    """In which alone a call can have this digest."""
    level: Takes
    """What was met by who made it."""


class RetryGrants:
    """The grants that live, by the digest of the call that each is for."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._nanoseconds = int(seconds * _SECOND)
        self._grants: dict[str, _Grant] = {}

    def make_for(
        self, shown: ApprovalRequest, level: Takes, *, since_ns: int | None = None
    ) -> None:
        """Let one call through that is what was shown, while it reaches no further.

        `level` is what the answer met that allowed it, at `since_ns` where that was not just now.
        """
        made = self._clock.monotonic_ns() if since_ns is None else since_ns
        self._grants[shown.digest] = _Grant(
            made + self._nanoseconds, shown.tier, shown.session, level
        )

    def take(self, digest: str, tier: Tier, takes: Takes) -> bool:
        """Use up the grant of a call; False when there is none that lives and covers it.

        `takes` is what it takes by now to allow that call.
        """
        grant = self._grants.pop(digest, None)
        if grant is None:
            return False
        if takes > grant.level:
            return False
        return self._clock.monotonic_ns() < grant.until_ns and tier <= grant.tier

    def end_of(self, session: str) -> None:
        """Forget the grants of a session that is over: no call can use them any more."""
        kept = {digest: one for digest, one in self._grants.items() if one.session != session}
        self._grants = kept

    def __len__(self) -> int:
        """Count the grants, those included whose time has passed."""
        return len(self._grants)

    def clear(self) -> None:
        """Forget every grant."""
        self._grants.clear()
