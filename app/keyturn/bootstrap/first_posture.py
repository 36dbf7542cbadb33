"""The built-in posture of a profile: written once into a new one, and never read out of nothing.

A profile that asks about every call is what one without the setting is, so that taking the row
away, or changing it, loosens nothing. One that this very start made gets the recommended posture.
"""

from collections.abc import Mapping
from typing import Final

from keyturn.application.intents import POSTURE_SETTING
from keyturn.application.ports.seals import SealedTables
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.registry import Registry
from keyturn.application.seals import Sealing
from keyturn.domain.decision import Actor
from keyturn.domain.policy import Posture

_BY_NAME: Final = {posture.value: posture for posture in Posture}


def posture_in(settings: Mapping[str, str]) -> Posture:
    """Return the posture of a profile; missing or unreadable it is the one that always asks."""
    return _BY_NAME.get(settings.get(POSTURE_SETTING, ""), Posture.ASK_ALL)


class FirstPosture:
    """Writes the posture of a profile that was made at this start, as soon as it can be kept."""

    def __init__(
        self,
        *,
        made: bool,
        registry: Registry,
        tables: SealedTables,
        keychain: SecretStore,
    ) -> None:
        """`made`: there was no database before this start; `keychain` has the key of its seals."""
        self._owed = made
        self._registry = registry
        self._tables = tables
        self._keychain = keychain

    def before_load(self) -> None:
        """Owe nothing any more once there was a posture: a person's choice may be gone since."""
        if POSTURE_SETTING in self._registry.settings:
            self._owed = False

    async def after_load(self, sealing: Sealing) -> None:
        """Write it, unless another program had its hands on the profile meanwhile.

        A keychain with a key knows a profile whose file was taken away: that one is not new.
        """
        self.before_load()
        if not self._owed or not await self._can_be_kept(sealing):
            return
        self._owed = False
        if not await self._tables.changed():
            await self._registry.put_setting(
                POSTURE_SETTING, Posture.ASK_WRITES.value, Actor.KEYTURN
            )

    async def _can_be_kept(self, sealing: Sealing) -> bool:
        """Tell whether it would be sealed, or no row of this profile ever is."""
        if sealing is Sealing.NONE:
            # Behind a keychain that is only locked for now it waits for the key.
            return await self._keychain.status() == "missing"
        return sealing is Sealing.ON
