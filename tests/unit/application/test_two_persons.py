"""Tools that take two persons: no rule, no grant and no one person lets them through."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    Route,
)
from keyturn.application.call import NO_SECOND_PERSON, Forwarded, Refused
from keyturn.application.console_protocol import Decide, IntentDone, SaveRule
from keyturn.application.pin_messages import MarkTwoPersons, SettleSeals, WithPin
from keyturn.application.remembering import remember_approval
from keyturn.application.retry_grants import RetryGrants
from keyturn.approvers.console_answers import ConsoleAnswers
from keyturn.broker.refusals import refusal_text
from keyturn.domain.canonical import canonical
from keyturn.domain.decision import Outcome
from keyturn.domain.definition import ReviewState
from keyturn.domain.errors import BothWanted, ConfigurationError
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words
from tests.factories import make_call, make_connection, make_launch, make_request, make_tool
from tests.sources import ROOT
from tests.unit.application.approvals_rig import Queue
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle
from tests.unit.application.pins_rig import RIGHT, THEIRS, WRONG, Keeper
from tests.unit.application.pins_rig import play as play_pins
from tests.unit.application.test_pin_guard import seals

ALLOW = Rule(
    id="r-1", effect=Effect.ALLOW, agent="analyst", server="logistics", tool="dispatch_order"
)
PERSONS = ("Ada", "Berta")
TOOL = {"server": "logistics", "tool": "dispatch_order"}
WORDS = Words(ROOT / "resources" / "translations")


async def marked(*rules: Rule, second: bool = True) -> BrokerWorld:
    """Return a broker with a tool that takes two persons, confirmed as reading only."""
    world = BrokerWorld(*rules)
    world.approvals.somebody_second = lambda: second
    await world.connect()
    await world.agreements.set_tier(world.pin_shown(), Tier.T0, world.agreements.pins()[0].labels)
    await world.intents.carry_out(MarkTwoPersons(n=1, on=True, **TOOL))
    return world


def saved(rule: Rule) -> SaveRule:
    """Save a rule as the window sends it."""
    return SaveRule(n=1, data=canonical(rule_to_data(rule)).decode())


def answer(
    request: ApprovalRequest, route: Route = Route.WINDOW, persons: tuple[str, ...] = ()
) -> Answer:
    """Allow it with a PIN, and with both where `persons` are named."""
    return Answer(
        id=request.id,
        digest=request.digest,
        verdict=AnswerVerdict.ALLOW_ONCE,
        route=route,
        pin=True,
        persons=persons,
    )


@pytest.mark.requirement("TWO-1", "C2")
def test_two_persons_let_it_through_and_both_are_recorded() -> None:
    """One with the right PIN does not, by whatever way the answer comes."""

    async def story() -> None:
        world = await marked()
        task = world.start(make_call(await world.connect()))
        request = await world.asked()
        assert request.two_persons
        for route in (Route.WINDOW, Route.ACCESSIBILITY):
            effect = world.approvals.answer(answer(request, route))
            assert effect is AnswerEffect.BOTH_WANTED
            effect = world.approvals.answer(answer(request, route, ("Ada",)))
            assert effect is AnswerEffect.BOTH_WANTED
        assert world.server.sent == []
        assert world.approvals.answer(answer(request, persons=PERSONS)) is AnswerEffect.APPLIED
        assert isinstance(await task, Forwarded)
        (decision,) = world.log.of_type(RecordType.DECISION)
        assert decision.details["persons"] == list(PERSONS)

    play(story)


@pytest.mark.requirement("TWO-1")
def test_no_rule_lets_it_through() -> None:
    """Nor the built-in one for reads; a rule that denies still denies."""

    async def story() -> None:
        world = await marked(ALLOW)
        task = world.start(make_call(await world.connect()))
        request = await world.asked()
        assert request.because == "two_persons"
        await world.intents.carry_out(saved(replace(ALLOW, id="r-2")), pin=True, both=True)
        assert world.server.sent == []
        denying = replace(ALLOW, id="r-3", effect=Effect.DENY)
        await world.intents.carry_out(saved(denying))
        refused = await task
        assert isinstance(refused, Refused)
        assert refused.outcome is Outcome.DENIED_RULE

    play(story)


@pytest.mark.requirement("TWO-1")
def test_what_was_remembered_before_lets_nothing_through() -> None:
    """Neither a grant nor the permission for one retry of the identical call."""

    async def story() -> None:
        world = BrokerWorld()
        connection = await world.connect()
        task = world.start(make_call(connection))
        request = await world.asked()
        wish = SaveRule(n=1, data="", request=request.id, digest=request.digest, seconds=600)
        await remember_approval(ALLOW, wish, world.approvals, world.rules)
        world.answer(request, allow=True)
        await task
        world.approvals.grants.make_for(request, Takes.CLICK)
        world.approvals.somebody_second = lambda: True
        await world.intents.carry_out(MarkTwoPersons(n=1, on=True, **TOOL))
        again = world.start(make_call(connection))
        asked = await world.asked(2)
        assert asked.digest == request.digest
        assert len(world.server.sent) == 1
        world.answer(asked, allow=False)
        await again

    play(story)


@pytest.mark.requirement("TWO-1")
def test_a_retry_that_two_allowed_is_theirs() -> None:
    """What one person left counts for nothing, what two left counts once."""
    grants, shown = RetryGrants(Queue().clock, 600), make_request()
    for level in Takes:
        grants.make_for(shown, level)
        assert grants.take(shown.digest, shown.tier, Takes.BOTH) is (level is Takes.BOTH)
        assert not grants.take(shown.digest, shown.tier, Takes.CLICK)


@pytest.mark.requirement("TWO-1", "C2")
def test_a_mark_that_comes_while_it_waits_makes_another_card_of_it() -> None:
    """An answer to the old card is an answer to nothing."""

    async def story() -> None:
        world = BrokerWorld()
        world.approvals.somebody_second = lambda: True
        task = world.start(make_call(await world.connect()))
        old = await world.asked()
        await world.intents.carry_out(MarkTwoPersons(n=1, on=True, **TOOL))
        new = await world.asked(2)
        assert new.two_persons
        assert world.approvals.answer(answer(old, persons=PERSONS)) is AnswerEffect.OVER
        assert world.approvals.answer(answer(new, persons=PERSONS)) is AnswerEffect.APPLIED
        assert isinstance(await task, Forwarded)

    play(story)


@pytest.mark.requirement("TWO-1")
def test_a_mark_between_the_click_and_the_record_refuses() -> None:
    """What one person allowed was a call that takes one."""

    async def story() -> None:
        world = BrokerWorld()
        task = world.start(make_call(await world.connect()))
        request = await world.asked()
        world.log.hold()
        marking = world.agreements.mark_two("logistics", "dispatch_order", on=True)
        mark = asyncio.get_running_loop().create_task(marking)
        await settle()
        world.log.release()
        assert world.answer(request, allow=True) is AnswerEffect.APPLIED
        assert isinstance(await task, Refused)
        assert await mark
        assert world.server.sent == []

    play(story)


@pytest.mark.requirement("TWO-2")
def test_without_a_second_person_it_is_refused_and_says_what_mends_it() -> None:
    """As with an approver that can only be one: the terminal's, a program's."""

    async def story() -> None:
        world = await marked(ALLOW, second=False)
        refused = await world.start(make_call(await world.connect()))
        assert isinstance(refused, Refused)
        assert (refused.outcome, refused.faults) == (
            Outcome.REFUSED_NO_APPROVER,
            (NO_SECOND_PERSON,),
        )
        assert "name one in Settings" in refusal_text(refused)
        assert world.approver.shown == []
        assert world.server.sent == []

    play(story)


@pytest.mark.requirement("TWO-3", "I-14")
def test_the_mark_outlives_what_the_server_becomes() -> None:
    """Another definition, another command, the server taken out and put in again."""

    async def story() -> None:
        world = await marked()
        changed = make_tool(description="Dispatch whatever there is.")
        other = make_connection(launch=make_launch("logistics", "--new"))
        for connection, tool in ((make_connection(), changed), (other, make_tool())):
            await world.connect(connection, tool)
            review = world.approver.shown[-1]
            world.answer(review, allow=True)
            await world.reviews.listed(connection, (tool,))
            await settle()
            standing = world.agreements.standing(connection, tool.name)
            assert (standing.state, standing.two_persons) == (ReviewState.PINNED, True)

    play(story)


@pytest.mark.requirement("TWO-3", "LAW-4")
def test_the_mark_goes_with_both_pins_only() -> None:
    """Putting it on takes none; a table of pins that was changed outside takes both as well."""

    async def story() -> None:
        world = await marked()
        off = MarkTwoPersons(n=1, on=False, **TOOL)
        for pin in (False, True):
            with pytest.raises(BothWanted):
                await world.intents.carry_out(off, pin=pin)
            for accept in (False, True):
                with pytest.raises(BothWanted):
                    await world.intents.carry_out(seals("pins", accept=accept), pin=pin)
        assert all(pin.two_persons for pin in world.agreements.pins())
        await world.intents.carry_out(off, pin=True, both=True)
        assert not any(pin.two_persons for pin in world.agreements.pins())
        await world.intents.carry_out(off)
        with pytest.raises(ConfigurationError, match="not pinned"):
            await world.intents.carry_out(MarkTwoPersons(n=1, server="x", tool="y", on=True))
        outcomes = [entry.outcome for entry in world.log.of_type(RecordType.REVIEW)]
        assert outcomes[-3:] == ["two_persons", "one_person", "one_person"]

    play(story)


def test_nobody_second_leaves_changed_pins_to_one_person() -> None:
    """They would be stuck else, and every tool with them."""

    async def story() -> None:
        world = await marked(second=False)
        settle = SettleSeals(n=1, table="pins", shown="0" * 64, accept=True)
        assert not world.make_guard().wants_both(settle)

    play(story)


# ---------------------------------------------------------------- the window's answers


class Window:
    """What the window says, over one keychain and one queue with one card."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.queue = Queue()
        self.asked = replace(make_request(), two_persons=True, tier=Tier.T0)
        self.number = 0

    async def open(self) -> "Window":
        """Put the card on screen."""
        self.second = await self.keeper.with_both()
        pins = await self.keeper.start()
        self.answers = ConsoleAnswers(self.queue.approvals, WORDS, pins, self.second)
        self.resolved = self.queue.approvals.ask(self.asked, hold_seconds=600)
        return self

    async def type(self, pin: str, *, second: bool = False, digest: str = "") -> IntentDone:
        """Press Allow with a PIN."""
        self.number += 1
        decide = Decide(
            n=self.number,
            id=self.asked.id,
            digest=digest or self.asked.digest,
            allow=True,
            pin=pin,
            second=second,
        )
        return await self.answers.with_pin(decide)


