"""The console protocol's messages about what waits for a person: shown, detached, withdrawn."""

import msgspec

from keyturn.application.approval_request import ApprovalRequest


class RequestShown(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="request"):
    """Something waits for a person."""

    request: ApprovalRequest
    remaining_ms: int | None
    """How long the agent still waits; None for a review."""
    waited_ms: int = 0
    """How long it has waited, as the broker counts: a window that comes back knows nothing."""


class RequestDetached(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="detached"):
    """The agent stopped waiting; one retry can still be allowed."""

    id: str
    cause: str
    ago_ms: int = 0
    """How long ago, as the broker counts."""


class RequestWithdrawn(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="withdrawn"
):
    """A request has ended."""

    id: str
    cause: str
    outcome: str
