"""Owns the second person: their PIN beside the first one's, and what takes both of them.

Two PINs are two persons only if they differ, and one right PIN waits two minutes for the other. It
waits in memory, for one request as it was shown: a restart, another card, or another second person
begins from the start.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from msgspec import structs

from keyturn.application.events import Observers, Topic
from keyturn.application.pin_messages import PinState, RemoveSecond, SetSecond
from keyturn.application.pin_tries import PinTries, is_it, made_of
from keyturn.application.pins import Pins
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.seals import Sealing
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, DamagedPin, SecretStoreUnavailable, filled
from keyturn.domain.pin import (
    LONGEST,
    LONGEST_NAME,
    SHORTEST,
    KeptPin,
    PinCheck,
    PinOutcome,
    PinUse,
    is_usable,
    is_usable_name,
    same_name,
)
from keyturn.domain.record import Entry, RecordType

_log = logging.getLogger(__name__)

ENTRY = ("pin", "second")
"""Of the keychain, beside the first person's."""
TOGETHER_SECONDS = 120
_SECOND_NS = 1_000_000_000
_MOST_HALVES = 100
Shown = tuple[str, str]
"""A request as it was shown: its id and its digest."""


class StepKind(StrEnum):
    """Where two persons are with what takes both of them."""

    GO_ON = "go_on"
    """The first one's PIN was right, and the second one's is next."""
    BOTH = "both"
    REFUSED = "refused"
    """A PIN did not do."""
    TOO_LATE = "too_late"
    """The first one's PIN is too long ago, or was for something else."""
    SAME = "same"
    """Both have the same PIN, so that one person may have typed it twice."""
    AGAIN = "again"
    """It was the first one's PIN once more, where the second one's is wanted: no try, as long as
    nobody guesses there."""
    NOBODY = "nobody"
    """There is no second person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of a PIN."""

    kind: StepKind
    check: PinCheck | None = None
    """Of the PIN that did not do."""
    whose: str = ""
    """The second person's name, where it was theirs."""
    first: str = ""
    """The first person's name, where it was theirs, or was typed in the second one's place."""
    persons: tuple[str, ...] = ()
    """The names of both, where both typed theirs."""


