"""Literal values are part of what was agreed to; a removed server leaves no agreement behind."""

import asyncio
import json
from dataclasses import replace

import pytest

from keyturn.application.agreed_values import agreed_subject, changed_values, shown_subject
from keyturn.application.approval_request import Answer, AnswerVerdict, ApprovalRequest, Route
from keyturn.application.connection import Connection
from keyturn.application.console_protocol import RemoveServer
from keyturn.application.events import Topic
from keyturn.application.ports.secret_store import Secret
from keyturn.domain.canonical import canonical
from keyturn.domain.configuration import ReviewMode, ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import SecretStoreUnavailable
from keyturn.domain.launch import LaunchIdentity, remote_identity
from keyturn.domain.record import RecordType
from tests.factories import make_connection, make_launch, make_server
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import World, play, settle

HERE = replace(
    make_server(review=ReviewMode.ASK, tools=()),
    env={"MODE": "demo", "REGION": "north", "TOKEN": "keychain:ship"},
)
FAR = ServerConfig(
    name="logistics",
    command=(),
    url="https://a.example/mcp",
    headers={"X-Tenant": "north", "Authorization": "keychain:ship"},
)
OTHER = {"MODE": "live", "REGION": "north", "TOKEN": "keychain:ship"}


def launch_of(server: ServerConfig) -> LaunchIdentity:
    if server.url:
        return remote_identity(server)
    return replace(make_launch(*server.command), env=server.env_names())


def connected(server: ServerConfig) -> Connection:
    return make_connection(server=server, launch=launch_of(server))


def answer(world: World, request: ApprovalRequest, verdict: AnswerVerdict) -> None:
    world.approvals.answer(
        Answer(id=request.id, digest=request.digest, verdict=verdict, route=Route.WINDOW)
    )


async def agreed(world: World, server: ServerConfig, cards: int) -> ApprovalRequest:
    """Have a person agree to a server, who is asked for the so many-th time; return the card."""
    task = asyncio.get_running_loop().create_task(world.reviews.consent(connected(server), 60))
    request = await world.asked(cards)
    answer(world, request, AnswerVerdict.ALLOW_ONCE)
    assert await task
    return request


@pytest.mark.requirement("I-25")
@pytest.mark.parametrize(
    ("server", "changed", "name"),
    [
        (HERE, replace(HERE, env=OTHER), "MODE"),
        (FAR, replace(FAR, headers={**FAR.headers, "X-Tenant": "south"}), "X-Tenant"),
    ],
)
def test_another_value_asks_again_and_the_card_names_it(
    server: ServerConfig, changed: ServerConfig, name: str
) -> None:
    async def story() -> None:
        world = World()
        first = await agreed(world, server, 1)
        assert json.loads(first.arguments) == launch_of(server).subject()
        assert first.because == "review_command"
        assert await world.reviews.consent(connected(server), 0)
        assert not await world.reviews.consent(connected(changed), 0)
        second = await world.asked(2)
        expected = {**launch_of(changed).subject(), "values_changed": [name]}
        assert json.loads(second.arguments) == expected
        assert second.because == "review_values"
        await agreed(world, changed, 2)
        assert await world.reviews.consent(connected(changed), 0)
        assert not await world.reviews.consent(connected(server), 0), "back is a change, too"
        assert len(world.approver.shown) == 3

    play(story)


@pytest.mark.parametrize("again", [False, True])
def test_a_second_change_is_another_question(*, again: bool) -> None:
    async def story() -> None:
        world = World()
        await agreed(world, HERE, 1)
        live = replace(HERE, env=OTHER)
        assert not await world.reviews.consent(connected(live), 0)
        answer(world, await world.asked(2), AnswerVerdict.DENY)
        await settle()
        next_one = live if again else replace(HERE, env={**OTHER, "MODE": "other"})
        assert not await world.reviews.consent(connected(next_one), 0)
        assert len(world.approver.shown) == (2 if again else 3)

    play(story)


def test_a_card_of_values_that_changed_again_is_taken_away() -> None:
    async def story() -> None:
        world = World()
        assert not await world.reviews.consent(connected(HERE), 0)
        assert not await world.reviews.consent(connected(replace(HERE, env=OTHER)), 0)
        assert len(world.approver.shown) == 2
        assert [gone[0] for gone in world.approver.withdrawn] == [world.approver.shown[0].id]

    play(story)


@pytest.mark.requirement("I-23")
def test_no_value_is_in_a_consent_or_the_log() -> None:
    async def story() -> None:
        world = World()
        server = replace(HERE, env={"MODE": "a-telling-value"})
        await agreed(world, server, 1)
        (consent,) = world.server_store.agreed.values()
        texts = [consent.subject, *(str(record.entry) for record in world.log.records)]
        assert not any("a-telling-value" in text for text in texts)
        assert agreed_subject(launch_of(server), server) != consent.subject, "each has a salt"

    play(story)


@pytest.mark.requirement("I-23")
def test_two_consents_to_the_same_have_no_fingerprint_in_common() -> None:
    subjects = [json.loads(agreed_subject(launch_of(HERE), HERE)) for _ in range(2)]
    prints = [set(subject["values"]["of"].values()) for subject in subjects]
    assert [len(some) for some in prints] == [2, 2]
    assert not prints[0] & prints[1]
    for subject in subjects:
        assert changed_values(HERE, json.dumps(subject)) == ()
    # One that was salted by another consent is another value.
    subjects[0]["values"]["salt"] = subjects[1]["values"]["salt"]
    assert changed_values(HERE, json.dumps(subjects[0])) == ("MODE", "REGION")


