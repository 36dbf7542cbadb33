"""The conversation at the terminal: shown first, read, then answered; early input is nothing."""

import asyncio

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.approvers.terminal_stop import SentBefore
from keyturn.domain.approval import State
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import KeyturnError
from keyturn.domain.tier import Tier
from tests.factories import make_weighed
from tests.fakes.approval_requests import a_call, a_definition, a_review
from tests.fakes.approver import HOLD_SECONDS
from tests.unit.approvers.terminal_rig import World, run, t1

FACTS = StopFacts(since_utc="2026-11-23T14:07:52.123Z", trigger="command", reason="odd \x1b[2J")


@pytest.mark.parametrize(
    ("tier", "least_ms"), [(Tier.T0, 700), (Tier.T1, 700), (Tier.T2, 1200), (Tier.T3, 1200)]
)
def test_input_before_the_arming_time_is_discarded_and_said_so(tier: Tier, least_ms: int) -> None:
    async def story(world: World) -> None:
        future = world.ask(a_call(tier=tier))
        world.types("allow")
        world.clock.advance((least_ms - 1) / 1000)
        world.types("allow", "deny")
        assert world.terminal.text.count("It was discarded.") == 3
        assert not future.done()
        assert "Type:" not in world.terminal.text
        world.clock.advance(0.001)
        assert "Type: allow" in world.terminal.text
        assert world.terminal.discarded == 1
        world.types("deny")
        assert future.done()

    run(story)


def test_the_time_runs_only_from_when_the_text_is_on_the_terminal() -> None:
    async def story(world: World) -> None:
        world.terminal.hold = True
        future = world.ask(t1())
        world.clock.advance(10)
        world.types("allow")
        world.terminal.release()
        world.types("allow")
        assert not future.done()
        world.read_on()
        world.types("allow")
        assert future.result().state is State.APPROVED

    run(story)


def test_t2_is_allowed_only_with_the_value_confirmed() -> None:
    async def story(world: World) -> None:
        future = world.ask(a_call())
        world.read_on()
        world.types("allow")
        assert "Confirm the address: type its last word, 9," in world.terminal.text
        world.types("allow")
        assert "does not match" in world.terminal.text
        world.types("9")
        assert not future.done()
        world.types("allow", "9")
        answer = future.result().answer
        assert answer is not None
        assert answer.shown_ms == 1300

    run(story)


def test_t3_is_allowed_only_with_the_name_typed() -> None:
    async def story(world: World) -> None:
        future = world.ask(a_call(tier=Tier.T3))
        world.read_on()
        world.types("allow", "CONFIRM")
        assert not future.done()
        world.types("allow", "dispatch_all")
        assert future.result().state is State.APPROVED

    run(story)


def test_a_refusal_is_possible_while_the_proof_is_asked_for() -> None:
    async def story(world: World) -> None:
        future = world.ask(a_call())
        world.read_on()
        world.types("allow", "deny Not there.")
        resolution = future.result()
        assert resolution.state is State.DENIED
        assert resolution.answer is not None
        assert resolution.answer.message == "Not there."

    run(story)


def test_one_line_answers_one_request() -> None:
    async def story(world: World) -> None:
        first, second = world.ask(t1(1)), world.ask(t1(2))
        world.read_on()
        world.types("allow", "allow", "allow")
        assert first.result().state is State.APPROVED
        assert not second.done()
        world.read_on()
        world.types("deny")
        assert second.result().state is State.DENIED

    run(story)


def test_requests_come_in_the_order_of_arrival_and_later_is_later() -> None:
    async def story(world: World) -> None:
        futures = [world.ask(t1(number)) for number in range(3)]
        world.read_on()
        world.types("later")
        world.read_on()
        world.types("allow")
        assert futures[1].result().state is State.APPROVED
        world.read_on()
        world.types("later")
        assert "Press Enter to see the 2 requests" in world.terminal.take()
        world.types("")
        assert "/srv/0" in world.terminal.take()
        world.read_on()
        world.types("deny")
        assert futures[0].result().state is State.DENIED

    run(story)


def test_enter_with_nothing_waiting_says_so() -> None:
    async def story(world: World) -> None:
        world.types("allow")
        assert "Nothing waits." in world.terminal.text

    run(story)