class SecondPerson:
    """Knows whether there is one, and tells both together from one alone."""

    def __init__(
        self,
        *,
        pins: Pins,
        keychain: SecretStore,
        log: DecisionLog,
        clock: Clock,
        observers: Observers,
    ) -> None:
        self._pins = pins
        self._tries = PinTries(ENTRY, keychain, clock)
        self._log = log
        self._clock = clock
        self._observers = observers
        self._kept: KeptPin | None = None
        self._halves: dict[Shown, int] = {}
        """Until when the second PIN may follow, by what the first one was typed for."""
        self._trying = asyncio.Lock()
        """One at a time: each try rests on the count that the one before it left."""
        self._mistyped = False
        """A wrong PIN was typed for the second one's since Keyturn started. From then on the first
        one's is a wrong one, too: told apart from others, it could be found by guessing, with the
        count set back by the own right one."""

    async def load(self, sealing: Sealing) -> None:
        """Read what is kept; while the keychain is locked there is nobody to go by."""
        self._halves.clear()
        self._kept = None
        if sealing is Sealing.ON:
            try:
                self._kept = await self._tries.read()
            except (SecretStoreUnavailable, DamagedPin) as error:
                _log.warning("what is kept of the second person is not there cause=%s", error)
        self._observers.changed(Topic.SETTINGS)

    @property
    def name(self) -> str:
        """Return what they are called; empty where there is none."""
        return self._kept.name if self._kept is not None else ""

    @property
    def persons(self) -> tuple[str, ...]:
        """Return what both are called; empty where there is no second one."""
        return () if self._kept is None else (self._kept.beside, self._kept.name)

    def state(self) -> PinState:
        """Return what the window shows of both."""
        kept = self._kept
        if kept is None:
            return self._pins.state()
        return structs.replace(self._pins.state(), second=kept.name, beside=kept.beside)

    # ---------------------------------------------------------------- both of them

    async def first(self, shown: Shown, pin: str) -> Step:
        """Take the first person's PIN for exactly what was shown."""
        if not self.name:
            return Step(kind=StepKind.NOBODY)
        checked = await self._pins.check(pin)
        if checked.outcome is not PinOutcome.RIGHT:
            return self._refused_first(checked)
        now = self._clock.monotonic_ns()
        self._halves = {one: until for one, until in self._halves.items() if now < until}
        while len(self._halves) >= _MOST_HALVES:
            self._halves.pop(next(iter(self._halves)))
        self._halves[shown] = now + TOGETHER_SECONDS * _SECOND_NS
        return Step(kind=StepKind.GO_ON)

    async def second(self, shown: Shown, pin: str) -> Step:
        """Take the second person's PIN for what the first one has just typed theirs for."""
        if self._is_over(shown):
            return Step(kind=StepKind.TOO_LATE)
        step = await self._second(pin)
        if step.kind in {StepKind.REFUSED, StepKind.AGAIN}:
            return step
        # Two at once, or another second person meanwhile: each half is used once.
        late = self._is_over(shown)
        self._halves.pop(shown, None)
        return Step(kind=StepKind.TOO_LATE) if late else step

    async def both(self, first: str, second: str) -> Step:
        """Take both PINs at once, for a change that takes them."""
        if not self.name:
            return Step(kind=StepKind.NOBODY)
        checked = await self._pins.check(first)
        if checked.outcome is not PinOutcome.RIGHT:
            return self._refused_first(checked)
        return await self._second(second)

    def _refused_first(self, checked: PinCheck) -> Step:
        """Say whose it should have been; the second one's is not tried on it.

        Whoever has one of the two PINs could try out the other with no end otherwise.
        """
        first = self._kept.beside if self._kept is not None else ""
        return Step(kind=StepKind.REFUSED, check=checked, first=first)

    def _is_over(self, shown: Shown) -> bool:
        until = self._halves.get(shown)
        return until is None or self._clock.monotonic_ns() >= until

    async def _second(self, pin: str) -> Step:
        """Look at the second person's PIN, when the first one's was right just now."""
        async with self._trying:
            try:
                kept = await self._tries.read()
                if kept is None:
                    return Step(kind=StepKind.NOBODY)
                if await self._is_first_again(kept, pin):
                    return Step(kind=StepKind.AGAIN, whose=self.name, first=kept.beside)
                checked = await self._tries.attempt(kept, pin)
            except SecretStoreUnavailable:
                checked = PinCheck(outcome=PinOutcome.LOCKED)
            except DamagedPin:
                checked = PinCheck(outcome=PinOutcome.DAMAGED)
        if checked.outcome is not PinOutcome.RIGHT:
            self._mistyped = True
            return Step(kind=StepKind.REFUSED, check=checked, whose=self.name)
        if await self._pins.is_right(pin):
            return Step(kind=StepKind.SAME)
        kept = self._kept
        if kept is None:
            return Step(kind=StepKind.NOBODY)
        return Step(kind=StepKind.BOTH, persons=(kept.beside, kept.name))

    async def _is_first_again(self, kept: KeptPin, pin: str) -> bool:
        """Tell whether it is the first one's PIN alone, by mistake; else it is tried as usual."""
        if self._mistyped or self._tries.pauses(kept) or not await self._pins.is_right(pin):
            return False
        return not await is_it(kept, pin)

    # ---------------------------------------------------------------- who it is

    async def set(self, wish: SetSecond) -> Step | None:
        """Name the second person or change who it is; None: done, else why a PIN fails.

        Takes the first one's PIN, and the present second one's. Raises ConfigurationError for what
        cannot be, SecretStoreUnavailable when the keychain takes nothing.
        """
        _refuse_unusable(wish)
        checked = await self._pins.check(wish.first)
        if checked.outcome is not PinOutcome.RIGHT:
            return Step(kind=StepKind.REFUSED, check=checked)
        async with self._trying:
            try:
                return await self._set(wish)
            except DamagedPin:
                checked = PinCheck(outcome=PinOutcome.DAMAGED)
                return Step(kind=StepKind.REFUSED, check=checked, whose=wish.name)

    async def _set(self, wish: SetSecond) -> Step | None:
        kept = await self._tries.read()
        if kept is not None:
            checked = await self._tries.attempt(kept, wish.present)
            if checked.outcome is not PinOutcome.RIGHT:
                return Step(kind=StepKind.REFUSED, check=checked, whose=kept.name)
            if wish.present == wish.first:
                return Step(kind=StepKind.SAME)
        if kept is None and not wish.new:
            raise ConfigurationError("A second person needs a PIN.", mend="Type it, twice.")
        if kept is None or wish.new:
            kept = await made_of(wish.new, PinUse.NEVER)
        named = replace(kept, name=wish.name, beside=wish.beside, failed=0, until=0)
        self._halves.clear()
        await self._record("second_set", named)
        try:
            await self._tries.keep(named)
        except SecretStoreUnavailable:
            await self._record("second_not_kept", named)
            raise
        self._kept = named
        self._observers.changed(Topic.SETTINGS)
        return None

    async def remove(self, wish: RemoveSecond) -> Step | None:
        """Have no second person any more; None: done, else why a PIN fails."""
        step = await self.both(wish.first, wish.present)
        kept = self._kept
        if step.kind is StepKind.NOBODY or kept is None:
            return None
        if step.kind is not StepKind.BOTH:
            return step
        self._halves.clear()
        await self._record("second_removed", kept)
        await self._tries.forget()
        self._kept = None
        self._observers.changed(Topic.SETTINGS)
        return None

    async def _record(self, what: str, kept: KeptPin) -> None:
        await self._log.commit(
            Entry(
                type=RecordType.SETTING,
                outcome=what,
                actor=Actor.HUMAN,
                details={"name": kept.name, "beside": kept.beside},
            )
        )


def _refuse_unusable(wish: SetSecond) -> None:
    if not is_usable_name(wish.name) or not is_usable_name(wish.beside):
        raise ConfigurationError(
            filled(
                "A person's name has up to {longest} characters, in one line.",
                longest=LONGEST_NAME,
            ),
            mend="Type a name for each of you.",
        )
    if same_name(wish.name, wish.beside):
        raise ConfigurationError(
            "Both persons have the same name.", mend="Type names that tell you apart."
        )
    if wish.new and not is_usable(wish.new):
        raise ConfigurationError(
            filled(
                "A PIN has {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST
            ),
            mend="Choose another one.",
        )
    if wish.new and wish.new == wish.first:
        raise ConfigurationError(
            "Two persons cannot have the same PIN.", mend="Let the second one choose another."
        )