@pytest.mark.requirement("TWO-1", "PIN-4")
def test_the_card_is_answered_by_one_after_the_other() -> None:
    """A program that presses the button with one PIN gets nowhere, whichever PIN it is."""

    async def story(keeper: Keeper) -> None:
        window = await Window(keeper).open()
        assert not (await window.type(THEIRS, second=True)).ok
        first = await window.type(RIGHT)
        assert (first.ok, first.second) == (True, "Berta")
        for pin in (RIGHT, WRONG):
            again = await window.type(pin, second=True)
            assert (again.ok, again.second) == (False, "Berta")
        assert not (await window.type(THEIRS, second=True, digest="0" * 64)).ok
        assert not window.resolved.done()
        done = await window.type(THEIRS, second=True)
        assert (done.ok, done.second, done.sentence) == (True, "", "")
        resolution = await window.resolved
        assert resolution.answer is not None
        assert resolution.answer.persons == PERSONS

    play_pins(story)


@pytest.mark.requirement("TWO-1")
def test_without_any_pin_nothing_is_allowed() -> None:
    async def story(keeper: Keeper) -> None:
        window = await Window(keeper).open()
        await window.type(RIGHT)
        decide = Decide(n=9, id=window.asked.id, digest=window.asked.digest, allow=True)
        done = window.answers.without_pin(decide)
        assert "two persons" in done.sentence
        assert not window.resolved.done()

    play_pins(story)


