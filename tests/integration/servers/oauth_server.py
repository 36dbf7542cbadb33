"""A server over HTTP that wants a sign-in, and its authorization server, in the test's own loop."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from keyturn.domain.errors import ServerUnavailable
from tests.integration.servers.http_server import HttpServer, serving

Changes = dict[str, Any]
Said = dict[str, str]


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class AuthorizationServer:
    """Registers clients, asks nobody, and gives a token for each code, once."""

    issuer: str = ""
    asked: list[tuple[str, Said]] = field(default_factory=list[tuple[str, Said]])
    """Path and parameters of each request, in order."""
    metadata: Changes = field(default_factory=Changes)
    """What its description says otherwise."""
    redirects: Changes = field(default_factory=Changes)
    """What the browser is sent back with otherwise; None leaves a parameter out."""
    on_token: Callable[[dict[str, str]], Response] | None = None
    expires_in: int = 3600
    refreshes: bool = True
    tokens: list[str] = field(default_factory=list[str])
    """Every token that was given, the newest last."""
    refresh_tokens: list[str] = field(default_factory=list[str])
    proofs: list[str] = field(default_factory=list[str])
    """What clients said to show who they are."""
    revoked: list[str] = field(default_factory=list[str])
    may_revoke: asyncio.Event = field(default_factory=_set)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a token was revoked."""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def paths(self) -> list[str]:
        """Return what was asked, in order."""
        return [path for path, _ in self.asked]

    def grants(self) -> list[str]:
        """Return by which grants tokens were asked for, in order."""
        return [said["grant_type"] for path, said in self.asked if path == "/token"]

    async def described(self, request: Request) -> Response:
        """Describe itself (RFC 8414)."""
        self.asked.append((request.url.path, {}))
        said: Changes = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "registration_endpoint": f"{self.issuer}/register",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        }
        return JSONResponse(said | self.metadata)

    async def register(self, request: Request) -> Response:
        """Register a client (RFC 7591)."""
        self.asked.append((request.url.path, {}))
        said: Changes = await request.json()
        known = {**said, "client_id": f"client-{len(self.asked)}"}
        return JSONResponse({**known, "token_endpoint_auth_method": "none"}, status_code=201)

    async def authorize(self, request: Request) -> Response:
        """Send the browser back with a code."""
        said = dict(request.query_params)
        self.asked.append((request.url.path, said))
        code = secrets.token_urlsafe(16)
        self._codes[code] = said
        back: Changes = {"code": code, "state": said["state"], "iss": self.issuer} | self.redirects
        query = urlencode({name: value for name, value in back.items() if value is not None})
        return RedirectResponse(f"{said['redirect_uri']}?{query}", status_code=302)

    async def token(self, request: Request) -> Response:
        """Give a token for a code, a refresh token or a client's own secret."""
        said = dict(parse_qsl((await request.body()).decode()))
        self.asked.append((request.url.path, said))
        self.proofs.append(request.headers.get("authorization", ""))
        if self.on_token is not None:
            return self.on_token(said)
        if not self._is_good(said, request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return self.give()

    async def revoke(self, request: Request) -> Response:
        """Take a token no more (RFC 7009)."""
        await self.may_revoke.wait()
        said = dict(parse_qsl((await request.body()).decode()))
        self.asked.append((request.url.path, said))
        self.revoked.append(said["token"])
        self.told.set()
        return Response(status_code=200)

    def give(self) -> Response:
        """Give a new token."""
        self.tokens.append(f"access-{secrets.token_urlsafe(16)}")
        given: Changes = {
            "access_token": self.tokens[-1],
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        }
        if self.refreshes:
            self.refresh_tokens.append(f"refresh-{secrets.token_urlsafe(16)}")
            given["refresh_token"] = self.refresh_tokens[-1]
        return JSONResponse(given)

    def _is_good(self, said: dict[str, str], authorization: str) -> bool:
        if said["grant_type"] == "client_credentials":
            return authorization.startswith("Basic ")
        if said["grant_type"] == "refresh_token":
            return said["refresh_token"] in self.refresh_tokens[-1:]
        asked = self._codes.pop(said["code"], None)
        digest = hashlib.sha256(said["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return asked is not None and challenge == asked["code_challenge"]


@dataclass
class Guarded:
    """A server that answers only who brings a token of its authorization server."""

    behind: HttpServer
    authorization: AuthorizationServer
    url: str = ""
    resource: Changes = field(default_factory=Changes)
    """What its description says otherwise."""
    header: str = ""
    """What it says to who brings none; empty for what is right."""
    is_described: bool = True
    scope_wanted: str = ""
    """A scope that every token lacks which was got without it."""
    refused: list[str] = field(default_factory=list[str])
    """The tokens that it does not take any more."""

    async def handle(self, request: Request) -> Response:
        """Take one request."""
        _, _, token = request.headers.get("authorization", "").partition(" ")
        if token not in self.authorization.tokens or token in self.refused:
            self.behind.seen.append(("401", dict(request.headers), None))
            told = self.header or f'Bearer resource_metadata="{self._described_at}"'
            return Response("no", status_code=401, headers={"www-authenticate": told})
        return await self.behind.handle(request)

    @property
    def _described_at(self) -> str:
        return self.origin + "/.well-known/oauth-protected-resource/mcp"

    def say_nothing_of_itself(self) -> None:
        """Be a server of before RFC 9728: its own origin is the issuer."""
        self.header, self.is_described = "Bearer", False
        self.authorization.metadata["issuer"] = self.origin
        self.authorization.redirects["iss"] = self.origin

    @property
    def origin(self) -> str:
        """Where it is."""
        return self.url.removesuffix("/mcp")

    async def described(self, _request: Request) -> Response:
        """Describe itself (RFC 9728)."""
        if not self.is_described:
            return Response(status_code=404)
        said = {"resource": self.url, "authorization_servers": [self.authorization.issuer]}
        return JSONResponse(said | self.resource)


@dataclass
class Browser:
    """Implements the UrlOpener port: follows where it is sent, as a person's browser would."""

    opened: list[str] = field(default_factory=list[str])
    changed: Callable[[str], str] = lambda url: url
    """Changes where it is sent back to."""
    broken: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it was opened."""
    may_go: asyncio.Event = field(default_factory=_set)
    """What the person who looks at the page waits for."""
    answers: list[httpx2.Response] = field(default_factory=list[httpx2.Response])

    async def open(self, url: str) -> None:
        """Sign in."""
        self.opened.append(url)
        self.asked.set()
        await self.may_go.wait()
        if self.broken:
            raise ServerUnavailable("There is no browser.")
        async with httpx2.AsyncClient() as http:
            sent = await http.get(url)
            self.answers.append(await http.get(self.changed(sent.headers["location"])))


@asynccontextmanager
async def guarded_server() -> AsyncGenerator[Guarded]:
    """Serve both, each at a port of its own."""
    authorization = AuthorizationServer()
    made = Guarded(HttpServer(), authorization)
    routes = [
        Route("/.well-known/oauth-authorization-server", authorization.described),
        Route("/register", authorization.register, methods=["POST"]),
        Route("/authorize", authorization.authorize),
        Route("/token", authorization.token, methods=["POST"]),
        Route("/revoke", authorization.revoke, methods=["POST"]),
    ]
    own = [
        Route("/mcp", made.handle, methods=["POST", "GET", "DELETE"]),
        Route("/.well-known/oauth-protected-resource/mcp", made.described),
        Route("/.well-known/oauth-authorization-server", authorization.described),
    ]
    async with serving(Router(routes)) as there, serving(Router(own)) as here:
        authorization.issuer = there
        made.url = f"{here}/mcp"
        yield made
