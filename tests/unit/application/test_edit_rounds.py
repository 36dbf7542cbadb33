"""What a person wrote, over several requests: rounds of waiting, and a server's questions."""

import asyncio
import json
import threading
from typing import Final

import pytest

from keyturn.application import continuations, editing, fitness
from keyturn.application.call import Forwarded, IncomingCall, Refused, Silence
from keyturn.application.edit_told import EDITED_KEY, EDITED_TEXT
from keyturn.application.editing import EditEffect, Edits
from keyturn.application.fitness import BESIDE_BYTES
from keyturn.domain import call, sealed
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed, canonical
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.sealed import SealedParams, seal
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier
from tests.unit.application.edits_rig import ASKED, MINE, Story, text_of
from tests.unit.application.gate_world import World, play, settle
from tests.unit.application.rounds_rig import GAP, PARAMS, Rig, make_rig
from tests.unit.application.test_levels_met import Rising

DELETES: Final[JsonObject] = {"command": "rm -rf ~"}


def large(incoming: IncomingCall, size: int) -> IncomingCall:
    """Return a call whose answers take that many bytes, as a worker hands one over."""
    assert not isinstance(incoming.params, Malformed)
    params: JsonObject = {**incoming.params, "inputResponses": {"a": {"roots": ["x" * size]}}}
    incoming.params = SealedParams(params, *seal(params))
    return incoming


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many bytes were encoded at once on the loop's thread, by each call."""
    found: list[int] = [0]
    loop = threading.get_ident()

    def encode(value: JsonValue) -> bytes:
        encoded = canonical(value)
        if threading.get_ident() == loop:
            found.append(len(encoded))
        return encoded

    for module in (call, continuations, editing, fitness, sealed):
        monkeypatch.setattr(module, "canonical", encode)
    return found


@pytest.mark.requirement("EDIT-1")
class TestRounds:
    """A client that asks again, while a person writes, brings its own arguments in vain."""

    def test_what_was_written_is_sent_after_the_client_came_back(self) -> None:
        async def story() -> None:
            rig: Rig = await make_rig()
            state = await rig.state()
            edits = Edits(rig.world.approvals)
            shown = rig.world.approver.shown[-1]
            done = await edits.edit(shown.id, shown.digest, '{"order": 8}')
            assert done.effect is EditEffect.APPLIED
            # Allowed while no request of the client waits: its next one brings its arguments.
            rig.world.answer(rig.world.approver.shown[-1], allow=True)
            await settle()
            assert rig.world.server.sent == []
            task = await rig.request(state)
            reply = await task
            assert isinstance(reply, Forwarded)
            assert EDITED_TEXT in reply.line.decode()
            assert [params["arguments"] for params in rig.world.server.sent] == [{"order": 8}]
            assert PARAMS["arguments"] == {"order": 7}

        play(story)

    def test_what_was_denied_after_it_is_not_asked_about_again(self) -> None:
        """Its client does not come back to hear so, and makes the call that it asked anew."""

        async def story() -> None:
            rig: Rig = await make_rig()
            await rig.state()
            shown = rig.world.approver.shown[-1]
            await Edits(rig.world.approvals).edit(shown.id, shown.digest, '{"order": 8}')
            rig.world.answer(rig.world.approver.shown[-1], allow=False)
            await settle()
            rig.world.clock.advance(GAP * 3)
            await settle()
            count = len(rig.world.approver.shown)
            await rig.request()
            assert len(rig.world.approver.shown) == count
            assert rig.outcomes[-1] == Outcome.DENIED_USER.value

        play(story)


