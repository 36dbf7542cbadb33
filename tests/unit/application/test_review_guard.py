"""A card is no way around the PIN: what loosens takes it there as it does anywhere."""

import inspect
from dataclasses import replace

import msgspec
import pytest

from keyturn.application import review_guard
from keyturn.application.answer_levels import Clicks, needed
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.connection import Connection
from keyturn.application.console_protocol import Decide, RemoveRule, SaveRule, SetTier
from keyturn.application.pin_messages import MarkTwoPersons
from keyturn.application.result_messages import SetControls
from keyturn.application.review_request import BECAUSE_CLOSURE
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.console_answers import ConsoleAnswers
from keyturn.domain.closure import Closure, ClosureFile
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.decision import Actor
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import BothWanted, PinWanted
from keyturn.domain.lamps import Lamps
from keyturn.domain.pin import PinUse
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier
from keyturn.presentation.owed_pins import OwedPins
from keyturn.presentation.review_choice import review_choice
from tests.factories import (
    make_call,
    make_connection,
    make_launch,
    make_request,
    make_server,
    make_tool,
)
from tests.unit.application.approvals_rig import Queue
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle
from tests.unit.application.pins_rig import RIGHT, THEIRS, WRONG, Keeper
from tests.unit.application.pins_rig import play as play_pins
from tests.unit.application.test_pin_guard import guarded, save, tier
from tests.unit.application.test_two_persons import PERSONS, WORDS, marked

CHANGED = make_tool(description="Dispatch whatever there is.")
NEW = make_tool("cancel_order")
ASKING = make_server(tools=(), review=ReviewMode.ASK)


def allow(
    request: ApprovalRequest,
    to: Tier | None = None,
    labels: str | None = None,
    *,
    pin: bool = False,
    persons: tuple[str, ...] = (),
) -> Answer:
    """Allow a review as the window does."""
    return Answer(
        id=request.id,
        digest=request.digest,
        verdict=AnswerVerdict.ALLOW_ONCE,
        route=Route.WINDOW,
        tier=to,
        labels=labels,
        pin=pin,
        persons=persons,
    )


async def reviewing(world: BrokerWorld, *tools: ToolDefinition) -> ApprovalRequest:
    """Have a server list something that nobody agreed to, and return its card."""
    await world.reviews.listed(make_connection(server=ASKING), tools)
    return world.approver.shown[-1]


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize(
    ("to", "labels", "takes"),
    [
        (None, None, Takes.CLICK),
        (None, "X", Takes.CLICK),
        (Tier.T2, None, Takes.CLICK),
        (Tier.T2, "XU", Takes.CLICK),
        (Tier.T2, "", Takes.PIN),
        (Tier.T1, None, Takes.PIN),
        (Tier.T0, "X", Takes.PIN),
    ],
)
def test_a_changed_tool_is_lowered_with_the_pin_only(
    to: Tier | None, labels: str | None, takes: Takes
) -> None:
    """It was confirmed as T2, and labelled X; what keeps that, or is more careful, is a click."""

    async def story() -> None:
        world = await guarded()
        request = await reviewing(world, CHANGED)
        assert request.kind is RequestKind.CHANGE
        answer = allow(request, to, labels)
        assert needed(world.approvals.levels, request, answer) is takes
        effect = world.approvals.answer(answer)
        assert effect is (AnswerEffect.PIN_WANTED if takes is Takes.PIN else AnswerEffect.APPLIED)
        await settle()
        if takes is Takes.PIN:
            answer = replace(answer, pin=True)
            assert world.approvals.answer(answer) is AnswerEffect.APPLIED
            await settle()
        (pin,) = world.agreements.named("logistics", CHANGED.name)
        assert (pin.definition, pin.tier) == (CHANGED, to)

    play(story)


@pytest.mark.requirement("PIN-5")
def test_a_card_shows_the_labels_that_are_kept() -> None:
    """Of a changed tool, and of one of a new command: what is on screen loses none of them."""

    async def story() -> None:
        world = await guarded()
        changed = await reviewing(world, CHANGED)
        other = make_connection(server=ASKING, launch=make_launch("logistics", "--new"))
        await world.reviews.listed(other, (make_tool(),))
        anew = world.approver.shown[-1]
        assert (changed.kind, changed.labels) == (RequestKind.CHANGE, "X")
        assert (anew.kind, anew.labels) == (RequestKind.DEFINITION, "X")
        choice = review_choice(changed, WORDS)
        assert choice is not None
        assert choice.ticked == "X"

    play(story)


