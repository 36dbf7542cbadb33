"""A broker's sign-ins as its window reaches them, and as FILE names the operator's program."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.milestones import Unwatched
from keyturn.application.ports.sign_in_desk import SignInState
from keyturn.bootstrap import sign_ins
from keyturn.bootstrap.foundation import lay_foundation
from keyturn.bootstrap.service import Service
from keyturn.bootstrap.sign_ins import SignInsOnDemand, program_of_file
from keyturn.desktop.sign_in_program import SignInProgram
from keyturn.domain.configuration import Limits, OAuthConfig, ServerConfig
from keyturn.domain.errors import ConfigurationError
from keyturn.presentation.words import Words
from tests.e2e.desk import own_folders
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.servers.oauth_server import Browser, guarded_server
from tests.sources import ROOT


def desk(secrets: FakeSecretStore, changes: list[str]) -> SignInsOnDemand:
    words = Words(ROOT / "resources" / "translations")
    return SignInsOnDemand(
        secrets, KnownSecrets(), words, {}, lambda: changes.append("servers"), lambda: False
    )


def server_at(url: str, **changes: Any) -> ServerConfig:
    return ServerConfig(name="far", command=(), url=url, **changes)


def test_a_press_opens_the_browser_and_what_comes_of_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        browser = Browser()

        def in_its_place(env: Mapping[str, str]) -> Browser:
            return browser

        monkeypatch.setattr(sign_ins, "DesktopBrowser", in_its_place)
        secrets, changes = FakeSecretStore(), list[str]()
        async with guarded_server() as guarded:
            made, server = desk(secrets, changes), server_at(guarded.url)
            assert made.state_of(server) == SignInState()
            await made.sign_in(server)
            known = made().of(server)
            assert known is not None
            await known.settled()
            state = made.state_of(server)
            assert (state.signed_in, state.host, state.at) == (True, "", "127.0.0.1")
            assert state.client.startswith("client-")
            assert abs(state.since - time.time()) < 60
            assert changes == ["servers", "servers"]
            # Whether it is signed in is not known yet.
            assert browser.answers[0].text.startswith("Keyturn has the answer.")
            assert made.state_of(server_at("https://other.example.com/mcp")) == SignInState()
            await made.sign_out(server)
            assert made.state_of(server) == SignInState()
            assert secrets.secrets == {}
            await made.close()

    asyncio.run(story())


@pytest.mark.requirement("LAW-5")
def test_the_stop_gives_up_what_a_press_began(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        browser = Browser(may_go=asyncio.Event())

        def in_its_place(env: Mapping[str, str]) -> Browser:
            return browser

        monkeypatch.setattr(sign_ins, "DesktopBrowser", in_its_place)
        async with guarded_server() as guarded:
            made, server = desk(FakeSecretStore(), []), server_at(guarded.url)
            # Nobody was asked yet.
            made.stop_engaged()
            await made.sign_in(server)
            await browser.asked.wait()
            assert made.state_of(server).under_way
            made.stop_engaged()
            known = made().of(server)
            assert known is not None
            await known.settled()
            assert not made.state_of(server).under_way
            assert guarded.authorization.grants() == []
            await made.close()

    asyncio.run(story())


@pytest.mark.requirement("LAW-5")
def test_a_broker_tells_its_sign_ins_of_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[SignInsOnDemand] = []

    def stop_engaged(made: SignInsOnDemand) -> None:
        told.append(made)

    monkeypatch.setattr(SignInsOnDemand, "stop_engaged", stop_engaged)

    async def story() -> None:
        foundation = await lay_foundation(
            folders.profile,
            folders.env(),
            limits=Limits(),
            secrets=FakeSecretStore(),
            milestones=Unwatched(),
        )
        service = Service(foundation, headless=True)
        await foundation.stop.engage("test")
        assert len(told) == 1
        await service.hub.close()
        await foundation.close()

    with own_folders() as folders:
        folders.profile.create()
        asyncio.run(story())


def test_a_server_whose_headers_say_who_asks_is_not_signed_in_to() -> None:
    async def story() -> None:
        made = desk(FakeSecretStore(), [])
        server = server_at("https://far.example.com/mcp", headers={"authorization": "keychain:a"})
        with pytest.raises(ConfigurationError, match="say who asks"):
            await made.sign_in(server)
        await made.sign_out(server)
        await made.close()

    asyncio.run(story())


def test_only_file_names_a_program(tmp_path: Path) -> None:
    opener_of = program_of_file({"A": "b"})
    oauth = OAuthConfig(sign_in=(sys.executable, "x"))
    named = server_at("https://a", oauth=oauth, cwd_path=str(tmp_path))
    assert opener_of(named) == SignInProgram(
        command=(sys.executable, "x"), cwd=str(tmp_path), env={"A": "b"}
    )
    assert opener_of(server_at("https://a")) is None
    by_itself = OAuthConfig(client_id="a", client_secret="b", issuer="https://c")
    assert opener_of(server_at("https://a", oauth=by_itself)) is None
