"""The PIN: asked where a person chose so, right or wrong, counted over restarts, never written."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application import pin_tries
from keyturn.application.answering import WINDOW
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    Route,
)
from keyturn.application.console_protocol import Decide, decode_from_window, encode_line
from keyturn.application.pin_messages import SetPin, WithPin
from keyturn.application.pins import ENTRY, MARK
from keyturn.application.ports.secret_store import Secret
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.console_answers import ConsoleAnswers, setting_pins
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable
from keyturn.domain.pin import (
    LONGEST,
    LONGEST_WAIT_SECONDS,
    PinCheck,
    PinOutcome,
    PinUse,
    is_usable,
    tries_left,
    wait_after,
)
from keyturn.domain.record import RecordType
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.sources import ROOT
from tests.unit.application.approvals_rig import Queue
from tests.unit.application.pins_rig import RIGHT, WRONG, FullKeychain, Keeper, PinLevels, play


def test_pauses_double_up_to_an_hour() -> None:
    """Five tries are free; then 30 s, doubled each time."""
    assert [wait_after(n) for n in (0, 4, 5, 6, 7, 11)] == [0, 0, 30, 60, 120, 1920]
    assert {wait_after(n) for n in (12, 13, 1_000)} == {LONGEST_WAIT_SECONDS}
    assert [tries_left(n) for n in (0, 4, 5, 9)] == [5, 1, 0, 0]


def test_a_verifier_is_slow_to_make() -> None:
    """With 32 MiB for each try; other tests here make theirs quickly."""
    assert pin_tries.COST * 8 * 128 == 32 * 1024 * 1024


@pytest.mark.parametrize(("pin", "usable"), [("123", False), ("1234", True), ("a\n456", False)])
def test_what_can_be_a_pin(pin: str, usable: bool) -> None:
    """Long enough, and printable."""
    assert is_usable(pin) is usable
    assert not is_usable("1" * 65)


@pytest.mark.requirement("PIN-1")
@pytest.mark.parametrize(
    ("use", "tiers"),
    [
        (PinUse.NEVER, set[Tier]()),
        (PinUse.T3, {Tier.T3}),
        (PinUse.T2_T3, {Tier.T2, Tier.T3}),
    ],
)
def test_it_is_asked_for_the_chosen_calls_only(use: PinUse, tiers: set[Tier]) -> None:
    """By tier; a restart changes nothing."""

    async def story(keeper: Keeper) -> None:
        await keeper.with_pin(use)
        pins = await keeper.start()
        asked = {tier for tier in Tier if pins.covers(tier)}
        assert asked == tiers

    play(story)


@pytest.mark.requirement("PIN-2")
def test_tries_are_counted_over_restarts() -> None:
    """The sixth try waits, whoever started in between; the right one ends the count."""

    async def story(keeper: Keeper) -> None:
        await keeper.with_pin()
        for left in (4, 3, 2, 1):
            pins = await keeper.start()
            assert await pins.check(WRONG) == PinCheck(outcome=PinOutcome.WRONG, left=left)
        pins = await keeper.start()
        assert await pins.check(WRONG) == PinCheck(outcome=PinOutcome.WRONG, seconds=30)
        pins = await keeper.start()
        assert (await pins.check(RIGHT)).outcome is PinOutcome.WAIT
        keeper.clock.advance(31)
        assert (await pins.check(RIGHT)).outcome is PinOutcome.RIGHT
        assert (await pins.check(WRONG)).left == 4

    play(story)


@pytest.mark.requirement("PIN-2")
def test_a_try_that_was_cut_off_has_been_counted() -> None:
    """Ending the broker while it compares gives no try for nothing."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        trying = TaskOwner().start(pins.check(WRONG), "a try")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        trying.cancel()
        await asyncio.wait([trying])
        assert (await (await keeper.start()).check(WRONG)).left == 3

    play(story)


@pytest.mark.requirement("PIN-2")
def test_many_at_once_are_tried_one_after_the_other() -> None:
    """No more than five are looked at, however many come together."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        checks = await asyncio.gather(*(pins.check(WRONG) for _ in range(8)))
        outcomes = [check.outcome for check in checks]
        assert outcomes.count(PinOutcome.WRONG) == 5
        assert outcomes.count(PinOutcome.WAIT) == 3

    play(story)


@pytest.mark.requirement("PIN-3")
def test_changing_anything_takes_the_present_one() -> None:
    """Another PIN, or asking for less; a wrong one changes nothing."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        words = Words(ROOT / "resources" / "translations")
        set_pin = setting_pins(pins, await keeper.second_of(pins), words)
        for new, use in ((WRONG, "t2_t3"), ("", "never")):
            with pytest.raises(ConfigurationError, match="not your PIN"):
                await set_pin(SetPin(n=1, present=WRONG, new=new, use=use))
        assert pins.state().use == "t2_t3"
        await set_pin(SetPin(n=1, present=RIGHT, new="", use="t3"))
        assert pins.state().use == "t3"
        await set_pin(SetPin(n=1, present=RIGHT, new="another", use="t3"))
        assert (await pins.check("another")).outcome is PinOutcome.RIGHT
        with pytest.raises(ConfigurationError, match="4 to 64"):
            await set_pin(SetPin(n=1, present="another", new="1", use="t3"))

    play(story)


