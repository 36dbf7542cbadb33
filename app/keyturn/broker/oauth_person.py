"""Owns the person who is asked to sign in: the page they are shown, and the browser's way back."""

import logging
from collections.abc import Callable

import httpx2

from keyturn.application.ports.url_opener import UrlOpener
from keyturn.application.tasks import TaskOwner
from keyturn.broker.oauth_http import host_of
from keyturn.broker.oauth_redirect import Redirected, RedirectListener
from keyturn.domain.errors import KeyturnError

_log = logging.getLogger(__name__)


class BrowserPerson:
    """Shows the page, and waits for the browser to come back from it."""

    def __init__(
        self, opener: UrlOpener, listener: RedirectListener, shown: Callable[[str], None]
    ) -> None:
        self._opener = opener
        self._listener = listener
        self._shown = shown
        self._tasks = TaskOwner()

    @property
    def uri(self) -> str:
        """Where the browser comes back to."""
        return self._listener.uri

    async def show(self, url: str) -> None:
        """Open the page; it may stay open until all is over."""
        self._listener.expect(url)
        self._shown(host_of(httpx2.URL(url)))
        self._tasks.start(self._open(url), "page to sign in")

    async def answer(self) -> Redirected | None:
        """Return what the browser brought; None too where no page could be shown."""
        return await self._listener.answer()

    async def close(self) -> None:
        """Close the page, as far as it is ours."""
        await self._tasks.close()

    async def _open(self, url: str) -> None:
        try:
            await self._opener.open(url)
        except KeyturnError as error:
            _log.info("no page to sign in: %s", error)
            self._listener.close()
