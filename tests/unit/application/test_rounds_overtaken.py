"""What a person changes while a call is between two requests of its client holds for that call."""

from dataclasses import replace

import pytest

from keyturn.application.call import Forwarded, Refused
from keyturn.application.rejudging import judge_waiting
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_tool
from tests.unit.application.gate_world import play, settle
from tests.unit.application.rounds_rig import Rig, make_rig, result

NO_ORDERS = Rule(id="r-no", effect=Effect.DENY, name="no orders")


async def told(rig: Rig, state: str) -> Refused:
    """Let the client come back; return its refusal, and make sure that nothing was sent."""
    reply = result(await rig.request(state))
    assert isinstance(reply, Refused)
    assert rig.world.server.sent == []
    return reply


async def in_a_gap(*, allowed: bool) -> tuple[Rig, str]:
    """Let a first round pass, and a person allow the call or not; return what continues it."""
    rig = await make_rig()
    state = await rig.state()
    if allowed:
        rig.allow()
        await settle()
    return rig, state


async def deny_by_rule(rig: Rig) -> None:
    """Make a deny rule as the window does."""
    await rig.world.rules.add(NO_ORDERS)
    judge_waiting(rig.world.approvals, rig.world.rules, suspended=rig.world.stop.careful)


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize("allowed", [False, True])
def test_a_deny_rule_made_in_the_gap_denies(*, allowed: bool) -> None:
    async def story() -> None:
        rig, state = await in_a_gap(allowed=allowed)
        await deny_by_rule(rig)
        reply = await told(rig, state)
        assert (reply.outcome, reply.rule) == (Outcome.DENIED_RULE, "no orders")
        assert rig.outcomes == ["denied_rule"]
        assert rig.decisions[0].verdict == "deny"
        assert rig.world.rules.hits("r-no") == 1

    play(story)


def test_a_deny_rule_made_before_the_answer_is_not_in_the_way_of_the_next_call() -> None:
    async def story() -> None:
        rig, state = await in_a_gap(allowed=True)
        await rig.world.rules.add(Rule(id="r-other", effect=Effect.DENY, tool="cancel_*"))
        assert isinstance(result(await rig.request(state)), Forwarded)
        assert rig.outcomes == ["allowed_once"]

    play(story)


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize("allow", [False, True])
def test_an_allow_rule_that_is_gone_again_has_a_person_decide(*, allow: bool) -> None:
    async def story() -> None:
        rig, state = await in_a_gap(allowed=False)
        await rig.world.rules.add(Rule(id="r-yes", effect=Effect.ALLOW))
        judge_waiting(rig.world.approvals, rig.world.rules, suspended=False)
        await settle()
        assert rig.world.approvals.waiting() == ()
        await rig.world.rules.remove("r-yes")
        task = await rig.request(state)
        assert rig.world.server.sent == []
        assert [shown.id for shown in rig.world.approver.shown] == ["call-1", "call-1.2"]
        task = await rig.request(await rig.round_over(task))
        rig.world.answer(rig.world.approver.shown[1], allow=allow)
        await settle()
        assert isinstance(result(task), Forwarded if allow else Refused)
        assert len(rig.world.server.sent) == int(allow)
        assert rig.outcomes == ["allowed_once" if allow else "denied_user"]

    play(story)


@pytest.mark.requirement("I-14")
@pytest.mark.parametrize("allowed", [False, True])
def test_a_definition_that_drifts_in_the_gap_blocks(*, allowed: bool) -> None:
    async def story() -> None:
        rig, state = await in_a_gap(allowed=allowed)
        await rig.world.connect(rig.connection, make_tool(description="Something else."))
        await settle()
        reply = await told(rig, state)
        assert reply.outcome is Outcome.BLOCKED_DEFINITION_CHANGED
        assert rig.outcomes == ["blocked_definition_changed"]

    play(story)


@pytest.mark.requirement("LAW-5", "K7")
@pytest.mark.parametrize("resumed", [False, True])
def test_a_stop_in_the_gap_refuses_what_was_allowed(*, resumed: bool) -> None:
    async def story() -> None:
        rig, state = await in_a_gap(allowed=True)
        await rig.world.stop.engage("window")
        if resumed:
            await rig.world.stop.resume(looked_at=(), careful=False)
        reply = await told(rig, state)
        assert reply.outcome is Outcome.REFUSED_PAUSED
        assert rig.outcomes == ["refused_paused"]

    play(story)


def test_a_tool_that_reaches_further_by_then_is_not_called() -> None:
    async def story() -> None:
        rig, state = await in_a_gap(allowed=True)
        raised = (ToolSetting(pattern="*", tier=Tier.T2),)
        rig.connection.server = replace(rig.connection.server, tools=raised)
        reply = await told(rig, state)
        assert reply.outcome is Outcome.REFUSED_UNREVIEWED
        assert rig.outcomes == ["refused_unreviewed"]

    play(story)
