"""Owns which environments there are around a call, and the pairs that a person lets cross.

An agent of one environment reaches no other, unless a person allowed that pair; whatever among the
arguments of a call names another environment than its server's is asked about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import msgspec

from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.environment import (
    PRODUCTION,
    Crossing,
    EnvironmentWords,
    Named,
    Places,
    Reach,
    Surroundings,
    crossing_of,
    differing,
    places_in,
    touches_production,
)

REACH_SETTING = "environment_reach"
NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one call."""

    crossing: Crossing | None = None
    """No pair that a person allowed covers it."""
    differing: tuple[Named, ...] = ()
    """What among its arguments names another environment than its server's."""
    unclear: bool = False
    """There is more among the arguments than was looked at."""
    raises: bool = False
    """It reaches production."""

    @property
    def may_be_production(self) -> bool:
        """Whether it reaches production, as what could not be looked at whole may do."""
        return self.raises or self.unclear


NOTHING_FOUND = Found()


class Environments:
    """The labels and pairs in force; says what a call crosses, and changes nothing."""

    def __init__(self, *, words: EnvironmentWords, observers: Observers) -> None:
        self._plain_words = words
        self._words = words
        self._observers = observers
        self._labels: set[str] = set()
        self._agents: dict[str, str] = {}
        self._reach: tuple[Reach, ...] = ()
        self.changes = 0
        """Goes up whenever another judgement may follow from what is here."""

    @property
    def reach(self) -> tuple[Reach, ...]:
        """Return the pairs that a person allowed, in order."""
        return self._reach

    def of(self, label: str) -> str:
        """Return the environment that a label means."""
        return self._words.of(label)

    def use_reach(self, pairs: Iterable[Reach]) -> None:
        """Put pairs in force (a headless FILE's, or what the profile holds)."""
        of = self._plain_words.of
        self._reach = tuple(
            sorted({Reach(agent=of(pair.agent), other=of(pair.other)) for pair in pairs})
        )
        self.changes += 1
        self._observers.changed(Topic.RULES)

    def use_labels(
        self,
        servers: Iterable[ServerConfig],
        agents: Iterable[AgentConfig],
        former: Mapping[str, str] = NOBODY,
    ) -> None:
        """Take over what is labelled by now; whoever proposes a server gives no word a meaning.

        `former` are labels of agents that were revoked: they hold for whoever proves no name.
        """
        servers = tuple(server for server in servers if server.confirmed)
        labels = {server.environment for server in servers}
        of_agents = {**former, **{agent.name: agent.environment for agent in agents}}
        labels |= {*of_agents.values()}
        labels |= {one for server in servers for one in server.credential_environments.values()}
        if labels != self._labels:
            self._labels = labels
            self._words = self._plain_words.with_labels(sorted(labels))
            self.changes += 1
        named = {name: self.of(label) for name, label in of_agents.items() if label}
        if named != self._agents:
            self._agents = named
            self.changes += 1

    def find(self, connection: Connection, arguments: JsonObject) -> Found:
        """Find out what a call crosses, names and reaches."""
        around = self.around(connection)
        unproved = not connection.agent_enrolled and bool(self._agents)
        if not around.known and not unproved:
            return NOTHING_FOUND
        places = places_in(arguments, self._words)
        return Found(
            crossing=self._crossing(connection, around, places),
            differing=differing(around, places),
            unclear=places.unclear and bool(around.agent or around.server),
            raises=touches_production(around, places) or self._called_production(connection),
        )

    def _called_production(self, connection: Connection) -> bool:
        """Tell whether a label that is no known word, such as `prod-eu`, speaks of production."""
        server = connection.server
        labels = (server.environment, *server.credential_environments.values())
        plain = self._plain_words
        own = (label for label in labels if plain.of(label) not in plain.words.values())
        return any(PRODUCTION in plain.in_name(label) for label in own)

    def _crossing(
        self, connection: Connection, around: Surroundings, places: Places
    ) -> Crossing | None:
        """Return what a call crosses; of an agent that proved no name, what any one's would.

        It would only have to leave out its token otherwise.
        """
        mine = {around.agent}
        if not connection.agent_enrolled:
            mine |= set(self._agents.values())
        everyone = (replace(around, agent=agent) for agent in sorted(mine))
        found = (crossing_of(one, places, self._reach) for one in everyone)
        return next((crossing for crossing in found if crossing is not None), None)

    def around(self, connection: Connection) -> Surroundings:
        """Return the labels around a connection, each in the one spelling that is compared."""
        server = connection.server
        used = set(server.credential_names())
        return Surroundings(
            agent=self._agents.get(connection.agent, ""),
            server=self.of(server.environment),
            credentials=tuple(
                (name, self.of(label))
                for name, label in sorted(server.credential_environments.items())
                if name in used and label
            ),
        )

    def proposed(self, server: ServerConfig) -> tuple[Named, ...]:
        """Return what a server's own configuration names: proposals for its label.

        Each names its variable or header, empty for the address.
        """
        given: JsonObject = {**server.env, **server.headers}
        values: JsonObject = {name: {"host": value} for name, value in given.items()}
        named = places_in({**values, "": {"host": server.url}}, self._words).named
        return tuple(
            msgspec.structs.replace(one, path=one.path.removeprefix("/").removesuffix("/host"))
            for one in reversed(named)
        )


def read_reach(text: str) -> tuple[Reach, ...]:
    """Read the pairs as `write_reach` writes them; what cannot be read is no pair."""
    try:
        return tuple(msgspec.json.decode(text, type=list[Reach])) if text else ()
    except msgspec.DecodeError:
        return ()


def write_reach(pairs: Iterable[Reach]) -> str:
    """Write pairs for the setting."""
    rows: list[JsonValue] = [{"agent": p.agent, "other": p.other} for p in sorted(pairs)]
    return canonical(rows).decode()