@pytest.mark.requirement("EDIT-4")
class TestInput:
    """A server that wants more of an edited call gets it for that call, and for no other."""

    async def begin(self, tier: Tier = Tier.T1, asked: JsonObject = ASKED) -> Story:
        one = Story(World(Rule(id="r-roots", effect=Effect.ALLOW, kind=Kind.ROOTS)))
        one.world.server.answer_with = {
            "resultType": "input_required",
            "inputRequests": {"a": {"method": "roots/list", "params": {}}},
            "requestState": "state-1",
        }
        await one.begin(asked, tier)
        await one.edit()
        reply = await one.allow()
        assert isinstance(reply, Forwarded)
        result = json.loads(reply.line)["result"]
        assert "content" not in result
        assert result["_meta"] == {EDITED_KEY: True}
        one.world.server.answer_with = {"content": []}
        return one

    def again(
        self, one: Story, arguments: JsonObject, number: int = 2, **changes: JsonValue
    ) -> IncomingCall:
        incoming = one.again(arguments, number)
        assert not isinstance(incoming.params, Malformed)
        more: JsonObject = {"inputResponses": {"a": {"roots": []}}, "requestState": "state-1"}
        incoming.params |= {**more, **changes}
        return incoming

    def test_its_agent_repeats_what_it_asked_and_the_server_gets_what_was_written(self) -> None:
        async def story() -> None:
            one = await self.begin()
            count = len(one.world.approver.shown)
            reply = await one.world.start(self.again(one, ASKED))
            assert isinstance(reply, Forwarded)
            assert EDITED_TEXT in reply.line.decode()
            assert one.sent() == [MINE, MINE]
            assert one.world.server.sent[-1]["requestState"] == "state-1"
            assert len(one.world.approver.shown) == count
            (entry,) = (
                entry
                for entry in one.world.log.of_type(RecordType.DECISION)
                if entry.call == "call-2"
            )
            assert entry.outcome == Outcome.CONTINUATION.value
            assert (
                entry.details["asked_digest"]
                == one.world.log.of_type(RecordType.EDITED)[-1].call_digest
            )
            # Used up: the same once more is a call of its own, as its agent made it.
            task = one.world.start(self.again(one, ASKED))
            request = await one.world.asked(count + 1)
            assert (request.arguments, request.edited) == (text_of(ASKED), None)
            one.world.answer(request, allow=False)
            await task

        play(story)

    @pytest.mark.parametrize("how", ["mine", "other", "response", "state", "meta"])
    def test_no_other_call_is_made_of_it(self, how: str) -> None:
        async def story() -> None:
            one = await self.begin()
            count = len(one.world.approver.shown)
            given: dict[str, JsonObject] = {"other": {"order": 8}, "mine": MINE}
            arguments = given.get(how, ASKED)
            changes: dict[str, JsonObject] = {
                "response": {"inputResponses": {"b": {"roots": []}}},
                "state": {"requestState": "state-2"},
                "meta": {"_meta": {"bound": "another"}},
            }
            task = one.world.start(self.again(one, arguments, 2, **changes.get(how, {})))
            await settle()
            if how == "mine":
                # The very call that was allowed: what a server asked for is answered to that one.
                await task
                assert one.sent() == [MINE, MINE]
                return
            request = await one.world.asked(count + 1)
            assert (request.arguments, request.edited) == (text_of(arguments), None)
            one.world.answer(request, allow=False)
            await task
            assert one.sent() == [MINE]

        play(story)

    def test_a_large_answer_goes_on_with_it_too_and_is_hashed_elsewhere(
        self, hashed: list[int]
    ) -> None:
        async def story() -> None:
            one = await self.begin()
            count = len(one.world.approver.shown)
            incoming = large(self.again(one, ASKED), 300_000)
            hashed[:] = [0]
            reply = await one.world.start(incoming)
            assert isinstance(reply, Forwarded)
            assert EDITED_TEXT in reply.line.decode()
            assert one.sent() == [MINE, MINE]
            assert len(one.world.approver.shown) == count
            # Of the many bytes nothing was encoded on the loop.
            assert max(hashed) < 100_000

        play(story)

    def test_a_larger_one_is_not_even_hashed_and_leaves_the_state(self, hashed: list[int]) -> None:
        async def story() -> None:
            one = await self.begin()
            incoming = large(self.again(one, ASKED), BESIDE_BYTES)
            hashed[:] = [0]
            reply = await one.world.start(incoming)
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_INVALID_ARGUMENTS
            assert max(hashed) < 100_000
            entry = one.world.log.of_type(RecordType.DECISION)[-1]
            assert entry.committed == text_of(ASKED).encode()
            assert isinstance(await one.world.start(self.again(one, ASKED, 3)), Forwarded)
            assert one.sent() == [MINE, MINE]

        play(story)

    @pytest.mark.parametrize("tier", [Tier.T1, Tier.T2])
    def test_two_that_go_on_at_once_are_one_and_a_call_of_their_agent(self, tier: Tier) -> None:
        """The second one is judged whole, as nobody did when both were taken for the edited one."""

        async def story() -> None:
            one = await self.begin(tier, DELETES)
            first, count = one.world.approver.shown[0], len(one.world.approver.shown)
            assert first.commands
            one.world.server.started = asyncio.Event()
            tasks = [
                one.world.start(self.again(one, DELETES)),
                one.world.start(self.again(one, DELETES, number=3)),
            ]
            await settle()
            one.world.server.started.set()
            request = await one.world.asked(count + 1)
            assert (request.arguments, request.edited) == (text_of(DELETES), None)
            assert (request.tier, request.commands) == (first.tier, first.commands)
            assert one.sent() == [MINE, MINE]
            one.world.approvals.client_left(request.id)
            await settle()
            assert one.world.approver.shown[-1] == request
            assert {type(await task) for task in tasks} == {Forwarded, Silence}

        play(story)

    def test_one_that_takes_more_by_then_is_a_call_of_its_agent(self) -> None:
        async def story() -> None:
            one = await self.begin(Tier.T1, DELETES)
            first, count = one.world.approver.shown[0], len(one.world.approver.shown)
            # Between its decision and its sending a person makes the tool one that takes the PIN.
            one.world.log.hold()
            task = one.world.start(self.again(one, DELETES))
            await settle()
            one.world.approvals.levels = Rising(Takes.NAME)
            one.world.log.release()
            request = await one.world.asked(count + 1)
            assert (request.arguments, request.edited) == (text_of(DELETES), None)
            assert (request.tier, request.commands) == (first.tier, first.commands)
            one.world.answer(request, allow=False)
            await task
            assert one.sent() == [MINE]

        play(story)

    def test_one_that_a_rule_denies_by_then_is_recorded_as_what_was_asked_and_what_was_not_sent(
        self,
    ) -> None:
        async def story() -> None:
            one = await self.begin()
            when = (Condition(path="/address", op=Operator.EQ, value="2 Mill Lane"),)
            await one.world.rules.add(Rule(id="r-no", name="no", effect=Effect.DENY, when=when))
            reply = await one.world.start(self.again(one, ASKED))
            assert isinstance(reply, Refused)
            assert (reply.outcome, reply.edited) == (Outcome.DENIED_RULE, True)
            entries = [r.entry for r in one.world.log.records if r.entry.call == "call-2"]
            asked, decision = entries
            assert (asked.type, asked.committed) == (RecordType.EDITED, text_of(ASKED).encode())
            assert decision.committed == text_of(MINE).encode()
            assert decision.details["asked_digest"] == asked.call_digest

        play(story)

    def test_what_goes_on_with_a_question_is_not_edited(self) -> None:
        async def story() -> None:
            one = await self.begin()
            count = len(one.world.approver.shown)
            task = one.world.start(self.again(one, {"order": 8}))
            one.shown = await one.world.asked(count + 1)
            assert await one.edit() is EditEffect.REFUSED
            one.world.answer(one.shown, allow=False)
            await task

        play(story)
