"""Owns one run of OAuth towards one server, on the SDK's client: what it asks, and where it ends.

The SDK says what to ask and judges the answers; each request goes out through the sign-in client,
none through the connection to the server. Importing this module imports the SDK, which takes a
second: only a server that wants a sign-in is worth it, and never on the event loop's thread.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import httpx2
import msgspec
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.auth.oauth2 import OAuthContext
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)

from keyturn.broker.http_headers import VERSION
from keyturn.broker.oauth_http import SignInClient, Unreachable, host_of
from keyturn.broker.oauth_redirect import Redirected
from keyturn.broker.oauth_tokens import Facts, Tokens
from keyturn.broker.oauth_words import Challenge, NoSignIn, SignInWanted
from keyturn.domain.configuration import OAuthConfig

MOST_REQUESTS = 24
NOBODY = "http://127.0.0.1/callback"
"""Where to come back to while nobody is asked: nothing is ever sent with it."""
_LONGEST_CAUSE = 120
_SERVER_ERROR, _TOO_MANY = 500, 429
_PKCE = "S256"
_TOKEN = re.compile(r"[!-~]{1,32768}")
"""What a header can carry, and a server may be expected to read."""
_KEPT_OF_ISSUER = frozenset(
    {"issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint"}
    | {"authorization_response_iss_parameter_supported", "code_challenge_methods_supported"}
)
_KEPT_OF_RESOURCE = frozenset({"resource", "authorization_servers"})
_KEPT_OF_CLIENT = frozenset(
    {"client_id", "client_secret", "token_endpoint_auth_method", "redirect_uris", "issuer"}
)

# Its records hold what authorization servers say, tokens included.
logging.getLogger("mcp.client.auth").propagate = False
logging.getLogger("mcp.client.auth").addHandler(logging.NullHandler())


class Person(Protocol):
    """Who can be asked to sign in."""

    @property
    def uri(self) -> str:
        """Where the browser comes back to."""
        ...

    async def show(self, url: str) -> None:
        """Show where to sign in."""
        ...

    async def answer(self) -> Redirected | None:
        """Wait until it came back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run starts from."""

    url: str
    """The server's."""
    oauth: OAuthConfig
    client_secret: str
    challenge: Challenge
    tokens: Tokens | None
    """What the server does not take any more."""
    now: float
    refresh: bool = False
    """Whether to try it with the refresh token, whatever the clock says."""

    def refreshing(self) -> "Run":
        """Return the run that begins with the refresh token, whatever the clock says."""
        return replace(self, refresh=True)

    def signing_in(self) -> "Run":
        """Return the run without the refresh token, which was of no use."""
        tokens = self.tokens
        return replace(self, tokens=tokens and msgspec.structs.replace(tokens, refresh=""))

    def __repr__(self) -> str:
        """Keep the secrets out of logs and tracebacks."""
        return f"Run({self.url})"