@pytest.mark.requirement("PIN-5", "LAW-4")
def test_a_new_tool_is_confirmed_with_the_pin_and_agreed_to_without() -> None:
    """And the same holds for the intent, so that neither is the way around the other."""

    async def story() -> None:
        world = await guarded()
        request = await reviewing(world, make_tool(), NEW)
        assert request.kind is RequestKind.DEFINITION
        for to in (Tier.T0, Tier.T1, Tier.T2):
            assert world.approvals.answer(allow(request, to)) is AnswerEffect.PIN_WANTED
        assert world.approvals.answer(allow(request)) is AnswerEffect.APPLIED
        await settle()
        shown = world.pin_shown(NEW.name)
        for to in (Tier.T0, Tier.T1, Tier.T2):
            wish = SetTier(
                n=1,
                server=shown.server,
                launch_hash=shown.launch_hash,
                tool=shown.tool,
                def_hash=shown.def_hash,
                tier=to,
                labels="",
            )
            with pytest.raises(PinWanted):
                await world.intents.carry_out(wish)

    play(story)


@pytest.mark.requirement("PIN-5", "LAW-4")
def test_denying_removing_and_going_on_once_take_a_click() -> None:
    """Where no PIN is in use, so does everything."""

    async def story() -> None:
        world = await guarded()
        request = await reviewing(world, CHANGED)
        no = replace(allow(request), verdict=AnswerVerdict.DENY, hide=True)
        levels = world.approvals.levels
        assert needed(levels, request, no) is Takes.CLICK
        for kind in (RequestKind.INPUT, RequestKind.RESULT):
            once = make_request(kind=kind, tool=None)
            assert needed(levels, once, allow(once)) is Takes.CLICK
        agent = make_request(kind=RequestKind.AGENT, tool=None)
        assert needed(levels, agent, allow(agent)) is Takes.PIN
        world.pin_use = PinUse.NEVER
        for one, to in ((agent, None), (request, Tier.T0)):
            assert needed(levels, one, allow(one, to)) is Takes.CLICK

    play(story)


START = make_launch("logistics", "--new")
OTHER_FILES = Closure(files=(ClosureFile("script/orders.py", 4, "0" * 64),))


async def starting(world: BrokerWorld, connection: Connection) -> ApprovalRequest:
    """Have a server's command wait for consent, as a connecting agent does, and return its card."""
    before = len(world.approver.shown)
    TaskOwner().start(world.reviews.consent(connection, 60), "consent")
    return await world.asked(before + 1)


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize("changed", [False, True])
def test_agreeing_to_a_start_takes_the_pin(changed: bool) -> None:
    """Of a program that is new, and of one whose files changed; whatever pressed the button."""

    async def story() -> None:
        world = await guarded()
        connection = make_connection(server=ASKING, launch=START)
        if changed:
            await world.agreements.agree(connection, Actor.HUMAN, None)
            connection.closure = OTHER_FILES
        request = await starting(world, connection)
        assert request.kind is RequestKind.COMMAND
        assert request.because == (BECAUSE_CLOSURE if changed else "review_command")
        for answer in (
            allow(request),
            replace(allow(request), route=Route.ACCESSIBILITY, named=True),
        ):
            assert world.approvals.answer(answer) is AnswerEffect.PIN_WANTED
        assert not world.agreements.consented(connection)
        assert world.approvals.answer(allow(request, pin=True)) is AnswerEffect.APPLIED
        await settle()
        assert world.agreements.consented(connection)

    play(story)


@pytest.mark.requirement("PIN-5")
def test_refusing_a_start_takes_a_click_and_so_does_all_where_no_pin_is_asked() -> None:
    async def story() -> None:
        world = await guarded()
        first = await starting(world, make_connection(server=ASKING, launch=START))
        no = replace(allow(first), verdict=AnswerVerdict.DENY)
        assert world.approvals.answer(no) is AnswerEffect.APPLIED
        world.pin_use = PinUse.T3
        other = make_connection(server=ASKING, launch=make_launch("logistics", "--other"))
        second = await starting(world, other)
        assert world.approvals.answer(allow(second)) is AnswerEffect.APPLIED
        await settle()
        assert world.agreements.consented(other)

    play(story)


