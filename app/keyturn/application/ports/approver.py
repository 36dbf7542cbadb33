"""The approver port: the one way to a person (architecture.md law 4)."""

from typing import Protocol

from keyturn.application.approval_request import ApprovalRequest, Route, WithdrawCause
from keyturn.application.ports.stop_sentinel import StopFacts


class Approver(Protocol):
    """Shows requests and hands answers to the approvals it was built with; never decides itself."""

    @property
    def route(self) -> Route:
        """Name how its answers come."""
        ...

    @property
    def present(self) -> bool:
        """False once nobody can ever answer again (a named program that has ended)."""
        ...

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        """Show a request; `deadline_ms` is how long the agent waits from now, None for a review.

        `waited`: for how many ms it has waited before an approver, who may come late, sees it.
        """
        ...

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        """Show that the agent stopped waiting, `ago` ms ago; one retry can still be allowed."""
        ...

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        """Take a request away; no answer to it can have an effect any more."""
        ...

    def alert(self, text: str) -> None:
        """Tell the person something that needs no answer."""
        ...

    def stopped(self, facts: StopFacts) -> None:
        """Tell that the stop is engaged."""
        ...
