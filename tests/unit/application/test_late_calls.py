"""A result whose requester left: kept for one identical retry, shared by those that come early."""

import asyncio
from dataclasses import dataclass, field

import pytest

from keyturn.application.call import Forwarded, Handled, IncomingCall, Refused, Silence
from keyturn.application.connection import Connection
from keyturn.application.ports.upstream import Answered, AnsweredError, Lost, UpstreamReply
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import Limits, ToolSetting
from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.unit.application.gate_world import World, broken_law_1, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW)
LINE = b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"done"}]}}\n'
DONE = Answered(line=LINE, result=b'{"content":[{"type":"text","text":"done"}]}')
READ = ToolSetting(pattern="read_*", tier=Tier.T0)
READS = make_server(tools=(READ, ToolSetting(pattern="*", tier=Tier.T1)))


@dataclass
class Rig:
    """A gate whose server answers when the test says so."""

    world: World
    connection: Connection
    tasks: "list[asyncio.Task[Handled]]" = field(default_factory=list["asyncio.Task[Handled]"])
    incoming: list[IncomingCall] = field(default_factory=list[IncomingCall])

    async def call(
        self, order: int = 1, tool: str = "dispatch_order", connection: Connection | None = None
    ) -> "asyncio.Task[Handled]":
        """Call, and let everything happen that can."""
        number = len(self.tasks) + 1
        arguments: JsonObject = {"order": order}
        incoming = make_call(
            connection or self.connection, tool, arguments, id_=f"call-{number}", request_id=number
        )
        self.incoming.append(incoming)
        self.tasks.append(self.world.start(incoming))
        await settle()
        return self.tasks[-1]

    async def leave(self, number: int) -> None:
        """Let the client of a call time out."""
        self.incoming[number - 1].cancel()
        await settle()

    async def answer(self, reply: UpstreamReply = DONE, number: int = 1) -> None:
        """Let the server answer the call that it was sent as its `number`th."""
        self.world.server.pending[number - 1].set_result(reply)
        await settle()

    @property
    def sent(self) -> int:
        """How many calls the server has got."""
        return len(self.world.server.sent)

    def delivery(self, call: str) -> Entry:
        """Return the one delivery of a call."""
        (entry,) = (e for e in self.world.log.of_type(RecordType.DELIVERY) if e.call == call)
        return entry

    def decision(self, call: str) -> Entry:
        """Return the one decision on a call."""
        (entry,) = (e for e in self.world.log.of_type(RecordType.DECISION) if e.call == call)
        return entry


async def make_rig(*rules: Rule, limits: Limits | None = None, tools: tuple[str, ...] = ()) -> Rig:
    """Let a server that answers nothing by itself be connected."""
    world = World(*(rules or (ALLOW,)), limits=limits)
    world.server.silent = True
    connection = make_connection(server=READS)
    await world.connect(connection, make_tool(), *(make_tool(tool) for tool in tools))
    return Rig(world, connection)


def late(task: "asyncio.Task[Handled]") -> bytes:
    """Return the frame that a retry got of another call."""
    reply = task.result()
    assert isinstance(reply, Forwarded)
    assert reply.other_id
    return reply.line


