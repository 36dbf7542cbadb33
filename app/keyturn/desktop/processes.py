"""What the operating system says of processes and of commands before they run.

It is a label for people and a key for sessions, never proof: agents authenticate with a token.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import psutil

from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.executables import ExecutableHashes, find_executable
from keyturn.desktop.launchers import Launchers
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.launch import LaunchIdentity
from keyturn.domain.system_text import readable

_MOST_PARENTS = 64
"""A chain that is longer is cut: no honest one is."""


class SystemProcesses:
    """Implements the Processes port on the process table. Call it off the event loop."""

    def __init__(self, launchers: Launchers, closures: CommandClosures | None = None) -> None:
        """Without `closures`, no command is known to load anything beside its executable."""
        self._launchers = launchers
        self._closures = closures
        self._hashes = ExecutableHashes()

    def observe(self, pid: int) -> ObservedPeer:
        """Describe a peer by its process id; all is None or empty for one that has ended.

        The host is None when the chain ends at a process that adopts orphans, so that nobody can
        say who started the peer (architecture.md section 7).
        """
        process = observe_process(pid)
        if process is None:
            return ObservedPeer(process=None, parents=(), host=None)
        parents = _parents_of(process)
        return ObservedPeer(process=process, parents=parents, host=self._host_among(parents))

    def alive(self, process: ObservedProcess) -> bool:
        """Tell whether that very process still runs; a zombie does not."""
        return is_running(process.pid, process.started)

    def program_sha256(self, process: ObservedProcess) -> str:
        """Return the hash of the program that a process runs; empty when it cannot be read.

        Of what runs, which is not the file at its path once that was replaced.
        """
        running = f"/proc/{process.pid}/exe"
        if sys.platform != "linux" or _is_one_file(running, process.executable):
            return self._hashes.sha256(process.executable)
        return self._hashes.sha256(running)

    def launch_identity(
        self, argv: Sequence[str], env_names: Sequence[str], cwd: str, search: Mapping[str, str]
    ) -> LaunchIdentity:
        """Resolve a command as it would be started in `cwd` with the environment `search`."""
        return self._resolve(argv, env_names, cwd, search, anew=False)

    def still_leads_to(self, launch: LaunchIdentity, search: Mapping[str, str]) -> bool:
        """Tell whether a command would start exactly what it did; reads the file, all of it."""
        found = self._resolve(launch.argv, launch.env, launch.cwd, search, anew=True)
        return found.launch_hash == launch.launch_hash

    def closure(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        """Return what the command would load beside its executable, running nothing of it."""
        if self._closures is None or not launch.argv:
            return NO_CLOSURE
        return self._closures.look(launch, search, anew=anew)

    def _resolve(
        self,
        argv: Sequence[str],
        env_names: Sequence[str],
        cwd: str,
        search: Mapping[str, str],
        *,
        anew: bool,
    ) -> LaunchIdentity:
        folder = os.path.abspath(cwd)  # noqa: PTH100 - links stay as they were configured
        found = find_executable(argv[0], folder, search) if argv else ""
        executable = os.path.realpath(found) if found else ""
        return LaunchIdentity(
            argv=tuple(argv),
            executable=readable(executable),
            sha256=self._hashes.sha256(executable, anew=anew) if executable else "",
            cwd=readable(folder),
            env=tuple(env_names),
        )

    def _host_among(self, parents: Sequence[ObservedProcess]) -> ObservedProcess | None:
        for parent in parents:
            if self._launchers.is_adopter(parent):
                return None
            if not self._launchers.is_launcher(parent):
                return parent
        return None


def observe_process(pid: int) -> ObservedProcess | None:
    """Describe one process; None when there is none. What may not be read is empty."""
    try:
        process = psutil.Process(pid)
        started = started_at(process)
        name = process.name()
    except (psutil.Error, OSError, ValueError):
        return None
    return ObservedProcess(
        pid=pid,
        started=started,
        executable=_executable_of(process),
        name=readable(name),
        command=_command_of(process),
    )


def _is_one_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)  # noqa: PTH121 - texts, not paths
    except OSError:
        return False


def is_running(pid: int, started: float) -> bool:
    """Tell whether the process of that id and start still runs; a zombie does not."""
    try:
        process = psutil.Process(pid)
        return started_at(process) == started and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError, ValueError):
        return False


def started_at(process: psutil.Process) -> float:
    """Return the start time: seconds since boot on Linux, since 1970 elsewhere.

    psutil's own figure on Linux moves when the wall clock is set, and a host process that seems to
    have ended would take its session's lamps with it.
    """
    if sys.platform != "linux":
        return process.create_time()
    return int(_status_of(process.pid)[19]) / _ticks_per_second()


def parent_of(pid: int) -> int:
    """Return the parent's number; raises psutil.Error or OSError when there is no such process.

    psutil takes five times as long on Linux, where it looks again whether the number was given to
    another process since; who asks here compares the start times of what is found.
    """
    if sys.platform != "linux":
        return psutil.Process(pid).ppid()
    return int(_status_of(pid)[1])


def _status_of(pid: int) -> list[bytes]:
    """Return what stands behind the name in proc(5)'s stat, the third field first.

    The second, in brackets, may hold spaces and brackets itself.
    """
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()


@cache
def _ticks_per_second() -> int:
    return os.sysconf("SC_CLK_TCK")


def _parents_of(process: ObservedProcess) -> tuple[ObservedProcess, ...]:
    parents: list[ObservedProcess] = []
    child = process
    while len(parents) < _MOST_PARENTS:
        parent = _parent_of(child)
        if parent is None:
            break
        parents.append(parent)
        child = parent
    return tuple(parents)


def _parent_of(child: ObservedProcess) -> ObservedProcess | None:
    try:
        parent_pid = psutil.Process(child.pid).ppid()
    except psutil.Error:
        return None
    parent = observe_process(parent_pid) if parent_pid > 0 else None
    # One that is younger than its child has only the number of the parent.
    return parent if parent is not None and parent.started <= child.started else None


def _executable_of(process: psutil.Process) -> str:
    try:
        return readable(process.exe())
    except (psutil.Error, OSError):
        return ""


def _command_of(process: psutil.Process) -> tuple[str, ...]:
    try:
        return tuple(map(readable, process.cmdline()))
    except (psutil.Error, OSError):
        return ()
