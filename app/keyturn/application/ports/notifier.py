"""The notifier port: one desktop notification, updated in place; it opens or denies, no more."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the notification says; already masked and plain text."""

    title: str
    body: str
    request_id: str = ""
    """The request that its Deny action is bound to; empty when there is no such action."""
    digest: str = ""


class Notifier(Protocol):
    """Shows, replaces and withdraws the one notification."""

    async def show(self, notice: Notice) -> bool:
        """Show or replace it; False when this machine cannot show notifications."""
        ...

    async def ready(self) -> bool:
        """Tell whether this machine can show notifications, without showing one."""
        ...

    async def withdraw(self) -> None:
        """Remove it."""
        ...
