"""Owns whether Keyturn is signed in to a remote server, for all connections to it together.

Nothing that an agent does opens a page (law 4): while a person has to sign in, what it asks is
refused. Only a click in the window, or the operator's own program of FILE, starts a sign-in.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from keyturn.application.alerts import Alert, AlertKind
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.ports.sign_in_desk import SignInState
from keyturn.application.ports.url_opener import UrlOpener
from keyturn.application.tasks import TaskOwner
from keyturn.broker.oauth_http import SignInClient, host_in
from keyturn.broker.oauth_person import BrowserPerson
from keyturn.broker.oauth_redirect import RedirectListener, RedirectTexts
from keyturn.broker.oauth_tokens import Tokens, TokenStore
from keyturn.broker.oauth_words import Challenge, NoSignIn, SignInWanted
from keyturn.domain.configuration import OAuthConfig, ServerConfig
from keyturn.domain.errors import KeyturnError, SecretStoreUnavailable, filled
from keyturn.domain.remote import names_authorization

if TYPE_CHECKING:
    from keyturn.broker.oauth_flow import Run

_log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0
"""How long the end waits until new tokens are kept, as the old ones may be worth nothing, and until
those that nobody wants are given back."""
REVOKE_SECONDS = 20.0
"""How long an authorization server is told that tokens are over."""
SIGN_IN_SECONDS = 300.0
"""How long a person may take."""
WAIT_SECONDS = 8.0
"""How long a request waits for that; nothing waits longer for a person (architecture.md 7)."""
PAUSE_SECONDS = 30.0
"""How long after a sign-in that came to nothing no request starts another one."""
MOST_PAGES = 3
"""That requests have the operator's program show in so long as one may be open: a server that is
never content, whatever it was given, must not have it show one for each request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMeans:
    """What signing in needs of the broker."""

    secrets: SecretStore
    tokens: TokenStore
    opener_of: Callable[[ServerConfig], UrlOpener | None]
    """Returns the operator's program, where FILE names one."""
    texts: RedirectTexts
    changed: Callable[[], None] = lambda: None
    """Is told when a server stands otherwise than before."""
    stopped: Callable[[], bool] = lambda: False
    """Whether all agents are stopped, so that nobody is asked to sign in."""
    alert: Callable[[Alert], None] = lambda _alert: None
    """Tells a person of a sign-in that went bad."""

    def require_going(self) -> None:
        """Raise NoSignIn while all agents are stopped."""
        if self.stopped():
            raise NoSignIn("all agents are stopped")


_NOT_ASKED = Challenge(status=401, header="", version="")
"""For a server that was not asked yet: where it is described is found without its saying."""


