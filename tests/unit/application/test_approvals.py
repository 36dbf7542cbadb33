"""The queue of what waits for a person: every way in, every way out, and what each leaves."""

import pytest

from keyturn.application.approval_request import (
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    WithdrawCause,
)
from keyturn.application.events import Topic
from keyturn.application.waiting import Resolution
from keyturn.domain.approval import Event, State
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, Parsed, canonical, parse_strict
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from tests.factories import make_request, make_weighed
from tests.fakes.approver import FakeApprover
from tests.unit.application.approvals_rig import Ends, Queue
from tests.unit.application.gate_world import play

DAY = 24 * 3600


def test_requests_wait_in_the_order_of_their_arrival() -> None:
    async def story() -> None:
        queue = Queue()
        for name in ("call-2", "call-9", "call-1"):
            queue.ask(name)
        queue.review("v-0")
        assert queue.ids() == ["call-2", "call-9", "call-1", "v-0"]
        queue.answer("call-9")
        assert queue.ids() == ["call-2", "call-1", "v-0"]
        assert queue.topics == [Topic.QUEUE] * 5

    play(story)


def test_the_approver_is_told_how_long_the_agent_waits() -> None:
    async def story() -> None:
        queue = Queue()
        queue.ask()
        queue.review()
        assert queue.approver.deadlines == {"call-1": 50_000, "v-1": None}
        queue.clock.advance(20)
        call, review = queue.approvals.waiting()
        assert call.remaining_ms(queue.clock.monotonic_ns()) == 30_000
        assert review.remaining_ms(queue.clock.monotonic_ns()) is None

    play(story)


@pytest.mark.parametrize(
    ("verdict", "state", "outcome"),
    [
        (AnswerVerdict.ALLOW_ONCE, State.APPROVED, Outcome.ALLOWED_ONCE),
        (AnswerVerdict.DENY, State.DENIED, Outcome.DENIED_USER),
    ],
)
def test_an_answer_settles_its_request_once(
    verdict: AnswerVerdict, state: State, outcome: Outcome
) -> None:
    async def story() -> None:
        queue = Queue()
        future = queue.ask()
        assert queue.answer("call-1", verdict) is AnswerEffect.APPLIED
        resolution = await future
        assert (resolution.state, resolution.outcome) == (state, outcome)
        assert resolution.answer is not None
        assert queue.answer("call-1", verdict) is AnswerEffect.OVER
        assert queue.approver.withdrawn == [("call-1", WithdrawCause.DECIDED, outcome.value)]
        assert queue.ends == Ends()

    play(story)


@pytest.mark.requirement("LAW-2")
def test_an_answer_counts_only_for_the_digest_that_was_shown() -> None:
    async def story() -> None:
        queue = Queue()
        future = queue.ask()
        for verdict in AnswerVerdict:
            assert queue.answer("call-1", verdict, digest="0" * 64) is AnswerEffect.STALE
        assert not future.done()
        assert queue.ids() == ["call-1"]
        # Another request's digest is as wrong, also under this request's id.
        other = make_request("call-2", arguments={"order": 42})
        queue.approvals.ask(other, hold_seconds=50)
        assert queue.answer("call-1", digest=other.digest) is AnswerEffect.STALE
        assert queue.answer("no-such-request") is AnswerEffect.OVER

    play(story)


def digest_of_call(params: JsonObject) -> str:
    """Return the digest that an approval of a call with these params binds."""
    return ToolCall(
        agent="analyst",
        session="s-1",
        server="logistics",
        launch_hash="0" * 64,
        tool="dispatch_order",
        def_hash="1" * 64,
        params=params,
    ).digest()


