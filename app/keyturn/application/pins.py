"""Owns the PIN: whose it is, when it is asked, and what a change of it takes."""

import asyncio
import logging
from dataclasses import replace

from keyturn.application.events import Observers, Topic
from keyturn.application.pin_messages import PinState
from keyturn.application.pin_tries import PinTries, is_it, made_of, use_of
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.ports.stores import SettingStore
from keyturn.application.seals import Sealing
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, DamagedPin, SecretStoreUnavailable, filled
from keyturn.domain.pin import (
    LONGEST,
    SHORTEST,
    KeptPin,
    PinCheck,
    PinOutcome,
    PinUse,
    is_usable,
)
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier

_log = logging.getLogger(__name__)

ENTRY = ("pin", "owner")
"""Of the keychain, beside the key of the seals."""
MARK = "pin_use"
"""A sealed setting that says when the PIN is asked, for when its entry is gone or not to be had."""


class Pins:
    """Knows whether a PIN is asked, and tells a right one from a wrong one."""

    def __init__(
        self,
        *,
        keychain: SecretStore,
        settings: SettingStore,
        log: DecisionLog,
        clock: Clock,
        observers: Observers,
    ) -> None:
        self._tries = PinTries(ENTRY, keychain, clock)
        self._settings = settings
        self._log = log
        self._observers = observers
        self._kept: KeptPin | None = None
        self._use = PinUse.NEVER
        self._trying = asyncio.Lock()
        """One at a time: each try rests on the count that the one before it left."""

    async def load(self, sealing: Sealing) -> None:
        """Read what is kept; while the keychain is locked the PIN is asked wherever it could be.

        Nothing in the file can say then that none is wanted: whoever can write it could have.
        """
        marked = (await self._settings.settings()).get(MARK, "")
        known = use_of(marked) or PinUse.NEVER
        self._use = PinUse.T2_T3 if sealing is Sealing.LOCKED else known
        if sealing is Sealing.ON:
            try:
                await self._read()
            except (SecretStoreUnavailable, DamagedPin) as error:
                _log.warning("what is kept of the PIN is not there cause=%s", error)
        self._observers.changed(Topic.SETTINGS)

    @property
    def is_set(self) -> bool:
        """Tell whether there is a PIN, as far as the keychain says so."""
        return self._kept is not None

    @property
    def use(self) -> PinUse:
        """Return for which calls it is asked."""
        return self._use

    @property
    def dialog(self) -> bool:
        """Tell whether a call is confirmed with the system's dialog, as far as is known."""
        return self._kept is not None and self._kept.dialog

    async def dialog_rests_on(self) -> bytes:
        """Read what tells this choice of the dialog from every other; empty where there is none.

        Also where the keychain cannot be read just now, as no PIN could be compared then.
        """
        async with self._trying:
            before = self.dialog
            try:
                kept = await self._read()
            except (SecretStoreUnavailable, DamagedPin) as error:
                _log.warning("whether the dialog is chosen cannot be read cause=%s", error)
                return b""
        if before is not self.dialog:
            self._observers.changed(Topic.SETTINGS)
        return kept.salt if kept is not None and kept.dialog else b""

    def covers(self, tier: Tier) -> bool:
        """Tell whether calls of a tier are allowed with the PIN only."""
        return self._use.covers(tier)

    def state(self) -> PinState:
        """Return what the window shows."""
        use = self._use.value
        return PinState(is_set=self._kept is not None, use=use, dialog=self.dialog)

    async def check(self, pin: str) -> PinCheck:
        """Tell whether a PIN is the right one; counts the try."""
        async with self._trying:
            try:
                kept = await self._read()
                if kept is None:
                    return PinCheck(outcome=PinOutcome.NOT_SET)
                return await self._tries.attempt(kept, pin)
            except SecretStoreUnavailable:
                return PinCheck(outcome=PinOutcome.LOCKED)
            except DamagedPin:
                return PinCheck(outcome=PinOutcome.DAMAGED)

    async def is_right(self, pin: str) -> bool:
        """Compare without counting; only after this one was right just now, or the second one's."""
        return self._kept is not None and await is_it(self._kept, pin)

    async def set(
        self, present: str, new: str, use: PinUse, *, dialog: bool = False
    ) -> PinCheck | None:
        """Set or change the PIN, or when and how it is asked; None: done, else why it is not.

        Raises ConfigurationError for a new one that is none, SecretStoreUnavailable when the
        keychain takes nothing.
        """
        async with self._trying:
            return await self._set(present, new, use, dialog)

    async def _set(self, present: str, new: str, use: PinUse, dialog: bool) -> PinCheck | None:
        try:
            kept = await self._read()
        except DamagedPin:
            return PinCheck(outcome=PinOutcome.DAMAGED)
        if kept is not None:
            checked = await self._tries.attempt(kept, present)
            if checked.outcome is not PinOutcome.RIGHT:
                return checked
        if new and not is_usable(new):
            raise ConfigurationError(
                filled(
                    "A PIN has {shortest} to {longest} characters.",
                    shortest=SHORTEST,
                    longest=LONGEST,
                ),
                mend="Choose another one.",
            )
        if kept is None and not new:
            raise ConfigurationError("There is no PIN yet.", mend="Type a new one, twice.")
        if new or kept is None:
            kept = await made_of(new, use)
        wanted = replace(kept, use=use, failed=0, until=0, dialog=dialog)
        await self._put("pin_set" if new else "pin_use", wanted)
        self._observers.changed(Topic.SETTINGS)
        return None

    async def _put(self, what: str, kept: KeptPin) -> None:
        """Record a change and make it; where the keychain refuses, that is recorded too."""
        await self._record(what, kept)
        try:
            await self._keep(kept)
        except SecretStoreUnavailable:
            await self._record("pin_not_kept", kept)
            raise
        await self._settings.put_setting(MARK, kept.use.value)

    async def _read(self) -> KeptPin | None:
        """Return what is kept; None where there is none. Raises DamagedPin for what is no such."""
        try:
            kept = await self._tries.read()
        except DamagedPin:
            # Whoever wrote it, what was chosen is not known: it is asked wherever it could be.
            self._use = PinUse.T2_T3
            raise
        self._kept = kept
        if kept is not None:
            self._use = kept.use
        return kept

    async def _keep(self, kept: KeptPin) -> None:
        await self._tries.keep(kept)
        self._kept, self._use = kept, kept.use

    async def _record(self, what: str, kept: KeptPin) -> None:
        details: JsonObject = {"use": kept.use.value}
        if kept.dialog:
            details["dialog"] = True
        await self._log.commit(
            Entry(
                type=RecordType.SETTING,
                outcome=what,
                actor=Actor.HUMAN,
                details=details,
            )
        )
