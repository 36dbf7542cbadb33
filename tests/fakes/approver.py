"""An approver that remembers what it was shown and answers what a test tells it to."""

from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.domain.decision import Outcome

HOLD_SECONDS = 50.0
"""How long the agents of a test's requests wait."""


class NoEndRecorder:
    """Records nothing of how detached requests end: that is not an approver's."""

    def detached(self, request: ApprovalRequest, cause: str, masked: bytes) -> bytes:
        """Forget it."""
        return masked

    def ended(
        self,
        request: ApprovalRequest,
        outcome: Outcome,
        answer: Answer | None,
        masked: bytes,
        *,
        grant: bool,
    ) -> None:
        """Forget it."""


class FakeApprover:
    """Shows nothing to anybody."""

    def __init__(self, approvals: Approvals, *, route: Route = Route.WINDOW) -> None:
        self._approvals = approvals
        self._route = route
        self.present = True
        self.shown: dict[str, ApprovalRequest] = {}
        self.deadlines: dict[str, int | None] = {}
        self.waited: dict[str, int] = {}
        self.left_ago: dict[str, int] = {}
        self.detached: dict[str, str] = {}
        self.withdrawn: list[tuple[str, WithdrawCause, str]] = []
        self.alerts: list[str] = []
        self.stops: list[StopFacts] = []

    @property
    def route(self) -> Route:
        """Name how its answers come."""
        return self._route

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        """Remember the request."""
        self.shown[request.id] = request
        self.deadlines[request.id] = deadline_ms
        self.waited[request.id] = waited

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        """Remember that its agent stopped waiting."""
        self.detached[request_id] = cause
        self.left_ago[request_id] = ago

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        """Forget the request."""
        self.shown.pop(request_id, None)
        self.withdrawn.append((request_id, cause, outcome))

    def alert(self, text: str) -> None:
        """Remember the text."""
        self.alerts.append(text)

    def stopped(self, facts: StopFacts) -> None:
        """Remember the stop."""
        self.stops.append(facts)

    def allow(self, request_id: str) -> AnswerEffect:
        """Allow what is shown under the id."""
        return self._answer(request_id, AnswerVerdict.ALLOW_ONCE, "")

    def deny(self, request_id: str, message: str = "") -> AnswerEffect:
        """Deny what is shown under the id."""
        return self._answer(request_id, AnswerVerdict.DENY, message)

    def _answer(self, request_id: str, verdict: AnswerVerdict, message: str) -> AnswerEffect:
        request = self.shown[request_id]
        return self._approvals.answer(
            Answer(
                id=request_id,
                digest=request.digest,
                verdict=verdict,
                route=self._route,
                message=message,
                prompt_hash="0" * 64,
                shown_ms=1500,
            )
        )