class ServerSignIn:
    """Holds the tokens for one server at one URL, and gets new ones."""

    def __init__(self, server: ServerConfig, means: SignInMeans) -> None:
        self.server = server
        self._means = means
        self._oauth = server.oauth or OAuthConfig()
        self._client = SignInClient(server.url, (self._oauth.issuer,))
        self._tasks = TaskOwner()
        self._loading = asyncio.Lock()
        self._loaded = False
        self._tokens: Tokens | None = None
        self._refreshed = ""
        """A token that was just refreshed: where it is not taken, another one is no help."""
        self._running: asyncio.Task[None] | None = None
        self._storing = asyncio.Lock()
        """Held while the keychain is told, so that what was told last is what it holds."""
        self._stored: asyncio.Task[None] | None = None
        self._asking = False
        """Whether a person was shown where to sign in."""
        self._no_other_before = 0.0
        self.challenged = server.oauth is not None
        """Whether the server is known to want a sign-in."""
        self.host = ""
        """Where somebody has to sign in; empty where that is not known."""
        self._fault = ""
        self._challenge = _NOT_ASKED
        self._pages: deque[float] = deque(maxlen=MOST_PAGES)
        """When the operator's program was started for a request."""
        self._failed = False
        self.barred = False
        """Whether the server takes nothing until somebody has signed in."""

    @property
    def state(self) -> SignInState:
        """How Keyturn stands with the server."""
        tokens = self._tokens
        stands = SignInState(
            host=self.host, under_way=self._asking, failed=self._failed and not self._asking
        )
        if tokens is None or self.barred:
            return stands
        return replace(
            stands,
            signed_in=True,
            at=host_in(str(tokens.issuer.get("authorization_endpoint") or self.server.url)),
            client=str(tokens.client.get("client_id") or self._oauth.client_id),
            since=tokens.since,
        )

    async def headers(self) -> dict[str, str]:
        """Return what says who asks; nothing until the server wants it."""
        if self.challenged:
            await self._load()
        return self.headers_now()

    def headers_now(self) -> dict[str, str]:
        """Return the same without looking anything up."""
        return {"authorization": f"Bearer {self._tokens.access}"} if self._tokens else {}

    async def renew(self, challenge: Challenge, used: Mapping[str, str]) -> bool:
        """Get a token in the place of one that was not taken; `used` are the headers with it.

        False where it is from a sign-in of now: another one would be no help. Raises SignInWanted
        where somebody has to sign in first, and NoSignIn for another reason.
        """
        self.challenged, self._challenge = True, challenge
        if await self.headers() != used:
            return True
        if self._running is None and time.monotonic() >= self._no_other_before:
            self._running = self._tasks.start(self._run(None), "sign-in")
        if self._running is not None:
            await asyncio.wait([self._running], timeout=WAIT_SECONDS)
        if self.headers_now() != used:
            return self._tokens is not None and self._tokens.access == self._refreshed
        raise SignInWanted(self.host) if self.host else NoSignIn(self._fault)

    def taken(self, used: Mapping[str, str]) -> None:
        """The server took a request with these headers: a token in them is good now."""
        if not used or used != self.headers_now():
            return
        # It may be refreshed again, once it is not taken any more.
        self._refreshed = ""
        if self.barred:
            self.barred, self.host = False, ""
            self._means.changed()

    async def sign_in(self, opener: UrlOpener) -> None:
        """Have a person sign in, who asked for it; returns once it has begun."""
        await self._stop_running()
        self.challenged = True
        self._running = self._tasks.start(self._run(opener), "sign-in")

    async def sign_out(self) -> None:
        """Forget the tokens; raises SecretStoreUnavailable where the keychain keeps them."""
        await self._load()
        # Last, and nothing in between: a refresh that began meanwhile would sign in again.
        await self._stop_running()
        left, self._tokens, self._no_other_before = self._tokens, None, 0.0
        self._means.changed()
        if left is not None:
            self._tasks.start(
                _give_back(left, self._run_of, self._client), f"giving back {self.server.name}"
            )
        async with self._storing:
            await self._means.tokens.forget(self.server.name, self.server.url)

    def stop_engaged(self) -> None:
        """Give up a sign-in that waits for a person: nobody signs in while all is stopped."""
        if self._asking and self._running is not None:
            self._running.cancel()

    async def settled(self) -> None:
        """Wait until no sign-in runs, and what came of it is kept."""
        if self._running is not None:
            await asyncio.wait([self._running])
        if self._stored is not None:
            await asyncio.wait([self._stored])

    async def close(self) -> None:
        """Give up what runs; tokens are kept, or given back, where that is done in time."""
        await self._stop_running()
        await self._tasks.settle(CLOSE_SECONDS)
        await self._tasks.close()

    # ---------------------------------------------------------------- inside

    async def _load(self) -> None:
        async with self._loading:
            if self._loaded:
                return
            found = await self._means.tokens.load(self.server.name, self.server.url)
            # The keychain may take long, and somebody may have signed in meanwhile.
            if not self._loaded:
                self._tokens, self._loaded = found, True

    async def _stop_running(self) -> None:
        # One that was cancelled before its first step does not say that it ended; and whoever
        # waited for the same one may have started another.
        while (running := self._running) is not None:
            running.cancel()
            await asyncio.wait([running])
            if self._running is running:
                self._running = None

    async def _run(self, wanted_with: UrlOpener | None) -> None:
        """Get new tokens; `wanted_with` shows the page to a person who asked for it."""
        self._failed, challenge = False, self._challenge
        try:
            run = await self._run_of(challenge)
            if wanted_with is None:
                tokens = await self._authorize(run, self._means.opener_of(self.server))
            else:
                tokens = await self._ask(run.signing_in(), wanted_with)
            self._tokens, self._loaded = tokens, True
            self.host, self._fault, self.barred = "", "", False
            # A task of its own: nobody waits for the keychain, and no click or end loses them.
            self._stored = self._tasks.start(self._keep(tokens), "keeping tokens")
        except SignInWanted as wanted:
            # A token that lacks a scope is good for all that needs none.
            self.host, self.barred = wanted.host, not challenge.wants_scope
            self._pause("somebody has to sign in")
            if self._tokens is not None:
                self._alert(AlertKind.SIGN_IN_WANTED)
        except (NoSignIn, KeyturnError) as error:
            self._failed = wanted_with is not None
            self._pause(str(error))
            if self._failed or self._asking:
                self._alert(AlertKind.SIGN_IN_FAILED)
        finally:
            self._running, self._asking = None, False
            self._means.changed()

    async def _keep(self, tokens: Tokens) -> None:
        async with self._storing:
            if tokens is self._tokens:
                await self._means.tokens.keep(self.server.name, self.server.url, tokens)

    def _alert(self, kind: AlertKind) -> None:
        self._means.alert(Alert(kind, self.server.name))

    def _pause(self, fault: str) -> None:
        self._fault = fault
        self._no_other_before = time.monotonic() + PAUSE_SECONDS
        _log.info("no sign-in server=%s cause=%s", self.server.name, fault)

    async def _run_of(self, challenge: Challenge) -> "Run":
        # Importing it takes a second; from the thread on it is there.
        await asyncio.to_thread(import_module, "keyturn.broker.oauth_flow")
        from keyturn.broker.oauth_flow import Run

        return Run(
            url=self.server.url,
            oauth=self._oauth,
            client_secret=await _client_secret(self._means, self.server),
            challenge=challenge,
            tokens=self._tokens,
            now=time.time(),
        )

    async def _authorize(self, run: "Run", opener: UrlOpener | None) -> Tokens:
        """Get tokens with what is known already; else with the operator's program."""
        from keyturn.broker.oauth_flow import authorize

        tokens = run.tokens
        may = tokens is not None and tokens.refresh and tokens.access != self._refreshed
        if may and not run.challenge.wants_scope:
            try:
                renewed = await authorize(run.refreshing(), self._client, None)
            except SignInWanted:
                if opener is None:
                    raise
            else:
                self._refreshed = renewed.access
                return renewed
        if opener is None:
            return await authorize(run.signing_in(), self._client, None)
        self._count_page()
        return await self._ask(run.signing_in(), opener)

    def _count_page(self) -> None:
        """Raise NoSignIn where too many were shown lately."""
        now = time.monotonic()
        if len(self._pages) == MOST_PAGES and now - self._pages[0] < SIGN_IN_SECONDS:
            raise NoSignIn("the server wanted too many sign-ins")
        self._pages.append(now)

    async def _ask(self, run: "Run", opener: UrlOpener) -> Tokens:
        """Have a person sign in."""
        from keyturn.broker.oauth_flow import authorize

        self._means.require_going()
        listener = RedirectListener(self._means.texts)
        before = run.tokens.client.get("redirect_uris") if run.tokens is not None else None
        person = BrowserPerson(opener, listener, self._shown)
        await listener.start(str(before[0]) if isinstance(before, list) and before else "")
        try:
            async with asyncio.timeout(SIGN_IN_SECONDS):
                return await authorize(run, self._client, person)
        except TimeoutError:
            raise NoSignIn("nobody signed in in time") from None
        finally:
            listener.close()
            await person.close()

    def _shown(self, host: str) -> None:
        self._means.require_going()
        self.host, self._asking = host, True
        self._means.changed()


