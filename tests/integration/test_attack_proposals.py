"""Attacks through what the socket may propose: swapped values, poisoned names, great masses."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.events import Observers
from keyturn.application.ports.secret_store import Secret
from keyturn.application.proposals import PROPOSAL_BYTES
from keyturn.application.proposed_rules import MOST_PROPOSED, DropProposedRule
from keyturn.application.registry import Registry
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import ConfigurationError
from tests.fakes.clock import FakeClock
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.inspection import FakeSecretMask
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.stores import FakeAgentStore, FakeServerStore, FakeSettingStore
from tests.unit.application.broker_world import BrokerWorld


class NoTokens:
    """Hands nothing over."""

    def write(self, agent: str, token: str) -> None:
        """Ignore it."""

    def remove(self, agent: str) -> None:
        """Ignore it."""

    def new_token(self) -> str:
        """Return no secret."""
        return "token"


def registry(secrets: FakeSecretStore | None = None) -> Registry:
    return Registry(
        servers=FakeServerStore(),
        agents=FakeAgentStore(),
        settings=FakeSettingStore(),
        secrets=secrets or FakeSecretStore(),
        tokens=NoTokens(),
        log=FakeDecisionLog(),
        mask=FakeSecretMask(),
        clock=FakeClock(),
        observers=Observers(),
    )


def server(name: str = "ship", **changes: object) -> ServerConfig:
    fields = {"command": ("ship",), "env": {"TOKEN": "keychain:ship"}, **changes}
    return ServerConfig(name=name, **fields)  # pyright: ignore[reportArgumentType] - by hand


def test_a_value_that_waits_for_the_window_cannot_be_swapped() -> None:
    async def story() -> None:
        secrets = FakeSecretStore()
        held = registry(secrets)
        held.use((server(),), ())
        held.propose_credential("ship", "ship", Secret("the person's"))
        held.propose_credential("ship", "ship", Secret("the person's"))
        with pytest.raises(ConfigurationError, match="already waits"):
            held.propose_credential("ship", "ship", Secret("the attacker's"))
        await held.settle_credential("ship", "ship", accept=True)
        assert await secrets.get("ship", "ship") == Secret("the person's")
        held.propose_credential("ship", "ship", Secret("the next"))

    asyncio.run(story())


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a b", "sh\u202eip", "ship\n", "-x", ".x", "\x1b[2J", "x" * 65, "sh\u0456p"],
)
def test_a_server_cannot_be_proposed_under_a_name_that_deceives(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(registry().propose_server(server(name, confirmed=False)))
    assert str(caught.value).isascii()
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "much",
    [
        replace(server(confirmed=False), command=("x" * PROPOSAL_BYTES,)),
        replace(server(confirmed=False), env={"A": "x" * PROPOSAL_BYTES}),
    ],
    ids=["command", "env"],
)
def test_a_proposed_server_has_a_bounded_size(much: ServerConfig) -> None:
    with pytest.raises(ConfigurationError, match="too long"):
        asyncio.run(registry().propose_server(much))


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_an_agent_s_rule_decides_nothing_and_crowds_out_nobody() -> None:
    """It cannot fill the list so that a person's own import finds no room that nobody can make."""

    async def story() -> None:
        world = BrokerWorld()
        rows: list[JsonValue] = [
            {"effect": "allow", "tool": f"t{n}", "name": "Deny everything"}
            for n in range(MOST_PROPOSED)
        ]
        request: JsonObject = {"control": "propose_rules", "rules": rows}
        assert (await world.control.control(request))["ok"] is True
        own: JsonObject = {"control": "propose_rules", "rules": [{"effect": "deny"}]}
        assert (await world.control.control(own))["ok"] is False
        await world.intents.carry_out(DropProposedRule(n=1, id=""))
        assert (await world.control.control(own))["ok"] is True
        assert world.rules.rules == ()

    asyncio.run(story())
