"""The URL opener port: how a person is shown the page on which to sign in."""

from typing import Protocol


class UrlOpener(Protocol):
    """Opens a page for a person; only a person's click, or the operator's FILE, leads here."""

    async def open(self, url: str) -> None:
        """Show the page, or have it shown; raises ServerUnavailable where nothing can.

        It may return while the page is open; being cancelled it ends what it started.
        """
        ...
