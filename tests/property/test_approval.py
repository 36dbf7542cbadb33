"""Random walks over the life cycle: whatever happens in whatever order, these hold."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.approval import TERMINAL, Event, State, advance
from keyturn.domain.errors import IllegalTransition
from tests.examples import many


@settings(max_examples=many(5), deadline=None)
@given(st.lists(st.sampled_from(Event), max_size=30))
def test_whatever_happens_a_send_follows_an_approval_and_an_end_is_an_end(
    events: list[Event],
) -> None:
    path = [State.PENDING]
    happened: list[Event] = []
    for event in events:
        try:
            path.append(advance(path[-1], event))
        except IllegalTransition:
            continue
        happened.append(event)
    for before, after in pairwise(path):
        assert before not in TERMINAL
        assert after is not State.SENT or before is State.APPROVED
        assert after is not State.APPROVED or before is State.PENDING
    assert path.count(State.SENT) <= 1
    if State.SENT in path:
        assert happened[: path.index(State.SENT)] == [Event.ALLOWED, Event.SENT]


@settings(deadline=None)
@given(st.sampled_from(sorted(TERMINAL)), st.sampled_from(Event))
def test_a_late_click_finds_the_end_and_nothing_else(state: State, event: Event) -> None:
    try:
        advance(state, event)
    except IllegalTransition:
        return
    raise AssertionError("a terminal state was left")


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(set(Event) - {Event.ALLOWED})), max_size=30))
def test_without_a_yes_nothing_is_ever_sent(events: list[Event]) -> None:
    state = State.PENDING
    for event in events:
        try:
            state = advance(state, event)
        except IllegalTransition:
            continue
        assert state not in (State.APPROVED, State.SENT, State.RUNNING)