async def _give_back(
    left: Tokens, run_of: "Callable[[Challenge], Awaitable[Run]]", client: SignInClient
) -> None:
    """Tell the authorization server that tokens are over, where it can be told."""
    try:
        run = replace(await run_of(_NOT_ASKED), tokens=left)
        from keyturn.broker.oauth_revoke import revoke

        async with asyncio.timeout(REVOKE_SECONDS):
            told = await revoke(run, client)
    except (NoSignIn, KeyturnError, TimeoutError) as error:
        _log.info("tokens are not revoked cause=%s", str(error) or type(error).__name__)
    else:
        _log.info("signed out revoked=%s", told)


async def _client_secret(means: SignInMeans, server: ServerConfig) -> str:
    """Return the secret of a client that the authorization server knows already."""
    name = server.oauth.client_secret if server.oauth is not None else ""
    secret = await means.secrets.get(server.name, name) if name else None
    if name and secret is None:
        raise SecretStoreUnavailable(
            filled(
                "The keychain holds no value named {name} for {server}.",
                name=name,
                server=server.name,
            ),
            mend=filled(
                "Store it: keyturn credential set {server} {name}", server=server.name, name=name
            ),
        )
    return "" if secret is None else secret.value


class SignIns:
    """The sign-ins of a broker, one for each server that is asked over HTTP."""

    def __init__(self, means: SignInMeans) -> None:
        self._means = means
        self._servers: dict[tuple[str, str], ServerSignIn] = {}
        """By name and URL."""
        self._tasks = TaskOwner()

    def of(self, server: ServerConfig) -> ServerSignIn | None:
        """Return what its connections share; None for a server whose own headers say who asks."""
        if names_authorization(server.headers):
            return None
        known = self._servers.get((server.name, server.url))
        if known is not None and known.server.oauth == server.oauth:
            return known
        if known is not None:
            self._tasks.start(known.close(), "end of a sign-in")
        made = self._servers[server.name, server.url] = ServerSignIn(server, self._means)
        return made

    def state_of(self, server: ServerConfig) -> SignInState:
        """Return how a server stands, as far as it was asked."""
        known = self._servers.get((server.name, server.url))
        if known is None or names_authorization(server.headers):
            return SignInState()
        return known.state

    def stop_engaged(self) -> None:
        """Give up every sign-in that waits for a person."""
        for server in self._servers.values():
            server.stop_engaged()

    async def close(self) -> None:
        """Give up every sign-in that runs."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))
        await self._tasks.close()
