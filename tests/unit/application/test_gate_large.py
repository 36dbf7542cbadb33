"""Step 8 for a large answer, which a worker inspected, or which none could."""

import asyncio

import msgspec
import pytest

from keyturn.application import slices
from keyturn.application.call import Forwarded, Handled, Refused, Replaced
from keyturn.application.controlling import framed
from keyturn.application.ports.inspection import DrawnResult, InspectedResult
from keyturn.application.ports.payloads import InspectedAnswer, NotInspected
from keyturn.application.ports.upstream import Answered, AnsweredError, UpstreamReply
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from tests.factories import make_call, make_connection, make_session
from tests.fakes.held_memory import LONG, held_memory
from tests.fakes.inspection import FakeTraceIndex
from tests.unit.application.gate_world import World, play

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
LINE = b'{"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n'
LATE = NotInspected("it was not inspected in time")
ASKS = b'{"requestState":"s","inputRequests":{"a":{"method":"roots/list","params":{}}}}'


def inspected(
    *, changed: bool = False, asks: bool = False, withheld: str = "", cut: bytes = b""
) -> InspectedAnswer:
    """What a worker could have made of an answer."""
    result = InspectedResult(
        result=None,
        changed=changed,
        is_error=False,
        hidden_characters=2,
        size=100_000,
        withheld=withheld,
    )
    return InspectedAnswer(result=result, drawn=DrawnResult(text="R. Talbot"), cut=cut, asks=asks)


def answered(reply: UpstreamReply) -> tuple[World, Handled]:
    """Call a tool whose server answers so."""
    world = World(ALLOW)
    replies: list[Handled] = []

    async def story() -> None:
        world.server.silent = True
        task = world.start(make_call(await world.connect()))
        await world.server.arrived.wait()
        world.server.pending[0].set_result(reply)
        replies.append(await task)

    play(story)
    return world, replies[0]


def delivered(world: World) -> tuple[str, JsonObject]:
    """Return the one delivery."""
    (entry,) = world.log.of_type(RecordType.DELIVERY)
    return entry.outcome, entry.details


def test_what_a_worker_inspected_goes_on_as_it_came_and_is_remembered() -> None:
    world, reply = answered(Answered(line=LINE, result=b"", inspected=inspected()))
    assert reply == Forwarded(LINE, asks=False)
    outcome, details = delivered(world)
    assert outcome == Delivery.COMPLETED
    assert details == {"result": 1, "bytes": 100_000, "hidden_characters": 2}


def test_what_was_cut_elsewhere_is_written_as_it_was_encoded_there() -> None:
    answer = inspected(changed=True, cut=framed(b'{"content":[]}'))
    _, reply = answered(Answered(line=LINE, result=b"", inspected=answer))
    assert reply == Replaced(b'{"content":[]}', asks=False)


@pytest.mark.requirement("POOL-LARGE")
@pytest.mark.parametrize("withheld", ["", "it is not JSON"])
def test_a_large_answer_is_indexed_controlled_given_back_and_written_in_a_step_each(
    monkeypatch: pytest.MonkeyPatch, withheld: str
) -> None:
    """Each is enough for one: indexing 7 MB, or giving the memory of 60 MB back."""
    told = inspected(changed=True, cut=framed(b'{"content":[]}'), withheld=withheld)
    turns: list[tuple[bool, bool, bool]] = []
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1)

    async def story() -> None:
        world, session = World(ALLOW), make_session()
        index = session.index = FakeTraceIndex()
        world.server.silent = True
        task = world.start(make_call(await world.connect(make_connection(session=session))))
        await world.server.arrived.wait()
        with held_memory() as held:
            world.server.pending.pop().set_result(
                Answered(line=LINE.rjust(LONG), result=b"", inspected=told)
            )
            while not task.done():
                delivered = bool(world.log.of_type(RecordType.DELIVERY))
                turns.append((bool(index.added), delivered, held()))
                await asyncio.sleep(0)

    play(story)
    assert (True, False, True) in turns or withheld
    assert (bool(not withheld), True, True) in turns
    assert (bool(not withheld), True, False) in turns


def test_what_a_worker_withholds_is_withheld() -> None:
    world, reply = answered(
        Answered(line=LINE, result=b"", inspected=inspected(withheld="it is not JSON"))
    )
    assert reply == Refused(outcome=Outcome.ERROR_BROKER, withheld="it is not JSON")
    assert delivered(world)[0] == Delivery.RESULT_WITHHELD


@pytest.mark.requirement("POOL-DEAD")
@pytest.mark.parametrize(
    "reply",
    [
        Answered(line=LINE, result=b"", inspected=LATE),
        AnsweredError(line=LINE, error=b"", code=-1, message="", inspected=LATE),
    ],
)
def test_an_answer_that_nobody_inspected_is_withheld_and_recorded(reply: UpstreamReply) -> None:
    world, told = answered(reply)
    assert told == Refused(outcome=Outcome.ERROR_BROKER, withheld=LATE.reason)
    assert delivered(world) == (
        Delivery.RESULT_WITHHELD,
        {"result": 1, "withheld": LATE.reason},
    )
    assert len(world.server.sent) == 1


def test_a_large_answer_that_asks_for_something_is_judged_like_any_other() -> None:
    line = b'{"jsonrpc":"2.0","id":1,"result":%b}\n' % ASKS
    replies: list[Handled] = []

    async def story() -> None:
        world = World(ALLOW)
        world.server.silent = True
        task = world.start(make_call(await world.connect()))
        await world.server.arrived.wait()
        reply = Answered(line=line, result=b"", inspected=inspected(asks=True))
        world.server.pending[0].set_result(reply)
        world.answer(await world.asked(), allow=False)
        replies.append(await task)

    play(story)
    assert isinstance(replies[0], Refused)
    assert replies[0].withheld == "the user did not allow what the server asks for"


def test_one_that_was_cut_and_asks_is_judged_by_what_is_left() -> None:
    replies: list[Handled] = []

    async def story() -> None:
        world = World(ALLOW)
        world.server.silent = True
        task = world.start(make_call(await world.connect()))
        await world.server.arrived.wait()
        cut = inspected(changed=True, asks=True, cut=framed(ASKS))
        world.server.pending[0].set_result(Answered(line=LINE, result=b"", inspected=cut))
        world.answer(await world.asked(), allow=True)
        replies.append(await task)

    play(story)
    assert replies == [Replaced(ASKS)]


def test_a_result_that_was_cut_elsewhere_is_kept_for_a_retry() -> None:
    async def story() -> None:
        world = World(ALLOW)
        world.server.silent = True
        connection = await world.connect()
        first = make_call(connection)
        task = world.start(first)
        await world.server.arrived.wait()
        first.cancel()
        cut = inspected(changed=True, cut=framed(b'{"content":[]}'))
        world.server.pending[0].set_result(Answered(line=LINE, result=b"", inspected=cut))
        await asyncio.wait([task])
        retry = await world.start(make_call(connection))
        assert isinstance(retry, Forwarded)
        assert msgspec.json.decode(retry.line)["result"] == {"content": []}
        assert len(world.server.sent) == 1

    play(story)