@pytest.mark.requirement("D3")
def test_a_retry_that_differs_in_one_byte_never_fits_the_grant() -> None:
    async def story() -> None:
        queue = Queue()
        text = canonical({"name": "dispatch_order", "arguments": {"order": 41, "to": "Tarn é"}})
        parsed = parse_strict(text)
        assert isinstance(parsed, Parsed)
        assert isinstance(parsed.value, dict)
        digest = digest_of_call(parsed.value)
        queue.ask(digest=digest)
        queue.clock.advance(50)
        assert queue.answer("call-1", digest=digest) is AnswerEffect.RETRY_GRANTED
        tried = 0
        for at in range(len(text)):
            for byte in range(256):
                changed = parse_strict(text[:at] + bytes([byte]) + text[at + 1 :])
                if byte == text[at] or not isinstance(changed, Parsed):
                    continue
                assert isinstance(changed.value, dict)
                tried += 1
                assert not queue.approvals.take_retry_grant(
                    digest_of_call(changed.value), make_weighed()
                )
        assert tried > 2_000
        assert queue.approvals.take_retry_grant(digest, make_weighed())

    play(story)


class TestDeadline:
    """The hold budget: silence detaches, it denies nothing."""

    @pytest.mark.requirement("D2", "I-08")
    def test_silence_detaches_and_says_so(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            queue.clock.advance(49.999)
            assert not future.done()
            queue.clock.advance(0.001)
            assert await future == Resolution(
                state=State.DETACHED, outcome=Outcome.EXPIRED_NO_ANSWER
            )
            assert queue.ids() == ["call-1"]
            assert queue.approver.detached == {"call-1": "expired_no_answer"}
            assert queue.ends.detached_ids == [("call-1", "expired_no_answer")]
            assert queue.approvals.waiting()[0].remaining_ms(queue.clock.monotonic_ns()) == 0

        play(story)

    @pytest.mark.requirement("I-08", "E4")
    def test_the_wall_clock_moves_no_deadline(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            queue.clock.wall_shift_seconds = -DAY
            queue.clock.advance(49)
            queue.clock.wall_shift_seconds = DAY
            assert not future.done()
            queue.clock.advance(1)
            assert (await future).outcome is Outcome.EXPIRED_NO_ANSWER

        play(story)

    @pytest.mark.requirement("I-08")
    def test_an_answer_after_the_deadline_is_late_even_before_the_timer(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            queue.clock.late_ns = 50_000_000_000
            assert queue.answer("call-1") is AnswerEffect.RETRY_GRANTED
            assert (await future).state is State.DETACHED
            queue.clock.advance(1)
            assert queue.ids() == []

        play(story)

    @pytest.mark.requirement("I-08")
    def test_a_rule_is_late_too(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            queue.clock.late_ns = 50_000_000_000
            assert not queue.approvals.decide_by_rule("call-1", Event.ALLOWED, Outcome.ALLOWED_RULE)
            assert (await future).state is State.DETACHED
            assert not queue.approvals.decide_by_rule("call-1", Event.DENIED, Outcome.DENIED_RULE)
            assert not queue.approvals.decide_by_rule("call-7", Event.DENIED, Outcome.DENIED_RULE)

        play(story)

    def test_a_review_has_none(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.review()
            queue.clock.advance(30 * DAY)
            assert not future.done()
            assert queue.answer("v-1") is AnswerEffect.APPLIED
            assert (await future).state is State.APPROVED

        play(story)


class TestDetached:
    """What a request becomes once its agent stopped waiting."""

    @pytest.mark.parametrize(
        ("cancelled", "outcome", "cause"),
        [
            (False, Outcome.EXPIRED_NO_ANSWER, WithdrawCause.EXPIRED),
            (True, Outcome.CANCELLED_BY_CLIENT, WithdrawCause.CANCELLED),
        ],
    )
    def test_it_stays_a_day_and_ends_as_what_it_was(
        self, cancelled: bool, outcome: Outcome, cause: WithdrawCause
    ) -> None:
        async def story() -> None:
            queue = Queue()
            queue.ask()
            if cancelled:
                queue.approvals.client_left("call-1")
            else:
                queue.clock.advance(50)
            queue.clock.advance(DAY - 1)
            assert queue.ids() == ["call-1"]
            queue.clock.advance(1)
            assert queue.ids() == []
            assert queue.ends.ended_ids == [("call-1", outcome, False)]
            assert queue.approver.withdrawn == [("call-1", cause, outcome.value)]
            assert queue.answer("call-1") is AnswerEffect.OVER

        play(story)

    def test_a_cancellation_detaches_a_second_one_changes_nothing(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            queue.approvals.client_left("call-1")
            queue.approvals.client_left("call-1")
            queue.approvals.client_left("no-such-request")
            assert (await future).outcome is Outcome.CANCELLED_BY_CLIENT
            assert queue.ends.detached_ids == [("call-1", "cancelled_by_client")]

        play(story)

    def test_at_the_end_it_is_recorded_as_what_it_was(self) -> None:
        async def story() -> None:
            queue = Queue()
            for number in range(3):
                queue.ask(f"call-{number}")
            queue.approvals.client_left("call-0")
            queue.clock.advance(50)
            queue.ask("call-3")
            queue.approvals.close()
            assert queue.ids() == ["call-3"]
            assert queue.ends.ended_ids == [
                ("call-0", Outcome.CANCELLED_BY_CLIENT, False),
                ("call-1", Outcome.EXPIRED_NO_ANSWER, False),
                ("call-2", Outcome.EXPIRED_NO_ANSWER, False),
            ]

        play(story)

    def test_denying_it_is_recorded_as_a_persons_denial(self) -> None:
        async def story() -> None:
            queue = Queue()
            queue.ask()
            queue.clock.advance(50)
            assert queue.answer("call-1", AnswerVerdict.DENY) is AnswerEffect.APPLIED
            assert queue.ends.ended_ids == [("call-1", Outcome.DENIED_USER, False)]
            assert not queue.approvals.take_retry_grant(make_request().digest, make_weighed())

        play(story)

    def test_allowing_it_makes_a_grant_and_sends_nothing(self) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            queue.clock.advance(50)
            assert queue.answer("call-1") is AnswerEffect.RETRY_GRANTED
            assert (await future).state is State.DETACHED
            assert queue.ends.ended_ids == [("call-1", Outcome.EXPIRED_NO_ANSWER, True)]
            queue.clock.advance(599)
            assert queue.approvals.take_retry_grant(make_request().digest, make_weighed())
            assert not queue.approvals.take_retry_grant(make_request().digest, make_weighed())

        play(story)

    def test_a_grant_ends_after_ten_minutes(self) -> None:
        async def story() -> None:
            queue = Queue()
            queue.ask()
            queue.clock.advance(50)
            queue.answer("call-1")
            queue.clock.advance(600)
            assert not queue.approvals.take_retry_grant(make_request().digest, make_weighed())

        play(story)

    @pytest.mark.parametrize("detached", [False, True])
    def test_a_host_that_is_gone_withdraws_at_once(self, detached: bool) -> None:
        async def story() -> None:
            queue = Queue()
            future = queue.ask()
            if detached:
                queue.clock.advance(50)
            queue.approvals.client_left("call-1", host_gone=True)
            assert queue.ids() == []
            state = State.DETACHED if detached else State.WITHDRAWN
            assert (await future).state is state
            gone = ("call-1", WithdrawCause.CANCELLED, "cancelled_by_client")
            assert queue.approver.withdrawn == [gone]

        play(story)

    def test_an_agent_has_at_most_a_hundred_the_oldest_goes(self) -> None:
        async def story() -> None:
            queue = Queue(Limits(detached_per_agent=3))
            for number in range(3):
                queue.ask(f"call-{number}", digest=str(number))
                queue.approvals.client_left(f"call-{number}")
            queue.ask("other", agent="coder")
            queue.approvals.client_left("other")
            queue.ask("call-3", digest="3")
            queue.clock.advance(50)
            assert queue.ids() == ["call-1", "call-2", "other", "call-3"]
            assert queue.ends.ended_ids == [("call-0", Outcome.CANCELLED_BY_CLIENT, False)]

        play(story)

    def test_with_no_room_for_any_it_ends_at_once(self) -> None:
        async def story() -> None:
            queue = Queue(Limits(detached_per_agent=0))
            queue.ask()
            queue.clock.advance(50)
            assert queue.ids() == []
            assert queue.approver.detached == {}
            assert queue.ends.ended_ids == [("call-1", Outcome.EXPIRED_NO_ANSWER, False)]

        play(story)


class TestStop:
    """The stop refuses calls and forgets grants; reviews stay."""

    @pytest.mark.requirement("K7")
    def test_it_refuses_calls_and_forgets_grants(self) -> None:
        async def story() -> None:
            queue = Queue()
            queue.ask("granted", digest="a" * 64)
            queue.ask("late", digest="b" * 64)
            queue.clock.advance(50)
            queue.answer("granted", digest="a" * 64)
            waiting = queue.ask("call-1")
            asked = queue.ask("input-1", kind=RequestKind.INPUT)
            review = queue.review()
            assert queue.approvals.stop() == 3
            assert (await waiting).outcome is Outcome.REFUSED_PAUSED
            assert (await asked).outcome is Outcome.REFUSED_PAUSED
            assert not review.done()
            assert queue.ids() == ["v-1"]
            assert not queue.approvals.take_retry_grant("a" * 64, make_weighed())
            assert queue.ends.ended_ids[-1] == ("late", Outcome.REFUSED_PAUSED, False)
            assert queue.answer("call-1") is AnswerEffect.OVER
            assert queue.approver.withdrawn[-1][1] is WithdrawCause.STOPPED

        play(story)


class TestApprover:
    """Who answers may come late, go and come back."""

    def test_what_waits_is_shown_to_a_new_approver_as_it_stands(self) -> None:
        async def story() -> None:
            queue = Queue()
            queue.approvals.attach(None)
            assert not queue.approvals.somebody_answers
            queue.ask("late", digest="b" * 64)
            queue.clock.advance(50)
            queue.ask("call-1")
            queue.clock.advance(10)
            queue.review()
            late = FakeApprover(queue.approvals)
            queue.approvals.attach(late)
            assert queue.approvals.somebody_answers
            assert list(late.shown) == ["late", "call-1", "v-1"]
            assert late.deadlines == {"late": 0, "call-1": 40_000, "v-1": None}
            assert late.waited == {"late": 60_000, "call-1": 10_000, "v-1": 0}
            assert late.detached == {"late": "expired_no_answer"}
            assert late.left_ago == {"late": 10_000}
            assert queue.approver.shown == {}

        play(story)

    def test_what_it_cannot_show_is_refused_and_leaves_nothing(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story() -> None:
            queue = Queue()
            publish = queue.approver.publish

            def picky(request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
                if request.id == "odd":
                    raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")
                publish(request, deadline_ms, waited)

            queue.approver.publish = picky
            resolution = await queue.ask("odd")
            assert (resolution.state, resolution.outcome) == (State.REFUSED, Outcome.ERROR_BROKER)
            assert queue.ids() == []
            queue.approvals.attach(None)
            odd = queue.ask("odd")
            queue.ask("call-1")
            queue.approvals.attach(queue.approver)
            assert (await odd).outcome is Outcome.ERROR_BROKER
            assert queue.ids() == list(queue.approver.shown) == ["call-1"]

        play(story)
        assert "cannot be shown" in caplog.text

    def test_one_that_has_ended_answers_nothing_more(self) -> None:
        queue = Queue()
        queue.approver.present = False
        assert not queue.approvals.somebody_answers

    def test_everything_goes_on_without_one(self) -> None:
        async def story() -> None:
            queue = Queue()
            queue.approvals.attach(None)
            future = queue.ask()
            queue.clock.advance(50)
            assert (await future).state is State.DETACHED
            queue.approvals.stop()
            assert queue.ids() == []

        play(story)

    def test_watchers_hear_of_requests_that_nobody_can_answer(self) -> None:
        queue = Queue()
        heard: list[str] = []
        queue.approvals.asked.add(lambda request: heard.append(request.id))
        queue.approvals.asked.tell(make_request("call-1"))
        assert heard == ["call-1"]
        assert queue.ids() == []


def test_a_waiter_that_was_cancelled_breaks_nothing() -> None:
    async def story() -> None:
        queue = Queue()
        future = queue.ask()
        future.cancel()
        assert queue.answer("call-1") is AnswerEffect.APPLIED
        assert queue.ids() == []

    play(story)
