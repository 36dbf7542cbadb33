"""Owns the requests to one remote server: with its token, and once more with a new one.

A token goes to the origin that it was got for and nowhere else; redirects are not followed.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import asynccontextmanager

import httpx2

from keyturn.broker.certificates import Trace
from keyturn.broker.http_headers import VERSION
from keyturn.broker.oauth_sign_in import ServerSignIn
from keyturn.broker.oauth_words import Challenge, challenge_of

MOST_RENEWALS = 3
"""Of the token, for one request: one that was kept, or refreshed, may still be no good."""


class RemoteClient:
    """Asks one server."""

    def __init__(
        self, http: httpx2.AsyncClient, sign_in: ServerSignIn | None, trace: Trace | None = None
    ) -> None:
        self._http = http
        self._sign_in = sign_in
        self._extensions = {} if trace is None else {"trace": trace}
        """With every request: whichever comes first opens a connection that others use, too."""

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: httpx2.URL | str,
        *,
        headers: Mapping[str, str],
        content: Callable[[], AsyncIterable[bytes]] | None = None,
        times: httpx2.Timeout | None = None,
        refused: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[httpx2.Response]:
        """Ask and give the response, whose body is still to be read.

        `refused` is told each time before the same request is made again: until then the server has
        not taken it. Raises SignInWanted and NoSignIn.
        """
        left = MOST_RENEWALS
        while True:
            said = await self._sign_in.headers() if self._sign_in is not None else {}
            async with self._http.stream(
                method,
                url,
                headers={**headers, **said},
                content=None if content is None else content(),
                timeout=httpx2.USE_CLIENT_DEFAULT if times is None else times,
                extensions=self._extensions,
            ) as response:
                challenge = self._challenge_of(response, headers) if left else None
                if challenge is None:
                    if self._sign_in is not None and response.is_success:
                        self._sign_in.taken(said)
                    yield response
                    return
            refused()
            if self._sign_in is not None:
                others = await self._sign_in.renew(challenge, said)
                left = left - 1 if others else 0

    async def delete(self, url: str, headers: Mapping[str, str]) -> None:
        """Say that something is over; nobody signs in for that."""
        said = self._sign_in.headers_now() if self._sign_in is not None else {}
        await self._http.delete(url, headers={**headers, **said}, extensions=self._extensions)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def _challenge_of(
        self, response: httpx2.Response, headers: Mapping[str, str]
    ) -> Challenge | None:
        if self._sign_in is None:
            return None
        version = headers.get(VERSION, "")
        return challenge_of(response, version, known=self._sign_in.challenged)
