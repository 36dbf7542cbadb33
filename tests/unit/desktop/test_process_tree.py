"""Servers are ended with all they started, and die with the process that started them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import psutil
import pytest

from keyturn.desktop import process_tree
from keyturn.desktop.process_tree import end_process_tree, with_parent_death_signal

POLITE = "import sys; sys.stdout.write('up\\n'); sys.stdout.flush(); sys.stdin.read()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {POLITE}"
TREE = """
import subprocess, sys, time
for own_session in (False, True):
    child = subprocess.Popen(
        [sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, start_new_session=own_session
    )
    child.stdout.readline()
sys.stdout.write("up\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@contextmanager
def server(
    *arguments: str, own_session: bool = True
) -> Generator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """Start a Python that says `up`; yield it with its children, and kill what a test left."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=own_session,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        started = psutil.Process(process.pid)
        children = started.children(recursive=True)
        try:
            yield process, children
        finally:
            for left in (started, *children):
                if left.is_running():
                    left.kill()


def gone(process: psutil.Process) -> bool:
    """Dead, reaped or not: the first process of a container may not reap."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_whole_tree_ends_even_what_left_the_group() -> None:
    with server(TREE, POLITE) as (process, children):
        assert len(children) == 2
        assert asyncio.run(end_process_tree(process.pid, 10))
        assert process.wait(10) == -signal.SIGTERM
        assert all(gone(child) for child in children)


def test_who_does_not_listen_is_killed_after_the_grace() -> None:
    with server(TREE, DEAF) as (process, children):
        assert asyncio.run(end_process_tree(process.pid, 0.1))
        assert process.wait(10) == -signal.SIGTERM
        assert all(gone(child) for child in children)


def test_a_group_whose_leader_has_ended_ends_too() -> None:
    with server(TREE, DEAF) as (process, children):
        same_group = next(child for child in children if os.getpgid(child.pid) == process.pid)
        process.kill()
        process.wait(10)
        assert asyncio.run(end_process_tree(process.pid, 0.1))
        assert gone(same_group)


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells environments")
def test_what_left_the_group_and_its_parent_is_known_by_its_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MARK", "1")
    with server(TREE, DEAF) as (process, children):
        process.kill()
        process.wait(10)
        assert asyncio.run(end_process_tree(process.pid, 0.1, "MARK=2"))
        assert [gone(child) for child in children].count(True) == 1
        assert asyncio.run(end_process_tree(process.pid, 0.1, "MARK=1"))
        assert all(gone(child) for child in children)


def test_a_child_in_our_own_group_ends_alone() -> None:
    with server(POLITE, own_session=False) as (process, _):
        assert asyncio.run(end_process_tree(process.pid, 10))
        assert process.wait(10) == -signal.SIGTERM


def test_asyncio_still_learns_the_exit_code_of_its_child() -> None:
    async def start_and_end() -> int:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", DEAF),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert await child.stdout.readline() == b"up\n"
        assert await end_process_tree(child.pid, 0.1)
        child.stdin.close()
        async with asyncio.timeout(10):
            return await child.wait()

    assert asyncio.run(start_and_end()) == -signal.SIGKILL


def test_ending_what_has_ended_is_done_at_once() -> None:
    with server(POLITE) as (process, _):
        process.kill()
        process.wait(10)
        assert asyncio.run(end_process_tree(process.pid, 10))


@pytest.mark.parametrize("pid", [-1, 0, 1, os.getpid(), os.getpgrp()])
def test_it_never_ends_ourselves_or_everybody(pid: int) -> None:
    with pytest.raises(ValueError, match="own session"):
        asyncio.run(end_process_tree(pid, 0))


def test_what_cannot_be_killed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tree, "KILL_SECONDS", 0.05)
    monkeypatch.setattr(process_tree.os, "killpg", refuse)
    with server(DEAF) as (process, _):
        assert not asyncio.run(end_process_tree(process.pid, 0.05))


def refuse(*_: int) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_server_dies_with_whoever_started_it() -> None:
    guarded = with_parent_death_signal([sys.executable, "-I", "-S", "-c", POLITE])
    starting = f"import subprocess, sys; subprocess.run({list(guarded)!r})"
    with server(starting) as (process, children):
        (child,) = children
        assert child.cmdline()[0] == sys.executable
        handle = os.pidfd_open(child.pid)
        process.kill()
        process.wait(10)
        wait_readable(handle)
        assert gone(child)


def wait_readable(handle: int) -> None:
    async def wait() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(handle, ended.set)
        async with asyncio.timeout(10):
            await ended.wait()
        loop.remove_reader(handle)

    asyncio.run(wait())
    os.close(handle)


@pytest.mark.parametrize("missing", ["platform", "program"])
def test_without_the_means_the_command_stays_as_it_is(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: str, **__: str) -> None:
        return None

    if missing == "platform":
        monkeypatch.setattr(process_tree.sys, "platform", "darwin")
    else:
        monkeypatch.setattr(process_tree.shutil, "which", nothing)
    assert with_parent_death_signal(["server", "--fast"]) == ("server", "--fast")
