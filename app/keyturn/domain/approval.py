"""The life of an approval request, as a table.

The five rules:

1. Every change of state is a row of `TRANSITIONS`; there is no other way to change state.
2. Nothing but APPROVED leads to SENT.
3. A row that is not there raises `IllegalTransition`.
4. A terminal state is final: a late click finds "already expired", never a second send.
5. There is no default verdict: closing, Escape, a crash, a lost database and a deadline are events
   of their own, and none of them leads to APPROVED.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from keyturn.domain.errors import IllegalTransition


class State(StrEnum):
    """Where a judged call stands (architecture.md section 7, "Life cycle")."""

    PENDING = "pending"
    DETACHED = "detached"
    """The agent stopped waiting; a person may still deny, or allow one retry."""
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"
    SENT = "sent"
    RUNNING = "running"
    COMPLETED = "completed"
    TOOL_ERROR = "tool_error"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"


class Event(StrEnum):
    """What can happen to a request, in the past tense."""

    ALLOWED = "allowed"
    """A person, a rule or a grant allowed exactly this digest."""
    DENIED = "denied"
    CLIENT_LEFT = "client_left"
    """The agent cancelled or its time ran out; its host process lives."""
    HOST_GONE = "host_gone"
    """The connection's host process ended."""
    HOLD_ENDED = "hold_ended"
    """The time that the agent's call may be held ran out without an answer."""
    RETRY_GRANTED = "retry_granted"
    """A person allowed the next identical call of a detached request; nothing is sent."""
    REFUSED = "refused"
    """Keyturn itself refused: stopped, changed definition, no record, keychain, error."""
    SENT = "sent"
    NOT_SENT = "not_sent"
    """Approved, but the send was given up before its first byte."""
    TASK_STARTED = "task_started"
    ANSWERED = "answered"
    ANSWERED_WITH_ERROR = "answered_with_error"
    SERVER_FAILED = "server_failed"
    """The server said that it did not run the call."""
    LOST = "lost"
    """Sent, and nobody can say whether it ran."""


_DELIVERIES = {
    Event.ANSWERED: State.COMPLETED,
    Event.ANSWERED_WITH_ERROR: State.TOOL_ERROR,
    Event.SERVER_FAILED: State.FAILED,
    Event.LOST: State.UNKNOWN,
}

TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        State.PENDING: MappingProxyType(
            {
                Event.ALLOWED: State.APPROVED,
                Event.DENIED: State.DENIED,
                Event.CLIENT_LEFT: State.DETACHED,
                Event.HOLD_ENDED: State.DETACHED,
                Event.HOST_GONE: State.WITHDRAWN,
                Event.REFUSED: State.REFUSED,
            }
        ),
        State.DETACHED: MappingProxyType(
            {
                Event.DENIED: State.DENIED,
                # The end of a detached request by its grant: nothing was sent and nothing will be.
                Event.RETRY_GRANTED: State.EXPIRED,
                Event.HOLD_ENDED: State.EXPIRED,
                Event.CLIENT_LEFT: State.WITHDRAWN,
                Event.HOST_GONE: State.WITHDRAWN,
                Event.REFUSED: State.REFUSED,
            }
        ),
        State.APPROVED: MappingProxyType({Event.SENT: State.SENT, Event.NOT_SENT: State.NOT_SENT}),
        State.SENT: MappingProxyType({Event.TASK_STARTED: State.RUNNING, **_DELIVERIES}),
        State.RUNNING: MappingProxyType(_DELIVERIES),
    }
)

TERMINAL = frozenset(State) - frozenset(TRANSITIONS)
OPEN = frozenset({State.PENDING, State.DETACHED})
"""States in which a person can still answer."""


def advance(state: State, event: Event) -> State:
    """Return the state after the event; raises IllegalTransition when the table has no such row."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(
            f"A call that is {state.value} cannot become {event.value}.",
            cause="The life cycle has no such step.",
        ) from None