@pytest.mark.parametrize(
    "damage",
    [
        {},
        {"values": []},
        {"values": {"salt": "00", "of": {}}},
        {"values": {"salt": "no hex", "of": {"MODE": ""}}},
        {"values": {"salt": "", "of": {"MODE": ""}}},
        {"values": {"salt": 1, "of": {}}},
    ],
)
def test_what_cannot_be_read_was_not_agreed_to(damage: dict[str, object]) -> None:
    launch = launch_of(HERE).subject()
    subject = canonical({**launch, **json.loads(json.dumps(damage))}).decode()
    assert changed_values(HERE, subject) == ("MODE", "REGION")
    assert changed_values(HERE, "no JSON") == ("MODE", "REGION")
    assert shown_subject("no JSON") == ""
    assert changed_values(replace(HERE, env={"TOKEN": "keychain:ship"}), subject) == ()


class TestRemoval:
    """What takes a removed server's name is another server."""

    @pytest.mark.requirement("I-25")
    def test_the_same_server_again_is_asked_about(self) -> None:
        async def story() -> None:
            world = await self.with_server()
            await world.intents.carry_out(RemoveServer(n=1, name="logistics"))
            await world.registry.put_server(HERE)
            assert not await world.reviews.consent(connected(HERE), 0)
            second = await world.asked(2)
            assert second.because == "review_command"
            assert "values_changed" not in second.arguments

        play(story)

    def test_its_own_credentials_go_and_those_of_others_stay(self) -> None:
        async def story() -> None:
            world = await self.with_server()
            await world.intents.carry_out(RemoveServer(n=1, name="logistics"))
            assert list(world.secrets.secrets) == [("reports", "ship")]
            (entry,) = world.log.of_type(RecordType.CREDENTIAL)
            assert (entry.outcome, entry.server) == ("removed", "logistics")

        play(story)

    def test_a_locked_keychain_keeps_entries_and_no_server(self) -> None:
        async def story() -> None:
            world = await self.with_server()
            world.secrets.state = "locked"
            with pytest.raises(SecretStoreUnavailable, match="logistics is removed") as caught:
                await world.intents.carry_out(RemoveServer(n=1, name="logistics"))
            assert "logistics/" in caught.value.mend
            assert world.registry.servers == ()
            assert not await world.reviews.consent(connected(HERE), 0)

        play(story)

    def test_a_card_that_waits_goes_with_it_and_agrees_to_nothing(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(HERE,))
            assert not await world.reviews.consent(connected(HERE), 0)
            card = await world.asked()
            await world.intents.carry_out(RemoveServer(n=1, name="logistics"))
            answer(world, card, AnswerVerdict.ALLOW_ONCE)
            await settle()
            assert not world.agreements.consented(connected(HERE))

        play(story)

    def test_a_refused_command_is_asked_about_again(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(HERE,))
            assert not await world.reviews.consent(connected(HERE), 0)
            answer(world, await world.asked(), AnswerVerdict.DENY)
            await settle()
            await world.intents.carry_out(RemoveServer(n=1, name="logistics"))
            assert not await world.reviews.consent(connected(HERE), 0)
            await world.asked(2)

        play(story)

    def test_what_is_not_there_is_not_removed(self) -> None:
        async def story() -> None:
            world = await self.with_server()
            await world.intents.carry_out(RemoveServer(n=1, name="other"))
            assert world.agreements.consented(connected(HERE))
            assert len(world.secrets.secrets) == 2

        play(story)

    async def with_server(self) -> BrokerWorld:
        """Return a world with a server that was agreed to, and another one's secret."""
        world = BrokerWorld(servers=(HERE,))
        for server in ("logistics", "reports"):
            world.secrets.secrets[server, "ship"] = Secret("not so secret")
        await agreed(world, HERE, 1)
        return world


@pytest.mark.parametrize("server", [HERE, FAR])
def test_a_value_that_is_not_used_hides_none_that_is(server: ServerConfig) -> None:
    values = server.literal_values()
    other = dict.fromkeys(values, "elsewhere")
    crowded = replace(server, env=other) if server.url else replace(server, headers=other)
    assert crowded.literal_values() == values


def test_what_the_keychain_keeps_keeps_no_other_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = BrokerWorld()
        both = {"A": "keychain:first", "B": "keychain:second"}
        await world.registry.put_server(replace(HERE, env=both))
        world.secrets.secrets = {(HERE.name, name): Secret(name) for name in ("first", "second")}
        delete = FakeSecretStore.delete

        async def keeping(store: FakeSecretStore, server: str, name: str) -> bool:
            if name == "first":
                raise SecretStoreUnavailable("The keychain is locked.")
            return await delete(store, server, name)

        monkeypatch.setattr(FakeSecretStore, "delete", keeping)
        with pytest.raises(SecretStoreUnavailable):
            await world.intents.carry_out(RemoveServer(n=1, name=HERE.name))
        assert list(world.secrets.secrets) == [(HERE.name, "first")]

    play(story)


def test_the_window_says_that_a_changed_value_will_ask() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(HERE,))
        await world.agreements.agree(connected(HERE), Actor.HUMAN, None)
        for server, agreed_to in ((HERE, True), (replace(HERE, env=OTHER), False)):
            await world.registry.put_server(server)
            state = await world.overview.state(frozenset({Topic.SERVERS}))
            assert state.servers is not None
            assert [one.consented for one in state.servers] == [agreed_to]

    play(story)
