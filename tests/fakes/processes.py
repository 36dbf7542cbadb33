"""A process table that a test writes by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.domain.canonical import digest_of
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.launch import LaunchIdentity

NOBODY = ObservedPeer(process=None, parents=(), host=None)


@dataclass(slots=True)
class FakeProcesses:
    """Implements the port: peers and executables are what the test put in, all others unknown."""

    peers: dict[int, ObservedPeer] = field(default_factory=dict[int, ObservedPeer])
    ended: set[int] = field(default_factory=set[int])
    """Process ids that no longer run."""
    executables: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Programs that argv[0] may name, and their content; change it to play an update."""

    closures: dict[str, Closure] = field(default_factory=dict[str, Closure])
    """What the programs load beside themselves."""

    def observe(self, pid: int) -> ObservedPeer:
        return NOBODY if pid in self.ended else self.peers.get(pid, NOBODY)

    def alive(self, process: ObservedProcess) -> bool:
        return process.pid not in self.ended and process in self._known()

    def program_sha256(self, process: ObservedProcess) -> str:
        content = self.executables.get(process.executable)
        return "" if content is None else digest_of(content)

    def launch_identity(
        self, argv: Sequence[str], env_names: Sequence[str], cwd: str, search: Mapping[str, str]
    ) -> LaunchIdentity:
        content = self.executables.get(argv[0]) if argv else None
        return LaunchIdentity(
            argv=tuple(argv),
            executable="" if content is None else f"/programs/{argv[0].lstrip('/')}",
            sha256="" if content is None else digest_of(content),
            cwd=cwd,
            env=tuple(env_names),
        )

    def still_leads_to(self, launch: LaunchIdentity, search: Mapping[str, str]) -> bool:
        found = self.launch_identity(launch.argv, launch.env, launch.cwd, search)
        return found.launch_hash == launch.launch_hash

    def closure(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        return self.closures.get(launch.argv[0], NO_CLOSURE) if launch.argv else NO_CLOSURE

    def add(self, pid: int, *, host: int = 0, started: float = 1.0) -> ObservedPeer:
        """Put in a shim with this id and the host process that started it; return what is seen."""
        above = _process(host, started, "host") if host else None
        peer = ObservedPeer(
            process=_process(pid, started, "python3"),
            parents=() if above is None else (above,),
            host=above,
        )
        self.peers[pid] = peer
        return peer

    def _known(self) -> list[ObservedProcess]:
        seen: list[ObservedProcess] = []
        for peer in self.peers.values():
            seen.extend(process for process in (peer.process, *peer.parents) if process is not None)
        return seen


def _process(pid: int, started: float, name: str) -> ObservedProcess:
    return ObservedProcess(
        pid=pid, started=started, executable=f"/programs/{name}", name=name, command=(name,)
    )