async def authorize(run: Run, client: SignInClient, person: Person | None) -> Tokens:
    """Get tokens that the server may take; with nobody to ask only what needs nobody.

    Raises SignInWanted where somebody has to sign in, and NoSignIn for every other end.
    """
    try:
        provider = provider_of(run, client, person)
        await _drive(run, provider, client)
        return _tokens_of(provider, run)
    except (SignInWanted, NoSignIn):
        raise
    except (OAuthFlowError, Unreachable) as error:
        # What follows the colon may be anything that a server has said.
        cause = str(error).partition(":")[0][:_LONGEST_CAUSE]
        raise NoSignIn(f"{type(error).__name__}, {cause}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, ArithmeticError) as error:
        raise NoSignIn(type(error).__name__) from None
    except (TimeoutError, StopAsyncIteration) as error:
        # The SDK ends early where it does not read in a challenge what was read here.
        raise NoSignIn(type(error).__name__) from None


async def _drive(run: Run, provider: OAuthClientProvider, client: SignInClient) -> None:
    """Answer what the provider asks until it would ask the server again, with a new token."""
    probe = httpx2.Request("POST", run.url, headers=_said(run.challenge.version))
    used = run.tokens.access if run.tokens is not None else ""
    challenged = False
    flow = provider.async_auth_flow(probe)
    try:
        outgoing = await anext(flow)
        for _ in range(MOST_REQUESTS):
            if outgoing is not probe:
                response = await client.fetch(outgoing)
                _require_well(run, response, challenged=challenged)
            elif challenged or _token(provider) not in ("", used):
                return
            else:
                challenged = True
                response = run.challenge.response(probe)
            outgoing = await flow.asend(response)
    finally:
        await flow.aclose()
    raise NoSignIn("it took too many requests")


def _require_well(run: Run, response: httpx2.Response, *, challenged: bool) -> None:
    """Raise NoSignIn where a refresh may do better later: nobody has to sign in for that."""
    ill = response.status_code >= _SERVER_ERROR or response.status_code == _TOO_MANY
    if run.refresh and not challenged and ill:
        raise NoSignIn(f"no refresh now (HTTP {response.status_code})")


def _said(version: str) -> dict[str, str]:
    return {VERSION: version} if version else {}


def _token(provider: OAuthClientProvider) -> str:
    tokens = provider.context.current_tokens
    return tokens.access_token if tokens is not None and provider.context.is_token_valid() else ""


# ---------------------------------------------------------------- what the SDK is given


class _Storage:
    """Holds for one run what the SDK wants to keep."""

    def __init__(
        self, tokens: OAuthToken | None, client: OAuthClientInformationFull | None
    ) -> None:
        self.tokens = tokens
        self.client = client

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def provider_of(run: Run, client: SignInClient, person: Person | None) -> OAuthClientProvider:
    """Return the SDK's client, with what is known already."""
    tokens, oauth = run.tokens, run.oauth
    held = None
    if tokens is not None:
        held = OAuthToken(
            access_token=tokens.access,
            refresh_token=tokens.refresh or None,
            scope=tokens.scope or None,
        )
    if oauth.client_secret and not oauth.sign_in:
        provider: OAuthClientProvider = ClientCredentialsOAuthProvider(
            server_url=run.url,
            storage=_Storage(held, None),
            client_id=oauth.client_id,
            client_secret=run.client_secret,
            scope=oauth.scope or None,
            issuer=oauth.issuer,
        )
    else:
        uri = NOBODY if person is None else person.uri
        provider = OAuthClientProvider(
            server_url=run.url,
            client_metadata=OAuthClientMetadata.model_validate(
                {"redirect_uris": [uri], "client_name": "Keyturn", "scope": oauth.scope or None}
            ),
            storage=_Storage(held, known_client(run, uri, registers=person is not None)),
            client_metadata_url=oauth.client_metadata_url or None,
        )
        context = provider.context
        context.redirect_handler, context.callback_handler = _asks(context, client, person)
    _remind(provider, run)
    return provider


def _asks(
    context: OAuthContext, client: SignInClient, person: Person | None
) -> tuple[Callable[[str], Awaitable[None]], Callable[[], Awaitable[AuthorizationCodeResult]]]:
    async def show(url: str) -> None:
        _require_pkce(context.oauth_metadata)
        page = _in_one_query(url)
        checked = client.check(page)
        if person is None:
            raise SignInWanted(host_of(checked))
        await person.show(page)

    async def answer() -> AuthorizationCodeResult:
        found = None if person is None else await person.answer()
        if found is None:
            raise NoSignIn("nobody came back, or with another answer")
        return AuthorizationCodeResult(code=found.code, state=found.state, iss=found.iss)

    return show, answer


def _require_pkce(issuer: OAuthMetadata | None) -> None:
    """Raise NoSignIn for an authorization server that does not say that it checks the code.

    MCP has clients refuse it. Of one that describes nothing, as older ones, nobody can tell.
    """
    if issuer is not None and _PKCE not in (issuer.code_challenge_methods_supported or ()):
        raise NoSignIn(f"the authorization server does not say that it knows PKCE with {_PKCE}")


def _in_one_query(url: str) -> str:
    """Return the page's URL with the question in its own query, where it has one (RFC 6749 3.1)."""
    # The SDK puts a question mark in any case; what follows the last one is its own, and has none.
    page, _, question = url.rpartition("?")
    if "#" in page:
        raise NoSignIn("a page with a fragment, to which nothing can be asked")
    return f"{page}&{question}" if "?" in page else url


def known_client(
    run: Run, uri: str = NOBODY, *, registers: bool = False
) -> OAuthClientInformationFull | None:
    """Return the client that is known already; None to register one."""
    oauth = run.oauth
    if oauth.client_id:
        return OAuthClientInformationFull(
            client_id=oauth.client_id,
            client_secret=run.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if run.client_secret else "none",
            issuer=oauth.issuer or None,
        )
    if run.tokens is not None and run.tokens.client:
        client = OAuthClientInformationFull.model_validate(run.tokens.client)
        # Not every authorization server takes another port than the one that was registered.
        comes_back = uri in map(str, client.redirect_uris or ())
        return None if registers and not comes_back else client
    if not registers:
        # Nothing is registered while nobody is there: this one is never sent anywhere.
        return OAuthClientInformationFull(client_id="nobody")
    return None


def _remind(provider: OAuthClientProvider, run: Run) -> None:
    """Tell the SDK what it found out when the tokens were new.

    Without that it would send a refresh token to the server itself.
    """
    context, tokens = provider.context, run.tokens
    if tokens is None:
        return
    if tokens.issuer:
        context.oauth_metadata = OAuthMetadata.model_validate(tokens.issuer)
    if tokens.resource:
        resource = ProtectedResourceMetadata.model_validate(tokens.resource)
        context.protected_resource_metadata = resource
        context.auth_server_url = str(resource.authorization_servers[0])
    context.token_expiry_time = tokens.expires_at or None
    if run.refresh:
        context.token_expiry_time = 1.0


# ---------------------------------------------------------------- what is kept of it


def _tokens_of(provider: OAuthClientProvider, run: Run) -> Tokens:
    context = provider.context
    tokens, client = context.current_tokens, context.client_info
    if tokens is None or not _TOKEN.fullmatch(tokens.access_token):
        raise NoSignIn("no token that a header can carry")
    return Tokens(
        access=tokens.access_token,
        refresh=tokens.refresh_token or "",
        scope=tokens.scope or "",
        expires_at=run.now + tokens.expires_in if tokens.expires_in else 0.0,
        since=run.tokens.since if run.refresh and run.tokens is not None else run.now,
        client=_json(client, _KEPT_OF_CLIENT) if client and not run.oauth.client_id else {},
        issuer=_json(context.oauth_metadata, _KEPT_OF_ISSUER),
        resource=_json(context.protected_resource_metadata, _KEPT_OF_RESOURCE),
    )


def _json(
    model: OAuthClientInformationFull | OAuthMetadata | ProtectedResourceMetadata | None,
    names: frozenset[str],
) -> Facts:
    if model is None:
        return {}
    return model.model_dump(mode="json", include=set(names), exclude_none=True)
