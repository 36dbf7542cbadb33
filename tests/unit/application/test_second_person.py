"""A second person: a PIN of their own, both together within two minutes, and no way around them."""

import asyncio

import pytest

from keyturn.application.console_protocol import decode_from_window, encode_line
from keyturn.application.pin_messages import RemoveSecond, SetSecond
from keyturn.application.ports.secret_store import Secret
from keyturn.application.second_person import (
    ENTRY,
    TOGETHER_SECONDS,
    SecondPerson,
    Step,
    StepKind,
)
from keyturn.approvers.console_answers import step_sentence
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable
from keyturn.domain.pin import PinCheck, PinOutcome, PinUse
from keyturn.domain.record import RecordType
from keyturn.presentation.words import Words
from tests.sources import ROOT
from tests.unit.application.pins_rig import RIGHT, THEIRS, WRONG, FullKeychain, Keeper, play

WORDS = Words(ROOT / "resources" / "translations")
CARD, OTHER = ("r-1", "a" * 64), ("r-2", "b" * 64)
CHANGED = ("r-1", "c" * 64)


def wish(*, first: str = RIGHT, present: str = THEIRS, **said: str) -> SetSecond:
    """Ask for a second person as the settings do."""
    named = {"beside": "Ada", "name": "Berta", "new": "", **said}
    return SetSecond(n=1, first=first, present=present, **named)


async def kinds(second: SecondPerson, *steps: tuple[str, tuple[str, str], str]) -> list[StepKind]:
    """Type PINs one after the other: whose turn, for what, which."""
    found: list[StepKind] = []
    for turn, shown, pin in steps:
        taken = second.first(shown, pin) if turn == "first" else second.second(shown, pin)
        found.append((await taken).kind)
    return found


@pytest.mark.requirement("PIN-4")
def test_two_persons_one_after_the_other() -> None:
    """Both names come with it, and the same half counts once."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        assert (await second.first(CARD, RIGHT)).kind is StepKind.GO_ON
        done = await second.second(CARD, THEIRS)
        assert (done.kind, done.persons) == (StepKind.BOTH, ("Ada", "Berta"))
        assert await kinds(second, ("second", CARD, THEIRS)) == [StepKind.TOO_LATE]

    play(story)


@pytest.mark.requirement("PIN-4")
def test_one_pin_twice_is_one_person() -> None:
    """Neither the first one's nor the second one's does for both."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        taken = await kinds(second, ("first", CARD, RIGHT), ("second", CARD, RIGHT))
        assert taken == [StepKind.GO_ON, StepKind.AGAIN]
        taken = await kinds(second, ("first", OTHER, THEIRS), ("second", OTHER, THEIRS))
        assert taken == [StepKind.REFUSED, StepKind.TOO_LATE]

    play(story)


@pytest.mark.requirement("PIN-4")
def test_the_first_pin_typed_for_the_second_costs_no_try() -> None:
    """It was right a moment ago, and says nothing of the other; the second one can still follow."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        again = Step(kind=StepKind.AGAIN, whose="Berta", first="Ada")
        for _ in range(10):
            assert await second.second(CARD, RIGHT) == again
            assert await second.both(RIGHT, RIGHT) == again
        sentence = step_sentence(again, WORDS)
        assert sentence == "That is the PIN of Ada once more. Now it takes the PIN of Berta."
        assert (await second.second(CARD, THEIRS)).kind is StepKind.BOTH

    play(story)


@pytest.mark.requirement("PIN-2", "PIN-4")
def test_the_second_person_cannot_find_out_the_first_ones_pin() -> None:
    """Once a wrong one was typed there, the first one's is as wrong, on every card after it too.

    Their own right PIN sets back what their guesses cost, so nothing may be told apart by them.
    """

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        said = set[str]()
        for number, guess in enumerate([WRONG, RIGHT, WRONG, RIGHT, RIGHT]):
            shown = (f"r-{number}", "a" * 64)
            assert (await second.first(shown, RIGHT)).kind is StepKind.GO_ON
            said.add(step_sentence(await second.second(shown, guess), WORDS))
            assert (await second.second(shown, THEIRS)).kind is StepKind.BOTH
        assert said == {"That is not the PIN of Berta. 4 more tries before a pause."}
        assert (await second.both(RIGHT, RIGHT)).kind is StepKind.REFUSED

    play(story)


@pytest.mark.requirement("PIN-2", "PIN-4")
def test_the_second_pin_typed_for_the_first_is_a_try_and_tells_nothing() -> None:
    """Else the one of the two who knows theirs could try out the other's with no end."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        said = set[str]()
        for pin in (THEIRS, WRONG):
            step = await second.first(CARD, pin)
            assert step.check is not None
            said.add(step_sentence(step, WORDS).replace(str(step.check.left), "N"))
            assert (await second.both(pin, THEIRS)).kind is StepKind.REFUSED
        assert said == {"That is not the PIN of Ada. N more tries before a pause."}
        assert (await second.first(CARD, WRONG)).check == PinCheck(
            outcome=PinOutcome.WRONG, left=0, seconds=30
        )
        # None of it was a try at the other one's.
        keeper.clock.advance(31)
        await second.first(CARD, RIGHT)
        step = await second.second(CARD, WRONG)
        assert step.check is not None
        assert step.check.left == 4

    play(story)


