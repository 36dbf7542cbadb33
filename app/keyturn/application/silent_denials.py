"""Owns the denials that hold for identical repeats of a call whose agent had stopped waiting.

Such an agent is likely to try again; asking about each repeat would let it wear the person down.
Within ten minutes its identical calls are denied without a card, each recorded and told so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keyturn.application.approval_request import Answer, ApprovalRequest, RequestKind
from keyturn.application.ports.clock import Clock
from keyturn.application.waiting import Waiting
from keyturn.domain.approval import State

MOST = 1_000
"""The oldest are forgotten then, so that their repeats ask."""
_SECOND = 1_000_000_000


@dataclass(slots=True, kw_only=True)
class SilentDenial:
    """A person's denial, and how often it was repeated since."""

    call: str
    """Id of the call that the person denied."""
    request: ApprovalRequest
    """What the person denied."""
    message: str
    until_ns: int
    repeats: int = 0


class SilentDenials:
    """The denials that live, by the digest of the call."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._nanoseconds = int(seconds * _SECOND)
        self._denials: dict[str, SilentDenial] = {}
        self.on_denied: Callable[[ApprovalRequest], None] = lambda _request: None
        """Called with what was denied, for each denial and each repeat of one."""

    def denied(self, waiting: Waiting, answer: Answer) -> None:
        """Take note of a denial; of one whose agent still waits, that agent is told anyway."""
        self.on_denied(waiting.request)
        if waiting.state is State.DETACHED and waiting.request.kind is RequestKind.CALL:
            self.unheard(waiting.request, answer)

    def unheard(self, request: ApprovalRequest, answer: Answer) -> None:
        """Take note of a denial of a call that its agent is not told."""
        now = self._clock.monotonic_ns()
        # What its agent repeats is what it asked, also where a person denied what they made of it.
        asked = request.asked_digest
        self._denials.pop(asked, None)
        alive = [(digest, one) for digest, one in self._denials.items() if one.until_ns > now]
        self._denials = dict(alive[-(MOST - 1) :])
        self._denials[asked] = SilentDenial(
            call=request.call or request.id,
            request=request,
            message=answer.message,
            until_ns=now + self._nanoseconds,
        )

    def repeated(self, digest: str) -> SilentDenial | None:
        """Count a repeat of a denied call; None for a call that is to be asked about."""
        denial = self._denials.get(digest)
        if denial is None or self._clock.monotonic_ns() >= denial.until_ns:
            return None
        denial.repeats += 1
        self.on_denied(denial.request)
        return denial
