"""Choosing the system's dialog: with the PIN, where the system would ask, in the keychain alone."""

import pytest

from keyturn.application.pin_messages import PinState, SetPin
from keyturn.application.pins import ENTRY, Pins
from keyturn.application.ports.secret_store import Secret
from keyturn.approvers.console_answers import setting_pins
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.pin import PinUse
from keyturn.domain.presence import Readiness
from keyturn.domain.record import WEAKENED, RecordType
from keyturn.presentation.words import Words
from tests.sources import ROOT
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play as play_world
from tests.unit.application.pins_rig import RIGHT, WRONG, Keeper, play

WORDS = Words(ROOT / "resources" / "translations")


def wish(present: str = RIGHT, *, dialog: bool = True, use: str = "t2_t3") -> SetPin:
    """Choose how calls are confirmed."""
    return SetPin(n=1, present=present, new="", use=use, dialog=dialog)


async def settle(keeper: Keeper, pins: Pins, intent: SetPin, ready: Readiness | None) -> str:
    """Carry it out, and return why it was not."""
    second = await keeper.second_of(pins)
    try:
        await setting_pins(pins, second, WORDS, lambda: ready)(intent)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.requirement("PRESENCE-3", "PIN-3")
def test_it_takes_the_pin_and_a_system_that_asks() -> None:
    """Leaving it takes the PIN too, and needs no such system."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin()
        assert await settle(keeper, pins, wish(WRONG), Readiness.READY)
        assert not pins.dialog
        for ready in (None, *(one for one in Readiness if one is not Readiness.READY)):
            said = await settle(keeper, pins, wish(), ready)
            assert said == WORDS("console.dialog_not_ready"), ready
        assert not pins.dialog
        assert await settle(keeper, pins, wish(), Readiness.READY) == ""
        assert pins.state() == PinState(is_set=True, use="t2_t3", dialog=True)
        later = await keeper.start()
        assert later.dialog, "it outlives the broker"
        assert await settle(keeper, later, wish(use="t3"), None) == "", "it was chosen before"
        assert await settle(keeper, later, wish(WRONG, dialog=False), None)
        assert later.dialog
        assert await settle(keeper, later, wish(dialog=False), None) == ""
        assert not later.dialog
        settings = keeper.log.of_type(RecordType.SETTING)
        changes = [entry.details for entry in settings if entry.outcome == "pin_use"]
        chosen = {"use": "t2_t3", "dialog": True}
        assert changes == [chosen, chosen | {"use": "t3"}, {"use": "t2_t3"}]

    play(story)


@pytest.mark.requirement("PRESENCE-3", "LAW-4")
@pytest.mark.parametrize("said", ['"yes"', "1", "null", "{}"])
def test_nothing_but_the_keychain_says_so(said: str) -> None:
    """What a program writes into the settings counts for nothing, nor what is no yes there."""

    async def story(keeper: Keeper) -> None:
        await keeper.with_pin()
        for name in ("dialog", "pin_dialog", "presence"):
            await keeper.settings.put_setting(name, "1")
        kept = await keeper.keychain.get(*ENTRY)
        assert kept is not None
        text = kept.value.removesuffix("}") + f', "dialog": {said}}}'
        await keeper.keychain.put(*ENTRY, Secret(text))
        pins = await keeper.start()
        assert (pins.is_set, pins.dialog) == (True, False)

    play(story)


@pytest.mark.requirement("PRESENCE-3")
def test_without_a_pin_there_is_none() -> None:
    """It would be the only way, and a bus that is gone would be in a person's."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.start()
        assert await settle(keeper, pins, wish(""), Readiness.READY)
        assert not pins.dialog
        keeper.keychain.state = "locked"
        assert not (await keeper.start()).dialog

    play(story)


@pytest.mark.requirement("PRESENCE-3")
def test_turning_to_it_is_a_weakening_and_turning_back_is_none() -> None:
    """Whoever may write the system's rules decides then what it takes."""

    async def story() -> None:
        world = BrokerWorld()
        weakening = world.make_weakening()
        entry = weakening.of(wish(use="never"))
        assert entry is not None
        assert (entry.outcome, entry.details) == (WEAKENED, {"what": "dialog"})
        assert weakening.of(wish(use="never", dialog=False)) is None

    play_world(story)


def test_the_use_is_kept_beside_it() -> None:
    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin(PinUse.T3)
        assert await settle(keeper, pins, wish(use="t3"), Readiness.READY) == ""
        assert (pins.use, pins.dialog) == (PinUse.T3, True)

    play(story)