class TestKept:
    """Nobody was there when the answer came."""

    @pytest.mark.requirement("D1", "I-05")
    def test_one_identical_retry_gets_the_result_and_nothing_is_sent_again(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer()
            rig.world.clock.advance(599)
            retry = await rig.call()
            assert late(retry) == LINE
            assert rig.sent == 1
            assert rig.delivery("call-1").outcome == Delivery.COMPLETED
            assert rig.delivery("call-2").outcome == Delivery.DELIVERED_LATE
            assert rig.delivery("call-2").details == {"first": "call-1"}
            entry = rig.decision("call-2")
            assert entry.outcome == Outcome.ALLOWED_RETRY_GRANT
            assert entry.details["first"] == "call-1"
            assert broken_law_1(rig.world, rig.connection) == []
            await rig.call()
            assert rig.sent == 2, "it is given once"

        play(story)

    def test_who_allowed_the_call_that_was_sent_stands_in_the_record_of_the_retry(self) -> None:
        async def story() -> None:
            rig = await make_rig(Rule(id="ask", effect=Effect.ASK))
            await rig.call()
            rig.world.answer(await rig.world.asked(), allow=True)
            await settle()
            await rig.leave(1)
            await rig.answer()
            assert late(await rig.call()) == LINE
            assert rig.decision("call-2").actor is Actor.HUMAN
            assert len(rig.world.approver.shown) == 1
            other = await make_rig()
            await other.call()
            await other.leave(1)
            await other.answer()
            await other.call()
            assert other.decision("call-2").actor is Actor.RULE

        play(story)

    def test_it_is_kept_for_ten_minutes(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer()
            rig.world.clock.advance(600)
            await rig.call()
            assert rig.sent == 2

        play(story)

    def test_a_client_that_hears_its_answer_leaves_nothing_behind(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            task = await rig.call()
            await rig.answer()
            assert task.done()
            await rig.call()
            assert rig.sent == 2

        play(story)

    def test_a_connection_that_closed_is_one_that_left(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            rig.incoming[0].heard = lambda: False
            await rig.answer()
            assert late(await rig.call(connection=rig.connection)) == LINE

        play(story)

    @pytest.mark.requirement("D3")
    def test_another_argument_tool_session_or_definition_gets_nothing(self) -> None:
        async def story() -> None:
            rig = await make_rig(tools=("cancel_order",))
            await rig.call(order=1)
            await rig.leave(1)
            await rig.answer()
            other = await rig.world.connect(make_connection(server=READS), make_tool())
            other.session.id = "s-2"
            await rig.call(order=2)
            await rig.call(order=1, tool="cancel_order")
            await rig.call(order=1, connection=other)
            assert rig.sent == 4

        play(story)

    def test_what_a_server_did_not_run_is_a_call_like_any_other_again(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            line = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}\n'
            error = b'{"code":1,"message":"no"}'
            await rig.answer(AnsweredError(line=line, error=error, code=1, message="no"))
            await rig.call()
            assert rig.sent == 2

        play(story)

    def test_that_nobody_knows_what_happened_is_told_once_instead_of_sent_again(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer(Lost("the server ended"))
            retry = (await rig.call()).result()
            assert isinstance(retry, Refused)
            assert retry.unknown
            assert rig.sent == 1
            assert rig.delivery("call-2").outcome == Delivery.UNKNOWN

        play(story)

    def test_a_result_that_is_held_back_is_held_back_from_the_retry_too(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer(Answered(line=b'{"result":[]}', result=b"[]"))
            retry = (await rig.call()).result()
            assert isinstance(retry, Refused)
            assert retry.withheld
            assert rig.delivery("call-2").outcome == Delivery.RESULT_WITHHELD
            assert rig.sent == 1

        play(story)

    def test_what_inspection_cut_out_stays_out(self) -> None:
        async def story() -> None:
            rig = await make_rig(limits=Limits(result_bytes=4000))
            await rig.call()
            await rig.leave(1)
            raw = b'{"content":[{"type":"text","text":"%b"}]}' % (b"x" * 9000)
            await rig.answer(Answered(line=b'{"id":1,"result":' + raw + b"}", result=raw))
            frame = late(await rig.call())
            assert b"Keyturn" in frame
            assert len(frame) < len(raw)

        play(story)

    def test_a_retry_that_left_as_well_or_has_no_record_gives_it_back(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer()
            rig.world.log.failure = LogUnavailable("The disk is full.")
            refused = (await rig.call()).result()
            assert isinstance(refused, Refused)
            rig.world.log.failure = None
            rig.world.log.hold()
            retry = await rig.call()
            await rig.leave(3)
            rig.world.log.release()
            await settle()
            assert isinstance(retry.result(), Silence)
            assert rig.delivery("call-3").outcome == Delivery.NOT_SENT
            assert late(await rig.call()) == LINE
            assert rig.sent == 1

        play(story)

    def test_giving_it_back_keeps_it_no_longer_than_before(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer()
            rig.world.clock.advance(599)
            rig.world.log.failure = LogUnavailable("The disk is full.")
            await rig.call()
            rig.world.log.failure = None
            rig.world.clock.advance(2)
            await rig.call()
            assert rig.sent == 2

        play(story)


class TestReads:
    """A confirmed read ages: what it says may be true no longer."""

    def test_a_read_is_given_late_as_long_as_its_session_changed_nothing(self) -> None:
        async def story() -> None:
            rig = await make_rig(tools=("read_order",))
            await rig.call(tool="read_order")
            await rig.leave(1)
            await rig.answer()
            assert late(await rig.call(tool="read_order")) == LINE

        play(story)

    def test_after_a_change_it_is_read_again(self) -> None:
        async def story() -> None:
            rig = await make_rig(tools=("read_order",))
            await rig.call(tool="read_order")
            await rig.leave(1)
            await rig.answer()
            await rig.call()
            await rig.answer(number=2)
            await rig.call(tool="read_order")
            assert rig.sent == 3

        play(story)

    def test_nor_does_a_retry_join_a_read_that_a_change_overtook(self) -> None:
        async def story() -> None:
            rig = await make_rig(tools=("read_order",))
            await rig.call(tool="read_order")
            await rig.leave(1)
            await rig.call()
            await rig.answer(number=2)
            await rig.call(tool="read_order")
            assert rig.sent == 3
            await rig.answer(number=1)
            await rig.call(tool="read_order")
            assert rig.sent == 4

        play(story)

    def test_a_resource_is_always_read_again(self) -> None:
        async def story() -> None:
            rig = await make_rig(Rule(id="reads", effect=Effect.ALLOW, kind=Kind.READ))
            for number in (1, 2):
                incoming = IncomingCall(
                    id=f"call-{number}",
                    connection=rig.connection,
                    request_id=number,
                    params={"uri": "file:///a"},
                    method="resources/read",
                )
                rig.tasks.append(rig.world.start(incoming))
                await settle()
                assert rig.sent == number
                incoming.cancel()
                await rig.answer(number=number)

        play(story)


class TestAttached:
    """The retry comes while the server still works."""

    @pytest.mark.requirement("D1", "I-05")
    def test_retries_share_the_answer_and_each_is_answered_once(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            first, second = await rig.call(), await rig.call()
            assert not first.done()
            assert rig.sent == 1
            await rig.answer()
            assert late(first) == late(second) == LINE
            assert rig.delivery("call-2").details == {"first": "call-1"}
            assert rig.delivery("call-3").outcome == Delivery.DELIVERED_LATE
            await rig.call()
            assert rig.sent == 2, "nothing is kept that somebody got"

        play(story)

    def test_a_second_call_of_a_client_that_waits_is_a_call_of_its_own(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.call()
            assert rig.sent == 2

        play(story)

    def test_a_connection_of_the_session_that_was_opened_since_retries(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            first = await rig.call()
            again = make_connection(server=READS, session=rig.connection.session)
            again.id, again.opened_after = "c-2", rig.connection.session.calls
            await rig.world.connect(again, make_tool())
            retry = await rig.call(connection=again)
            assert rig.sent == 1
            await rig.answer()
            assert isinstance(first.result(), Forwarded)
            assert late(retry) == LINE

        play(story)

    def test_one_that_was_open_before_does_not(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            beside = make_connection(server=READS, session=rig.connection.session)
            beside.id = "c-2"
            await rig.world.connect(beside, make_tool())
            await rig.call()
            await rig.call(connection=beside)
            assert rig.sent == 2

        play(story)

    def test_when_every_retry_has_left_the_result_is_kept(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            retry = await rig.call()
            await rig.leave(2)
            assert isinstance(retry.result(), Silence), "it does not wait on"
            await rig.answer()
            assert late(await rig.call()) == LINE
            assert rig.sent == 1

        play(story)

    def test_a_server_that_fails_says_so_to_who_attached(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            retry = await rig.call()
            line = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}\n'
            error = b'{"code":1,"message":"no"}'
            await rig.answer(AnsweredError(line=line, error=error, code=1, message="no"))
            assert late(retry) == line
            assert rig.delivery("call-2").outcome == Delivery.FAILED

        play(story)


class TestStopped:
    """After the stop nothing is delivered late, and nobody attaches."""

    @pytest.mark.requirement("LAW-5", "K7")
    @pytest.mark.parametrize("resumed", [False, True])
    def test_what_was_kept_is_gone(self, resumed: bool) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer()
            await rig.world.stop.engage("command")
            if resumed:
                await rig.world.stop.resume(looked_at=(), careful=False)
            retry = await rig.call()
            assert (rig.sent == 2) is resumed
            assert retry.done() is not resumed

        play(story)

    @pytest.mark.requirement("LAW-5")
    def test_who_attached_is_refused_at_once(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            retry = await rig.call()
            await rig.world.stop.engage("command")
            await settle()
            refused = retry.result()
            assert isinstance(refused, Refused)
            assert refused.outcome is Outcome.REFUSED_PAUSED
            assert rig.delivery("call-2").outcome == Delivery.NOT_SENT
            await rig.world.stop.resume(looked_at=(), careful=False)
            await rig.answer()
            await rig.call()
            assert rig.sent == 2, "nothing is kept of what it interrupted"

        play(story)

    def test_what_was_taken_but_not_recorded_yet_is_not_given(self) -> None:
        async def story() -> None:
            rig = await make_rig()
            await rig.call()
            await rig.leave(1)
            await rig.answer()
            rig.world.log.hold()
            tasks = TaskOwner()
            retry = await rig.call()
            stop = tasks.start(rig.world.stop.engage("command"), "stop")
            await settle()
            rig.world.log.release()
            await stop
            await rig.world.stop.resume(looked_at=(), careful=False)
            refused = retry.result()
            assert isinstance(refused, Refused)
            assert refused.outcome is Outcome.REFUSED_PAUSED
            await rig.call()
            assert rig.sent == 2

        play(story)


def test_a_tool_that_changed_meanwhile_is_no_longer_the_one_that_ran() -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.call()
        await rig.leave(1)
        retry = await rig.call()
        await rig.world.connect(rig.connection, make_tool(description="Also copies it."))
        await rig.answer()
        refused = retry.result()
        assert isinstance(refused, Refused)
        assert refused.outcome is Outcome.BLOCKED_DEFINITION_CHANGED

    play(story)
