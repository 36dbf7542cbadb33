"""Authorization servers as they are: what of them is taken, what is refused, what ends well."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from keyturn.broker.oauth_flow import Run, authorize
from keyturn.broker.oauth_http import SignInClient
from keyturn.broker.oauth_words import Challenge, NoSignIn
from keyturn.domain.configuration import OAuthConfig
from tests.integration.link_rig import World
from tests.integration.stories import tell
from tests.integration.test_link import text_of
from tests.integration.test_oauth import refused, signing_in


@pytest.mark.parametrize("methods", [None, [], ["plain"]])
def test_who_does_not_say_that_it_knows_pkce_is_not_signed_in_to(
    tmp_path: Path, methods: list[str] | None
) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.authorization.metadata = {"code_challenge_methods_supported": methods}
            assert "could not sign in" in await refused(s.link())
            assert s.browser.opened == []

    tell(tmp_path, story)


def test_a_page_with_a_query_of_its_own_keeps_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            page = f"{s.server.authorization.issuer}/authorize?tenant=1"
            s.server.authorization.metadata = {"authorization_endpoint": page}
            wire = s.link()
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            said = s.server.authorization.asked[2][1]
            assert said["tenant"] == "1"
            assert said["response_type"] == "code"

    tell(tmp_path, story)


def test_a_page_with_a_fragment_is_not_opened(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            page = f"{s.server.authorization.issuer}/authorize#a"
            s.server.authorization.metadata = {"authorization_endpoint": page}
            assert "could not sign in" in await refused(s.link())
            assert s.browser.opened == []

    tell(tmp_path, story)


def test_a_refresh_token_goes_where_the_issuer_said_also_of_a_server_that_says_nothing(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.say_nothing_of_itself()
            wire = s.link()
            await wire.shake()
            await wire.call(0, "echo", "in time")
            s.server.refused += s.server.authorization.tokens
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert s.server.authorization.grants() == ["authorization_code", "refresh_token"]

    tell(tmp_path, story)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_ill_authorization_server_is_no_reason_to_sign_in(tmp_path: Path, status: int) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wire = s.link()
            await wire.shake()
            await wire.call(0, "echo", "in time")
            s.server.refused += s.server.authorization.tokens
            s.server.authorization.on_token = lambda _said: Response(status_code=status)
            answer = await wire.call(1, "echo", "hello")
            assert "could not sign in" in answer["error"]["message"]
            assert world.sign_ins is not None
            sign_in = world.sign_ins().of(s.config())
            assert sign_in is not None
            assert sign_in.state.host == ""
            assert len(s.browser.opened) == 1

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "given",
    [
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "a\r\nx: y"},
        {"access_token": "a" * 40_000},
        {"expires_in": 10**400},
        {"token_type": "DPoP"},
    ],
)
def test_tokens_that_are_none_are_not_taken(tmp_path: Path, given: dict[str, Any]) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            said = {"access_token": "good", "token_type": "Bearer"} | given
            s.server.authorization.on_token = lambda _said: JSONResponse(said)
            assert "sign in" in await refused(s.link())
            assert world.secrets.secrets == {}

    tell(tmp_path, story)


def test_a_challenge_may_be_in_any_language(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            where = f"{s.server.origin}/.well-known/oauth-protected-resource/mcp"
            s.server.header = f'Bearer realm="Z\u00fcrich", resource_metadata="{where}"'
            await s.link().shake()

    tell(tmp_path, story)


def test_a_challenge_that_only_some_can_read_ends_in_a_sentence() -> None:
    run = Run(
        url="https://far.example.com/mcp",
        oauth=OAuthConfig(),
        client_secret="",
        challenge=Challenge(
            status=403, header='Bearer x_error="a", error="insufficient_scope"', version=""
        ),
        tokens=None,
        now=0.0,
    )
    with pytest.raises(NoSignIn):
        asyncio.run(authorize(run, SignInClient(run.url), None))
