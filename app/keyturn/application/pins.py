"""Owns the PIN: its verifier in the keychain, the tries that are counted there, when it is asked.

A try is counted before the PIN is looked at, so that neither a restart nor an end in the midst of
it gives one for nothing. The PIN itself is kept nowhere and written nowhere.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from dataclasses import replace
from datetime import datetime

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.events import Observers, Topic
from keyturn.application.pin_messages import PinState
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.application.ports.stores import SettingStore
from keyturn.application.seals import Sealing
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, DamagedPin, SecretStoreUnavailable
from keyturn.domain.pin import (
    LONGEST,
    SHORTEST,
    KeptPin,
    PinCheck,
    PinOutcome,
    PinUse,
    is_usable,
    tries_left,
    wait_after,
)
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier

_log = logging.getLogger(__name__)

ENTRY = ("pin", "owner")
"""Of the keychain, beside the key of the seals."""
MARK = "pin_use"
"""A sealed setting that says when the PIN is asked, for when its entry is gone or not to be had."""
_SECOND_NS = 1_000_000_000
_COST = 2**15
_BLOCK = 8
_MEMORY = 64 * 1024 * 1024


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
        self._keychain = keychain
        self._settings = settings
        self._log = log
        self._clock = clock
        self._observers = observers
        self._kept: KeptPin | None = None
        self._deadline_ns = 0
        """Until then no PIN is looked at, whatever the wall clock is set to."""
        self._use = PinUse.NEVER
        self._trying = asyncio.Lock()
        """One at a time: each try rests on the count that the one before it left."""

    async def load(self, sealing: Sealing) -> None:
        """Read what is kept; while the keychain is locked the PIN is asked wherever it could be.

        Nothing in the file can say then that none is wanted: whoever can write it could have.
        """
        marked = (await self._settings.settings()).get(MARK, "")
        known = _use_of(marked) or PinUse.NEVER
        self._use = PinUse.T2_T3 if sealing is Sealing.LOCKED else known
        if sealing is Sealing.ON:
            try:
                await self._read()
            except (SecretStoreUnavailable, DamagedPin) as error:
                _log.warning("what is kept of the PIN is not there cause=%s", error)
        self._observers.changed(Topic.SETTINGS)

    def wanted(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is allowed with the PIN only."""
        return request.kind is RequestKind.CALL and self.covers(request.tier)

    def covers(self, tier: Tier) -> bool:
        """Tell whether calls of a tier are allowed with the PIN only."""
        return self._use.covers(tier)

    def state(self) -> PinState:
        """Return what the window shows."""
        return PinState(is_set=self._kept is not None, use=self._use.value)

    async def check(self, pin: str) -> PinCheck:
        """Tell whether a PIN is the right one; counts the try."""
        async with self._trying:
            try:
                kept = await self._read()
                if kept is None:
                    return PinCheck(outcome=PinOutcome.NOT_SET)
                return await self._try(kept, pin)
            except SecretStoreUnavailable:
                return PinCheck(outcome=PinOutcome.LOCKED)
            except DamagedPin:
                return PinCheck(outcome=PinOutcome.DAMAGED)

    async def set(self, present: str, new: str, use: PinUse) -> PinCheck | None:
        """Set or change the PIN, or when it is asked; None: done, else why the present one fails.

        Raises ConfigurationError for a new one that is none, SecretStoreUnavailable when the
        keychain takes nothing.
        """
        async with self._trying:
            return await self._set(present, new, use)

    async def _set(self, present: str, new: str, use: PinUse) -> PinCheck | None:
        try:
            kept = await self._read()
        except DamagedPin:
            return PinCheck(outcome=PinOutcome.DAMAGED)
        if kept is not None:
            checked = await self._try(kept, present)
            if checked.outcome is not PinOutcome.RIGHT:
                return checked
        if new and not is_usable(new):
            raise ConfigurationError(
                f"A PIN has {SHORTEST} to {LONGEST} characters.", mend="Choose another one."
            )
        if kept is None and not new:
            raise ConfigurationError("There is no PIN yet.", mend="Type a new one, twice.")
        if new or kept is None:
            salt = secrets.token_bytes(16)
            kept = KeptPin(salt=salt, verifier=await _verifier(new, salt), use=use)
        await self._put("pin_set" if new else "pin_use", replace(kept, use=use))
        self._observers.changed(Topic.SETTINGS)
        return None

    async def _try(self, kept: KeptPin, pin: str) -> PinCheck:
        pause = self._pause(kept)
        if pause:
            return PinCheck(outcome=PinOutcome.WAIT, seconds=pause)
        failed = kept.failed + 1
        wait = wait_after(failed)
        self._deadline_ns = self._clock.monotonic_ns() + wait * _SECOND_NS
        await self._keep(replace(kept, failed=failed, until=self._now() + wait))
        made = await _verifier(pin[:LONGEST], kept.salt)
        if hmac.compare_digest(made, kept.verifier) and len(pin) <= LONGEST:
            self._deadline_ns = 0
            await self._keep(replace(kept, failed=0, until=0))
            return PinCheck(outcome=PinOutcome.RIGHT)
        return PinCheck(outcome=PinOutcome.WRONG, left=tries_left(failed), seconds=wait)

    def _pause(self, kept: KeptPin) -> int:
        """Return for how many seconds no PIN is looked at.

        By the clock that nobody sets as long as this process knows of the pause, else by the wall
        clock: then one that was set back lengthens it to no more than it was at first.
        """
        by_wall = min(max(0, kept.until - self._now()), wait_after(kept.failed))
        left_ns = max(0, self._deadline_ns - self._clock.monotonic_ns())
        return max(by_wall, -(-left_ns // _SECOND_NS))

    async def _put(self, what: str, kept: KeptPin) -> None:
        """Record a change and make it; where the keychain refuses, that is recorded too."""
        await self._record(what, kept.use)
        try:
            await self._keep(kept)
        except SecretStoreUnavailable:
            await self._record("pin_not_kept", kept.use)
            raise
        await self._settings.put_setting(MARK, kept.use.value)

    async def _read(self) -> KeptPin | None:
        """Return what is kept; None where there is none. Raises DamagedPin for what is no such."""
        entry = await self._keychain.get(*ENTRY)
        kept = _kept_of(entry.value) if entry is not None else None
        if entry is not None and kept is None:
            # Whoever wrote it, what was chosen is not known: it is asked wherever it could be.
            self._use = PinUse.T2_T3
            raise DamagedPin("What the keychain keeps of the PIN cannot be read.")
        self._kept = kept
        if kept is not None:
            self._use = kept.use
        return kept

    async def _keep(self, kept: KeptPin) -> None:
        await self._keychain.put(*ENTRY, Secret(_text(kept)))
        self._kept, self._use = kept, kept.use

    def _now(self) -> int:
        return int(datetime.fromisoformat(self._clock.now_utc()).timestamp())

    async def _record(self, what: str, use: PinUse) -> None:
        await self._log.commit(
            Entry(
                type=RecordType.SETTING,
                outcome=what,
                actor=Actor.HUMAN,
                details={"use": use.value},
            )
        )


async def _verifier(pin: str, salt: bytes) -> bytes:
    """Make what is compared, in a thread: it takes a tenth of a second and 32 MiB by purpose."""
    return await asyncio.to_thread(
        hashlib.scrypt,
        pin.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=_COST,
        r=_BLOCK,
        p=1,
        maxmem=_MEMORY,
        dklen=32,
    )


def _text(kept: KeptPin) -> str:
    return json.dumps(
        {
            "salt": kept.salt.hex(),
            "verifier": kept.verifier.hex(),
            "use": kept.use.value,
            "failed": kept.failed,
            "until": kept.until,
        }
    )


def _kept_of(text: str) -> KeptPin | None:
    """Read the keychain's entry; None for what is none."""
    parsed = parse_strict(text)
    match parsed.value if isinstance(parsed, Parsed) else None:
        case {
            "salt": str(salt),
            "verifier": str(verifier),
            "use": str(use),
            "failed": int(failed),
            "until": int(until),
        }:
            known = _use_of(use)
        case _:
            return None
    try:
        raw, made = bytes.fromhex(salt), bytes.fromhex(verifier)
    except ValueError:
        return None
    if known is None:
        return None
    return KeptPin(salt=raw, verifier=made, use=known, failed=failed, until=until)


def _use_of(text: str) -> PinUse | None:
    return next((use for use in PinUse if use.value == text), None)
