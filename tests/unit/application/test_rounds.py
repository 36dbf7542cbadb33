"""Calls that wait over several requests of their client: one card, one deadline, one execution.

MCP 2026-07-28, multi-round requests with nothing but a state.
"""

from typing import Any

import pytest

from keyturn.application.approval_request import AnswerEffect
from keyturn.application.call import AskAgain, Forwarded, Refused, Silence
from keyturn.application.rounds import OWN_STATE
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from tests.factories import make_asked, make_connection
from tests.unit.application.gate_world import broken_law_1, play, settle
from tests.unit.application.rounds_rig import (
    GAP,
    HOLD,
    PARAMS,
    REPEAT,
    ROUND,
    VERSION,
    Rig,
    make_rig,
    refused,
    result,
    rounds_of,
)


class TestOneWait:
    """The person sees one card and one wait."""

    @pytest.mark.requirement("D2", "I-05", "LAW-1")
    def test_a_decision_three_holds_late_runs_the_call_once_under_one_record_chain(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request(_meta={**VERSION, "progressToken": 1})
            for number in (2, 3, 4):
                state = await rig.round_over(task)
                token = {**VERSION, "progressToken": number}
                task = await rig.request(state, _meta=token)
            assert not task.done()
            assert len(rig.world.approver.shown) == 1
            assert rig.world.approver.detached == []
            assert rig.allow() is AnswerEffect.APPLIED
            await settle()
            assert isinstance(result(task), Forwarded)
            (arrival,) = rig.world.server.arrivals
            assert arrival.request_id == 4
            assert arrival.params == {**PARAMS, "_meta": {**VERSION, "progressToken": 4}}
            assert broken_law_1(rig.world, rig.connection) == []
            assert rig.outcomes == ["allowed_once"]
            (delivery,) = rig.world.log.of_type(RecordType.DELIVERY)
            assert delivery.call == rig.decisions[0].call == "call-1"
            assert rig.decisions[0].details["rounds"] == 3
            assert rig.world.log.of_type(RecordType.DETACHED) == []

        play(story)

    def test_the_deadline_is_known_at_first_and_stays(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request()
            (waiting,) = rig.world.approvals.waiting()
            deadline, seconds = waiting.deadline_ns, 8 * ROUND + HOLD
            left = waiting.remaining_ms(rig.world.clock.monotonic_ns())
            assert left == 1000 * seconds
            for _ in range(3):
                task = await rig.request(await rig.round_over(task))
            assert rig.world.approvals.waiting() == (waiting,)
            assert waiting.deadline_ns == deadline

        play(story)

    @pytest.mark.requirement("D2")
    def test_when_the_rounds_run_out_it_is_undecided_and_a_ticket(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request()
            for _ in range(rig.world.limits.rounds):
                task = await rig.request(await rig.round_over(task))
            rig.world.clock.advance(HOLD - 1)
            await settle()
            assert not task.done()
            rig.world.clock.advance(1)
            await settle()
            reply = result(task)
            assert isinstance(reply, Refused)
            assert (reply.outcome, bool(reply.ticket)) == (Outcome.EXPIRED_NO_ANSWER, True)
            assert rig.world.approver.detached == ["call-1"]
            assert rig.allow() is AnswerEffect.RETRY_GRANTED
            assert rig.world.server.sent == []
            assert isinstance(result(await rig.request()), Forwarded)
            assert len(rig.world.server.sent) == 1

        play(story)

    def test_a_shorter_budget_that_the_client_taught_makes_shorter_rounds(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            rig.world.holds.gave_up("analyst", 22)
            rig.world.holds.gave_up("analyst", 22)
            task = await rig.request()
            rig.world.clock.advance(18)
            await settle()
            assert isinstance(result(task), AskAgain)
            await rig.world.holds.close()

        play(story)

    @pytest.mark.requirement("D2", "D4")
    def test_a_host_that_bounds_all_rounds_together_is_answered_before_that(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            for number in (1, 2):
                task = await rig.request(await rig.state(), arguments={"order": 7})
                incoming = rig.calls[-1]
                rig.world.clock.advance(60 - ROUND)
                waited = rig.rounds.waited(incoming)
                assert waited is not None
                assert round(waited) == 60
                rig.world.holds.gave_up("analyst", waited, in_rounds=True)
                incoming.cancel()
                rig.world.approvals.client_left(incoming.approval_id)
                await settle()
                assert isinstance(result(task), Silence), number
            assert rig.world.holds.learned("analyst") is None
            assert rig.world.holds.in_all("analyst") == pytest.approx(58)
            task = await rig.request(await rig.state())
            rig.world.clock.advance(58 - ROUND)
            await settle()
            reply = result(task)
            assert isinstance(reply, Refused)
            assert (reply.outcome, reply.hold_seconds) == (Outcome.EXPIRED_NO_ANSWER, 58)
            await rig.world.holds.close()

        play(story)

    @pytest.mark.parametrize("changes", [{"modern": False}, {"method": "completion/complete"}])
    def test_other_clients_and_requests_have_one_round(self, changes: dict[str, Any]) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.request(**changes)
            assert rig.calls[0].rounds is None

        play(story)

    @pytest.mark.parametrize(
        "params", [{"requestState": "a server's"}, {"inputResponses": {"a": {}}}]
    )
    def test_what_continues_a_servers_state_keeps_it(self, params: dict[str, Any]) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request(**params)
            rig.world.clock.advance(HOLD)
            await settle()
            assert isinstance(result(task), Refused)
            assert rig.world.approver.detached == ["call-1"]

        play(story)

    def test_what_a_rule_allows_is_answered_at_once(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            reading = make_asked(rig.connection, "completion/complete", {"ref": {}}, id_="r")
            assert rig.rounds.admit(reading, modern=True) is reading
            assert rig.rounds.between() == ()
            await rig.rounds.ended()

        play(story)


class TestBetween:
    """What happens while no request of the client waits."""

    @pytest.mark.requirement("I-05")
    def test_an_answer_in_the_gap_is_carried_out_when_the_client_asks_again(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            assert rig.allow() is AnswerEffect.APPLIED
            await settle()
            assert (rig.world.server.sent, rig.outcomes) == ([], [])
            assert isinstance(result(await rig.request(state)), Forwarded)
            assert (len(rig.world.server.sent), rig.outcomes) == (1, ["allowed_once"])
            assert rig.world.server.arrivals[0].request_id == 2

        play(story)

    @pytest.mark.requirement("I-05")
    @pytest.mark.parametrize("first", ["the answer", "the end of the round"])
    def test_an_answer_at_the_very_end_of_a_round_reaches_one_request(self, first: str) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request()
            rig.world.log.hold()
            if first == "the answer":
                rig.allow()
                rig.world.clock.advance(ROUND)
            else:
                rig.world.clock.advance(ROUND)
                rig.allow()
            await settle()
            rig.world.log.release()
            await settle()
            reply = result(task)
            if isinstance(reply, AskAgain):
                assert rig.world.server.arrivals == []
                reply = result(await rig.request(reply.state))
            assert isinstance(reply, Forwarded)
            (arrival,) = rig.world.server.arrivals
            assert arrival.request_id == len(rig.calls)
            assert rig.rounds.between() == ()

        play(story)

    @pytest.mark.requirement("LAW-3")
    def test_what_was_allowed_and_is_not_come_back_for_is_not_sent(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            rig.allow()
            await settle()
            rig.world.clock.advance(GAP)
            await settle()
            assert rig.world.server.sent == []
            assert rig.outcomes == ["allowed_once"]
            (delivery,) = rig.world.log.of_type(RecordType.DELIVERY)
            assert delivery.outcome == "not_sent"
            assert delivery.details == {"reason": "cancelled", "retry_granted": True}
            await refused(rig, state)

        play(story)

    @pytest.mark.requirement("D2")
    def test_a_client_that_does_not_come_back_has_stopped_waiting(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            rig.world.clock.advance(GAP)
            await settle()
            (waiting,) = rig.world.approvals.waiting()
            assert waiting.state is State.DETACHED
            assert waiting.left is Outcome.CANCELLED_BY_CLIENT
            await refused(rig, state)
            # It knows nothing of rounds, so it is told in words next time.
            task = await rig.request(arguments={"order": 8})
            rig.world.clock.advance(HOLD)
            await settle()
            assert isinstance(result(task), Refused)

        play(story)

    def test_a_client_that_came_back_once_is_asked_again_ever_after(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.round_over(await rig.request(await rig.state()))
            rig.world.clock.advance(GAP)
            await rig.round_over(await rig.request(arguments={"order": 8}))

        play(story)

    @pytest.mark.requirement("I-05")
    def test_a_client_that_makes_the_call_anew_instead_has_one_card(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.state()
            task = await rig.request()
            rig.world.clock.advance(REPEAT)
            await settle()
            (waiting,) = rig.world.approvals.waiting()
            assert waiting.request.id == "call-2"
            left = waiting.remaining_ms(rig.world.clock.monotonic_ns())
            assert left == 1000 * HOLD, "it is not had to ask again"
            rig.allow(number=2)
            await settle()
            assert isinstance(result(task), Forwarded)
            assert len(rig.world.server.sent) == 1
            assert rig.outcomes == ["cancelled_by_client", "allowed_once"]

        play(story)

    @pytest.mark.requirement("I-05")
    @pytest.mark.parametrize("allow", [False, True])
    def test_what_was_answered_holds_for_the_call_that_is_made_anew(self, *, allow: bool) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.state()
            rig.world.answer(rig.world.approver.shown[0], allow=allow)
            await settle()
            task = await rig.request()
            rig.world.clock.advance(REPEAT)
            await settle()
            reply = result(task)
            assert isinstance(reply, Forwarded if allow else Refused)
            assert len(rig.world.server.sent) == int(allow)
            assert len(rig.world.approver.shown) == 1
            allowed = ["allowed_once", "allowed_retry_grant"]
            assert rig.outcomes == (allowed if allow else ["denied_user"] * 2)

        play(story)

    def test_a_client_that_has_enough_after_two_rounds_gets_no_third(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            for order in (8, 9):
                task = await rig.request(arguments={"order": order})
                for _ in range(2):
                    state = await rig.round_over(task)
                    task = await rig.request(state, arguments={"order": order})
                await rig.round_over(task)
                rig.world.clock.advance(GAP)
                await settle()
            task = await rig.request()
            for _ in range(2):
                task = await rig.request(await rig.round_over(task))
            rig.world.clock.advance(HOLD)
            await settle()
            reply = result(task)
            assert isinstance(reply, Refused)
            assert reply.hold_seconds == 2 * ROUND + HOLD

        play(story)

    def test_a_denial_in_the_gap_is_what_it_is_told(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            rig.world.answer(rig.world.approver.shown[0], allow=False, message="No.")
            await settle()
            assert rig.outcomes == ["denied_user"]
            reply = result(await rig.request(state))
            assert isinstance(reply, Refused)
            assert (reply.outcome, reply.message) == (Outcome.DENIED_USER, "No.")
            assert (rig.outcomes, rig.world.server.sent) == (["denied_user"], [])

        play(story)

    @pytest.mark.requirement("LAW-5")
    @pytest.mark.parametrize("allowed", [False, True])
    def test_a_stop_in_the_gap_refuses_it(self, *, allowed: bool) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            if allowed:
                rig.allow()
                await settle()
            await rig.world.stop.engage("window")
            await settle()
            reply = result(await rig.request(state))
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED
            assert rig.world.server.sent == []

        play(story)

    @pytest.mark.requirement("D2")
    def test_a_deadline_in_the_gap_is_a_ticket(self) -> None:
        async def story() -> None:
            rig = await make_rig(Limits(round_gap_seconds=100_000))
            state = await rig.state()
            rig.world.clock.advance(7 * ROUND + HOLD)
            await settle()
            reply = result(await rig.request(state))
            assert isinstance(reply, Refused)
            assert (reply.outcome, bool(reply.ticket)) == (Outcome.EXPIRED_NO_ANSWER, True)

        play(story)

    def test_an_end_of_the_connection_refuses_what_waits_without_a_request(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.state()
            (incoming,) = rig.rounds.between()
            incoming.end()
            rig.allow()
            await rig.rounds.ended()
            assert rig.outcomes == ["error_broker"]
            assert rig.world.server.sent == []
            await rig.rounds.close()
            assert rig.rounds.between() == ()

        play(story)

    def test_a_cancellation_of_the_latest_request_gives_the_call_up(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request(await rig.state())
            incoming = rig.calls[-1]
            assert incoming is rig.calls[0]
            incoming.cancel()
            rig.world.approvals.client_left(incoming.approval_id)
            await settle()
            assert isinstance(result(task), Silence)
            assert rig.allow() is AnswerEffect.RETRY_GRANTED
            assert rig.world.server.sent == []

        play(story)


@pytest.mark.requirement("LAW-4")
class TestStates:
    """A state continues one wait, of the call that it was given for, and decides nothing."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"arguments": {"order": 8}},
            {"arguments": {"order": 7.5}},
            {"name": "cancel_order"},
            {"_meta": {**VERSION, "bound": "another"}},
            {"task": {"ttl": 1}},
            {"inputResponses": {"a": {}}},
            {"method": "prompts/get"},
        ],
    )
    def test_another_call_finds_nothing(self, changes: dict[str, Any]) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            await refused(rig, state, **changes)
            task = await rig.request(state)
            assert not task.done(), "the right one still waits on"

        play(story)

    def test_a_replay_finds_nothing(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            task = await rig.request(state)
            await refused(rig, state)
            rig.allow()
            await settle()
            assert isinstance(result(task), Forwarded)
            await refused(rig, state)
            assert len(rig.world.server.sent) == 1

        play(story)

    def test_two_at_once_are_one_and_a_refusal(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            first, second = await rig.request(state), await rig.request(state)
            assert (first.done(), second.done()) == (False, True)
            rig.allow()
            await settle()
            assert isinstance(result(first), Forwarded)
            assert len(rig.world.server.sent) == 1

        play(story)

    @pytest.mark.parametrize("who", ["another connection", "another agent", "another session"])
    def test_somebody_else_finds_nothing(self, who: str) -> None:
        async def story() -> None:
            rig = await make_rig()
            state = await rig.state()
            if who == "another session":
                rig.connection.session.id = "s-new-task"
                await refused(rig, state)
            else:
                agent = "coder" if who == "another agent" else "analyst"
                other = await rig.world.connect(make_connection(agent=agent))
                await refused(Rig(rig.world, other, rounds_of(rig.world)), state)
            assert rig.world.server.sent == []

        play(story)

    @pytest.mark.requirement("I-08")
    def test_a_broker_that_started_anew_knows_no_state(self) -> None:
        async def story() -> None:
            state = await (await make_rig()).state()
            await refused(await make_rig(), state)

        play(story)

    def test_a_guess_finds_nothing_and_states_are_never_alike(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            first = await rig.state()
            second = await rig.round_over(await rig.request(first))
            assert len(second.removeprefix(OWN_STATE)) >= 43
            assert first != second
            await refused(rig, OWN_STATE)
            await refused(rig, second[:-1])
            await refused(rig, second + "A")

        play(story)

    def test_a_servers_own_state_goes_to_the_server_whatever_it_looks_like(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            theirs = OWN_STATE + "of-another-keyturn"
            said: JsonObject = {"resultType": "input_required", "requestState": theirs}
            rig.world.server.answer_with = said
            task = await rig.request()
            rig.allow()
            await settle()
            assert isinstance(result(task), Forwarded)
            rig.world.server.answer_with = {"content": []}
            assert isinstance(result(await rig.request(theirs)), Forwarded)
            assert rig.world.server.sent[-1]["requestState"] == theirs
            assert rig.outcomes == ["allowed_once", "continuation"]

        play(story)

    def test_no_state_of_keyturns_ever_reaches_a_server(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            # A server that knows the state of a call that waits, and hands it out as its own.
            state = await rig.state()
            rig.world.server.answer_with = {
                "resultType": "input_required",
                "requestState": state,
            }
            other = await rig.request(arguments={"order": 8})
            rig.allow(number=2)
            await settle()
            assert isinstance(result(other), Forwarded)
            await refused(rig, state, arguments={"order": 8})
            task = await rig.request(state)
            rig.allow()
            await settle()
            assert isinstance(result(task), Forwarded)
            assert [("requestState" in sent) for sent in rig.world.server.sent] == [False, False]

        play(story)

    def test_an_empty_object_of_responses_answers_nothing_and_does_no_harm(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.request(await rig.state(), inputResponses={})
            rig.allow()
            await settle()
            assert isinstance(result(task), Forwarded)
            assert rig.world.server.sent == [PARAMS]

        play(story)