def test_without_one_a_new_one_is_needed() -> None:
    """Being asked for a PIN that there is not would refuse every call."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.start()
        with pytest.raises(ConfigurationError, match="no PIN yet"):
            await pins.set("", "", PinUse.T3)
        assert not pins.state().is_set

    play(story)


@pytest.mark.requirement("PIN-1", "I-24")
@pytest.mark.parametrize("noted", [None, "never", "t2_t3"])
def test_a_locked_keychain_does_not_open_the_way(noted: str | None) -> None:
    """It is asked wherever it could be, whatever the file says by now, and no PIN is right."""

    async def story(keeper: Keeper) -> None:
        await keeper.with_pin()
        keeper.settings.by_name.clear()
        if noted is not None:
            keeper.settings.by_name[MARK] = noted
        keeper.keychain.state = "locked"
        pins = await keeper.start()
        assert pins.covers(Tier.T2)
        assert (await pins.check(RIGHT)).outcome is PinOutcome.LOCKED
        with pytest.raises(SecretStoreUnavailable):
            await pins.set("", RIGHT, PinUse.NEVER)

    play(story)


@pytest.mark.requirement("PIN-3")
def test_what_the_keychain_does_not_take_is_not_said_to_be_set() -> None:
    """The log names both, and neither the use nor what is noted of it has changed."""

    async def story(keeper: Keeper) -> None:
        keychain = keeper.keychain = FullKeychain()
        pins = await keeper.with_pin()
        keychain.room = 2
        with pytest.raises(SecretStoreUnavailable):
            await pins.set(RIGHT, "another", PinUse.NEVER)
        outcomes = [entry.outcome for entry in keeper.log.of_type(RecordType.SETTING)]
        assert outcomes == ["pin_set", "pin_set", "pin_not_kept"]
        assert keeper.settings.by_name[MARK] == "t2_t3"
        assert pins.covers(Tier.T2)

    play(story)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"salt":"zz","verifier":"","use":"t3"}'])
@pytest.mark.requirement("PIN-1", "PIN-3")
def test_a_damaged_entry_is_no_way_to_a_new_one(text: str) -> None:
    """It is asked wherever it could be, none is right, and none is set over it without a word."""

    async def story(keeper: Keeper) -> None:
        await keeper.with_pin(PinUse.NEVER)
        await keeper.keychain.put(*ENTRY, Secret(text))
        pins = await keeper.start()
        assert pins.covers(Tier.T2)
        assert (await pins.check(RIGHT)).outcome is PinOutcome.DAMAGED
        words = Words(ROOT / "resources" / "translations")
        set_pin = setting_pins(pins, await keeper.second_of(pins), words)
        with pytest.raises(ConfigurationError, match="cannot be read"):
            await set_pin(SetPin(n=1, present="", new="another", use="never"))
        assert keeper.keychain.secrets[ENTRY].value == text
        await keeper.keychain.delete(*ENTRY)
        assert await pins.set("", "another", PinUse.T3) is None

    play(story)


@pytest.mark.requirement("PIN-2")
def test_setting_one_takes_its_turn_with_the_tries() -> None:
    """A try that ends after the change neither puts the old PIN back nor is forgotten."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        await asyncio.gather(pins.check(RIGHT), pins.set(RIGHT, "another", PinUse.T3))
        assert (await pins.check("another")).outcome is PinOutcome.RIGHT
        await asyncio.gather(pins.set("another", RIGHT, PinUse.T3), pins.check(WRONG))
        assert (await pins.check(RIGHT)).outcome is PinOutcome.RIGHT

    play(story)


@pytest.mark.requirement("PIN-2")
def test_a_clock_that_is_set_neither_ends_nor_lengthens_a_pause() -> None:
    """Forward it ends none that this process knows of; back it makes none longer than it was."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        for _ in range(5):
            await pins.check(WRONG)
        keeper.clock.wall_shift_seconds = 3600
        assert (await pins.check(RIGHT)).outcome is PinOutcome.WAIT
        keeper.clock.wall_shift_seconds = -365 * 86_400
        for broker in (pins, await keeper.start()):
            checked = await broker.check(RIGHT)
            assert (checked.outcome, checked.seconds) == (PinOutcome.WAIT, 30)
        keeper.clock.wall_shift_seconds = 0
        keeper.clock.advance(31)
        assert (await pins.check(RIGHT)).outcome is PinOutcome.RIGHT

    play(story)


@pytest.mark.requirement("PIN-1")
def test_one_with_more_behind_it_is_wrong() -> None:
    """The longest that there is, and one character: counted, and not taken for the PIN."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.start()
        assert await pins.set("", "1" * LONGEST, PinUse.T2_T3) is None
        checked = await pins.check("1" * (LONGEST + 1))
        assert (checked.outcome, checked.left) == (PinOutcome.WRONG, 4)
        assert (await pins.check("1" * LONGEST)).outcome is PinOutcome.RIGHT

    play(story)