@pytest.mark.requirement("PIN-2", "PIN-4")
def test_in_a_pause_of_the_second_pin_none_is_looked_at() -> None:
    """Not even the first one's, which would be told apart from others."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        for _ in range(5):
            await second.second(CARD, WRONG)
        for pin in (RIGHT, WRONG, THEIRS):
            step = await second.second(CARD, pin)
            assert step.kind is StepKind.REFUSED
            assert step.check is not None
            assert step.check.outcome is PinOutcome.WAIT

    play(story)


@pytest.mark.requirement("PIN-4")
def test_a_first_pin_that_became_the_second_one_is_nobody_more() -> None:
    """Not for a card, not to name somebody else, not to take them out."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        pins = await keeper.start()
        assert await pins.set(RIGHT, THEIRS, PinUse.T3) is None
        taken = await kinds(second, ("first", CARD, THEIRS), ("second", CARD, THEIRS))
        assert taken == [StepKind.GO_ON, StepKind.SAME]
        assert (await second.both(THEIRS, THEIRS)).kind is StepKind.SAME
        for done in (
            await second.set(wish(first=THEIRS, new="another")),
            await second.remove(RemoveSecond(n=1, first=THEIRS, present=THEIRS)),
        ):
            assert done is not None
            assert done.kind is StepKind.SAME
        assert second.name == "Berta"

    play(story)


@pytest.mark.requirement("PIN-4")
def test_the_first_pin_is_for_one_card_as_it_was_shown() -> None:
    """Another card, or the same one changed, begins from the start."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        taken = await kinds(
            second,
            ("first", CARD, RIGHT),
            ("second", OTHER, THEIRS),
            ("second", CHANGED, THEIRS),
            ("second", CARD, THEIRS),
        )
        late = StepKind.TOO_LATE
        assert taken == [StepKind.GO_ON, late, late, StepKind.BOTH]

    play(story)


@pytest.mark.requirement("PIN-4")
@pytest.mark.parametrize(("seconds", "kind"), [(119, StepKind.BOTH), (120, StepKind.TOO_LATE)])
def test_the_second_pin_follows_within_two_minutes(seconds: int, kind: StepKind) -> None:
    """By the clock that nobody sets."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        keeper.clock.wall_shift_seconds = -3600
        keeper.clock.advance(seconds)
        assert (await second.second(CARD, THEIRS)).kind is kind

    assert TOGETHER_SECONDS == 120
    play(story)


@pytest.mark.requirement("PIN-4")
def test_a_restart_between_the_two_begins_from_the_start() -> None:
    """And so does another second person, and none."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        again = await keeper.second_of(await keeper.start())
        assert again.name == "Berta"
        assert (await again.second(CARD, THEIRS)).kind is StepKind.TOO_LATE
        await again.first(CARD, RIGHT)
        assert await again.set(wish(name="Cleo", new="9753-cleo")) is None
        assert (await again.second(CARD, "9753-cleo")).kind is StepKind.TOO_LATE
        await again.first(CARD, RIGHT)
        assert await again.remove(RemoveSecond(n=1, first=RIGHT, present="9753-cleo")) is None
        assert await kinds(again, ("second", CARD, "9753-cleo"), ("first", CARD, RIGHT)) == [
            StepKind.TOO_LATE,
            StepKind.NOBODY,
        ]
        assert again.name == ""

    play(story)


@pytest.mark.requirement("PIN-4")
def test_both_at_once_do_not_share_one_first_pin() -> None:
    """A half is used once, however many answers come together."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        taken = await asyncio.gather(second.second(CARD, THEIRS), second.second(CARD, THEIRS))
        assert sorted(step.kind for step in taken) == [StepKind.BOTH, StepKind.TOO_LATE]

    play(story)


