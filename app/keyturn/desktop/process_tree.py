"""Starts servers so that they die with Keyturn, and ends them with everything they started."""

import asyncio
import os
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from keyturn.desktop.processes import is_running, parent_of, started_at

KILL_SECONDS = 2.0
"""How long a killed process may take to be gone before it is reported as left over."""

_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One process of the tree; the start time guards against its number being used again."""

    pid: int
    started: float


def with_parent_death_signal(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command line that starts `argv` so that the kernel kills it when we die.

    Not by a `preexec_fn`, which runs Python between fork and exec and may deadlock in a process
    with threads: setpriv (util-linux) sets PR_SET_PDEATHSIG and execs the command, so that process
    id, PATH search and working directory are as without it. Where there is no setpriv the command
    is returned as it is, and a killed broker leaves servers that end when their stdin does. A
    command that does not exist ends with exit code 127 instead of failing to start.

    The signal follows the *thread* that started the child: start servers from the thread that lives
    as long as the broker. It does not reach grandchildren; `end_process_tree` does.
    """
    # Not from our PATH, which somebody may have put a folder in front of.
    setpriv = shutil.which("setpriv", path=os.defpath)
    if sys.platform != "linux" or setpriv is None:
        return tuple(argv)
    return (setpriv, "--pdeathsig", "KILL", "--", *argv)


async def end_process_tree(pid: int, grace_seconds: float, mark: str = "") -> bool:
    """End a process, its group and all that descends from it; True when none of them is left.

    `pid` is that of a process started with `start_new_session=True`, and so also of its group; the
    process itself may have ended already. Close its stdin first: that is how a server is asked.
    SIGTERM goes to all, and after the grace SIGKILL to whatever still runs, with what was started
    meanwhile. Children are not reaped here: that is left to whoever started them. What has left
    the group *and* lost its parent, as daemons do, is found on Linux by `mark`: a `NAME=VALUE` of
    the environment that it was started with, and that nothing else has. Who takes even that away
    is out of reach without a sandbox.
    """
    if pid <= 1 or pid in (os.getpid(), _group_of(0)):
        raise ValueError(f"{pid} is not the id of a process that was started in its own session")
    members = await asyncio.to_thread(_members, pid, mark)
    _signal_all(pid, members, signal.SIGTERM)
    left = await _wait_until_gone(members, grace_seconds)
    left |= await asyncio.to_thread(_members, pid, mark)
    if not left:
        return True
    _signal_all(pid, left, _KILL)
    left = await _wait_until_gone(left, KILL_SECONDS)
    return not left


_KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL


def _members(group: int, mark: str) -> set[_Member]:
    """Return who is of the group or has the mark, and the descendants of these wherever."""
    marked = b"\0" + os.fsencode(mark) + b"\0" if mark else b""
    children: dict[int, list[int]] = defaultdict(list)
    found: list[int] = []
    for pid in psutil.pids():
        try:
            children[parent_of(pid)].append(pid)
        except (psutil.Error, OSError, ValueError):
            continue
        if group in (pid, _group_of(pid)) or _is_marked(pid, marked):
            found.append(pid)
    seen: set[int] = set()
    while found:
        pid = found.pop()
        if pid not in seen:
            seen.add(pid)
            found += children[pid]
    return _running(seen)


def _is_marked(pid: int, marked: bytes) -> bool:
    """Tell whether a process was started with the mark in its environment (proc(5))."""
    if not marked or sys.platform != "linux":
        return False
    try:
        return marked in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        # Somebody else's, or gone.
        return False


def _running(pids: Iterable[int]) -> set[_Member]:
    members: set[_Member] = set()
    for pid in pids:
        try:
            members.add(_Member(pid=pid, started=started_at(psutil.Process(pid))))
        except (psutil.Error, OSError):
            continue
    return _still_running(member for member in members if member.pid != os.getpid())


async def _wait_until_gone(members: Iterable[_Member], seconds: float) -> set[_Member]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    left = _still_running(members)
    while left and loop.time() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        left = _still_running(left)
    return left


def _still_running(members: Iterable[_Member]) -> set[_Member]:
    return {member for member in members if is_running(member.pid, member.started)}


def _signal_all(group: int, members: Iterable[_Member], number: signal.Signals) -> None:
    # Some programs take a second signal for impatience, so each gets one: those of the group from
    # the kernel, with whoever joins it meanwhile, and those who left it one by one.
    outside = [member for member in members if _group_of(member.pid) != group]
    _signal_group(group, number)
    for member in outside:
        if is_running(member.pid, member.started):
            _signal_process(member.pid, number)


def _signal_process(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _signal_group(group: int, number: signal.Signals) -> None:
    if sys.platform == "win32":
        return
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _group_of(pid: int) -> int:
    if sys.platform == "win32":
        return -1
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return -1