@pytest.mark.requirement("PIN-1", "LAW-4")
@pytest.mark.parametrize("route", Route)
def test_no_route_allows_without_it(route: Route) -> None:
    """The queue itself refuses, so that no adapter can go around it; denying needs none."""

    async def story(keeper: Keeper) -> None:
        pins, queue = await keeper.with_pin(), Queue()
        queue.approvals.levels = PinLevels(pins)
        future = queue.ask(tier=Tier.T2)
        answer = Answer(
            id="call-1",
            digest=make_request().digest,
            verdict=AnswerVerdict.ALLOW_ONCE,
            route=route,
        )
        if route not in WINDOW | {Route.NOTIFICATION}:
            # Nobody can type it there, and who waits hears so.
            assert queue.approvals.answer(answer) is AnswerEffect.NO_WINDOW
            assert future.result().outcome is Outcome.REFUSED_NO_APPROVER
            return
        wanted = AnswerEffect.PIN_WANTED
        if route is Route.NOTIFICATION:
            wanted = AnswerEffect.NOT_ALLOWED
        assert queue.approvals.answer(answer) is wanted
        assert not future.done()
        deny = replace(answer, verdict=AnswerVerdict.DENY)
        assert queue.approvals.answer(deny) is AnswerEffect.APPLIED

    play(story)


@pytest.mark.requirement("PIN-1")
def test_from_the_window_a_wrong_one_is_no_answer() -> None:
    """What waits goes on waiting; the right one allows, for this call alone."""

    async def story(keeper: Keeper) -> None:
        pins, queue = await keeper.with_pin(), Queue()
        queue.approvals.levels = PinLevels(pins)
        words = Words(ROOT / "resources" / "translations")
        answers = ConsoleAnswers(queue.approvals, words, pins)
        future = queue.ask(tier=Tier.T2)
        decide = Decide(n=1, id="call-1", digest=make_request().digest, allow=True, pin=WRONG)
        done = await answers.with_pin(decide)
        assert (done.ok, future.done()) == (False, False)
        assert "4 more tries" in done.sentence
        assert not answers.without_pin(replace_pin(decide, "")).ok
        assert (await answers.with_pin(replace_pin(decide, RIGHT))).ok
        resolution = await future
        assert resolution.answer is not None
        assert resolution.answer.pin
        denied = queue.ask("call-3", tier=Tier.T2)
        deny = Decide(n=1, id="call-3", digest=make_request().digest, allow=False, pin=WRONG)
        assert (await answers.with_pin(deny)).ok
        assert denied.done()
        queue.ask("call-2", tier=Tier.T2)
        assert queue.answer("call-2") is AnswerEffect.PIN_WANTED

    play(story)


@pytest.mark.requirement("PIN-1")
def test_a_change_with_a_wrong_one_is_refused_and_counted() -> None:
    """The window asks again; only the right one has the change made."""

    async def story(keeper: Keeper) -> None:
        pins, queue = await keeper.with_pin(), Queue()
        answers = ConsoleAnswers(queue.approvals, Words(ROOT / "resources" / "translations"), pins)
        refused = await answers.refused(WithPin(n=4, pin=WRONG, intent=""))
        assert refused is not None
        assert (refused.n, refused.ok, refused.pin) == (4, False, True)
        assert "4 more tries" in refused.sentence
        assert await answers.refused(WithPin(n=5, pin=RIGHT, intent="")) is None

    play(story)


def replace_pin(decide: Decide, pin: str) -> Decide:
    """Return the same answer with another PIN."""
    return Decide(n=decide.n, id=decide.id, digest=decide.digest, allow=True, pin=pin)


@pytest.mark.requirement("PIN-3")
def test_it_is_written_nowhere() -> None:
    """Neither in the log, nor in settings or the keychain, nor in what is printed of a message."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        await pins.check(RIGHT)
        await pins.check(WRONG)
        kept = [secret.value for secret in keeper.keychain.secrets.values()]
        written = f"{keeper.log.records} {keeper.settings.by_name} {kept}"
        decide = Decide(n=1, id="call-1", digest="0" * 64, allow=True, pin=RIGHT)
        assert decode_from_window(encode_line(decide)) == decide
        said = SetPin(n=1, present=WRONG, new=RIGHT, use="t3")
        for text in (written, repr(decide), repr(said)):
            assert RIGHT not in text
            assert WRONG not in text

    play(story)
