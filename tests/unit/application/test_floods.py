"""An agent that floods a person is held: its calls wait and can be denied, no click allows one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from keyturn.application.agent_messages import FloodChoice, SettleFlood
from keyturn.application.call import Forwarded, Handled, Refused
from keyturn.application.connection import Connection
from keyturn.application.console_protocol import Decide, SaveRule
from keyturn.application.editing import Edits
from keyturn.application.events import Topic
from keyturn.application.pauses import PAUSED_SETTING
from keyturn.approvers.console_answers import ConsoleAnswers
from keyturn.domain.canonical import canonical
from keyturn.domain.configuration import AgentConfig, Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words
from tests.factories import PEER, make_call, make_connection
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle
from tests.unit.approvers.console_rig import CATALOGUE

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
FLOOD = 31
SHA256 = "b" * 64


class Flooded(BrokerWorld):
    """A broker whose window is asked by agents that ask too much."""

    def __init__(self) -> None:
        super().__init__()
        self.floods.attach()
        self.window = ConsoleAnswers(self.approvals, Words(CATALOGUE), None, floods=self.floods)
        self.tasks: list[asyncio.Task[Handled]] = []

    async def flood(
        self, connection: Connection, count: int = FLOOD, arguments: int | None = None
    ) -> None:
        """Let an agent ask so often, each time about another order unless `arguments` says."""
        for _ in range(count):
            number = len(self.tasks)
            order = number if arguments is None else arguments
            call = make_call(
                connection,
                arguments={"order": order},
                id_=f"call-{number}",
                request_id=number,
            )
            self.tasks.append(self.start(call))
        await self.asked(len(self.tasks))

    def press(self, number: int, *, allow: bool) -> bool:
        """Answer at the window; tells whether that had its effect."""
        request = self.approver.shown[number]
        decide = Decide(n=1, id=request.id, digest=request.digest, allow=allow)
        return self.window.without_pin(decide).ok

    async def choose(self, choice: str, agent: str = "analyst", *, enrolled: bool = True) -> None:
        """Choose at the window what becomes of an agent."""
        await self.intents.carry_out(
            SettleFlood(n=1, agent=agent, choice=choice, enrolled=enrolled)
        )

    async def end(self) -> None:
        """Deny all that waits."""
        for waiting in self.approvals.waiting():
            self.answer(waiting.request, allow=False)
        await asyncio.gather(*self.tasks)


def told(story: Callable[[Flooded], Awaitable[None]]) -> None:
    """Play a story in a world of its own."""

    async def within() -> None:
        world = Flooded()
        await story(world)
        await world.end()

    play(within)


@pytest.mark.requirement("FLOOD")
def test_a_held_agents_calls_wait_and_are_denied_but_not_allowed() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection, FLOOD - 1)
        assert world.floods.state("analyst", enrolled=True) is None
        await world.flood(connection, 1)
        state = world.floods.state("analyst", enrolled=True)
        assert state is not None
        assert (state.cause, state.count, state.seconds) == ("prompts", 31, 1)
        assert Topic.AGENTS in world.topics
        assert not world.press(0, allow=True)
        assert len(world.approvals.waiting()) == FLOOD
        assert world.server.sent == []
        assert world.press(0, allow=False)
        assert len(world.approvals.waiting()) == FLOOD - 1

    told(story)


@pytest.mark.requirement("FLOOD")
def test_other_agents_and_what_rules_allow_are_not_held() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection)
        other = await world.connect(make_connection(agent="coder"))
        await world.flood(other, 1)
        assert world.press(FLOOD, allow=True)
        assert isinstance(await world.tasks[-1], Forwarded)
        await world.rules.add(ALLOW)
        call = make_call(connection, arguments={"order": -1}, id_="ruled", request_id="ruled")
        assert isinstance(await world.start(call), Forwarded)

    told(story)


@pytest.mark.requirement("FLOOD")
@pytest.mark.parametrize("choice", [FloodChoice.CONTINUE, FloodChoice.REVIEW])
def test_what_a_person_chooses_to_look_at_can_be_allowed(choice: FloodChoice) -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection)
        await world.choose(choice)
        assert world.press(0, allow=True)
        assert isinstance(await world.tasks[0], Forwarded)
        outcomes = [entry.outcome for entry in world.log.of_type(RecordType.AGENT)]
        assert outcomes == ["flood_reviewed" if choice is FloodChoice.REVIEW else "flood_continued"]
        held = world.floods.state("analyst", enrolled=True)
        assert (held is not None and held.reviewing) is (choice is FloodChoice.REVIEW)

    told(story)


@pytest.mark.requirement("FLOOD")
def test_a_review_ends_with_the_last_call_that_waits() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection)
        await world.choose(FloodChoice.REVIEW)
        await world.end()
        assert world.floods.state("analyst", enrolled=True) is None
        await world.flood(connection, 1)
        assert world.floods.state("analyst", enrolled=True) is None

    told(story)


@pytest.mark.requirement("FLOOD")
def test_deny_all_and_pause_denies_each_and_refuses_what_comes() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection)
        other = await world.connect(make_connection(agent="coder"))
        await world.flood(other, 1)
        await world.choose(FloodChoice.DENY_AND_PAUSE)
        answers = await asyncio.gather(*world.tasks[:FLOOD])
        assert {one.outcome for one in answers if isinstance(one, Refused)} == {Outcome.DENIED_USER}
        assert len(world.log.of_type(RecordType.DECISION)) == FLOOD
        assert [w.request.agent for w in world.approvals.waiting()] == ["coder"]
        await world.rules.add(ALLOW)
        for number in range(3):
            call = make_call(connection, id_=f"later-{number}", request_id=f"later-{number}")
            refused = await world.start(call)
            assert isinstance(refused, Refused)
            assert refused.outcome is Outcome.REFUSED_PAUSED
        assert world.server.sent == []
        await world.choose(FloodChoice.GO_ON)
        again = make_call(connection, id_="again", request_id="again")
        assert isinstance(await world.start(again), Forwarded)

    told(story)


@pytest.mark.requirement("FLOOD")
def test_a_pause_reaches_what_was_allowed_and_is_not_sent_yet() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection, 1)
        world.log.hold()
        assert world.press(0, allow=True)
        await settle()
        pausing = asyncio.get_running_loop().create_task(world.choose(FloodChoice.PAUSE))
        await settle()
        world.log.release()
        await pausing
        refused = await world.tasks[0]
        assert isinstance(refused, Refused)
        assert refused.outcome is Outcome.REFUSED_PAUSED
        assert world.server.sent == []

    told(story)


@pytest.mark.requirement("FLOOD")
def test_a_pause_outlives_the_broker_and_holds_where_it_cannot_be_written() -> None:
    async def story(world: Flooded) -> None:
        await world.choose(FloodChoice.PAUSE)
        kept = world.registry.settings[PAUSED_SETTING]
        later = world.make_pauses()
        assert later.of(make_connection()) is None
        later.load(kept)
        assert later.of(make_connection()) == "analyst"
        assert later.of(make_connection(agent="coder")) is None
        for other in ("nonsense", "[]", ""):
            later.load(other)
            assert later.of(make_connection()) == "analyst"
        world.log.failure = LogUnavailable("The disk is full.")
        with pytest.raises(LogUnavailable):
            await world.choose(FloodChoice.PAUSE, "coder")
        assert world.floods.is_paused(make_connection(agent="coder"))
        world.log.failure = None

    told(story)


@pytest.mark.unmeasured
@pytest.mark.requirement("FLOOD")
def test_agents_that_proved_no_name_are_counted_together() -> None:
    async def story(world: Flooded) -> None:
        for number in range(FLOOD):
            connection = await world.connect(
                make_connection(agent=f"agent-{number}", enrolled=False)
            )
            await world.flood(connection, 1)
        state = world.floods.state("agent-0", enrolled=False)
        assert state is not None
        assert state.count == FLOOD
        assert not world.press(3, allow=True)
        # One that is enrolled under such a name is another one.
        assert world.floods.state("agent-0", enrolled=True) is None

    told(story)


@pytest.mark.requirement("FLOOD")
def test_it_is_the_same_call_whatever_a_person_made_of_it() -> None:
    async def story(world: Flooded) -> None:
        connection, edits = await world.connect(), Edits(world.approvals)
        for number in range(3):
            await world.flood(connection, 1, arguments=7)
            request = await world.asked(2 * number + 1)
            await edits.edit(request.id, request.digest, f'{{"order":{number + 100}}}')
            assert world.press(2 * number + 1, allow=False)
        state = world.floods.state("analyst", enrolled=True)
        assert state is not None
        assert (state.cause, state.count) == ("same_denied", 3)

    told(story)


@pytest.mark.requirement("FLOOD")
def test_the_same_call_denied_three_times_holds_its_agent() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        for number in range(3):
            assert world.floods.state("analyst", enrolled=True) is None
            await world.flood(connection, 1, arguments=7)
            assert world.press(number, allow=False)
        state = world.floods.state("analyst", enrolled=True)
        assert state is not None
        assert (state.cause, state.count) == ("same_denied", 3)

    told(story)


@pytest.mark.requirement("FLOOD")
def test_repeats_of_a_late_denial_are_denials_too() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection, 1, arguments=7)
        world.clock.advance(Limits().hold_seconds)
        await world.tasks[0]
        assert world.press(0, allow=False)
        for number in (1, 2):
            call = make_call(
                connection, arguments={"order": 7}, id_=f"again-{number}", request_id=number
            )
            await world.start(call)
        state = world.floods.state("analyst", enrolled=True)
        assert state is not None
        assert (state.cause, state.count) == ("same_denied", 3)

    told(story)


@pytest.mark.unmeasured
@pytest.mark.requirement("Q7")
def test_the_call_over_the_limit_is_refused_at_once_and_what_waits_is_untouched() -> None:
    async def story(world: Flooded) -> None:
        for agent in ("analyst", "coder"):
            await world.flood(await world.connect(make_connection(agent=agent)), 200)
        last = await world.connect(make_connection(agent="scribe"))
        await world.flood(last, 100)
        before = [waiting.request for waiting in world.approvals.waiting()]
        assert len(before) == 500
        world.server.sent.clear()
        call = make_call(last, id_="one-more", request_id="one-more")
        # No time passes and nobody answers: whatever it waited for would be waited for in vain.
        refused = await world.start(call)
        assert isinstance(refused, Refused)
        assert refused.outcome is Outcome.REFUSED_OVERLOAD
        assert [waiting.request for waiting in world.approvals.waiting()] == before
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert (entry.call, entry.outcome) == ("one-more", "refused_overload")
        assert world.server.sent == []
        assert not any(task.done() for task in world.tasks)

    told(story)


@pytest.mark.unmeasured
@pytest.mark.requirement("Q2")
def test_a_ruled_read_of_another_session_goes_by_five_hundred_that_wait() -> None:
    async def story(world: Flooded) -> None:
        for agent, count in (("analyst", 200), ("coder", 200), ("scribe", 100)):
            await world.flood(await world.connect(make_connection(agent=agent)), count)
        reader = await world.connect(make_connection(agent="reader"))
        await world.agreements.set_tier(world.pin_shown(), Tier.T0, Lamps.NONE)
        await world.rules.add(Rule(id="r-read", effect=Effect.ALLOW, agent="reader"))
        # Nobody answers and no time passes: it goes on its own, past all that wait.
        ruled = await world.start(make_call(reader, id_="ruled", request_id="ruled"))
        assert isinstance(ruled, Forwarded)
        assert len(world.server.sent) == 1
        assert len(world.approvals.waiting()) == 500

    told(story)


@pytest.mark.requirement("Q6")
def test_a_saved_rule_settles_each_call_that_waits_with_a_record_of_its_own() -> None:
    async def story(world: Flooded) -> None:
        connection = await world.connect()
        await world.flood(connection, 37)
        assert world.floods.state("analyst", enrolled=True) is not None
        # The hold is of clicks: a rule that a person saves decides what it covers.
        data = canonical(rule_to_data(ALLOW)).decode()
        await world.intents.carry_out(SaveRule(n=1, data=data))
        answers = await asyncio.gather(*world.tasks)
        assert all(isinstance(one, Forwarded) for one in answers)
        decisions = world.log.of_type(RecordType.DECISION)
        assert sorted(entry.call for entry in decisions) == sorted(
            f"call-{number}" for number in range(37)
        )
        assert {entry.outcome for entry in decisions} == {"allowed_rule"}
        assert {cause.value for _, cause, _ in world.approver.withdrawn} == {"decided_by_rule"}

    told(story)


@pytest.mark.requirement("FLOOD", "LAW-4")
@pytest.mark.parametrize("name", ["analyst", "analyst (not proven)", "Analyst", "helper"])
def test_who_leaves_the_token_out_falls_under_the_pause(name: str) -> None:
    """By the name that it claims, or by the program that it runs in."""

    async def story(world: Flooded) -> None:
        host = PEER.host
        assert host is not None
        world.registry.use(
            (),
            (
                AgentConfig(
                    name="analyst",
                    token_sha256="",
                    executable=host.executable,
                    executable_sha256=SHA256,
                ),
            ),
        )
        await world.choose(FloodChoice.PAUSE)
        elsewhere = replace(PEER, host=replace(host, executable="/opt/other"))
        bearer = make_connection(agent=name, enrolled=False)
        stranger = replace(make_connection(agent=name, enrolled=False), peer=elsewhere)
        assert world.floods.is_paused(bearer)
        assert world.floods.is_paused(stranger) is (name != "helper")
        # Its bytes are known under another path, too.
        copied = replace(stranger, program_sha256=SHA256)
        assert world.floods.is_paused(copied)
        state = world.floods.state(name, enrolled=False, connections=[copied])
        assert state is not None
        assert state.paused_as == "analyst"
        # One that proved another name is somebody else, in whatever it runs.
        assert not world.floods.is_paused(make_connection(agent="coder"))
        await world.choose(FloodChoice.GO_ON)
        assert not world.floods.is_paused(bearer)
        assert world.floods.state(name, enrolled=False, connections=[copied]) is None

    told(story)
