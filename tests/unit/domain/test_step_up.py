"""Step-up as values: what is known raises nothing, what was looked at neither, all else does."""

from dataclasses import replace

import pytest

from keyturn.domain.pin import PinUse
from keyturn.domain.step_up import (
    MOST_MARKS,
    MOST_NAMES,
    Cause,
    Change,
    Seen,
    Takes,
    looked_at,
    merged,
    noted,
    shown_of,
    takes,
)
from keyturn.domain.tier import Tier

NOW, LATER = "2026-11-28T10:00:00.000Z", "2026-11-28T11:00:00.000Z"
SEEN = Seen(agent="analyst", server="ship", cause=Cause.DRIFT, name="dispatch", mark="m-1")


def after(*marks: str, change: Change | None = None) -> Change:
    """Note things one after the other."""
    for mark in marks:
        change = noted(change, replace(SEEN, name=f"tool {mark}", mark=mark), LATER) or change
    assert change is not None
    return change


@pytest.mark.requirement("STEP-1")
def test_what_is_seen_is_open_until_it_was_looked_at() -> None:
    """Since the first; seen again it changes nothing, before and afterwards."""
    first = noted(None, SEEN, NOW)
    assert first is not None
    assert (first.since, first.names, first.is_open) == (NOW, ("dispatch",), True)
    assert noted(first, SEEN, LATER) is None
    more = after("m-2", change=first)
    assert (more.since, more.names) == (NOW, ("dispatch", "tool m-2"))
    done = looked_at(more)
    assert (done.is_open, done.since, done.names) == (False, "", ())
    assert noted(done, SEEN, LATER) is None
    again = after("m-3", change=done)
    assert (again.marks, again.since) == (("m-3",), LATER)


@pytest.mark.requirement("STEP-1")
def test_what_changed_twice_is_named_once_and_counted_as_one() -> None:
    """A file that is written again is another change, and no other file."""
    change = noted(None, SEEN, NOW)
    for mark in ("m-2", "m-3"):
        change = noted(change, replace(SEEN, mark=mark), LATER)
    assert change is not None
    assert (change.names, len(change.marks), change.more) == (("dispatch",), 3, 0)


@pytest.mark.requirement("STEP-1")
def test_many_are_counted_and_not_kept_without_end() -> None:
    """A server that lists a thousand new tools raises its agents as one that lists a few."""
    change = after(*(f"m-{n}" for n in range(MOST_MARKS + 50)))
    assert len(change.marks) == MOST_MARKS
    assert (len(change.names), change.more) == (MOST_NAMES, MOST_MARKS - MOST_NAMES)
    done = looked_at(after("x", change=looked_at(change)))
    assert len(done.reviewed) == MOST_MARKS
    assert done.reviewed[-1] == "x"


@pytest.mark.requirement("STEP-2")
def test_what_was_seen_beside_what_is_kept_is_not_lost() -> None:
    """But for what a person has looked at."""
    kept = looked_at(after("m-1"))
    assert merged(kept, after("m-1")) == kept
    both = merged(kept, after("m-1", "m-2"))
    assert (both.marks, both.since, both.is_open) == (("m-2",), LATER, True)


@pytest.mark.requirement("STEP-3")
def test_what_is_shown_is_named_to_the_last_mark() -> None:
    """One more of the same name is something else."""
    assert shown_of([after("m-1")]) == shown_of([after("m-1")])
    shown = {shown_of([after("m-1")]), shown_of([after("m-1", "m-2")]), shown_of([])}
    shown.add(shown_of([replace(after("m-1"), server="other")]))
    assert len(shown) == 4


@pytest.mark.requirement("STEP-1")
@pytest.mark.parametrize("use", PinUse)
@pytest.mark.parametrize("tier", Tier)
def test_each_call_that_changes_takes_one_step_more(tier: Tier, use: PinUse) -> None:
    """As far as it is set up, and never less than it would; a read takes what it took."""
    for pin, second in ((False, False), (True, False), (True, True)):
        said = {"two_persons": False, "pin": pin, "second": second}
        calm, raised = takes(tier, use, raised=False, **said), takes(tier, use, raised=True, **said)
        if tier is Tier.T0:
            assert raised is calm
        elif calm is Takes.CLICK:
            assert raised is (Takes.PIN if pin else Takes.NAME)
        else:
            assert raised is (Takes.BOTH if second else Takes.PIN)
        assert raised >= calm
        marked = {**said, "two_persons": True}
        assert takes(tier, use, raised=False, **marked) is Takes.BOTH
