"""Profiles that a person has set up already: servers agreed, tools pinned with tiers, an agent.

Made with the product's own use cases, so that a test begins where a person would after the review.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from keyturn.application.ports.milestones import Unwatched
from keyturn.application.ports.secret_store import Secret
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.service import Service
from keyturn.domain.configuration import Limits, ReviewMode, ServerConfig
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Rule
from keyturn.domain.tier import Tier
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore

AGENT = "analyst"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededServer:
    """A server, and the tier that the review confirmed of each of its tools ("*": of the rest)."""

    name: str
    command: tuple[str, ...]
    tiers: Mapping[str, Tier | None] = field(default_factory=dict[str, Tier | None])
    labels: Mapping[str, Lamps] = field(default_factory=dict[str, Lamps])
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: str = ""

    def config(self, home: str) -> ServerConfig:
        """Return it as the registry keeps it."""
        return ServerConfig(
            name=self.name,
            command=self.command,
            env=dict(self.env),
            environment=self.environment,
            cwd_path=home,
        )


def seed(
    folders: Folders,
    *servers: SeededServer,
    agents: tuple[str, ...] = (AGENT,),
    rules: tuple[Rule, ...] = (),
    secrets: Mapping[tuple[str, str], str] | None = None,
    reviewed: bool = True,
) -> None:
    """Write the profile; with `reviewed` each server was started once and its tools pinned.

    `secrets` maps (server, name) to what these starts are given; they are kept nowhere.
    """
    folders.profile.create()
    store = FakeSecretStore()
    store.secrets = {key: Secret(value) for key, value in (secrets or {}).items()}
    asyncio.run(_seed(folders, servers, agents, rules, store, reviewed=reviewed))


async def _seed(
    folders: Folders,
    servers: tuple[SeededServer, ...],
    agents: tuple[str, ...],
    rules: tuple[Rule, ...],
    store: FakeSecretStore,
    *,
    reviewed: bool,
) -> None:
    foundation = await lay_foundation(
        folders.profile,
        folders.env(),
        limits=Limits(),
        secrets=store,
        milestones=Unwatched(),
    )
    try:
        service = Service(foundation, headless=False)
        foundation.registry.attach(service.hub)
        for agent in agents:
            await foundation.registry.enrol(agent)
        for server in servers:
            await _put(foundation, service, server, str(folders.home), reviewed=reviewed)
        for rule in rules:
            await foundation.rules.add(rule)
        await service.hub.close()
    finally:
        await foundation.close()


async def _put(
    foundation: Foundation, service: Service, server: SeededServer, home: str, *, reviewed: bool
) -> None:
    config = server.config(home)
    if reviewed:
        await foundation.registry.put_server(replace(config, review=ReviewMode.ACCEPT))
        await service.hub.review(server.name)
        for pin in foundation.agreements.pins():
            if pin.server == server.name:
                tool = pin.definition.name
                tier = server.tiers.get(tool, server.tiers.get("*"))
                labels = server.labels.get(tool, Lamps.NONE)
                await foundation.agreements.set_tier(server.name, tool, tier, labels)
    await foundation.registry.put_server(config)
