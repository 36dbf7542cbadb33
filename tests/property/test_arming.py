"""Allow is never armed for a request that was not on screen, undisturbed, for the whole time."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.tier import Tier
from keyturn.presentation.arming import (
    QUIET_MS,
    Arming,
    ArmingDelays,
    ArmingTerms,
    Owed,
    Subject,
)
from tests.examples import many

SUBJECTS = tuple(
    Subject(f"r{n}", revision, f"d{n}{revision}") for n in (1, 2) for revision in (1, 2)
)
PLAIN = ArmingTerms(tier=Tier.T1)
CAREFUL = ArmingTerms(tier=Tier.T2, confirm=frozenset({"/to"}), look=True)
NAMED = ArmingTerms(tier=Tier.T3, confirm=frozenset({"/to"}), look=True, type_name=True)
CONTROLS = ("a", "Return", "left button")


@dataclass
class Oracle:
    """The rules of console.md section 3.2 written the slow way: as moments to compare with."""

    subject: Subject | None = None
    terms: ArmingTerms = PLAIN
    undisturbed_from: int = 0
    last_input: int = 0
    active: bool = False
    down: set[str] = field(default_factory=set[str])
    confirmed: bool = False
    seen: bool = False
    named: bool = False
    pending: bool = True

    def may_be_armed(self, now: int) -> bool:
        delay = 1200 if self.terms.tier >= Tier.T2 else 700
        owes_nothing = (
            (self.confirmed or not self.terms.confirm)
            and (self.seen or not self.terms.look)
            and (self.named or not self.terms.type_name)
        )
        return (
            self.subject is not None
            and self.active
            and self.pending
            and not self.down
            and owes_nothing
            and now - self.undisturbed_from >= delay
            and now - self.last_input >= QUIET_MS
        )


class Drive:
    """Feeds the same happening to the machine and to the oracle."""

    def __init__(self) -> None:
        self.arming = Arming()
        self.oracle = Oracle()
        self.now = 0

    def show(self, subject: Subject, terms: ArmingTerms) -> None:
        oracle = self.oracle
        if (oracle.subject, oracle.terms) != (subject, terms):
            self.oracle = Oracle(
                subject=subject,
                terms=terms,
                undisturbed_from=self.now,
                last_input=oracle.last_input,
                active=oracle.active,
                down=oracle.down,
            )
        self.arming.shown(subject, terms, self.now)

    def hide(self) -> None:
        self.oracle.subject = None
        self.arming.hidden(self.now)

    def touch(self, control: str, down: bool) -> None:
        self.oracle.last_input = self.now
        if down:
            self.oracle.down.add(control)
            self.arming.held(control, self.now)
        else:
            self.oracle.down.discard(control)
            self.arming.released(control, self.now)

    def activate_window(self, active: bool) -> None:
        self.oracle.active = active
        self.oracle.down.clear()
        self.oracle.undisturbed_from = self.now
        self.arming.window_active(active, self.now)

    def move_window(self) -> None:
        self.oracle.undisturbed_from = self.now
        self.arming.disturbed(self.now)

    def look(self, all_of_it: bool) -> None:
        self.oracle.seen = all_of_it and self.oracle.subject is not None
        self.arming.lines_unseen(None if all_of_it else (3, 9))

    def confirm(self) -> None:
        self.oracle.last_input = self.now
        self.oracle.confirmed = self.oracle.subject is not None
        self.arming.confirmed("/to", self.now)

    def name(self, matches: bool) -> None:
        self.oracle.named = matches and self.oracle.subject is not None
        self.arming.name_typed(matches)

    def broker(self, pending: bool) -> None:
        if self.oracle.subject is not None and self.oracle.pending is not pending:
            self.oracle.pending = pending
            self.oracle.undisturbed_from = self.now
        self.arming.broker_confirms(pending, self.now)


def happening(drive: Drive) -> st.SearchStrategy[tuple[str, tuple[object, ...]]]:
    del drive
    return st.one_of(
        st.tuples(
            st.just("show"),
            st.tuples(st.sampled_from(SUBJECTS), st.sampled_from((PLAIN, CAREFUL, NAMED))),
        ),
        st.tuples(st.just("hide"), st.just(())),
        st.tuples(st.just("touch"), st.tuples(st.sampled_from(CONTROLS), st.booleans())),
        st.tuples(st.just("activate_window"), st.tuples(st.booleans())),
        st.tuples(st.just("move_window"), st.just(())),
        st.tuples(st.just("look"), st.tuples(st.booleans())),
        st.tuples(st.just("confirm"), st.just(())),
        st.tuples(st.just("name"), st.tuples(st.booleans())),
        st.tuples(st.just("broker"), st.tuples(st.booleans())),
    )


STEPS = st.lists(
    st.tuples(st.integers(min_value=0, max_value=900), happening(Drive())), max_size=40
)


@settings(max_examples=many(4))
@given(steps=STEPS, wait=st.integers(min_value=0, max_value=2500))
def test_armed_exactly_when_every_condition_held_for_the_whole_time(
    steps: list[tuple[int, tuple[str, tuple[object, ...]]]], wait: int
) -> None:
    drive = Drive()
    for pause, (name, arguments) in steps:
        drive.now += pause
        before = drive.arming.state(drive.now)
        assert before.armed == drive.oracle.may_be_armed(drive.now)
        getattr(drive, name)(*arguments)
        if name not in {"look", "name"}:
            after = drive.arming.state(drive.now)
            assert not after.armed or (before.armed and name in {"show", "broker"})
    drive.now += wait
    state = drive.arming.state(drive.now)
    assert state.armed == drive.oracle.may_be_armed(drive.now)
    assert state.armed == (state.owed is Owed.NOTHING)
    assert 0.0 <= state.progress <= 1.0


@given(steps=STEPS)
def test_an_activation_is_for_the_request_that_was_pressed_on(
    steps: list[tuple[int, tuple[str, tuple[object, ...]]]],
) -> None:
    drive = Drive()
    drive.activate_window(True)
    drive.show(SUBJECTS[0], PLAIN)
    drive.now += 2000
    assert drive.arming.press(drive.now)
    for pause, (name, arguments) in steps:
        drive.now += pause
        getattr(drive, name)(*arguments)
    given_to = drive.arming.release(drive.now)
    assert given_to in {None, SUBJECTS[0]}
    if given_to is not None:
        assert drive.oracle.subject == SUBJECTS[0]


@given(
    arrivals=st.lists(
        st.tuples(st.integers(min_value=1, max_value=500), st.sampled_from(SUBJECTS)), max_size=50
    ),
    every_ms=st.integers(min_value=20, max_value=QUIET_MS - 1),
)
def test_a_repeating_key_never_arms(arrivals: list[tuple[int, Subject]], every_ms: int) -> None:
    drive = Drive()
    drive.activate_window(True)
    for pause, subject in arrivals:
        end = drive.now + pause
        drive.show(subject, PLAIN)
        while drive.now < end:
            drive.touch("Return", down=True)
            assert not drive.arming.press(drive.now)
            drive.touch("Return", down=False)
            drive.now += every_ms
            assert not drive.arming.press(drive.now)


@given(
    plain=st.integers(min_value=700, max_value=5000),
    careful=st.integers(min_value=1200, max_value=5000),
    short=st.integers(min_value=1, max_value=6000),
)
def test_a_longer_delay_is_kept_to_the_millisecond(plain: int, careful: int, short: int) -> None:
    arming = Arming(ArmingDelays(plain_ms=plain, careful_ms=careful))
    arming.window_active(True, 0)
    arming.shown(SUBJECTS[0], PLAIN, 0)
    assert arming.state(short).armed == (short >= plain)


@given(back=st.integers(min_value=1, max_value=10_000))
def test_a_clock_that_runs_backwards_starts_the_time_again(back: int) -> None:
    arming = Arming()
    arming.window_active(True, 10_000)
    arming.shown(SUBJECTS[0], PLAIN, 10_000)
    assert arming.state(11_000).armed
    assert not arming.state(11_000 - back).armed
    assert not arming.deny_armed(11_000 - back)
