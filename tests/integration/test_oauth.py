"""Signing in to servers: what it needs, what agents are told, and what attackers get."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from keyturn.application.alerts import Alert, AlertKind
from keyturn.application.ports.secret_store import Secret
from keyturn.application.ports.sign_in_desk import SignInState
from keyturn.broker import oauth_sign_in
from keyturn.broker.oauth_redirect import RedirectTexts
from keyturn.broker.oauth_sign_in import SignInMeans, SignIns
from keyturn.broker.oauth_tokens import TokenStore, entry_of
from keyturn.domain.configuration import (
    OAuthConfig,
    RemoteTransport,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)
from keyturn.domain.tier import Tier
from tests.integration.link_rig import Wire, World
from tests.integration.servers.oauth_server import Browser, Guarded, guarded_server
from tests.integration.servers.sse_server import sse_server
from tests.integration.stories import tell
from tests.integration.test_link import text_of

BY_A_PERSON = OAuthConfig(sign_in=("of the test",))
SAYS_SIGN_IN = "wants the user to sign in"


@dataclass
class Story:
    """A server that wants a sign-in, a browser, and a world that may use both."""

    world: World
    server: Guarded
    browser: Browser = field(default_factory=Browser)
    oauth: OAuthConfig | None = BY_A_PERSON

    def config(self, **changes: Any) -> ServerConfig:
        settings: dict[str, Any] = {
            "name": "far",
            "command": (),
            "url": self.server.url,
            "review": ReviewMode.ACCEPT,
            "tools": (ToolSetting(pattern="*", tier=Tier.T0),),
            "oauth": self.oauth,
        }
        return ServerConfig(**(settings | changes))

    def link(self, **changes: Any) -> Wire:
        return self.world.link(self.config(**changes))

    def sign_ins(self) -> SignIns:
        """Make the sign-ins of a broker that has just been started."""
        return SignIns(
            SignInMeans(
                secrets=self.world.secrets,
                tokens=TokenStore(self.world.secrets, self.world.known),
                opener_of=lambda server: (
                    self.browser if server.oauth and server.oauth.sign_in else None
                ),
                texts=RedirectTexts(done="done", failed="failed"),
                stopped=lambda: self.world.stop.engaged,
                alert=self.world.alerts.happened,
            )
        )

    @property
    def asked(self) -> list[str]:
        return self.server.authorization.paths()

    def said_to_agents(self, wire: Wire) -> str:
        return repr((wire.client.lines, self.world.log.records, self.world.server_log))


@asynccontextmanager
async def signing_in(world: World, **more: Any) -> AsyncGenerator[Story]:
    async with guarded_server() as server:
        story = Story(world, server, **more)
        made = story.sign_ins()
        world.sign_ins = lambda: made
        try:
            yield story
        finally:
            await world.close()
            await made.close()


async def refused(wire: Wire) -> str:
    """Begin, and return what the server's place is answered with."""
    answer = await wire.ask("first", "initialize", {"protocolVersion": "2025-11-25"})
    assert answer["error"]["code"] == -32010
    return answer["error"]["message"]


