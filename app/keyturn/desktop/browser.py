"""Owns how a page is opened in the person's own browser: by the desktop's opener, no shell."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from keyturn.domain.errors import ServerUnavailable

LOOK_SECONDS = 5.0
"""How long an opener is watched: later it may be the browser itself."""
SCHEMES = ("https://", "http://")


def opener_of(platform: str) -> tuple[str, ...]:
    """Return the program that opens an address on a system."""
    if platform == "win32":
        return ("rundll32", "url.dll,FileProtocolHandler")
    return ("open",) if platform == "darwin" else ("xdg-open",)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesktopBrowser:
    """Implements the UrlOpener port; the browser outlives the sign-in, and Keyturn."""

    env: Mapping[str, str]
    command: tuple[str, ...] = opener_of(sys.platform)

    async def open(self, url: str) -> None:
        """Open the page; raises ServerUnavailable where nothing can."""
        if not url.startswith(SCHEMES):
            raise ServerUnavailable("Only a page of the web is opened.")
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                url,
                env=self.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerUnavailable("No browser could be opened.") from error
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                code = await process.wait()
        except TimeoutError:
            return
        if code != 0:
            raise ServerUnavailable("No browser could be opened.")
