"""Owns the tries at one PIN: its verifier in the keychain, and how many failed since a right one.

A try is counted before the PIN is looked at, so that neither a restart nor an end in the midst of
it gives one for nothing. The PIN itself is kept nowhere and written nowhere.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from dataclasses import replace
from datetime import datetime

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.domain.canonical import JsonObject, Parsed, parse_strict
from keyturn.domain.errors import DamagedPin
from keyturn.domain.pin import (
    LONGEST,
    KeptPin,
    PinCheck,
    PinOutcome,
    PinUse,
    tries_left,
    wait_after,
)

_SECOND_NS = 1_000_000_000
COST = 2**15
_BLOCK = 8
_MEMORY = 64 * 1024 * 1024


class PinTries:
    """One entry of the keychain; whoever uses it sees to it that there is one try at a time."""

    def __init__(self, entry: tuple[str, str], keychain: SecretStore, clock: Clock) -> None:
        self._entry = entry
        self._keychain = keychain
        self._clock = clock
        self._deadline_ns = 0
        """Until then no PIN is looked at, whatever the wall clock is set to."""

    async def read(self) -> KeptPin | None:
        """Return what is kept; None where there is none.

        Raises DamagedPin for what is no such, SecretStoreUnavailable for a locked keychain.
        """
        entry = await self._keychain.get(*self._entry)
        if entry is None:
            return None
        kept = _kept_of(entry.value)
        if kept is None:
            raise DamagedPin("What the keychain keeps of the PIN cannot be read.")
        return kept

    async def keep(self, kept: KeptPin) -> None:
        """Put in the place of what is kept; raises SecretStoreUnavailable."""
        await self._keychain.put(*self._entry, Secret(_text(kept)))

    async def forget(self) -> None:
        """Take out what is kept; raises SecretStoreUnavailable."""
        await self._keychain.delete(*self._entry)

    async def attempt(self, kept: KeptPin, pin: str) -> PinCheck:
        """Tell whether a PIN is the right one; counts the try."""
        pause = self._pause(kept)
        if pause:
            return PinCheck(outcome=PinOutcome.WAIT, seconds=pause)
        failed = kept.failed + 1
        wait = wait_after(failed)
        self._deadline_ns = self._clock.monotonic_ns() + wait * _SECOND_NS
        await self.keep(replace(kept, failed=failed, until=self._now() + wait))
        if await is_it(kept, pin):
            self._deadline_ns = 0
            await self.keep(replace(kept, failed=0, until=0))
            return PinCheck(outcome=PinOutcome.RIGHT)
        return PinCheck(outcome=PinOutcome.WRONG, left=tries_left(failed), seconds=wait)

    def pauses(self, kept: KeptPin) -> bool:
        """Tell whether no PIN is looked at just now."""
        return self._pause(kept) > 0

    def _pause(self, kept: KeptPin) -> int:
        """Return for how many seconds no PIN is looked at.

        By the clock that nobody sets as long as this process knows of the pause, else by the wall
        clock: then one that was set back lengthens it to no more than it was at first.
        """
        by_wall = min(max(0, kept.until - self._now()), wait_after(kept.failed))
        left_ns = max(0, self._deadline_ns - self._clock.monotonic_ns())
        return max(by_wall, -(-left_ns // _SECOND_NS))

    def _now(self) -> int:
        return int(datetime.fromisoformat(self._clock.now_utc()).timestamp())


async def made_of(pin: str, use: PinUse) -> KeptPin:
    """Return what is kept of a new PIN."""
    salt = secrets.token_bytes(16)
    return KeptPin(salt=salt, verifier=await _verifier(pin, salt), use=use)


async def is_it(kept: KeptPin, pin: str) -> bool:
    """Compare a PIN with what is kept; no try is counted, so that only a try may ask this.

    Or who has typed the other person's right one just now, of that very one.
    """
    made = await _verifier(pin[:LONGEST], kept.salt)
    return hmac.compare_digest(made, kept.verifier) and len(pin) <= LONGEST


def use_of(text: str) -> PinUse | None:
    """Read when a PIN is asked; None for what says nothing of it."""
    return next((use for use in PinUse if use.value == text), None)


async def _verifier(pin: str, salt: bytes) -> bytes:
    """Make what is compared, in a thread: it takes a tenth of a second and 32 MiB by purpose."""
    return await asyncio.to_thread(
        hashlib.scrypt,
        pin.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=COST,
        r=_BLOCK,
        p=1,
        maxmem=_MEMORY,
        dklen=32,
    )


def _text(kept: KeptPin) -> str:
    data: JsonObject = {
        "salt": kept.salt.hex(),
        "verifier": kept.verifier.hex(),
        "use": kept.use.value,
        "failed": kept.failed,
        "until": kept.until,
    }
    if kept.dialog:
        data["dialog"] = True
    if kept.name:
        data |= {"name": kept.name, "beside": kept.beside}
    return json.dumps(data)


def _kept_of(text: str) -> KeptPin | None:
    """Read the keychain's entry; None for what is none."""
    parsed = parse_strict(text)
    value = parsed.value if isinstance(parsed, Parsed) else None
    match value:
        case {
            "salt": str(salt),
            "verifier": str(verifier),
            "use": str(use),
            "failed": int(failed),
            "until": int(until),
        }:
            known = use_of(use)
        case _:
            return None
    name, beside = value.get("name", ""), value.get("beside", "")
    try:
        raw, made = bytes.fromhex(salt), bytes.fromhex(verifier)
    except ValueError:
        return None
    if known is None or not isinstance(name, str) or not isinstance(beside, str):
        return None
    return KeptPin(
        salt=raw,
        verifier=made,
        use=known,
        failed=failed,
        until=until,
        name=name,
        beside=beside,
        dialog=value.get("dialog") is True,
    )
