"""Owns the environments in which agents worked that were revoked, until a person takes them away.

Revoking an agent only tightens, so any program may do it. Were its label gone with it, what the
agent was kept out of would be open to the same program once it names itself otherwise.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from keyturn.application.events import Observers, Topic
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.decision import Actor

FORMER_SETTING: Final = "environments_of_revoked"
"""A setting of the profile, sealed as all of them are: labels by the names of revoked agents."""

PutSetting = Callable[[str, str, Actor], Awaitable[None]]
"""Keeps a setting by its name, recorded as what that actor did; raises KeyturnError."""


class FormerLabels:
    """Labels by name. One that could not be kept holds as long as the broker runs."""

    def __init__(self, put: PutSetting, observers: Observers) -> None:
        self._put = put
        self._observers = observers
        self._labels: dict[str, str] = {}
        self._kept_anew: set[str] = set()
        """Of those whose label is being written: what a person takes away was kept before."""
        self._writing = asyncio.Lock()

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the labels by the names of those that were revoked; none is empty."""
        return MappingProxyType(self._labels)

    def of(self, name: str) -> str:
        """Return where a revoked agent worked; empty where that is not known."""
        return self._labels.get(name, "")

    def load(self, text: str) -> None:
        """Take what the setting says."""
        self._labels = read_former(text)

    def keep(self, agent: AgentConfig) -> None:
        """Keep the label of an agent that is being revoked, at once; `save` writes it down."""
        if agent.environment:
            self._labels[agent.name] = agent.environment
            self._kept_anew.add(agent.name)

    async def save(self, name: str, actor: Actor) -> None:
        """Write down what is kept of an agent that is being revoked."""
        async with self._writing:
            if name in self._labels:
                await self._put(FORMER_SETTING, _written(self._labels), actor)

    async def label(self, name: str, environment: str) -> bool:
        """Change a label as a person wants, an empty one takes it away; False if none is kept."""
        async with self._writing:
            if name not in self._labels:
                return False
            self._kept_anew.discard(name)
            changed = {**self._labels, name: environment}
            await self._put(FORMER_SETTING, _written(changed), Actor.HUMAN)
            if name not in self._kept_anew:
                del self._labels[name]
            if environment:
                self._labels[name] = environment
        self._observers.changed(Topic.AGENTS)
        return True


def read_former(text: str) -> dict[str, str]:
    """Read labels as the setting has them; what cannot be read names none."""
    try:
        return msgspec.json.decode(text, type=dict[str, str]) if text else {}
    except msgspec.DecodeError:
        return {}


def _written(labels: Mapping[str, str]) -> str:
    rows: JsonObject = {name: label for name, label in labels.items() if label}
    return canonical(rows).decode()
