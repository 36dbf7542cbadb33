"""How a sign-in lives: refreshed again and again, given up, kept late, ended by the stop."""

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.call import WANTS_SIGN_IN
from keyturn.application.ports.secret_store import Secret
from keyturn.application.tasks import TaskOwner
from keyturn.broker import oauth_sign_in
from keyturn.broker.oauth_sign_in import ServerSignIn
from keyturn.broker.oauth_tokens import entry_of
from keyturn.broker.oauth_words import Challenge, NoSignIn, SignInWanted
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.tier import Tier
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.link_rig import World
from tests.integration.servers.oauth_server import Browser
from tests.integration.stories import tell
from tests.integration.test_link import text_of
from tests.integration.test_oauth import SAYS_SIGN_IN, Story, signing_in

SECONDS = 10.0


@dataclass(slots=True)
class SlowKeychain(FakeSecretStore):
    """Answers when it may."""

    may_get: asyncio.Event = field(default_factory=asyncio.Event)
    may_put: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, server: str, name: str) -> Secret | None:
        found = self.secrets.get((server, name))
        self.asked.set()
        await self.may_get.wait()
        return found

    async def put(self, server: str, name: str, secret: Secret) -> None:
        self.asked.set()
        await self.may_put.wait()
        self.secrets[server, name] = secret


def sign_in_of(story: Story) -> ServerSignIn:
    assert story.world.sign_ins is not None
    found = story.world.sign_ins().of(story.config())
    assert found is not None
    return found


async def signed_in(story: Story) -> ServerSignIn:
    made = sign_in_of(story)
    await made.sign_in(story.browser)
    async with asyncio.timeout(SECONDS):
        await made.settled()
    assert made.state.signed_in
    return made


# ---------------------------------------------------------------- refreshing


