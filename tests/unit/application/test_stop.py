"""The stop: immediate, durable, engaged from anywhere, ended only by a recorded resume."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.approval_request import WithdrawCause
from keyturn.application.call import Forwarded, Refused
from keyturn.application.events import Topic
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.stop import StopLevel, StopSwitch
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import JsonObject, Malformed
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.errors import KeyturnError, LogUnavailable
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.sealed import SealedParams, seal
from tests.factories import make_call
from tests.fakes.stop_sentinel import FakeStopSentinel
from tests.unit.application.gate_world import World, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
BEFORE = StopFacts(since_utc="2026-11-20T08:00:00.000Z", trigger="tray", reason="odd calls")
DISK_FULL = LogUnavailable("The disk is full.")


class Vanishing(FakeStopSentinel):
    """A stop file that is gone between the look and the reading."""

    def read(self) -> StopFacts | None:
        return None


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("large", [False, True])
def test_a_stop_masks_nothing_of_what_no_agent_waits_for(large: bool) -> None:
    async def story() -> None:
        world = World()
        world.mask.secrets.add("hunter2")
        connection = await world.connect()
        for number in range(3):
            note: JsonObject = {"note": f"hunter2 {number} " + "x" * 5_000}
            call = make_call(connection, arguments=note, id_=f"call-{number}", request_id=number)
            if large:
                call.params = sealed(call.params, masked=b'{"note":"[secret]"}')
            world.start(call)
            world.approvals.client_left((await world.asked(number + 1)).id)
        before = world.mask.characters
        await world.stop.engage("window")
        assert world.mask.characters - before < 1_000
        ended = world.log.of_type(RecordType.DECISION)
        assert [entry.outcome for entry in ended] == [Outcome.REFUSED_PAUSED.value] * 3
        assert all(entry.masked and b"hunter2" not in entry.arguments for entry in ended)

    play(story)


def sealed(params: JsonObject | Malformed, masked: bytes) -> SealedParams:
    """Make the params of a call as a worker read them."""
    assert not isinstance(params, Malformed)
    made = SealedParams(params, *seal(params))
    made.masked = masked
    return made


class TestEngaging:
    """What is true the moment the button is pressed, and after."""

    @pytest.mark.requirement("LAW-5", "I-18")
    def test_it_holds_before_anything_is_written(self) -> None:
        async def story() -> None:
            world = World()
            owner = TaskOwner()
            world.log.hold()
            pressed = owner.start(world.stop.engage("window", "odd calls"), "stop")
            await settle()
            assert world.stop.engaged
            assert world.sentinel.exists()
            assert not pressed.done()
            world.log.release()
            facts = await pressed
            assert (facts.trigger, facts.reason) == ("window", "odd calls")
            assert world.sentinel.written == [facts]
            entry = world.log.of_type(RecordType.STOP)[0]
            assert (entry.outcome, entry.actor) == ("engaged", Actor.HUMAN)
            assert entry.details == {
                "trigger": "window",
                "reason": "odd calls",
                "cards_refused": 0,
                "level": "agents",
            }
            assert world.stop.recorded

        play(story)

    @pytest.mark.requirement("LAW-8")
    def test_a_secret_in_its_reason_is_not_written_down(self) -> None:
        async def story() -> None:
            world = World()
            world.mask.secrets.add("hunter2")
            await world.stop.engage("hunter2", "it sent hunter2")
            (entry,) = world.log.of_type(RecordType.STOP)
            assert "hunter2" not in str(entry.details)
            assert entry.details["reason"] == "it sent [secret, ends ter2]"

        play(story)

    def test_a_full_disk_does_not_hinder_it(self) -> None:
        async def story() -> None:
            world = World()
            topics: list[Topic] = []
            world.observers.subscribe(topics.append)
            world.log.failure = DISK_FULL
            await world.stop.engage("tray")
            assert world.stop.engaged
            assert world.sentinel.exists()
            assert not world.stop.recorded
            assert Topic.HEALTH in topics

        play(story)

    def test_without_the_file_it_holds_is_recorded_and_says_so(self) -> None:
        async def story() -> None:
            world = World()
            world.sentinel.failing = True
            with pytest.raises(KeyturnError, match="cannot be written"):
                await world.stop.engage("tray")
            assert world.stop.engaged
            assert [e.outcome for e in world.log.of_type(RecordType.STOP)] == ["engaged"]

        play(story)

    def test_with_neither_file_nor_log_it_holds_all_the_same(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            world.sentinel.failing = True
            world.log.failure = DISK_FULL
            with pytest.raises(KeyturnError):
                await world.stop.engage("tray")
            reply = await world.gate.handle(make_call(connection), world.server)
            assert isinstance(reply, Refused)
            assert world.server.sent == []

        play(story)

    @pytest.mark.requirement("LAW-5")
    def test_the_file_alone_stops_and_its_words_are_kept(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            world.sentinel.facts = BEFORE
            assert not world.stop.view().engaged
            reply = await world.gate.handle(make_call(connection), world.server)
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED
            assert world.stop.view().facts == BEFORE
            assert not world.stop.recorded
            # Taking the file away changes nothing while the broker runs.
            world.sentinel.facts = None
            assert world.stop.engaged
            await world.stop.engage("file")
            assert world.stop.recorded
            assert world.log.of_type(RecordType.STOP)[0].actor is Actor.STOP

        play(story)

    def test_a_file_that_says_nothing_stops_by_file(self) -> None:
        world = World()
        stop = StopSwitch(
            sentinel=Vanishing(facts=BEFORE),
            clock=world.clock,
            log=world.log,
            mask=world.mask,
            reviews=world.stop_reviews,
            approvals=world.approvals,
            observers=world.observers,
        )
        assert stop.engaged
        facts = stop.view().facts
        assert facts is not None
        assert facts.trigger == "file"

    def test_the_file_is_there_before_anybody_is_told(self) -> None:
        async def story() -> None:
            world = World()
            there: list[bool] = []
            world.stop.on_engage(lambda _facts: there.append(world.sentinel.exists()))
            await world.stop.engage("window")
            assert there == [True]

        play(story)

    def test_listeners_hear_of_it_once_and_a_failing_one_hinders_nobody(self) -> None:
        async def story() -> None:
            world = World()
            heard: list[str] = []

            def broken(_facts: StopFacts) -> None:
                raise RuntimeError("a connection is in an odd state")

            world.stop.on_engage(broken)
            world.stop.on_engage(lambda facts: heard.append(facts.trigger))
            await world.stop.engage("command")
            await world.stop.engage("window")
            assert heard == ["command"]
            assert world.sentinel.exists()
            facts = world.stop.view().facts
            assert facts is not None
            assert facts.trigger == "command"
            assert len(world.log.of_type(RecordType.STOP)) == 2

        play(story)

    @pytest.mark.unmeasured
    @pytest.mark.requirement("I-17")
    def test_five_hundred_that_wait_are_answered_at_once(self) -> None:
        async def story() -> None:
            world = World(limits=Limits(queue=500, queue_per_agent=500))
            connection = await world.connect()
            tasks = [world.start(make_call(connection, id_=f"call-{n}")) for n in range(500)]
            await world.asked(500)
            loop = asyncio.get_running_loop()
            began = loop.time()
            await world.stop.engage("window")
            replies = await asyncio.gather(*tasks)
            assert loop.time() - began < 1.0
            outcomes = {reply.outcome for reply in replies if isinstance(reply, Refused)}
            assert outcomes == {Outcome.REFUSED_PAUSED}
            assert len(replies) == 500
            assert world.server.sent == []
            view = world.stop.view()
            assert (view.cards_refused, view.refused_since) == (500, 500)
            assert {w[1] for w in world.approver.withdrawn} == {WithdrawCause.STOPPED}

        play(story)

    @pytest.mark.requirement("K6")
    def test_retries_while_stopped_are_refused_and_counted(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            await world.stop.engage("window")
            for number in range(25):
                reply = await world.gate.handle(
                    make_call(connection, id_=f"call-{number}"), world.server
                )
                assert isinstance(reply, Refused)
                assert reply.outcome is Outcome.REFUSED_PAUSED
            assert world.stop.view().refused_since == 25
            assert world.server.sent == []
            assert world.outcomes().count("refused_paused") == 25

        play(story)


class TestGoingFurther:
    """The two levels beyond the first: they rise only, and end with the resume."""

    def test_each_level_is_told_once_recorded_and_never_lowered(self) -> None:
        async def story() -> None:
            world = World()
            told: list[StopLevel] = []
            world.stop.on_raise(told.append)
            for level in (StopLevel.AGENTS, StopLevel.SERVERS, StopLevel.AGENTS):
                await world.stop.engage("window", level=level)
            assert world.stop.reaches(StopLevel.SERVERS)
            assert not world.stop.reaches(StopLevel.CONNECTIONS)
            await world.stop.engage("window", level=StopLevel.CONNECTIONS)
            assert told == [StopLevel.SERVERS, StopLevel.CONNECTIONS]
            recorded = [entry.details["level"] for entry in world.log.of_type(RecordType.STOP)]
            assert recorded == ["agents", "servers", "servers", "connections"]

        play(story)

    def test_a_level_above_the_first_stops_agents_too(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            await world.stop.engage("window", level=StopLevel.CONNECTIONS)
            reply = await world.gate.handle(make_call(connection), world.server)
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED

        play(story)

    def test_the_resume_ends_every_level(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.engage("window", level=StopLevel.CONNECTIONS)
            await world.stop.resume(looked_at=(), careful=False)
            assert not world.stop.reaches(StopLevel.AGENTS)
            await world.stop.engage("window")
            assert world.stop.view().level is StopLevel.AGENTS

        play(story)


class TestResuming:
    """The record comes first, then the file goes, then calls may go on."""

    def test_it_is_recorded_with_what_was_looked_at(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            await world.stop.engage("window")
            await world.gate.handle(make_call(connection), world.server)
            await world.stop.resume(looked_at=("call-1",), careful=False)
            assert not world.stop.engaged
            assert not world.sentinel.exists()
            entry = world.log.of_type(RecordType.RESUME)[0]
            assert (entry.outcome, entry.actor) == ("with_rules", Actor.HUMAN)
            assert entry.details["refused"] == 1
            assert entry.details["looked_at"] == ["call-1"]
            assert world.stop.view().refused_since == 0
            reply = await world.gate.handle(make_call(connection, id_="call-2"), world.server)
            assert isinstance(reply, Forwarded)

        play(story)

    @pytest.mark.requirement("LAW-5")
    def test_what_is_owed_a_look_must_have_been_looked_at(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.engage("window")
            world.stop_reviews.calls = frozenset({"call-1", "call-2"})
            with pytest.raises(KeyturnError, match="not been looked at: 1"):
                await world.stop.resume(looked_at=("call-1", "call-9"), careful=False)
            assert world.stop.engaged
            assert world.sentinel.exists()
            assert world.log.of_type(RecordType.RESUME) == []
            await world.stop.resume(looked_at=("call-2", "call-1"), careful=False)
            assert not world.stop.engaged

        play(story)

    @pytest.mark.requirement("LAW-3")
    def test_while_nobody_can_say_what_is_owed_it_holds(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.engage("window")
            world.stop_reviews.failure = KeyturnError("The database cannot be read.")
            with pytest.raises(KeyturnError, match="cannot be read"):
                await world.stop.resume(looked_at=("call-1",), careful=True)
            assert world.stop.engaged

        play(story)

    @pytest.mark.requirement("LAW-5")
    def test_a_file_cannot_say_that_it_holds_since_later_than_it_was_found(self) -> None:
        async def story() -> None:
            world = World()
            now = world.clock.now_utc()
            world.sentinel.facts = replace(BEFORE, since_utc="2999-01-01T00:00:00.000Z")
            assert world.stop.engaged
            view = world.stop.view()
            assert view.facts is not None
            assert (view.facts.since_utc, view.found_utc) == (now, now)
            await world.stop.resume(looked_at=(), careful=False)
            assert world.stop_reviews.asked == [(now, now)]

        play(story)

    def test_without_a_stop_it_does_nothing(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.resume(looked_at=(), careful=True)
            assert world.log.records == []
            assert not world.stop.careful

        play(story)

    def test_what_cannot_be_recorded_does_not_happen(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.engage("window")
            world.log.failure = DISK_FULL
            with pytest.raises(LogUnavailable):
                await world.stop.resume(looked_at=(), careful=False)
            assert world.stop.engaged
            assert world.sentinel.exists()

        play(story)

    def test_a_file_that_cannot_be_removed_keeps_it_stopped(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.engage("window")
            world.sentinel.failing = True
            with pytest.raises(KeyturnError):
                await world.stop.resume(looked_at=(), careful=False)
            assert world.stop.engaged

        play(story)

    @pytest.mark.requirement("LAW-5")
    def test_a_stop_that_is_pressed_meanwhile_wins(self) -> None:
        async def story() -> None:
            world = World()
            await world.stop.engage("window")
            world.log.hold()
            owner = TaskOwner()
            resumed = owner.start(world.stop.resume(looked_at=(), careful=False), "resume")
            await settle()
            pressed = owner.start(world.stop.engage("tray"), "stop")
            await settle()
            world.log.release()
            await asyncio.gather(resumed, pressed)
            assert world.stop.engaged
            assert world.sentinel.exists()
            types = [record.entry.type for record in world.log.records]
            assert types == [RecordType.STOP, RecordType.RESUME, RecordType.STOP]

        play(story)

    @pytest.mark.requirement("K7")
    def test_what_was_allowed_before_the_stop_is_not_sent_after_a_quick_resume(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            task = world.start(make_call(connection))
            request = await world.asked()
            world.server.started = asyncio.Event()
            world.answer(request, allow=True)
            await settle()
            await world.stop.engage("window")
            await world.stop.resume(looked_at=(), careful=False)
            world.server.started.set()
            reply = await task
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED
            assert world.server.sent == []
            assert world.outcomes()[-2:] == ["allowed_once", "not_sent"]

        play(story)

    def test_carefully_rules_only_tighten_until_they_are_turned_on_again(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            await world.stop.engage("window")
            await world.stop.resume(looked_at=(), careful=True)
            assert world.stop.view().careful
            task = world.start(make_call(connection))
            world.answer(await world.asked(), allow=False)
            await task
            assert world.log.of_type(RecordType.RESUME)[0].outcome == "careful"
            await world.stop.use_rules()
            reply = await world.gate.handle(make_call(connection, id_="call-2"), world.server)
            assert isinstance(reply, Forwarded)
            used = world.log.of_type(RecordType.RULE)
            assert [(entry.outcome, entry.actor) for entry in used] == [("used", Actor.HUMAN)]

        play(story)

    def test_rules_whose_use_cannot_be_recorded_stay_suspended(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            await world.stop.engage("window")
            await world.stop.resume(looked_at=(), careful=True)
            world.log.failure = DISK_FULL
            with pytest.raises(LogUnavailable):
                await world.stop.use_rules()
            assert world.stop.careful

        play(story)


class TestRestoring:
    """A stop outlives the broker by its file, or by the log when the file is gone."""

    def test_the_file_is_taken_over(self) -> None:
        world = World()
        world.sentinel.facts = BEFORE
        world.stop.restore(None, careful=False)
        assert world.stop.view().facts == BEFORE
        assert not world.stop.recorded

    def test_the_log_is_enough(self) -> None:
        world = World()
        world.stop.restore(BEFORE, careful=False)
        assert world.stop.engaged
        assert world.stop.recorded

    @pytest.mark.requirement("LAW-5")
    def test_a_file_that_was_written_anew_does_not_move_its_begin(self) -> None:
        world = World()
        world.sentinel.facts = replace(BEFORE, since_utc="2026-11-23T14:00:00.000Z")
        world.stop.restore(BEFORE, careful=False)
        assert world.stop.view().facts == BEFORE

    def test_with_neither_nothing_is_stopped(self) -> None:
        world = World()
        world.stop.restore(None, careful=False)
        assert not world.stop.engaged
        assert world.stop.count == 0

    @pytest.mark.requirement("LAW-4")
    def test_rules_that_a_careful_resume_suspended_stay_suspended(self) -> None:
        world = World()
        world.stop.restore(None, careful=True)
        assert not world.stop.engaged
        assert world.stop.view().careful