def test_what_goes_away_is_said_and_the_next_is_shown() -> None:
    async def story(world: World) -> None:
        world.ask(t1(1))
        second = world.ask(t1(2))
        world.read_on()
        world.approvals.client_left("c-1", host_gone=True)
        world.types("allow")
        await asyncio.sleep(0)
        assert "Withdrawn: the agent gave up." in world.terminal.text
        assert "/srv/2" in world.terminal.text
        assert not second.done()

    run(story)


def test_a_detached_request_can_still_be_allowed_once() -> None:
    async def story(world: World) -> None:
        request = t1()
        world.ask(request)
        world.clock.advance(HOLD_SECONDS + 1)
        assert "Agent stopped waiting." in world.terminal.text
        world.types("allow")
        assert "goes through, once" in world.terminal.text
        assert world.approvals.take_retry_grant(request.digest, make_weighed())

    run(story)


@pytest.mark.parametrize(
    ("line", "tier", "hide", "state"),
    [
        ("pin t1", Tier.T1, False, State.APPROVED),
        ("pin", None, False, State.APPROVED),
        ("hide", None, True, State.DENIED),
        ("deny", None, False, State.DENIED),
    ],
)
def test_a_definition_is_pinned_hidden_or_denied(
    line: str, tier: Tier | None, hide: bool, state: State
) -> None:
    async def story(world: World) -> None:
        future = world.approvals.ask(a_definition(), hold_seconds=None)
        world.read_on()
        world.types(line)
        resolution = future.result()
        assert resolution.state is state
        assert resolution.answer is not None
        assert (resolution.answer.tier, resolution.answer.hide) == (tier, hide)

    run(story)


def test_an_enrolment_is_refused() -> None:
    async def story(world: World) -> None:
        review = a_review(RequestKind.AGENT, {"agent": "x"})
        future = world.approvals.ask(review, hold_seconds=None)
        await asyncio.sleep(0)
        assert future.result().outcome is Outcome.REFUSED_NO_APPROVER

    run(story)


def test_large_arguments_are_shown_whole() -> None:
    async def story(world: World) -> None:
        request = a_call(tier=Tier.T1, subject={"content": "line\n" * 20_000 + "THE END"})
        future = world.ask(request)
        world.types("allow")
        async with asyncio.timeout(20):
            while "THE END" not in world.terminal.text:
                await asyncio.sleep(0.01)
                world.clock.advance(0.01)
        assert not future.done()
        world.read_on()
        world.types("allow")
        assert future.result().state is State.APPROVED

    run(story)


def test_a_terminal_that_is_gone_is_no() -> None:
    async def story(world: World) -> None:
        future = world.ask(t1())
        world.approver.closed()
        assert future.result().outcome is Outcome.REFUSED_NO_APPROVER
        assert not world.approver.present
        late = world.ask(t1(2))
        await asyncio.sleep(0)
        assert late.result().outcome is Outcome.REFUSED_NO_APPROVER

    run(story)


# -------------------------------------------------------------------- stop and resume


class Resumer:
    """Ends the stop, or says why not."""

    def __init__(self) -> None:
        self.looked_at: list[tuple[str, ...]] = []
        self.result = True
        self.error: KeyturnError | None = None

    async def __call__(self, looked_at: tuple[str, ...]) -> bool:
        self.looked_at.append(looked_at)
        if self.error is not None:
            raise self.error
        return self.result


class Reviewer:
    """Says what was sent before the stop, once it is let."""

    def __init__(self, *calls: SentBefore) -> None:
        self.calls = calls
        self.error: KeyturnError | None = None
        self.read = asyncio.Event()
        self.read.set()

    async def __call__(self) -> tuple[SentBefore, ...]:
        await self.read.wait()
        if self.error is not None:
            raise self.error
        return self.calls


SENT = SentBefore(id="c-7", text="call 7 to logistics: \x1b[2Joutcome unknown")


