"""What was allowed by less than it takes by then is allowed by nobody, whichever way it went."""

import pytest

from keyturn.application.answer_levels import Clicks
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    Route,
)
from keyturn.application.call import NO_WINDOW, Forwarded, Refused
from keyturn.application.receiving import AGAIN_FOR, TAKES_MORE
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.step_up import Takes, Weighed
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_request
from tests.unit.application.gate_world import World, play, settle
from tests.unit.application.test_rounds_overtaken import in_a_gap

LEVELS = tuple(Takes)
ALLOW = Rule(id="r-1", effect=Effect.ALLOW, tool="dispatch_order")


class Rising(Clicks):
    """What it takes, as a test says."""

    def __init__(self, now: Takes = Takes.CLICK) -> None:
        self.now = now

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes now."""
        return self.now


def allowing(request: ApprovalRequest, level: Takes, route: Route = Route.WINDOW) -> Answer:
    """Allow a request with all that a level takes."""
    return Answer(
        id=request.id,
        digest=request.digest,
        verdict=AnswerVerdict.ALLOW_ONCE,
        route=route,
        named=level >= Takes.NAME,
        pin=level >= Takes.PIN,
        persons=("Ada", "Berta") if level is Takes.BOTH else (),
    )


def rising(*rules: Rule) -> tuple[World, Rising]:
    """Return a world in which what calls take is moved by the test."""
    world, levels = World(*rules), Rising()
    world.approvals.levels = levels
    return world, levels


@pytest.mark.requirement("STEP-4", "LAW-4")
@pytest.mark.parametrize("met", LEVELS)
@pytest.mark.parametrize("needed", LEVELS)
def test_what_rises_after_the_click_is_asked_about_again(met: Takes, needed: Takes) -> None:
    """Between the answer and the write nothing but what it takes has moved; each is recorded."""

    async def story() -> None:
        world, levels = rising()
        task = world.start(make_call(await world.connect()))
        first = await world.asked()
        world.log.hold()
        assert world.approvals.answer(allowing(first, met)) is AnswerEffect.APPLIED
        await settle()
        levels.now = needed
        world.log.release()
        await settle()
        if met >= needed:
            assert isinstance(await task, Forwarded)
            assert world.outcomes() == ["allowed_once", "completed"]
            return
        assert world.server.sent == []
        second = await world.asked(2)
        assert (second.id == first.id, second.digest) == (False, first.digest)
        assert world.approvals.answer(allowing(second, met)) is not AnswerEffect.APPLIED
        assert world.approvals.answer(allowing(second, needed)) is AnswerEffect.APPLIED
        assert isinstance(await task, Forwarded)
        assert len(world.server.sent) == 1
        assert world.outcomes() == ["allowed_once", "not_sent", "allowed_once", "completed"]
        (void, _) = world.log.of_type(RecordType.DELIVERY)
        assert (void.call, void.details) == (first.call, {"reason": TAKES_MORE})
        (_, again) = world.log.of_type(RecordType.DECISION)
        assert (again.call, again.details[AGAIN_FOR]) == (second.call, first.call)

    play(story)


@pytest.mark.requirement("STEP-4")
def test_a_rule_that_let_it_through_before_it_took_more_is_asked_once_more() -> None:
    """What stands and still allows is no click: it goes, at what it takes by then."""

    async def story() -> None:
        world, levels = rising(ALLOW)
        connection = await world.connect()
        await world.agreements.set_tier(
            world.pin_shown(), Tier.T1, world.agreements.pins()[0].labels
        )
        world.log.hold()
        task = world.start(make_call(connection))
        await settle()
        levels.now = Takes.PIN
        world.rules.raised = lambda _agent: True
        world.rules.disturbed()
        world.log.release()
        request = await world.asked()
        assert request.because == "stepped_up"
        assert world.server.sent == []
        assert world.approvals.answer(allowing(request, Takes.PIN)) is AnswerEffect.APPLIED
        assert isinstance(await task, Forwarded)

    play(story)


@pytest.mark.requirement("STEP-4", "I-09")
@pytest.mark.parametrize("met", LEVELS)
@pytest.mark.parametrize("needed", LEVELS)
def test_a_retry_is_worth_what_was_met(met: Takes, needed: Takes) -> None:
    """A permission for one retry lets nothing through that takes more by then."""
    world, levels = rising()
    shown = make_request()
    world.approvals.grants.make_for(shown, met)
    levels.now = needed
    assert world.approvals.take_retry_grant(shown.digest, shown.weighed) is (met >= needed)


@pytest.mark.requirement("STEP-4", "LAW-3")
@pytest.mark.parametrize("route", [Route.TERMINAL, Route.EXEC])
def test_without_a_window_it_is_refused_with_the_reason(route: Route) -> None:
    """At once where it takes more already, and at the answer where it came to."""

    async def story() -> None:
        world, levels = rising()
        connection = await world.connect()
        world.approver.route = route
        task = world.start(make_call(connection))
        request = await world.asked()
        levels.now = Takes.NAME
        effect = world.approvals.answer(allowing(request, Takes.CLICK, route))
        assert effect is AnswerEffect.NO_WINDOW
        for handled in (await task, await world.start(make_call(connection))):
            assert isinstance(handled, Refused)
            assert handled.outcome is Outcome.REFUSED_NO_APPROVER
            assert handled.faults == (NO_WINDOW,)
        assert (len(world.approver.shown), world.server.sent) == (1, [])

    play(story)


@pytest.mark.requirement("STEP-4")
def test_a_name_that_was_not_typed_does_not_do() -> None:
    """A click on a card that asked for nothing is no name, however late it comes."""

    async def story() -> None:
        world, levels = rising()
        task = world.start(make_call(await world.connect()))
        request = await world.asked()
        levels.now = Takes.NAME
        effect = world.approvals.answer(allowing(request, Takes.CLICK))
        assert effect is AnswerEffect.NAME_WANTED
        assert world.approvals.answer(allowing(request, Takes.NAME)) is AnswerEffect.APPLIED
        assert isinstance(await task, Forwarded)

    play(story)


@pytest.mark.requirement("STEP-4")
def test_what_rises_between_two_rounds_is_asked_about_again() -> None:
    """Allowed while its client was away, and it took more when that came back."""

    async def story() -> None:
        rig, state = await in_a_gap(allowed=True)
        levels = Rising(Takes.PIN)
        rig.world.approvals.levels = levels
        task = await rig.request(state)
        request = await rig.world.asked(2)
        assert rig.world.server.sent == []
        assert not task.done()
        answer = allowing(request, Takes.CLICK)
        assert rig.world.approvals.answer(answer) is AnswerEffect.PIN_WANTED
        assert rig.world.approvals.answer(allowing(request, Takes.PIN)) is AnswerEffect.APPLIED
        assert isinstance(await task, Forwarded)
        assert len(rig.world.server.sent) == 1
        assert rig.outcomes == ["allowed_once", "allowed_once"]

    play(story)
