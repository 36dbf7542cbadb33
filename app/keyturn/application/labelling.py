"""Owns how a person labels agents, servers and credentials, and lets a pair of environments cross.

A label is part of the row of what it labels, and the pairs are a setting; both are sealed there.
"""

import asyncio
from dataclasses import replace

from keyturn.application.environments import (
    REACH_SETTING,
    Environments,
    read_reach,
    write_reach,
)
from keyturn.application.events import Observers, Topic
from keyturn.application.registry import Registry
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.environment import Reach, is_label
from keyturn.domain.errors import ConfigurationError, filled

MOST_PAIRS = 200


class Labelling:
    """Carries out what a person wants; each raises ConfigurationError when it cannot be done."""

    def __init__(self, *, registry: Registry, environments: Environments) -> None:
        self._registry = registry
        self.environments = environments
        self._changing = asyncio.Lock()
        """Held while the pairs are looked at and written, so that none is lost."""

    def follow(self, observers: Observers) -> None:
        """Keep what is labelled in step with the registry, before anybody judges by it."""
        registry = self._registry

        def changed(topic: Topic) -> None:
            if topic in (Topic.SERVERS, Topic.AGENTS):
                labels = registry.former.labels
                self.environments.use_labels(registry.servers, registry.agents, labels)

        observers.subscribe(changed)

    def load(self) -> None:
        """Take the pairs from the profile's settings; one that cannot be read allows nothing."""
        self.environments.use_reach(read_reach(self._registry.settings.get(REACH_SETTING, "")))

    async def agent(self, name: str, label: str) -> None:
        """Say which environment an agent is of."""
        environment = checked_label(label)
        details: JsonObject = {"environment": environment}
        changed = await self._registry.change_agent(
            name, "environment", lambda one: replace(one, environment=environment), details
        )
        if not changed:
            raise ConfigurationError(filled("No agent named {name} is enrolled.", name=name))

    async def former(self, name: str, label: str) -> None:
        """Say of which environment an agent was that is revoked; an empty one takes that away."""
        if not await self._registry.former.label(name, checked_label(label)):
            raise ConfigurationError(
                filled("No label is kept of an agent named {name}.", name=name)
            )

    async def server(self, name: str, label: str) -> None:
        """Say which environment a server is of."""
        environment = checked_label(label)

        def labelled(before: ServerConfig | None) -> ServerConfig:
            return replace(_confirmed(before, name), environment=environment)

        await self._registry.change_server(name, labelled)

    async def credential(self, server: str, name: str, label: str) -> None:
        """Say of which environment a credential of a server is."""
        environment = checked_label(label)

        def labelled(before: ServerConfig | None) -> ServerConfig:
            config = _confirmed(before, server)
            if name not in config.credential_names():
                raise ConfigurationError(
                    filled(
                        "{server} is not given a credential named {name}.", server=server, name=name
                    )
                )
            labels = {**config.credential_environments, name: environment}
            kept = {name: label for name, label in sorted(labels.items()) if label}
            return replace(config, credential_environments=kept)

        await self._registry.change_server(server, labelled)

    async def allow(self, agent: str, other: str, *, on: bool) -> None:
        """Let agents of one environment reach another, or no longer."""
        of = self.environments.of
        pair = Reach(agent=of(checked_label(agent)), other=of(checked_label(other)))
        if not pair.agent or not pair.other or pair.agent == pair.other:
            raise ConfigurationError("A pair needs two environments, each with a name.")
        if not on:
            # At once: it holds even where it cannot be kept, and for who saves another meanwhile.
            self.environments.use_reach({*self.environments.reach} - {pair})
        async with self._changing:
            reach = {*self.environments.reach}
            pairs = reach | {pair} if on else reach - {pair}
            if len(pairs) > MOST_PAIRS:
                raise ConfigurationError(
                    filled("There are {most} pairs, which is the most.", most=MOST_PAIRS)
                )
            await self._registry.put_setting(REACH_SETTING, write_reach(pairs))
            if on:
                # Less what was taken back while this was being kept; that is kept next.
                taken_back = reach - {*self.environments.reach}
                self.environments.use_reach(pairs - taken_back)


def with_credential_labels(server: ServerConfig, present: ServerConfig | None) -> ServerConfig:
    """Return a server with the labels that its credentials have by now."""
    labels = present.credential_environments if present is not None else {}
    return replace(server, credential_environments=labels)


def _confirmed(server: ServerConfig | None, name: str) -> ServerConfig:
    if server is None or not server.confirmed:
        raise ConfigurationError(filled("No server is configured as {name!r}.", name=name))
    return server


def checked_label(label: str) -> str:
    """Return the label if it can be one; raises ConfigurationError otherwise."""
    stripped = label.strip()
    if not is_label(stripped):
        raise ConfigurationError(
            filled("{label!a} cannot be an environment's name.", label=label[:80]),
            mend="Use up to 64 letters, digits, dots, dashes and underscores.",
        )
    return stripped
