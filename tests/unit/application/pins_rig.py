"""PINs over one keychain: brokers that come and go, and the persons who type them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from keyturn.application import pin_tries
from keyturn.application.answer_levels import Clicks
from keyturn.application.events import Observers
from keyturn.application.pin_messages import SetSecond
from keyturn.application.pins import Pins
from keyturn.application.ports.secret_store import Secret
from keyturn.application.seals import Sealing
from keyturn.application.second_person import SecondPerson
from keyturn.domain.errors import SecretStoreUnavailable
from keyturn.domain.pin import PinUse
from keyturn.domain.step_up import Takes, Weighed
from tests.fakes.clock import FakeClock
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.stores import FakeSettingStore

RIGHT, WRONG, THEIRS = "2580-right", "1357-wrong", "8642-theirs"


class Keeper:
    """One keychain, one log, one clock; and the brokers that come and go over them."""

    def __init__(self) -> None:
        self.keychain = FakeSecretStore()
        self.settings = FakeSettingStore()
        self.log = FakeDecisionLog()
        self.clock = FakeClock()

    async def start(self) -> Pins:
        """Start a broker's PIN."""
        pins = Pins(
            keychain=self.keychain,
            settings=self.settings,
            log=self.log,
            clock=self.clock,
            observers=Observers(),
        )
        await pins.load(Sealing.ON if self.keychain.state == "ready" else Sealing.LOCKED)
        return pins

    async def second_of(self, pins: Pins) -> SecondPerson:
        """Start the second person of a broker's PIN."""
        second = SecondPerson(
            pins=pins,
            keychain=self.keychain,
            log=self.log,
            clock=self.clock,
            observers=Observers(),
        )
        await second.load(Sealing.ON if self.keychain.state == "ready" else Sealing.LOCKED)
        return second

    async def with_both(self) -> SecondPerson:
        """Start with a PIN and a second person."""
        second = await self.second_of(await self.with_pin())
        wish = SetSecond(n=1, first=RIGHT, present="", beside="Ada", name="Berta", new=THEIRS)
        assert await second.set(wish) is None
        return second

    async def with_pin(self, use: PinUse = PinUse.T2_T3) -> Pins:
        """Start with a PIN set."""
        pins = await self.start()
        assert await pins.set("", RIGHT, use) is None
        return pins


class PinLevels(Clicks):
    """What calls take where a PIN is asked and nobody is raised."""

    def __init__(self, pins: Pins) -> None:
        self._pins = pins

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes by the call's tier."""
        return Takes.PIN if self._pins.covers(weighed.tier) else super().of_call(weighed)


class FullKeychain(FakeSecretStore):
    """Takes so many more entries."""

    room = 1_000

    async def put(self, server: str, name: str, secret: Secret) -> None:
        self.room -= 1
        if self.room < 0:
            raise SecretStoreUnavailable("The keychain is full.")
        await FakeSecretStore.put(self, server, name, secret)


def play(story: Callable[[Keeper], Awaitable[None]]) -> None:
    """Run a story, in which verifiers are made quickly: how slowly they are is tested alone."""

    async def run() -> None:
        await story(Keeper())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pin_tries, "COST", 2)
        asyncio.run(run())
