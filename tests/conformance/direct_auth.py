"""Owns how the suite's client signs in, on the SDK alone and as the operator of a broker would."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

SIGN_IN = Path(__file__).with_name("sign_in.py")
REDIRECT = "http://127.0.0.1:3030/callback"
CLIENT_METADATA = "https://conformance-test.local/client-metadata.json"
"""Which client the suite expects to see."""


class _Storage:
    def __init__(self, client: OAuthClientInformationFull | None) -> None:
        self._tokens: OAuthToken | None = None
        self._client = client

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info


class _Browser:
    """Follows where the authorization server leads, and stops there."""

    def __init__(self) -> None:
        self._back: dict[str, str] = {}

    async def show(self, url: str) -> None:
        async with httpx2.AsyncClient() as http:
            sent = await http.get(url)
            self._back = dict(parse_qsl(urlsplit(sent.headers["location"]).query))

    async def answer(self) -> AuthorizationCodeResult:
        back = self._back
        return AuthorizationCodeResult(
            code=back["code"], state=back.get("state"), iss=back.get("iss")
        )


def direct_auth(url: str, context: Mapping[str, Any]) -> httpx2.Auth:
    """Return the SDK's own client of OAuth, for a scenario."""
    known = None
    if "client_id" in context:
        known = OAuthClientInformationFull.model_validate(
            {
                "client_id": context["client_id"],
                "client_secret": context.get("client_secret"),
                "token_endpoint_auth_method": "client_secret_basic",
                "redirect_uris": [REDIRECT],
                "issuer": context.get("issuer"),
            }
        )
    browser = _Browser()
    return OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata.model_validate(
            {"redirect_uris": [REDIRECT], "client_name": "suite"}
        ),
        storage=_Storage(known),
        redirect_handler=browser.show,
        callback_handler=browser.answer,
        client_metadata_url=CLIENT_METADATA,
    )


def oauth_table(context: Mapping[str, Any]) -> str:
    """Return what FILE says of the same."""
    lines = [
        f"sign_in = {json.dumps([sys.executable, '-I', str(SIGN_IN)])}",
        f"client_metadata_url = {json.dumps(CLIENT_METADATA)}",
    ]
    if "client_id" in context:
        lines += [
            f"client_id = {json.dumps(context['client_id'])}",
            'client_secret = "keychain:suite"',
            f"issuer = {json.dumps(context['issuer'])}",
        ]
    return "\n".join(lines)
