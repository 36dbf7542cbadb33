"""Owns which agents a person has paused, and who falls under such a pause.

A pause is ended by a person alone. It is kept twice, as a record of the log and as a sealed row,
and each of the two is enough: what is missing from the other, cannot be read or is not trusted
lifts nothing. It reaches who claims the agent's name without its token, and who runs in its
program, because to leave the token out would be a way around it otherwise.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec

from keyturn.application.connection import Connection
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.decision import Actor
from keyturn.domain.record import PAUSED, PROVEN, UNPAUSED, Entry, RecordType

PAUSED_SETTING = "paused_agents"
UNPROVEN = ""
"""All agents that proved no name together: any program can connect under any number of names."""
_NAMES = msgspec.json.Decoder(list[str])


class Pauses:
    """Keyed by the name that an agent proved, or by `UNPROVEN`."""

    def __init__(
        self,
        *,
        log: DecisionLog,
        clock: Clock,
        keep: Callable[[str, str], Awaitable[None]],
        agents: Callable[[], Iterable[AgentConfig]],
    ) -> None:
        """`keep` stores a setting by its name; `agents` returns those that are enrolled."""
        self._log = log
        self._clock = clock
        self._keep = keep
        self._agents = agents
        self._since: dict[str, str] = {}

    def restore(self, since: Mapping[str, str]) -> None:
        """Take over what the log says was paused before this start, and since when, in UTC."""
        self._since.update(since)

    def load(self, text: str) -> None:
        """Add whom the sealed row names; one that is absent, or cannot be read, lifts nothing."""
        try:
            names = _NAMES.decode(text) if text else []
        except msgspec.DecodeError:
            return
        for name in names:
            self._since.setdefault(name, "")

    def since(self, key: str) -> str | None:
        """Return since when one is paused, in UTC, empty if unknown; None for not paused."""
        return self._since.get(key)

    def of(self, connection: Connection) -> str | None:
        """Return whose pause a connection falls under; None for nobody's."""
        if connection.agent_enrolled:
            return connection.agent if connection.agent in self._since else None
        for name in self._since:
            if name and (_claims(connection, name) or self._runs_in_program_of(name, connection)):
                return name
        return UNPROVEN if UNPROVEN in self._since else None

    def hold(self, key: str) -> None:
        """Pause one from now on, whether or not that can be written down."""
        self._since.setdefault(key, self._clock.now_utc())

    async def write_down(self, key: str, agent: str) -> None:
        """Make a pause that holds outlive the broker; raises LogUnavailable, and it holds on."""
        await self._record(key, agent, PAUSED)
        await self._store(set(self._since))

    async def end(self, key: str, agent: str) -> None:
        """Let one go on; raises LogUnavailable where that cannot be recorded, and it holds on."""
        await self._record(key, agent, UNPAUSED)
        await self._store(set(self._since) - {key})
        self._since.pop(key, None)

    async def _store(self, keys: set[str]) -> None:
        await self._keep(PAUSED_SETTING, msgspec.json.encode(sorted(keys)).decode())

    async def _record(self, key: str, agent: str, outcome: str) -> None:
        await self._log.commit(
            Entry(
                type=RecordType.AGENT,
                agent=agent,
                outcome=outcome,
                actor=Actor.HUMAN,
                details={PROVEN: key != UNPROVEN},
            )
        )

    def _runs_in_program_of(self, name: str, connection: Connection) -> bool:
        """Tell whether a connection comes from the program that an agent was enrolled in.

        Its path or its bytes are enough: either of them can be changed to leave a pause behind.
        """
        host = connection.peer.host
        if host is None:
            return False
        sha256 = connection.program_sha256
        return any(
            agent.executable == host.executable != "" or agent.executable_sha256 == sha256 != ""
            for agent in self._agents()
            if agent.name == name
        )


def _claims(connection: Connection, name: str) -> bool:
    return connection.claimed.casefold() == name.casefold()
