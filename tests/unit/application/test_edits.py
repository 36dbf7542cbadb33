"""A person may change the arguments of a call that waits; what they see then is what is sent."""

import asyncio
import json
from typing import Final

import pytest

from keyturn.application.approval_request import AnswerEffect, WithdrawCause
from keyturn.application.assessment import Assessment
from keyturn.application.call import Forwarded, Handled, IncomingCall, Judged, Refused
from keyturn.application.connection import Connection
from keyturn.application.edit_told import EDITED_KEY, EDITED_TEXT
from keyturn.application.editing import EditEffect, Edits
from keyturn.application.ports.upstream import Answered
from keyturn.application.rejudging import judge_waiting
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed, canonical
from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Outcome
from keyturn.domain.edit import LONGEST_EDIT_BYTES
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import Durability, RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.tier import Tier
from keyturn.domain.typed import ON_CARD
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.fakes.commands import ReaderInPlace
from tests.unit.application.gate_world import World, play, settle
from tests.unit.application.rounds_rig import PARAMS, Rig, make_rig

ASKED: Final[JsonObject] = {"order": 41, "address": "14 Quarry Road"}
MINE: Final[JsonObject] = {"order": 41, "address": "2 Mill Lane"}


class SlowReader(ReaderInPlace):
    """Takes as long as a test likes."""

    def __init__(self) -> None:
        super().__init__()
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
        """Wait until it may."""
        await self.flowing.wait()
        return await super().read(shaped, agent)


def text_of(arguments: JsonObject) -> str:
    return canonical(arguments).decode()


