"""The processes port: what the operating system says of who connects and what would be started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keyturn.domain.closure import Closure
from keyturn.domain.launch import LaunchIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedProcess:
    """One process as the operating system describes it."""

    pid: int
    started: float
    """Start time; with the pid it names one process for good."""
    executable: str
    name: str
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedPeer:
    """The process at the other end of a connection, and the host process it works for."""

    process: ObservedProcess | None
    parents: tuple[ObservedProcess, ...]
    """From the peer upwards."""
    host: ObservedProcess | None
    """First process above the peer that is not a launcher (architecture.md section 7)."""


class Processes(Protocol):
    """Reads the process table; never blocks for long (call it off the loop)."""

    def observe(self, pid: int) -> ObservedPeer:
        """Describe a peer by its process id."""
        ...

    def alive(self, process: ObservedProcess) -> bool:
        """Tell whether that very process still runs."""
        ...

    def program_sha256(self, process: ObservedProcess) -> str:
        """Return the hash of the program that a process runs; empty when it cannot be read."""
        ...

    def launch_identity(
        self, argv: Sequence[str], env_names: Sequence[str], cwd: str, search: Mapping[str, str]
    ) -> LaunchIdentity:
        """Resolve a command as it would be started, looking PATH up in `search`."""
        ...

    def still_leads_to(self, launch: LaunchIdentity, search: Mapping[str, str]) -> bool:
        """Tell whether the command would start exactly what the identity names, byte for byte.

        Nothing that is remembered counts: the file is read again.
        """
        ...

    def closure(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        """Return what the command would load beside its executable, running nothing of it.

        `anew` reads every file again. Takes up to seconds: call it off the loop.
        """
        ...