@pytest.mark.requirement("PIN-5")
@pytest.mark.parametrize("kind", RequestKind)
def test_every_kind_of_card_is_sorted(kind: RequestKind) -> None:
    """The type check sees to it; this sees to it that there is something to check."""
    request = make_request(kind=kind)
    assert BrokerWorld().approvals.levels.of_review(request, allow(request)) in Takes
    assert "assert_never" in inspect.getsource(review_guard)


@pytest.mark.requirement("PIN-5")
def test_showing_a_removed_tool_again_takes_it() -> None:
    """As giving an agent more to see does."""

    async def story() -> None:
        world = await guarded()
        guard = world.make_guard()
        again = replace_hidden(tier(Tier.T2, "X"), hidden=False)
        assert not guard.wants_pin(again)
        await world.agreements.set_tier(world.pin_shown(), Tier.T2, Lamps.X, hidden=True)
        assert guard.wants_pin(again)
        assert not guard.wants_pin(replace_hidden(again, hidden=True))

    play(story)


def replace_hidden(wish: SetTier, *, hidden: bool) -> SetTier:
    """Return the wish with the tool removed from agents, or not."""
    return SetTier(
        n=1,
        server=wish.server,
        launch_hash=wish.launch_hash,
        tool=wish.tool,
        def_hash=wish.def_hash,
        tier=wish.tier,
        labels=wish.labels,
        hidden=hidden,
    )


# ---------------------------------------------------------------- two persons


DENIES = Rule(id="r-deny", effect=Effect.DENY, server="logistics", tool="dispatch_*")


@pytest.mark.requirement("TWO-4", "LAW-4")
def test_what_loosens_a_tool_of_two_takes_both_on_a_card_too() -> None:
    """One with the right PIN does not lower it; whatever its server lists meanwhile."""

    async def story() -> None:
        world = await guarded()
        await world.intents.carry_out(
            MarkTwoPersons(n=1, server="logistics", tool="dispatch_order", on=True)
        )
        request = await reviewing(world, CHANGED)
        answer = allow(request, Tier.T1, pin=True)
        assert world.approvals.answer(answer) is AnswerEffect.BOTH_WANTED
        assert world.approvals.answer(replace(answer, persons=PERSONS)) is AnswerEffect.APPLIED
        await settle()
        (pin,) = world.agreements.named("logistics", CHANGED.name)
        assert (pin.tier, pin.two_persons) == (Tier.T1, True)

    play(story)


def controls(chosen: ResultControls) -> SetControls:
    """Choose what comes back from the tool of two."""
    return SetControls(n=1, server="logistics", tool="dispatch_order", controls=chosen)


@pytest.mark.requirement("TWO-4", "LAW-4")
def test_tiers_and_rules_of_a_tool_of_two_take_both() -> None:
    """To tighten them takes nobody; a rule about other tools is as it was."""

    async def story() -> None:
        world = BrokerWorld(DENIES)
        await world.connect()
        await world.agreements.set_tier(world.pin_shown(), Tier.T2, Lamps.X)
        loosening = (
            tier(Tier.T0, "X"),
            tier(Tier.T2, ""),
            RemoveRule(n=1, id="r-deny"),
            save(replace(DENIES, effect=Effect.ASK)),
            save(replace(DENIES, tool="other")),
            save(replace(DENIES, id="r-new", effect=Effect.ALLOW, tool="*")),
            controls(ResultControls(secrets=False)),
        )
        guard = world.make_guard()
        assert not any(map(guard.wants_both, loosening))
        await world.intents.carry_out(
            MarkTwoPersons(n=1, server="logistics", tool="dispatch_order", on=True)
        )
        for intent in loosening:
            with pytest.raises(BothWanted):
                await world.intents.carry_out(intent, pin=True)
        assert world.rules.rules == (DENIES,)
        for intent in (
            tier(None, "X"),
            save(replace(DENIES, id="r-more")),
            save(replace(DENIES, id="r-new", effect=Effect.ALLOW, tool="other")),
            controls(ResultControls(max_tokens=10)),
        ):
            assert not guard.wants_both(intent)
        await world.intents.carry_out(loosening[0], pin=True, both=True)
        standing = world.agreements.standing(make_connection(), "dispatch_order")
        assert world.agreements.pins()[0].tier is Tier.T0
        assert standing.two_persons

    play(story)