def test_a_token_is_refreshed_as_often_as_it_runs_out(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wire = s.link()
            await wire.shake()
            for n in range(4):
                assert text_of(await wire.call(n, "echo", "hello")) == "hello"
                s.server.refused += s.server.authorization.tokens
            assert text_of(await wire.call(9, "echo", "hello")) == "hello"
            grants = s.server.authorization.grants()
            assert grants == ["authorization_code", *["refresh_token"] * 4]
            assert len(s.browser.opened) == 1

    tell(tmp_path, story)


def test_connections_share_one_refresh(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wires = [s.link() for _ in range(3)]
            for wire in wires:
                await wire.shake()
                await wire.call(1, "echo", "in time")
            s.server.refused += s.server.authorization.tokens
            answers = await asyncio.gather(*(wire.call(2, "echo", "hello") for wire in wires))
            assert [text_of(answer) for answer in answers] == ["hello"] * 3
            assert s.server.authorization.grants() == ["authorization_code", "refresh_token"]

    tell(tmp_path, story)


# ---------------------------------------------------------------- two at once


def test_of_two_clicks_the_last_one_signs_in(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            made = sign_in_of(s)
            # The first is given up before its first step.
            await made.sign_in(Browser())
            await asyncio.gather(made.sign_in(Browser()), made.sign_in(s.browser))
            async with asyncio.timeout(SECONDS):
                await made.settled()
            assert made.state.signed_in
            assert len(s.browser.opened) == 1
            wire = s.link()
            await wire.shake()
            await wire.call(1, "echo", "in time")
            s.server.refused += s.server.authorization.tokens
            assert text_of(await wire.call(2, "echo", "hello")) == "hello"

    tell(tmp_path, story)


def test_a_keychain_that_answers_late_does_not_bring_old_tokens_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            await signed_in(s)
            old = world.secrets.secrets["far", entry_of(s.server.url)]
            slow = world.secrets = SlowKeychain()
            slow.secrets["far", entry_of(s.server.url)] = old
            slow.may_put.set()
            again = s.sign_ins()
            world.sign_ins = lambda: again
            made = sign_in_of(s)
            made.challenged = True
            asking = TaskOwner().start(made.headers(), "asking")
            await slow.asked.wait()
            await signed_in(s)
            slow.may_get.set()
            newest = s.server.authorization.tokens[-1]
            assert await asking == {"authorization": f"Bearer {newest}"}
            await again.close()

    tell(tmp_path, story)


# ---------------------------------------------------------------- keeping


def test_nobody_waits_for_the_keychain_and_no_end_loses_new_tokens(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        slow = world.secrets = SlowKeychain()
        slow.may_get.set()
        async with signing_in(world) as s:
            wire = s.link()
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert slow.secrets == {}
            made = sign_in_of(s)
            ending = TaskOwner().start(made.close(), "ending")
            await asyncio.sleep(0)
            slow.may_put.set()
            await ending
            (token,) = s.server.authorization.tokens
            assert token in slow.secrets["far", entry_of(s.server.url)].value

    tell(tmp_path, story)


def test_who_signs_out_while_they_are_kept_leaves_nothing_there(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        slow = world.secrets = SlowKeychain()
        slow.may_get.set()
        async with signing_in(world) as s:
            await s.link().shake()
            made = sign_in_of(s)
            leaving = TaskOwner().start(made.sign_out(), "leaving")
            await asyncio.sleep(0)
            slow.may_put.set()
            await leaving
            assert slow.secrets == {}
            assert not made.state.signed_in

    tell(tmp_path, story)


def test_a_refresh_of_the_moment_does_not_undo_a_sign_out(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            await signed_in(s)
            slow = SlowKeychain(secrets=dict(world.secrets.secrets))
            world.secrets = slow
            slow.may_put.set()
            again = s.sign_ins()
            made = again.of(s.config())
            assert made is not None
            used = {"authorization": f"Bearer {s.server.authorization.tokens[-1]}"}
            challenge = Challenge(status=401, header="", version="")
            asking = TaskOwner().start(made.renew(challenge, used), "asking")
            leaving = TaskOwner().start(made.sign_out(), "leaving")
            await slow.asked.wait()
            slow.may_get.set()
            await asyncio.wait([asking, leaving])
            await made.settled()
            assert made.headers_now() == {}
            assert slow.secrets == {}
            await again.close()

    tell(tmp_path, story)


# ---------------------------------------------------------------- the stop


@pytest.mark.requirement("LAW-5")
def test_the_stop_ends_a_sign_in_that_waits_for_a_person(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            s.browser.may_go = asyncio.Event()
            made = sign_in_of(s)
            await made.sign_in(s.browser)
            await s.browser.asked.wait()
            assert world.sign_ins is not None
            world.stop.on_engage(lambda _facts: world.sign_ins and world.sign_ins().stop_engaged())
            await world.stop.engage("test")
            s.browser.may_go.set()
            async with asyncio.timeout(SECONDS):
                await made.settled()
            assert not made.state.under_way
            assert s.server.authorization.grants() == []

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_no_page_is_opened_after_the_stop(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world) as s:
            made = sign_in_of(s)
            await world.stop.engage("test")
            with pytest.raises(NoSignIn, match="stopped"):
                await made.renew(Challenge(status=401, header="", version=""), {})
            await made.sign_in(s.browser)
            async with asyncio.timeout(SECONDS):
                await made.settled()
            assert s.browser.opened == []

    tell(tmp_path, story)


# ---------------------------------------------------------------- a token that goes bad


def test_after_one_call_that_was_not_taken_nobody_is_asked_about_others(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            made = await signed_in(s)
            world.approver.decide = lambda _: AnswerVerdict.ALLOW_ONCE
            wire = s.link(tools=(ToolSetting(pattern="*", tier=Tier.T2),))
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "in time")) == "in time"
            s.server.refused += s.server.authorization.tokens
            s.server.authorization.refresh_tokens.clear()
            assert SAYS_SIGN_IN in str(await wire.call(2, "echo", "not taken"))
            asked = len(world.approver.seen)
            assert SAYS_SIGN_IN in text_of(await wire.call(3, "echo", "refused"))
            assert len(world.approver.seen) == asked
            entry = world.log.records[-1].entry
            assert (entry.outcome, entry.details["faults"]) == ("error_broker", [WANTS_SIGN_IN])
            assert not made.state.signed_in
            assert made.state.host == "127.0.0.1"
            await signed_in(s)
            assert text_of(await wire.call(4, "echo", "again")) == "again"

    tell(tmp_path, story)


def test_a_server_that_takes_the_token_again_is_asked_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            made = await signed_in(s)
            wire = s.link()
            await wire.shake()
            await wire.call(1, "echo", "in time")
            s.server.refused += s.server.authorization.tokens
            s.server.authorization.refresh_tokens.clear()
            await wire.call(2, "echo", "not taken")
            assert made.barred
            s.server.refused.clear()
            await wire.ask("l", "tools/list")
            assert not made.barred
            assert made.state.signed_in
            assert text_of(await wire.call(3, "echo", "again")) == "again"

    tell(tmp_path, story)


def test_a_scope_that_one_request_lacks_bars_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth_sign_in, "WAIT_SECONDS", SECONDS)

    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            made = await signed_in(s)
            lacks = 'Bearer error="insufficient_scope", scope="more"'
            with pytest.raises(SignInWanted):
                await made.renew(
                    Challenge(status=403, header=lacks, version=""), await made.headers()
                )
            assert made.state.signed_in
            assert not made.barred
            wire = s.link()
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"

    tell(tmp_path, story)


# ---------------------------------------------------------------- what is logged


def test_no_log_holds_a_token_or_an_address_that_was_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(world: World) -> None:
        async with signing_in(world) as s:
            wire = s.link(url=f"{s.server.url}?key=of-the-test")
            await wire.shake()
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            ours = [r for r in caplog.records if r.name.startswith(("keyturn", "httpx2"))]
            said = "\n".join(record.getMessage() for record in ours)
            for secret in (*s.server.authorization.tokens, "key=of-the-test"):
                assert secret not in said

    tell(tmp_path, story)


# ---------------------------------------------------------------- giving back


def test_who_signs_out_gives_the_tokens_back_after_they_were_forgotten(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            made, there = await signed_in(s), s.server.authorization
            there.may_revoke.clear()
            async with asyncio.timeout(SECONDS):
                await made.sign_out()
            assert world.secrets.secrets == {}
            assert not made.state.signed_in
            assert there.revoked == []
            there.may_revoke.set()
            async with asyncio.timeout(SECONDS):
                while len(there.revoked) < 2:
                    there.told.clear()
                    await there.told.wait()
            assert there.revoked == [there.refresh_tokens[-1], there.tokens[-1]]
            assert there.asked[-1][1]["client_id"].startswith("client-")

    tell(tmp_path, story)


@pytest.mark.parametrize("place", [None, "https://10.0.0.1/revoke", "http://127.0.0.1:1/revoke"])
def test_where_they_cannot_be_given_back_they_are_forgotten(
    tmp_path: Path, place: str | None
) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            s.server.authorization.metadata = {"revocation_endpoint": place}
            made = await signed_in(s)
            await made.sign_out()
            assert world.secrets.secrets == {}
            assert made.headers_now() == {}

    tell(tmp_path, story)


def test_what_an_earlier_broker_kept_is_given_back_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with signing_in(world, oauth=None) as s:
            await signed_in(s)
            again = s.sign_ins()
            made = again.of(s.config())
            assert made is not None
            await made.sign_out()
            async with asyncio.timeout(SECONDS):
                await s.server.authorization.told.wait()
            assert world.secrets.secrets == {}
            await again.close()

    tell(tmp_path, story)
