"""The presence port: the system's own dialog that has a person prove that they are there."""

from collections.abc import Mapping
from typing import Protocol

from keyturn.domain.presence import PresenceAnswer, Readiness


class PresenceAuthority(Protocol):
    """Asks about one process, which is the window's; nothing that it answers is remembered."""

    async def readiness(self, pid: int) -> Readiness:
        """Tell whether a person would be asked, within seconds and without asking anybody."""
        ...

    async def ask(self, pid: int, said: Mapping[str, str]) -> PresenceAnswer:
        """Have a person confirm what `said` describes in words; takes as long as they do.

        It ends with TIMED_OUT by itself. Cancelling it takes the dialog away. Where the system
        would ask nobody, or another process has that id by the end, it is never CONFIRMED.
        """
        ...