def test_the_operators_program_signs_in_and_the_call_goes_out(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wire = s.link()
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert s.asked == [
                "/.well-known/oauth-authorization-server",
                "/register",
                "/authorize",
                "/token",
            ]
            ((headers, _),) = s.server.behind.calls()
            (token,) = s.server.authorization.tokens
            assert headers["authorization"] == f"Bearer {token}"
            asked = s.server.authorization.asked[2][1]
            assert asked["code_challenge_method"] == "S256"
            assert asked["resource"] == s.server.url
            assert s.browser.answers[0].text == "done"
            assert token not in s.said_to_agents(wire)

    tell(tmp_path, story)


def test_tokens_are_kept_for_the_next_broker_and_are_known_secrets(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            await s.link().shake()
            (token,) = s.server.authorization.tokens
            assert token in world.secrets.secrets["far", entry_of(s.server.url)].value
            assert world.known.held_in({"text": token}, freely=True)
            again = s.sign_ins()
            world.sign_ins = lambda: again
            await s.link().shake()
            assert s.asked.count("/token") == 1
            await again.close()

    tell(tmp_path, story)


def test_without_a_keychain_they_live_as_long_as_the_broker(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            world.secrets.state = "missing"
            await s.link().shake()
            await s.link().shake()
            assert s.asked.count("/token") == 1
            assert world.secrets.secrets == {}

    tell(tmp_path, story)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_token_that_ran_out_is_refreshed_at_its_own_issuer(
    tmp_path: Path, restarted: bool
) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wire = s.link()
            await wire.shake()
            if restarted:
                await wire.link.end()
                again = s.sign_ins()
                world.sign_ins = lambda: again
                wire = s.link()
            s.server.refused.append(s.server.authorization.tokens[-1])
            if restarted:
                await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert s.server.authorization.grants() == ["authorization_code", "refresh_token"]
            assert len(s.browser.opened) == 1
            await world.sign_ins().close() if world.sign_ins else None

    tell(tmp_path, story)


def test_a_clients_own_credentials_need_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            world.secrets.secrets["far", "own"] = Secret("secret-of-the-test")
            oauth = OAuthConfig(
                client_id="keyturn", client_secret="own", issuer=s.server.authorization.issuer
            )
            wire = s.link(oauth=oauth)
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert s.asked == ["/.well-known/oauth-authorization-server", "/token"]
            assert "secret-of-the-test" not in s.said_to_agents(wire)

    tell(tmp_path, story)


def test_a_client_that_is_known_already_is_not_registered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            world.secrets.secrets["far", "own"] = Secret("secret-of-the-test")
            issuer = s.server.authorization.issuer
            s.oauth = replace(BY_A_PERSON, client_id="known", client_secret="own", issuer=issuer)
            await s.link().shake()
            assert "/register" not in s.asked
            assert s.server.authorization.asked[1][1]["client_id"] == "known"
            basic = base64.b64encode(b"known:secret-of-the-test").decode()
            assert s.server.authorization.proofs == [f"Basic {basic}"]

    tell(tmp_path, story)


def test_a_known_clients_secret_goes_to_its_own_issuer_only(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            world.secrets.secrets["far", "own"] = Secret("secret-of-the-test")
            s.oauth = OAuthConfig(
                client_id="known", client_secret="own", issuer="https://auth.example.com"
            )
            assert "could not sign in" in await refused(s.link())
            assert s.server.authorization.proofs == []

    tell(tmp_path, story)


def test_the_older_transport_signs_in_and_refreshes_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s, sse_server() as old:
            authorization, described = s.server.authorization, s.server.url.removesuffix("/mcp")
            s.server.resource = {"resource": old.url}
            where = f"{described}/.well-known/oauth-protected-resource/mcp"
            told = {"www-authenticate": f'Bearer resource_metadata="{where}"'}
            old.on_get = lambda _request: Response(status_code=401, headers=told)

            def let_in(url: str) -> str:
                old.on_get = None
                return url

            s.browser.changed = let_in
            wire = s.link(url=old.url, transport=RemoteTransport.SSE)
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"

            def refuse_once(_frame: Any) -> Response:
                old.on_post = None
                return Response(status_code=401, headers=told)

            old.on_post = refuse_once
            assert text_of(await wire.call(2, "echo", "again")) == "again"
            assert authorization.grants() == ["authorization_code", "refresh_token"]
            said = [headers.get("authorization") for _, headers, _ in old.seen]
            first, second = (f"Bearer {token}" for token in authorization.tokens)
            assert said[0] is None
            assert set(said[1:]) == {first, second}
            assert [call["params"]["arguments"]["text"] for call in old.calls()][-1] == "again"

    tell(tmp_path, story)


# ---------------------------------------------------------------- nobody signs in by itself


@pytest.mark.requirement("LAW-4")
def test_an_agent_opens_no_page_and_registers_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            wire = s.link()
            assert SAYS_SIGN_IN in await refused(wire)
            assert s.browser.opened == []
            assert s.asked == ["/.well-known/oauth-authorization-server"]
            assert b"somebody has to sign in at 127.0.0.1" in world.server_log[0]
            assert world.told == [], "nobody was signed in"

    tell(tmp_path, story)


def test_a_person_who_asks_for_it_signs_in_and_out(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            assert SAYS_SIGN_IN in await refused(s.link())
            assert world.sign_ins is not None
            sign_in = world.sign_ins().of(s.config())
            assert sign_in is not None
            assert sign_in.state == SignInState(host="127.0.0.1")
            await sign_in.sign_in(s.browser)
            await sign_in.settled()
            assert sign_in.state.signed_in
            assert not sign_in.state.under_way
            wire = s.link()
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            await sign_in.sign_out()
            assert world.secrets.secrets == {}
            assert SAYS_SIGN_IN in await refused(s.link())
            assert len(s.browser.opened) == 1

    tell(tmp_path, story)


def test_a_person_is_told_when_a_sign_in_holds_no_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            assert world.sign_ins is not None
            sign_in = world.sign_ins().of(s.config())
            assert sign_in is not None
            s.server.authorization.refreshes = False
            await sign_in.sign_in(s.browser)
            await sign_in.settled()
            await s.link().shake()
            assert world.told == []
            s.server.refused += s.server.authorization.tokens
            assert SAYS_SIGN_IN in await refused(s.link())
            assert world.told == [Alert(AlertKind.SIGN_IN_WANTED, "far")]

    tell(tmp_path, story)


def test_signing_in_again_ends_the_one_before(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            assert world.sign_ins is not None
            sign_in = world.sign_ins().of(s.config())
            assert sign_in is not None
            left = Browser(may_go=asyncio.Event())
            await sign_in.sign_in(left)
            await left.asked.wait()
            assert sign_in.state == SignInState(host="127.0.0.1", under_way=True)
            await sign_in.sign_in(s.browser)
            await sign_in.settled()
            assert sign_in.state.signed_in
            assert not sign_in.state.under_way
            assert left.answers == []

    tell(tmp_path, story)


def test_a_page_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            assert world.sign_ins is not None
            sign_in = world.sign_ins().of(s.config())
            assert sign_in is not None
            await sign_in.sign_in(Browser(broken=True))
            await sign_in.settled()
            assert sign_in.state.failed
            assert not sign_in.state.under_way
            assert world.told == [Alert(AlertKind.SIGN_IN_FAILED, "far")]

    tell(tmp_path, story)


def test_a_sign_in_that_failed_is_not_tried_again_by_every_request(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.browser.broken = True
            for _ in range(3):
                await refused(s.link())
            assert len(s.browser.opened) == 1

    tell(tmp_path, story)


def test_a_server_that_is_never_content_gets_few_pages_opened(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.authorization.refreshes = False
            for _ in range(oauth_sign_in.MOST_PAGES + 3):
                wire = s.link()
                wire.say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
                await wire.client.answer_to(1)
                s.server.refused += s.server.authorization.tokens
            assert len(s.browser.opened) == oauth_sign_in.MOST_PAGES

    tell(tmp_path, story)


def test_requests_that_wait_share_one_sign_in_and_do_not_wait_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        monkeypatch.setattr(oauth_sign_in, "WAIT_SECONDS", 3.0)
        async with signing_in(world) as s:
            s.browser.asked, s.browser.may_go = asyncio.Event(), asyncio.Event()
            first, second = s.link(), s.link()
            said = await asyncio.gather(refused(first), refused(second))
            assert all(SAYS_SIGN_IN in text for text in said)
            await s.browser.asked.wait()
            s.browser.may_go.set()
            sign_in = world.sign_ins and world.sign_ins().of(s.config())
            assert sign_in
            await sign_in.settled()
            await s.link().shake()
            assert len(s.browser.opened) == 1

    tell(tmp_path, story)


# ---------------------------------------------------------------- attacks


ATTACKS: dict[str, dict[str, Any]] = {
    "another state": {"redirects": {"state": "other"}},
    "no state": {"redirects": {"state": None}},
    "another issuer in the answer": {"redirects": {"iss": "https://evil.example.com"}},
    "no issuer in the answer": {"redirects": {"iss": None}},
    "another issuer in the description": {"metadata": {"issuer": "https://evil.example.com"}},
    "a page that is a script": {"metadata": {"authorization_endpoint": "javascript:alert(1)"}},
    "a page that is a file": {"metadata": {"authorization_endpoint": "file:///etc/passwd"}},
    "a page without TLS": {"metadata": {"authorization_endpoint": "http://far.example.com/a"}},
    "tokens from the cloud's own address": {
        "metadata": {"token_endpoint": "http://169.254.169.254/token"}
    },
    "tokens from a private network": {"metadata": {"token_endpoint": "https://10.0.0.1/token"}},
    "registration in a private network": {
        "metadata": {"registration_endpoint": "https://[::ffff:192.168.0.1]/register"}
    },
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_authorization_server_that_lies_gets_no_token_accepted(
    tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The answer to another question is not taken, and the right one waited for.
    monkeypatch.setattr(oauth_sign_in, "WAIT_SECONDS", 3.0)

    async def story(world: World) -> None:
        async with signing_in(world) as s:
            for name, value in ATTACKS[attack].items():
                setattr(s.server.authorization, name, value)
            text = await refused(s.link())
            assert "sign in" in text
            assert s.server.authorization.tokens == []
            assert world.secrets.secrets == {}

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "changed",
    [
        {"resource": "https://elsewhere.example.com/mcp"},
        {"authorization_servers": ["http://169.254.169.254"]},
        {"authorization_servers": ["https://192.168.1.1"]},
        {"authorization_servers": ["http://far.example.com"]},
    ],
)
def test_a_server_leads_to_no_token_of_another_and_into_no_private_network(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.resource = changed
            assert "could not sign in" in await refused(s.link())
            assert s.asked == s.browser.opened == []

    tell(tmp_path, story)


def test_where_it_is_described_may_not_be_in_a_private_network(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.header = 'Bearer resource_metadata="http://169.254.169.254/latest"'
            assert "could not sign in" in await refused(s.link())
            assert s.asked == []

    tell(tmp_path, story)


def test_the_place_to_come_back_to_takes_one_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            back: list[str] = []

            def remember(url: str) -> str:
                back.append(url)
                return url

            s.browser.changed = remember
            await s.link().shake()
            with pytest.raises(OSError, match="onnect"):
                await asyncio.open_connection("127.0.0.1", int(back[0].split(":")[2].split("/")[0]))

    tell(tmp_path, story)


def test_a_token_in_what_an_authorization_server_says_reaches_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.authorization.on_token = lambda _said: JSONResponse(
                {"error": "no", "error_description": "access-of-somebody-else"}, status_code=400
            )
            wire = s.link()
            await refused(wire)
            assert "somebody-else" not in s.said_to_agents(wire)

    tell(tmp_path, story)


def test_a_redirect_of_the_token_place_is_not_followed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            s.server.authorization.on_token = lambda _said: JSONResponse(
                {}, status_code=307, headers={"location": f"{s.server.authorization.issuer}/other"}
            )
            await refused(s.link())
            assert "/other" not in s.asked

    tell(tmp_path, story)


def test_a_token_for_one_url_is_not_sent_to_another(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s, guarded_server() as other:
            await s.link().shake()
            (token,) = s.server.authorization.tokens
            wire = s.link(url=other.url, oauth=None)
            assert SAYS_SIGN_IN in await refused(wire)
            assert token not in repr(other.behind.seen)

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_what_waits_for_a_sign_in_is_not_sent_after_the_stop(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wire = s.link()
            await wire.shake()
            await wire.call(1, "echo", "in time")
            s.server.refused += s.server.authorization.tokens
            s.server.authorization.refresh_tokens.clear()
            s.browser.asked, s.browser.may_go = asyncio.Event(), asyncio.Event()
            late = asyncio.gather(wire.call(2, "echo", "late"))
            await s.browser.asked.wait()
            await world.stop.engage("test")
            wire.link.stop_engaged()
            s.browser.may_go.set()
            await late
            await wire.client.closed.wait()
            ((_, body),) = s.server.behind.calls()
            assert body["id"] == 1

    tell(tmp_path, story)
