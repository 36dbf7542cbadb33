"""The table of the life cycle, row by row."""

import pytest

from keyturn.domain.approval import OPEN, TERMINAL, TRANSITIONS, Event, State, advance
from keyturn.domain.errors import IllegalTransition

ROWS = {
    ("pending", "allowed"): "approved",
    ("pending", "denied"): "denied",
    ("pending", "client_left"): "detached",
    ("pending", "hold_ended"): "detached",
    ("pending", "host_gone"): "withdrawn",
    ("pending", "refused"): "refused",
    ("detached", "denied"): "denied",
    ("detached", "retry_granted"): "expired",
    ("detached", "hold_ended"): "expired",
    ("detached", "client_left"): "withdrawn",
    ("detached", "host_gone"): "withdrawn",
    ("detached", "refused"): "refused",
    ("approved", "sent"): "sent",
    ("approved", "not_sent"): "not_sent",
    ("sent", "task_started"): "running",
    ("sent", "answered"): "completed",
    ("sent", "answered_with_error"): "tool_error",
    ("sent", "server_failed"): "failed",
    ("sent", "lost"): "unknown",
    ("running", "answered"): "completed",
    ("running", "answered_with_error"): "tool_error",
    ("running", "server_failed"): "failed",
    ("running", "lost"): "unknown",
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_the_table_is_exactly_this(state: State, event: Event) -> None:
    row = ROWS.get((state.value, event.value))
    if row is None:
        with pytest.raises(IllegalTransition) as caught:
            advance(state, event)
        assert state.value in caught.value.sentence
        assert event.value in caught.value.sentence
        assert caught.value.cause == "The life cycle has no such step."
    else:
        assert advance(state, event) is State(row)


def test_only_an_open_request_can_be_answered() -> None:
    answered = {Event.ALLOWED, Event.DENIED, Event.RETRY_GRANTED}
    assert {state for state, row in TRANSITIONS.items() if answered & set(row)} == OPEN


def test_the_terminal_states_are_those_without_a_row() -> None:
    assert set(TERMINAL) == {
        State.DENIED,
        State.WITHDRAWN,
        State.EXPIRED,
        State.REFUSED,
        State.COMPLETED,
        State.TOOL_ERROR,
        State.FAILED,
        State.UNKNOWN,
        State.NOT_SENT,
    }


def test_the_table_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[State.DENIED] = {}  # pyright: ignore[reportIndexIssue]  # it must not work