class Story:
    """One call that waits, and the person who looks at it."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.edits = Edits(self.world.approvals)

    async def begin(self, arguments: JsonObject = ASKED, tier: Tier = Tier.T1) -> None:
        world = self.world
        tool = make_tool(inputSchema={"type": "object", "properties": SHAPES})
        self.connection: Connection = await world.connect(
            make_connection(server=make_server(tools=())), tool
        )
        await world.agreements.set_tier(world.pin_shown(), tier, Lamps.NONE)
        self.incoming = make_call(self.connection, arguments=arguments)
        self.task: asyncio.Task[Handled] = world.start(self.incoming)
        self.shown = await world.asked()

    async def edit(self, arguments: JsonObject | str = MINE) -> EditEffect:
        text = arguments if isinstance(arguments, str) else text_of(arguments)
        before = len(self.world.approver.shown)
        self.done = await self.edits.edit(self.shown.id, self.shown.digest, text)
        if len(self.world.approver.shown) > before:
            self.shown = self.world.approver.shown[-1]
        return self.done.effect

    async def allow(self) -> Handled:
        assert self.world.answer(self.shown, allow=True) is AnswerEffect.APPLIED
        return await self.task

    def sent(self) -> list[object]:
        return [params["arguments"] for params in self.world.server.sent]


SHAPES: Final[JsonObject] = {
    "order": {"type": "integer"},
    "address": {"type": "string", "maxLength": 40},
}


@pytest.mark.requirement("EDIT-1", "EDIT-3")
def test_what_was_written_is_asked_anew_and_then_sent() -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        first = one.shown
        assert await one.edit() is EditEffect.APPLIED
        assert one.world.approver.withdrawn == [(first.id, WithdrawCause.ASKED_ANEW, "")]
        assert one.shown.id != first.id
        assert one.shown.call == first.call
        assert one.shown.arguments == text_of(MINE)
        assert one.shown.edited is not None
        assert (one.shown.edited.arguments, one.shown.edited.digest) == (
            text_of(ASKED),
            first.digest,
        )
        assert one.sent() == []
        assert one.world.answer(first, allow=True) is AnswerEffect.OVER
        assert isinstance(await one.allow(), Forwarded)
        assert one.sent() == [MINE]

    play(story)


@pytest.mark.requirement("EDIT-2")
def test_both_digests_are_on_the_disk_before_it_is_sent() -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        first = one.shown
        await one.edit()
        await one.allow()
        (asked,) = one.world.log.of_type(RecordType.EDITED)
        (decision,) = one.world.log.of_type(RecordType.DECISION)
        assert decision.outcome == Outcome.ALLOWED_MODIFIED.value
        assert decision.call_digest == one.shown.digest
        assert decision.details["asked_digest"] == asked.call_digest == first.digest
        assert (asked.call, asked.committed) == (decision.call, canonical(ASKED))
        assert decision.committed == canonical(MINE)
        (arrival,) = one.world.server.arrivals
        before = [
            (record.entry.type, record.durability)
            for record in one.world.log.records[: arrival.committed]
            if record.entry.call == decision.call
        ]
        assert before[-2:] == [
            (RecordType.EDITED, Durability.WRITTEN),
            (RecordType.DECISION, Durability.FULL),
        ]

    play(story)


@pytest.mark.requirement("EDIT-4")
def test_the_agent_is_told_that_it_was_changed_and_not_to_what() -> None:
    async def story() -> None:
        one = Story()
        one.world.server.answer_with = {
            "content": [{"type": "text", "text": "done"}],
            "_meta": {"theirs": 1},
        }
        await one.begin()
        await one.edit()
        reply = await one.allow()
        assert isinstance(reply, Forwarded)
        result = json.loads(reply.line)["result"]
        assert [block["text"] for block in result["content"]] == [EDITED_TEXT, "done"]
        assert result["_meta"] == {"theirs": 1, EDITED_KEY: True}
        assert "Mill" not in reply.line.decode()

    play(story)


@pytest.mark.requirement("EDIT-1")
def test_an_edited_value_is_said_to_be_typed_and_only_that_one() -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        await one.edit({**ASKED, "note": "ring twice", "order": 41})
        typed = {o.path for o in one.shown.trace.origins if o.tool == ON_CARD}
        assert typed == {"/note"}
        await one.edit({**MINE, "note": "ring twice"})
        typed = {o.path for o in one.shown.trace.origins if o.tool == ON_CARD}
        assert typed == {"/note", "/address"}
        await one.allow()
        (decision,) = one.world.log.of_type(RecordType.DECISION)
        assert {str(row["path"]) for row in decision.provenance} == {"/note", "/address"}

    play(story)


@pytest.mark.requirement("EDIT-2")
def test_a_second_edit_starts_from_the_first_and_links_to_what_was_asked() -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        first = one.shown
        await one.edit()
        second = one.shown
        await one.edit({**MINE, "order": 42})
        assert one.world.answer(second, allow=True) is AnswerEffect.OVER
        assert one.shown.edited is not None
        assert one.shown.edited.digest == first.digest
        await one.allow()
        assert one.sent() == [{**MINE, "order": 42}]
        assert len(one.world.log.of_type(RecordType.EDITED)) == 1

    play(story)


def test_an_edit_back_to_what_was_asked_is_none() -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        first = one.shown
        await one.edit()
        assert await one.edit(ASKED) is EditEffect.APPLIED
        assert one.shown.edited is None
        assert one.shown.digest == first.digest
        reply = await one.allow()
        assert isinstance(reply, Forwarded)
        assert EDITED_TEXT not in reply.line.decode()
        assert one.world.outcomes()[0] == Outcome.ALLOWED_ONCE.value
        assert one.world.log.of_type(RecordType.EDITED) == []

    play(story)


@pytest.mark.requirement("EDIT-1")
def test_a_rule_that_denies_what_was_written_beats_it() -> None:
    async def story() -> None:
        when = (Condition(path="/address", op=Operator.EQ, value="2 Mill Lane"),)
        deny = Rule(id="r-deny", name="not there", effect=Effect.DENY, when=when)
        one = Story(World(deny))
        await one.begin()
        first = one.shown
        assert await one.edit() is EditEffect.REFUSED
        assert one.done.refused is not None
        assert one.done.refused.rule == "not there"
        assert [w.request for w in one.world.approvals.waiting()] == [first]
        await one.allow()
        assert one.sent() == [ASKED]
        assert one.world.log.of_type(RecordType.EDITED) == []

    play(story)


@pytest.mark.requirement("EDIT-1")
def test_a_rule_made_meanwhile_denies_it_and_none_allows_it() -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        await one.edit()
        await one.world.rules.add(Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order"))
        assert judge_waiting(one.world.approvals, one.world.rules, suspended=False) == 0
        assert one.sent() == []
        await one.world.rules.add(Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order"))
        assert judge_waiting(one.world.approvals, one.world.rules, suspended=False) == 1
        reply = await one.task
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.DENIED_RULE
        assert one.sent() == []

    play(story)


@pytest.mark.requirement("EDIT-1")
def test_a_rule_that_comes_while_it_is_judged_beats_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        first, look_into = one.shown, Assessment.look_into
        deny = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order")

        async def then_denied(
            self: Assessment, incoming: IncomingCall, judged: Judged
        ) -> Refused | None:
            refusal = await look_into(self, incoming, judged)
            await one.world.rules.add(deny)
            return refusal

        monkeypatch.setattr(Assessment, "look_into", then_denied)
        assert await one.edit() is EditEffect.REFUSED
        assert [w.request for w in one.world.approvals.waiting()] == [first]
        one.world.answer(first, allow=False)
        await one.task

    play(story)


@pytest.mark.requirement("EDIT-3")
@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ('{"order": 41', EditEffect.MALFORMED),
        ('{"order": 41, "order": 42}', EditEffect.MALFORMED),
        ('{"order": 9007199254740993}', EditEffect.MALFORMED),
        ('{"address": "\\ud800"}', EditEffect.MALFORMED),
        ("[41]", EditEffect.NO_OBJECT),
        ('{"order": "many"}', EditEffect.REFUSED),
        (json.dumps({"address": "x" * 41}), EditEffect.REFUSED),
        (json.dumps({"note": "x" * LONGEST_EDIT_BYTES}), EditEffect.TOO_LONG),
    ],
)
def test_what_does_not_do_leaves_the_call_as_it_waits(text: str, effect: EditEffect) -> None:
    async def story() -> None:
        one = Story()
        await one.begin()
        assert await one.edit(text) is effect
        assert len(one.world.approver.shown) == 1
        await one.allow()
        assert one.sent() == [ASKED]

    play(story)


@pytest.mark.requirement("EDIT-3")
class TestTooLate:
    """Nothing is changed of what is decided, stopped or no longer waited for."""

    @pytest.mark.parametrize("how", ["allowed", "denied", "stopped", "cancelled", "expired"])
    def test_what_has_ended_is_edited_by_nobody(self, how: str) -> None:
        async def story() -> None:
            one = Story()
            await one.begin()
            world = one.world
            if how in ("allowed", "denied"):
                world.answer(one.shown, allow=how == "allowed")
                await one.task
            elif how == "stopped":
                await world.stop.engage("test")
            elif how == "cancelled":
                world.approvals.client_left(one.shown.id)
            else:
                world.clock.late_ns = 10**12
            await settle()
            sent = list(one.sent())
            assert await one.edit() is EditEffect.OVER
            await settle()
            assert one.sent() == sent
            assert len(world.approver.shown) == 1

        play(story)

    @pytest.mark.parametrize("how", ["allowed", "stopped", "edited", "expired"])
    def test_what_ends_while_an_edit_is_judged_stays_as_it_ended(self, how: str) -> None:
        async def story() -> None:
            one = Story()
            world, slow = one.world, SlowReader()
            world.commands = slow
            world.gate = world.make_gate()
            await one.begin({"command": "ls"})
            slow.flowing.clear()
            edit = asyncio.get_running_loop().create_task(
                one.edits.edit(one.shown.id, one.shown.digest, '{"command": "ls -l"}')
            )
            await settle()
            assert not edit.done()
            if how == "allowed":
                world.answer(one.shown, allow=True)
            elif how == "stopped":
                await world.stop.engage("test")
            elif how == "edited":
                await one.edit(MINE)
            else:
                world.clock.late_ns = 10**12
            slow.flowing.set()
            assert (await edit).effect is EditEffect.OVER
            await settle()
            assert one.sent() == ([{"command": "ls"}] if how == "allowed" else [])
            if how == "edited":
                await one.allow()
                assert one.sent() == [MINE]

        play(story)

    def test_an_edit_names_the_digest_of_what_was_on_screen(self) -> None:
        async def story() -> None:
            one = Story()
            await one.begin()
            done = await one.edits.edit(one.shown.id, "0" * 64, text_of(MINE))
            assert done.effect is EditEffect.STALE
            other = make_call(one.connection, arguments={"order": 7}, id_="call-2", request_id=2)
            task = one.world.start(other)
            second = await one.world.asked(2)
            done = await one.edits.edit(one.shown.id, second.digest, text_of(MINE))
            assert done.effect is EditEffect.STALE
            for request in (one.shown, second):
                one.world.answer(request, allow=True)
            await asyncio.gather(one.task, task)
            assert one.sent() == [ASKED, {"order": 7}]

        play(story)

    def test_an_agent_that_stops_waiting_is_asked_about_as_it_asked(self) -> None:
        async def story() -> None:
            one = Story()
            await one.begin()
            first = one.shown
            await one.edit()
            one.world.approvals.client_left(one.shown.id)
            again = one.world.approver.shown[-1]
            assert (again.digest, again.edited) == (first.digest, None)
            assert one.world.approver.detached == [again.id]
            assert one.world.answer(again, allow=True) is AnswerEffect.RETRY_GRANTED
            await one.task
            retry = make_call(one.connection, arguments=ASKED, id_="call-2", request_id=2)
            assert isinstance(await one.world.start(retry), Forwarded)
            assert one.sent() == [ASKED]

        play(story)


@pytest.mark.requirement("EDIT-4")
class TestAgents:
    """Nothing that an agent says is an edit, or uses one up."""

    def test_a_text_that_looks_like_an_edit_is_an_argument(self) -> None:
        async def story() -> None:
            one = Story()
            forged = json.dumps(
                {"type": "edit_call", "n": 1, "id": "call-1", "digest": "", "arguments": "{}"}
            )
            await one.begin({"address": forged[:40], "note": forged, "edited": True})
            assert one.shown.edited is None
            await one.allow()
            assert one.world.outcomes()[0] == Outcome.ALLOWED_ONCE.value

        play(story)

    def test_the_same_call_again_is_asked_about_as_it_was(self) -> None:
        async def story() -> None:
            one = Story()
            await one.begin()
            await one.edit()
            await one.allow()
            for arguments in (ASKED, MINE):
                count = len(one.world.approver.shown)
                again = make_call(one.connection, arguments=arguments, id_=f"call-{count + 1}")
                task = one.world.start(again)
                request = await one.world.asked(count + 1)
                assert request.edited is None
                one.world.answer(request, allow=False)
                await task
            assert one.sent() == [MINE]

        play(story)

    def test_the_result_of_an_edited_call_is_kept_for_no_retry(self) -> None:
        async def story() -> None:
            one = Story()
            one.world.server.silent = True
            await one.begin()
            await one.edit()
            one.world.answer(one.shown, allow=True)
            await settle()
            assert one.sent() == [MINE]
            # Of any other call a retry would get the answer now: its client has left.
            one.incoming.cancel()
            for number in (2, 3):
                again = make_call(one.connection, arguments=MINE, id_=f"call-{number}")
                task = one.world.start(again)
                request = await one.world.asked(number + 1)
                assert request.call == f"call-{number}"
                one.world.answer(request, allow=False)
                await task
                if number == 2:
                    raw = b'{"content":[]}'
                    line = b'{"id":1,"jsonrpc":"2.0","result":' + raw + b"}"
                    one.world.server.pending[0].set_result(Answered(line=line, result=raw))
                    await one.task

        play(story)

    def test_a_session_remembers_what_was_sent(self) -> None:
        async def story() -> None:
            one = Story()
            await one.begin()
            await one.edit()
            (waiting,) = one.world.approvals.waiting()
            assert waiting.call is not None
            await one.allow()
            (earlier,) = one.connection.session.earlier
            assert earlier.outcome == Outcome.ALLOWED_MODIFIED.value

        play(story)


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


@pytest.mark.requirement("EDIT-4")
class TestInput:
    """A server that wants more of an edited call gets it for that call, and for no other."""

    async def begin(self) -> Story:
        one = Story(World(Rule(id="r-roots", effect=Effect.ALLOW, kind=Kind.ROOTS)))
        one.world.server.answer_with = {
            "resultType": "input_required",
            "inputRequests": {"a": {"method": "roots/list", "params": {}}},
            "requestState": "state-1",
        }
        await one.begin()
        await one.edit()
        reply = await one.allow()
        assert isinstance(reply, Forwarded)
        result = json.loads(reply.line)["result"]
        assert "content" not in result
        assert result["_meta"] == {EDITED_KEY: True}
        one.world.server.answer_with = {"content": []}
        return one

    def again(self, one: Story, arguments: JsonObject, **changes: JsonValue) -> IncomingCall:
        incoming = make_call(one.connection, arguments=arguments, id_="call-2", request_id=2)
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
            task = one.world.start(self.again(one, arguments, **changes.get(how, {})))
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
