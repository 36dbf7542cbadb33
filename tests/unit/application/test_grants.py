"""Remembered approvals: for one tool of one session, ended by all that should end one."""

import asyncio
from dataclasses import replace

import pytest
from msgspec import structs

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.call import Forwarded, IncomingCall, Refused
from keyturn.application.console_protocol import SaveRule
from keyturn.application.rejudging import judge_waiting
from keyturn.application.remembering import remember_approval
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.grant import GrantScope, fault_of_grant
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_session, make_tool
from tests.unit.application.gate_world import World, play

ALLOW = Rule(
    id="r-1", effect=Effect.ALLOW, agent="analyst", server="logistics", tool="dispatch_order"
)
MINUTE = 60.0
HOUR = 3600.0


async def granted(world: World, request: ApprovalRequest, seconds: float | None = HOUR) -> None:
    """Have the approval of what is on screen remembered."""
    intent = SaveRule(n=1, data="", request=request.id, digest=request.digest, seconds=seconds)
    await remember_approval(ALLOW, intent, world.approvals, world.rules)
    judge_waiting(world.approvals, world.rules, suspended=world.stop.careful)


class Story:
    """An agent that calls one tool again and again, and a person who is asked or not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connection = make_connection()
        self.calls = 0

    async def begin(self, seconds: float | None = HOUR) -> "Story":
        """Let the first call be allowed by a grant that is made of its card."""
        self.connection = await self.world.connect(self.connection)
        task = self.world.start(self.call())
        await granted(self.world, await self.world.asked(), seconds)
        assert isinstance(await task, Forwarded)
        return self

    def call(self) -> IncomingCall:
        """Make the next call."""
        self.calls += 1
        return make_call(self.connection, id_=f"call-{self.calls}", arguments={"n": self.calls})

    async def passes(self) -> bool:
        """Make a call and tell whether it passed unasked; a person denies it otherwise."""
        shown = self.world.approver.shown
        task = self.world.start(self.call())
        asked = asyncio.get_running_loop().create_task(self.world.asked(len(shown) + 1))
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            self.world.answer(await asked, allow=False)
        asked.cancel()
        return isinstance(await task, Forwarded)


def test_what_is_remembered_passes_and_is_recorded_as_that() -> None:
    async def story() -> None:
        told = await Story(World()).begin()
        assert await told.passes()
        decisions = told.world.log.of_type(RecordType.DECISION)
        assert [entry.outcome for entry in decisions] == [Outcome.ALLOWED_GRANT.value] * 2
        assert decisions[0].actor is Actor.HUMAN
        (made,) = told.world.log.of_type(RecordType.RULE)
        assert made.outcome == "granted"
        assert told.world.rules.rules == ()

    play(story)


def test_it_ends_at_its_end_and_after_ten_minutes_without_use() -> None:
    async def story() -> None:
        told = await Story(World()).begin(25 * MINUTE)
        for _ in range(2):
            told.world.clock.advance(9 * MINUTE)
            assert await told.passes()
        told.world.clock.advance(7 * MINUTE)
        assert not await told.passes()
        idle = await Story(World()).begin()
        idle.world.clock.advance(10 * MINUTE)
        assert not await idle.passes()

    play(story)


def test_no_use_makes_one_last_beyond_twelve_hours() -> None:
    async def story() -> None:
        told = await Story(World()).begin(None)
        for _ in range(12 * 60 // 9 - 1):
            told.world.clock.advance(9 * MINUTE)
            assert await told.passes()
        told.world.clock.advance(9 * MINUTE)
        assert not await told.passes()

    play(story)


def test_a_wall_clock_that_is_set_back_prolongs_nothing() -> None:
    async def story() -> None:
        told = await Story(World()).begin(5 * MINUTE)
        told.world.clock.advance(5 * MINUTE)
        told.world.clock.wall_shift_seconds = -HOUR
        assert not await told.passes()

    play(story)


def test_a_stop_an_enrolment_and_a_drift_end_it() -> None:
    async def story() -> None:
        stopped = await Story(World()).begin()
        stopped.world.stop.on_engage(lambda _: stopped.world.rules.grants.clear())
        await stopped.world.stop.engage("window")
        await stopped.world.stop.resume(looked_at=(), careful=False)
        assert not await stopped.passes()
        anew = await Story(World()).begin()
        anew.world.rules.grants.end_agent("another")
        assert await anew.passes()
        anew.world.rules.grants.end_agent("analyst")
        assert not await anew.passes()
        drifted = await Story(World()).begin()
        drifted.world.reviews.on_drift(drifted.world.rules.grants.end_server)
        changed = make_tool(description="Dispatches another way.")
        await drifted.world.reviews.listed(drifted.connection, (changed,))
        await drifted.world.reviews.listed(drifted.connection, (make_tool(),))
        assert not await drifted.passes()

    play(story)


def test_another_session_agent_tool_or_reach_is_not_covered() -> None:
    shown = GrantScope(session="s-1", launch_hash="l", def_hash="d", tier=Tier.T1, labels=Lamps.P)
    assert shown.reaches(shown)
    assert shown.reaches(replace(shown, tier=Tier.T0, labels=Lamps.NONE))
    for other in (
        replace(shown, session="s-2"),
        replace(shown, launch_hash="m"),
        replace(shown, def_hash="e"),
        replace(shown, tier=Tier.T2),
        replace(shown, labels=Lamps.P | Lamps.X),
    ):
        assert not shown.reaches(other)


def test_a_higher_tier_ends_it_for_good() -> None:
    async def story() -> None:
        told = await Story(World()).begin()
        higher = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T2),))
        lower, told.connection.server = told.connection.server, higher
        assert not await told.passes()
        told.connection.server = lower
        assert not await told.passes()

    play(story)


def test_a_rule_that_asks_or_denies_beats_it_and_a_careful_resume_rests_it() -> None:
    async def story() -> None:
        told = await Story(World()).begin()
        told.world.rules.use((Rule(id="q", effect=Effect.ASK),))
        assert not await told.passes()
        told.world.rules.use(())
        assert await told.passes()
        told.world.stop.careful = True
        assert not await told.passes()
        told.world.stop.careful = False
        told.world.rules.use((Rule(id="d", effect=Effect.DENY, never=True),))
        reply = await told.world.gate.handle(told.call(), told.world.server)
        assert isinstance(reply, Refused)
        assert reply.never

    play(story)


def test_three_lamps_ask_whatever_is_remembered() -> None:
    async def story() -> None:
        told = Story(World())
        told.connection = make_connection(session=make_session("analyst"))
        await told.begin()
        told.connection.session.lamps = Lamps.U | Lamps.P
        told.connection.server = make_server(
            tools=(ToolSetting(pattern="*", tier=Tier.T1, labels=Lamps.X),)
        )
        assert not await told.passes()

    play(story)


def test_only_what_is_on_screen_is_remembered() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        task = world.start(make_call(connection))
        request = await world.asked()
        intent = SaveRule(n=1, data="", request=request.id, digest=request.digest)
        for wrong in (
            structs.replace(intent, request="call-9"),
            structs.replace(intent, digest="0" * 64),
        ):
            with pytest.raises(ConfigurationError, match="does not wait any more"):
                await remember_approval(ALLOW, wrong, world.approvals, world.rules)
        other = replace(ALLOW, tool="cancel_order")
        with pytest.raises(ConfigurationError, match="another tool"):
            await remember_approval(other, intent, world.approvals, world.rules)
        world.answer(request, allow=False)
        await task

    play(story)


@pytest.mark.parametrize(
    ("rule", "tier", "fits"),
    [
        (ALLOW, Tier.T0, True),
        (ALLOW, Tier.T1, True),
        (ALLOW, Tier.T2, False),
        (ALLOW, Tier.T3, False),
        (replace(ALLOW, when=(Condition(path="/n", op=Operator.EQ, value=1),)), Tier.T2, True),
        (replace(ALLOW, when=(Condition(path="", op=Operator.TAINT_HAS, value="U"),)), Tier.T2, 0),
        (replace(ALLOW, tool="dispatch_*"), Tier.T0, False),
        (replace(ALLOW, server="*"), Tier.T0, False),
        (replace(ALLOW, agent="*"), Tier.T0, False),
        (replace(ALLOW, effect=Effect.DENY), Tier.T0, False),
        (replace(ALLOW, kind=Kind.READ), Tier.T0, False),
        (replace(ALLOW, limits=RuleLimits(uses=1)), Tier.T0, False),
        (replace(ALLOW, enabled=False), Tier.T0, False),
    ],
)
def test_what_can_be_remembered(rule: Rule, tier: Tier, fits: bool) -> None:
    assert (fault_of_grant(rule, tier) == "") is bool(fits)