@pytest.mark.requirement("TWO-3")
def test_a_change_with_both_pins_is_one_message() -> None:
    """One of them wrong, or one PIN twice, is none; and with nobody second nothing is asked."""

    async def story(keeper: Keeper) -> None:
        window = await Window(keeper).open()
        answers = window.answers
        for pin, second in ((RIGHT, RIGHT), (WRONG, THEIRS)):
            with_pin = WithPin(n=1, pin=pin, second=second, intent="")
            refused = await answers.refused(with_pin)
            assert refused is not None
            assert (refused.ok, refused.pin, refused.second) == (False, True, "Berta")
        with_both = WithPin(n=1, pin=RIGHT, second=THEIRS, intent="")
        assert await answers.refused(with_both) is None
        mark = MarkTwoPersons(n=1, on=False, **TOOL)
        wanted = answers.wanted(1, (mark,), both=True)
        assert (wanted.pin, wanted.second) == (True, "Berta")
        alone = ConsoleAnswers(window.queue.approvals, WORDS, await keeper.start())
        assert not (await alone.refused(with_both) or IntentDone(n=1, ok=True)).ok
        wanted = alone.wanted(1, (mark,), both=True)
        assert (wanted.pin, wanted.sentence) == (False, WORDS("console.two_nobody"))

    play_pins(story)
