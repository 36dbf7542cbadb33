"""Profiles that a person has set up already: servers agreed, tools pinned with tiers, an agent.

Made with the product's own use cases, so that a test begins where a person would after the review.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from keyturn.application.agreements import PinShown
from keyturn.application.ports.milestones import Unwatched
from keyturn.application.ports.secret_store import Secret
from keyturn.application.registry import set_http
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.service import Service
from keyturn.domain.configuration import Limits, ReviewMode, ServerConfig
from keyturn.domain.lamps import Lamps
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Rule
from keyturn.domain.tier import Tier
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore

AGENT = "analyst"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededServer:
    """A server, and the tier that the review confirmed of each of its tools ("*": of the rest)."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    """Of one that is asked over Streamable HTTP, in place of a command."""
    tiers: Mapping[str, Tier | None] = field(default_factory=dict[str, Tier | None])
    labels: Mapping[str, Lamps] = field(default_factory=dict[str, Lamps])
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: str = ""
    held: tuple[str, ...] = ()
    """Tools whose results wait for a person where they read like an order."""

    def config(self, home: str) -> ServerConfig:
        """Return it as the registry keeps it."""
        return ServerConfig(
            name=self.name,
            command=self.command,
            url=self.url,
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
    http: tuple[str, ...] = (),
) -> None:
    """Write the profile; with `reviewed` each server was started once and its tools pinned.

    `http` are the agents that may come over HTTP; `secrets` maps (server, name) to what these
    starts are given, and they are kept nowhere.
    """
    folders.profile.create()
    store = FakeSecretStore()
    store.secrets = {key: Secret(value) for key, value in (secrets or {}).items()}
    asyncio.run(_seed(folders, servers, agents, rules, store, http, reviewed=reviewed))


async def _seed(
    folders: Folders,
    servers: tuple[SeededServer, ...],
    agents: tuple[str, ...],
    rules: tuple[Rule, ...],
    store: FakeSecretStore,
    http: tuple[str, ...],
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
    # As an older version left it: the first start with a keychain seals it.
    foundation.tables.leave_open()
    try:
        for agent in agents:
            await foundation.registry.enrol(agent)
        for agent in http:
            await set_http(foundation.registry, agent, on=True)
        for server in servers:
            await put_server(foundation, server, str(folders.home), reviewed=reviewed)
        for rule in rules:
            await foundation.rules.add(rule)
    finally:
        await foundation.close()


async def put_server(
    foundation: Foundation, server: SeededServer, home: str, *, reviewed: bool = True
) -> None:
    """Set a server up; with `reviewed` start it once and pin its tools with their tiers."""
    config = server.config(home)
    if reviewed:
        service = Service(foundation, headless=False)
        foundation.registry.attach(service.hub)
        await foundation.registry.put_server(replace(config, review=ReviewMode.ACCEPT))
        await service.hub.review(server.name)
        await service.hub.close()
        for pin in foundation.agreements.pins():
            if pin.server == server.name:
                tool = pin.definition.name
                tier = server.tiers.get(tool, server.tiers.get("*"))
                labels = server.labels.get(tool, Lamps.NONE)
                shown = PinShown(
                    server=server.name,
                    launch_hash=pin.launch_hash,
                    tool=tool,
                    def_hash=pin.definition.def_hash,
                )
                await foundation.agreements.set_tier(shown, tier, labels)
    await foundation.registry.put_server(config)
    for tool in server.held:
        controls = ResultControls(hold_signs=True)
        await foundation.notices.controlling.tools.put(server.name, tool, controls)