@pytest.mark.requirement("TWO-4")
def test_to_remember_what_two_allow_takes_both() -> None:
    """A grant that counts for nothing now would count once the mark is gone."""

    async def story() -> None:
        world = await marked()
        task = world.start(make_call(await world.connect()))
        request = await world.asked()
        wish = SaveRule(n=1, data="", request=request.id, digest=request.digest, seconds=60)
        assert world.make_guard().wants_both(wish)
        world.answer(request, allow=False)
        await task

    play(story)


# ---------------------------------------------------------------- the window's answers


@pytest.mark.requirement("PIN-5")
def test_a_start_without_the_pin_is_told_what_takes_it() -> None:
    """A program that presses the button gets a question, and what waits goes on waiting."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        queue, start = Queue(), make_request(kind=RequestKind.COMMAND, tool=None)
        queue.approvals.levels = WithPin()
        queue.approvals.ask(start, hold_seconds=None)
        answers = ConsoleAnswers(queue.approvals, WORDS, pins)
        told = answers.without_pin(decides(start, None))
        assert (told.ok, told.pin) == (False, True)
        assert told.sentence == WORDS(
            "owed.takes_pin", change=WORDS("owed.review_start", server=start.server)
        )
        assert queue.ids() == [start.id]
        assert (await answers.with_pin(decides(start, None, pin=RIGHT))).ok
        assert queue.ids() == []

    play_pins(story)


class WithPin(Clicks):
    """Takes the PIN for every review."""

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what it takes."""
        return Takes.PIN


class Lowering(Clicks):
    """Takes more where a tier is chosen."""

    def __init__(self, more: Takes) -> None:
        self._more = more

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what it takes to allow it with that tier."""
        return Takes.CLICK if answer.tier is None else self._more


def card(more: Takes) -> tuple[Queue, ApprovalRequest]:
    """Return a queue with the card of a tool to confirm which takes so much."""
    queue, review = Queue(), make_request(kind=RequestKind.CHANGE)
    queue.approvals.levels = Lowering(more)
    queue.approvals.ask(review, hold_seconds=None)
    return queue, review


def decides(review: ApprovalRequest, to: Tier | None, **typed: str | bool) -> Decide:
    """Allow a review as the window says it."""
    said = {"n": 3, "id": review.id, "digest": review.digest, "allow": True, "tier": to}
    return msgspec.convert({**said, **typed}, Decide)


@pytest.mark.requirement("PIN-5")
def test_the_window_is_told_to_ask_and_what_for() -> None:
    """On the queue's own card; a wrong PIN is no answer, and the right one is for this alone."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        queue, review = card(Takes.PIN)
        answers = ConsoleAnswers(queue.approvals, WORDS, pins)
        told = answers.without_pin(decides(review, Tier.T0))
        assert (told.ok, told.pin, told.second) == (False, True, "")
        assert f"Pin “{review.tool}” of {review.server} as T0." in told.sentence
        # A PIN that was typed under that sentence does for nothing else that is chosen by then.
        other = await answers.with_pin(decides(review, Tier.T1, pin=RIGHT))
        assert (other.ok, other.pin, other.asks, queue.ids()) == (False, True, True, [review.id])
        assert "as T1" in other.sentence
        wrong = await answers.with_pin(decides(review, Tier.T0, pin=WRONG))
        assert (wrong.ok, queue.ids()) == (False, [review.id])
        assert (await answers.with_pin(decides(review, Tier.T0, pin=RIGHT))).ok
        assert queue.ids() == []

    play_pins(story)