def stop(world: World) -> None:
    world.approvals.stop()
    world.approver.stopped(FACTS)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_stop_shows_its_review_list_and_only_resume_ends_it() -> None:
    resumer = Resumer()

    async def story(world: World) -> None:
        futures = [world.ask(t1(1)), world.ask(t1(2))]
        world.read_on()
        world.terminal.take()
        stop(world)
        text = world.terminal.take()
        assert [future.result().outcome for future in futures] == [Outcome.REFUSED_PAUSED] * 2
        assert "Stopped at 2026-11-23T14:07:52.123Z by command." in text
        assert "Reason given: odd [U+001B escape][2J" in text
        assert "2 requests were refused when it stopped:" in text
        assert text.count("analyst wants to") == 2
        await settle()
        assert "1 call was sent shortly before, or nobody knows how it ended:" in (
            world.terminal.text
        )
        assert "call 7 to logistics: [U+001B escape][2Joutcome unknown" in world.terminal.text
        world.types("RESUME")
        assert resumer.looked_at == []
        world.read_on()
        world.types("resume", "", "allow", "RESUME now")
        assert resumer.looked_at == []
        world.types("RESUME")
        await settle()
        assert resumer.looked_at == [("c-1", "c-2", "c-7")]
        assert "Resumed." in world.terminal.text
        late = world.ask(t1(3))
        world.read_on()
        world.types("allow")
        assert late.result().state is State.APPROVED

    run(story, lambda: World(resumer, Reviewer(SENT)))


@pytest.mark.requirement("LAW-5")
def test_nobody_resumes_past_a_review_that_is_not_shown_yet() -> None:
    resumer, reviewer = Resumer(), Reviewer(SENT)
    reviewer.read.clear()

    async def story(world: World) -> None:
        stop(world)
        world.read_on()
        world.types("RESUME")
        assert "has to be read first" in world.terminal.text
        reviewer.read.set()
        await settle()
        # It counts from when the list could have been read.
        world.types("RESUME")
        await settle()
        assert resumer.looked_at == []
        world.read_on()
        world.types("RESUME")
        await settle()
        assert resumer.looked_at == [("c-7",)]

    run(story, lambda: World(resumer, reviewer))


@pytest.mark.requirement("LAW-3")
def test_nobody_resumes_past_a_review_that_cannot_be_read() -> None:
    resumer, reviewer = Resumer(), Reviewer(SENT)
    reviewer.error = KeyturnError("The database cannot be read.")

    async def story(world: World) -> None:
        stop(world)
        await settle()
        assert "The database cannot be read." in world.terminal.text
        world.read_on()
        world.types("RESUME")
        await settle()
        assert resumer.looked_at == []
        reviewer.error = None
        world.read_on()
        world.types("RESUME")
        await settle()
        assert "call 7" in world.terminal.text
        world.read_on()
        world.types("RESUME")
        await settle()
        assert resumer.looked_at == [("c-7",)]

    run(story, lambda: World(resumer, reviewer))


def test_what_the_broker_misses_is_shown_again() -> None:
    resumer, reviewer = Resumer(), Reviewer()
    resumer.error = KeyturnError("Calls have not been looked at: 1.")

    async def story(world: World) -> None:
        stop(world)
        await settle()
        world.read_on()
        reviewer.calls = (SENT,)
        world.types("RESUME")
        await settle()
        assert "have not been looked at" in world.terminal.text
        assert "call 7" in world.terminal.text
        resumer.error = None
        world.read_on()
        world.types("RESUME")
        await settle()
        assert resumer.looked_at[-1] == ("c-7",)

    run(story, lambda: World(resumer, reviewer))


def test_reviews_wait_while_stopped() -> None:
    resumer = Resumer()

    async def story(world: World) -> None:
        stop(world)
        review = world.approvals.ask(a_definition(), hold_seconds=None)
        world.read_on()
        world.types("pin t0")
        assert not review.done()
        assert "lists a new tool" not in world.terminal.text
        world.types("RESUME")
        await settle()
        world.read_on()
        world.types("pin t0")
        assert review.result().state is State.APPROVED

    run(story, lambda: World(resumer))


@pytest.mark.parametrize("error", [None, KeyturnError("The stop could not be ended.")])
def test_a_resume_that_fails_leaves_it_stopped(error: KeyturnError | None) -> None:
    resumer = Resumer()
    resumer.error = error
    resumer.result = False

    async def story(world: World) -> None:
        stop(world)
        world.read_on()
        world.types("RESUME")
        await settle()
        expected = "Still stopped." if error is None else "could not be ended"
        assert expected in world.terminal.text
        assert "Resumed." not in world.terminal.text
        resumer.error, resumer.result = None, True
        world.types("RESUME")
        await settle()
        assert "Resumed." in world.terminal.text

    run(story, lambda: World(resumer))


def test_without_a_way_to_resume_it_says_so() -> None:
    async def story(world: World) -> None:
        stop(world)
        world.read_on()
        assert "cannot be resumed from here" in world.terminal.text
        world.types("RESUME")
        assert "Still stopped." in world.terminal.text

    run(story)