@pytest.mark.requirement("PIN-2", "PIN-4")
def test_tries_are_counted_for_each_of_them() -> None:
    """Five wrong ones of the second person pause theirs, over a restart, and not the first's."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        for _ in range(5):
            await second.second(CARD, WRONG)
        again = await keeper.second_of(await keeper.start())
        assert (await again.first(CARD, RIGHT)).kind is StepKind.GO_ON
        refused = await again.second(CARD, THEIRS)
        assert refused.check is not None
        assert refused.check.outcome is PinOutcome.WAIT
        keeper.clock.advance(30)
        assert (await again.second(CARD, THEIRS)).kind is StepKind.BOTH

    play(story)


@pytest.mark.requirement("PIN-3", "PIN-4")
def test_changing_who_it_is_takes_both_pins() -> None:
    """With one of them nothing changes; naming the first takes the first person's."""

    async def story(keeper: Keeper) -> None:
        alone = await keeper.second_of(await keeper.with_pin())
        refused = await alone.set(wish(first=WRONG, present="", new=THEIRS))
        assert refused is not None
        assert alone.name == ""
        second = alone
        assert await second.set(wish(present="", new=THEIRS)) is None
        for first, present in ((RIGHT, WRONG), (WRONG, THEIRS), (RIGHT, RIGHT), (RIGHT, "")):
            assert await second.set(wish(first=first, present=present, new="another")) is not None
            gone = RemoveSecond(n=1, first=first, present=present)
            assert await second.remove(gone) is not None
        keeper.clock.advance(3600)
        assert (await second.both(RIGHT, THEIRS)).kind is StepKind.BOTH
        assert await second.set(wish(name="Bertha")) is None
        assert second.state().second == "Bertha"
        outcomes = [entry.outcome for entry in keeper.log.of_type(RecordType.SETTING)]
        assert outcomes == ["pin_set", "second_set", "second_set"]

    play(story)


@pytest.mark.requirement("PIN-4")
@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"name": "ＡＤＡ"}, "same name"),
        ({"name": ""}, "a name"),
        ({"name": "Ber\nta"}, "a name"),
        ({"beside": "A" * 41}, "a name"),
        ({"new": RIGHT}, "same PIN"),
        ({"new": "12"}, "4 to 64"),
        ({"new": ""}, "needs a PIN"),
    ],
)
def test_who_cannot_be_told_apart_is_no_second_person(said: dict[str, str], sentence: str) -> None:
    """Names that read as one, and a PIN that is the first one's."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.second_of(await keeper.with_pin())
        with pytest.raises(ConfigurationError) as refused:
            await second.set(wish(present="", **{"new": THEIRS, **said}))
        assert sentence in f"{refused.value} {refused.value.mend}"
        assert second.name == ""

    play(story)


def test_without_a_first_pin_there_is_no_second_person() -> None:
    """Nobody could vouch for them."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.second_of(await keeper.start())
        refused = await second.set(wish(first="", present="", new=THEIRS))
        assert refused is not None
        assert refused.check is not None
        assert refused.check.outcome is PinOutcome.NOT_SET

    play(story)


@pytest.mark.requirement("PIN-4", "I-24")
def test_a_keychain_that_gives_nothing_lets_nobody_through() -> None:
    """Locked, or with an entry that cannot be read: both is never said."""

    async def story(keeper: Keeper) -> None:
        second = await keeper.with_both()
        await second.first(CARD, RIGHT)
        keeper.keychain.state = "locked"
        step = await second.second(CARD, THEIRS)
        assert step.check is not None
        assert step.check.outcome is PinOutcome.LOCKED
        assert (await keeper.second_of(await keeper.start())).name == ""
        keeper.keychain.state = "ready"
        await keeper.keychain.put(*ENTRY, Secret("{}"))
        step = await second.second(CARD, THEIRS)
        assert step.check is not None
        assert step.check.outcome is PinOutcome.DAMAGED
        again = await keeper.second_of(await keeper.start())
        assert await again.set(wish(new="another")) is not None
        assert again.name == ""

    play(story)


@pytest.mark.requirement("PIN-3", "PIN-4")
def test_who_is_not_kept_is_not_said_to_be_there() -> None:
    """The log says that the keychain did not take them."""

    async def story(keeper: Keeper) -> None:
        keychain = keeper.keychain = FullKeychain()
        second = await keeper.second_of(await keeper.with_pin())
        keychain.room = 2
        with pytest.raises(SecretStoreUnavailable):
            await second.set(wish(present="", new=THEIRS))
        assert second.name == ""
        outcomes = [entry.outcome for entry in keeper.log.of_type(RecordType.SETTING)]
        assert outcomes[-2:] == ["second_set", "second_not_kept"]

    play(story)


@pytest.mark.requirement("PIN-3", "I-23")
def test_no_pin_of_either_is_shown_or_written() -> None:
    """Not as text of a message, not in the log, not in the keychain."""

    async def story(keeper: Keeper) -> None:
        await keeper.with_both()
        kept = " ".join(secret.value for secret in keeper.keychain.secrets.values())
        logged = repr([record.entry for record in keeper.log.records])
        sent = [wish(new=THEIRS), RemoveSecond(n=1, first=RIGHT, present=THEIRS)]
        assert [decode_from_window(encode_line(one)) for one in sent] == sent
        for text in (kept, logged, *map(repr, sent), *map(str, sent)):
            assert THEIRS not in text
            assert RIGHT not in text

    play(story)


@pytest.mark.parametrize("kind", [StepKind.TOO_LATE, StepKind.SAME, StepKind.NOBODY])
def test_each_way_to_fail_is_said(kind: StepKind) -> None:
    """In a sentence of its own."""
    words = Words(ROOT / "resources" / "translations")
    assert step_sentence(Step(kind=kind), words).endswith(".")
    assert step_sentence(None, words) == ""