@pytest.mark.requirement("PIN-4", "PIN-5")
def test_a_pin_typed_before_the_press_does_for_what_stood_over_its_field_alone() -> None:
    """The window may show the sentence before anybody presses; any other choice is asked anew."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        queue, review = card(Takes.PIN)
        answers = ConsoleAnswers(queue.approvals, WORDS, pins)
        owed = OwedPins(WORDS, lambda _rule: None, {review.id: review}.get)
        said = owed.said(decides(review, Tier.T1))
        for over in ("", said, owed.said(decides(review, Tier.T0), both=True)):
            answers = ConsoleAnswers(queue.approvals, WORDS, pins)
            other = await answers.with_pin(decides(review, Tier.T0, pin=RIGHT, said=over))
            assert (other.ok, other.asks, queue.ids()) == (False, True, [review.id])
        answers = ConsoleAnswers(queue.approvals, WORDS, pins)
        wrong = await answers.with_pin(decides(review, Tier.T1, pin=WRONG, said=said))
        assert (wrong.ok, wrong.asks, queue.ids()) == (False, False, [review.id])
        assert (await answers.with_pin(decides(review, Tier.T1, pin=RIGHT, said=said))).ok
        assert queue.ids() == []

    play_pins(story)


@pytest.mark.requirement("TWO-4", "PIN-4")
def test_two_type_for_what_was_chosen_and_nothing_else() -> None:
    """The second one's PIN does not do for another tier than the first one typed theirs for."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        queue, review = card(Takes.BOTH)
        answers = ConsoleAnswers(queue.approvals, WORDS, await keeper.start(), second)
        told = answers.without_pin(decides(review, Tier.T1))
        assert (told.ok, told.pin, told.second) == (False, True, "Berta")
        first = await answers.with_pin(decides(review, Tier.T1, pin=RIGHT))
        assert (first.ok, first.second, queue.ids()) == (True, "Berta", [review.id])
        late = await answers.with_pin(decides(review, Tier.T0, pin=THEIRS, second=True))
        assert (late.ok, late.asks) == (False, True)
        assert "as T0" in late.sentence
        # Asked for by now, and still not what the first one typed theirs for.
        late = await answers.with_pin(decides(review, Tier.T0, pin=THEIRS, second=True))
        assert (late.ok, late.sentence) == (False, WORDS("console.two_too_late"))
        assert queue.ids() == [review.id]
        done = await answers.with_pin(decides(review, Tier.T1, pin=THEIRS, second=True))
        assert (done.ok, queue.ids()) == (True, [])

    play_pins(story)


@pytest.mark.requirement("TWO-4")
def test_with_nobody_second_it_is_said_what_mends_it() -> None:
    async def story(keeper: Keeper) -> None:
        queue, review = card(Takes.BOTH)
        pins = await keeper.with_pin()
        answers = ConsoleAnswers(queue.approvals, WORDS, pins, await keeper.second_of(pins))
        told = answers.without_pin(decides(review, Tier.T1))
        assert (told.pin, told.sentence) == (False, WORDS("console.two_nobody"))

    play_pins(story)


@pytest.mark.requirement("PIN-5", "TWO-4")
@pytest.mark.parametrize("more", [Takes.PIN, Takes.BOTH])
def test_what_was_typed_into_the_windows_line_counts_for_a_card_too(more: Takes) -> None:
    """As the page of the servers sends it; both in one message, where it takes both."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        queue, review = card(more)
        answers = ConsoleAnswers(queue.approvals, WORDS, await keeper.start(), second)
        decide = decides(review, Tier.T1)
        both = more is Takes.BOTH
        assert not answers.without_pin(decide).ok
        if both:
            assert not answers.given(decide, pin=True, both=False).ok
        assert answers.given(decide, pin=True, both=both).ok
        assert queue.ids() == []

    play_pins(story)


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize(
    ("proposed", "to", "takes"),
    [
        (Tier.T2, Tier.T2, Takes.CLICK),
        (Tier.T3, Tier.T3, Takes.CLICK),
        (Tier.T3, Tier.T2, Takes.PIN),
        (None, Tier.T2, Takes.PIN),
        (Tier.T0, Tier.T1, Takes.PIN),
    ],
)
def test_what_seems_to_do_more_now_was_of_that_tier(
    proposed: Tier | None, to: Tier, takes: Takes
) -> None:
    """A tool of T2 whose definition is another now: the higher one of both counts."""

    async def story() -> None:
        world = await guarded()
        request = replace(await reviewing(world, CHANGED), proposed_tier=proposed)
        assert needed(world.approvals.levels, request, allow(request, to)) is takes

    play(story)


@pytest.mark.requirement("PIN-1", "PIN-5")
@pytest.mark.parametrize("use", list(PinUse))
@pytest.mark.parametrize("before", [*Tier, None])
def test_a_server_s_environment_may_have_raised_what_is_lowered(
    use: PinUse, before: Tier | None
) -> None:
    """So that lowering what reads takes it as lowering what reaches out does."""
    guard = review_guard.ReviewGuard(covers=use.covers, agreements=BrokerWorld().agreements)
    reaches = max(Tier.T2, Tier.T3 if before is None else before)
    assert guard.covers(before) is use.covers(reaches)
