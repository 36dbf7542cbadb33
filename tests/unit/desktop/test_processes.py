"""The process table: parents, hosts, zombies, and start times that the wall clock cannot move."""

import hashlib
import mmap
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from keyturn.application.ports.processes import ObservedProcess
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.processes import SystemProcesses, is_running, observe_process, started_at
from keyturn.desktop.resources import find_resources

WAIT = "import sys; sys.stdout.write('up\\n'); sys.stdout.flush(); sys.stdin.read()"
CHAIN = f"""
import subprocess, sys
subprocess.run(["sh", "-c", 'exec 3>&1; "$0" -c "$1"; true', sys.executable, {WAIT!r}])
"""
ORPHANING = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"])
sys.stdout.write(f"{child.pid}\\n")
"""
TAKES_A_NAME = f"""
import sys
from keyturn.desktop.hardening import set_process_name
sys.stdout.write("up\\n")
sys.stdout.flush()
sys.stdin.readline()
set_process_name(") S 1 (a b) 9")
{WAIT}
"""


@pytest.fixture(scope="module")
def processes() -> SystemProcesses:
    return SystemProcesses(load_launchers(find_resources() / "launchers.toml"))


@contextmanager
def running(*command: str) -> Generator[subprocess.Popen[str]]:
    """Start a program that says `up` and lives until its stdin closes."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        yield child


def only_child(pid: int) -> int:
    (child,) = psutil.Process(pid).children()
    return child.pid


def test_the_host_is_the_first_that_is_no_launcher(processes: SystemProcesses) -> None:
    with running(sys.executable, "-I", "-c", CHAIN) as agent:
        shell = only_child(agent.pid)
        shim = only_child(shell)
        peer = processes.observe(shim)
        assert [parent.pid for parent in peer.parents[:3]] == [shell, agent.pid, os.getpid()]
        assert peer.host is not None
        assert peer.host.pid == agent.pid
        assert peer.process is not None
        assert peer.process.executable == os.path.realpath(sys.executable)
        assert peer.process.command[:2] == (sys.executable, "-c")


def test_an_orphan_has_no_host(processes: SystemProcesses) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        parent.wait(10)
        peer = processes.observe(orphan)
        assert peer.process is not None
        assert peer.parents
        assert peer.host is None


def test_who_has_ended_is_dead_even_before_it_is_reaped(processes: SystemProcesses) -> None:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", WAIT], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        peer = processes.observe(child.pid).process
        assert peer is not None
        assert processes.alive(peer)
        handle = os.pidfd_open(child.pid)
        child.kill()
        assert select.select([handle], [], [], 10)[0]
        os.close(handle)
        assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
        assert not processes.alive(peer)
    finally:
        child.communicate()
    assert not processes.alive(peer)


def test_setting_the_wall_clock_does_not_end_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    own = observe_process(os.getpid())
    assert own is not None
    monkeypatch.setattr(psutil, "boot_time", lambda: 0.0)
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 0.0)
    assert is_running(own.pid, own.started)


def test_a_name_full_of_brackets_and_spaces_does_not_move_the_start() -> None:
    with running(sys.executable, "-c", TAKES_A_NAME) as child:
        before = started_at(psutil.Process(child.pid))
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("now\n")
        child.stdin.flush()
        assert child.stdout.readline() == "up\n"
        assert psutil.Process(child.pid).name() == ") S 1 (a b) 9"
        assert started_at(psutil.Process(child.pid)) == before


def test_a_parent_that_is_younger_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(sys.executable, "-I", "-c", WAIT) as child:
        # The table as it would be if the parent's number had been given to a newer process.
        def newer(_: psutil.Process) -> int:
            return child.pid

        monkeypatch.setattr(psutil.Process, "ppid", newer)
        own = observe_process(os.getpid())
        assert own is not None
        launchers = load_launchers(find_resources() / "launchers.toml")
        assert SystemProcesses(launchers).observe(os.getpid()).parents == ()


def test_what_may_not_be_read_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: psutil.Process) -> str:
        raise psutil.AccessDenied(self.pid)

    monkeypatch.setattr(psutil.Process, "exe", refuse)
    monkeypatch.setattr(psutil.Process, "cmdline", refuse)
    own = observe_process(os.getpid())
    assert own is not None
    assert (own.executable, own.command) == ("", ())


def test_a_name_that_is_no_text_can_be_written_down_and_shown(
    processes: SystemProcesses, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"ag\xffent")
    shutil.copy(shutil.which("cat") or "", odd)
    pipe = subprocess.PIPE
    with subprocess.Popen([odd, "-"], cwd=tmp_path, stdin=pipe, stdout=pipe) as child:
        # Its arguments are there a moment after it is, so that it has to be heard first.
        assert child.stdin is not None
        assert child.stdout is not None
        os.write(child.stdin.fileno(), b"x")
        assert os.read(child.stdout.fileno(), 1) == b"x"
        own = observe_process(child.pid)
        child.kill()
    assert own is not None
    assert own.name == r"ag\udcffent"
    assert own.executable == str(tmp_path / own.name)
    assert own.command == (own.executable, "-")
    found = processes.launch_identity(["./tool"], [], str(odd), {})
    assert found.cwd == own.executable
    (tmp_path / "link").symlink_to(odd)
    identity = processes.launch_identity(["./link"], [], str(tmp_path), {})
    assert identity.executable == own.executable
    assert identity.sha256 == hashlib.sha256(odd.read_bytes()).hexdigest()


@pytest.mark.parametrize("pid", [-1, 2**31])
def test_impossible_numbers_are_nobody(processes: SystemProcesses, pid: int) -> None:
    assert processes.observe(pid).process is None
    assert not processes.alive(ObservedProcess(pid=pid, started=1.0, executable="", name=""))


def test_links_are_followed_in_the_executable(processes: SystemProcesses, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("#!/bin/sh\n")
    (tmp_path / "real").chmod(0o755)
    (tmp_path / "link").symlink_to("real")
    identity = processes.launch_identity(["./link"], [], str(tmp_path), {})
    assert identity.executable == str(tmp_path / "real")
    assert identity.argv == ("./link",)


def test_a_program_rewritten_through_memory_is_another_whatever_its_times(
    processes: SystemProcesses, tmp_path: Path
) -> None:
    path = tmp_path / "tool"
    path.write_bytes(b"#!/bin/sh\nexec true\n")
    path.chmod(0o755)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[0:2] = b"#!"  # from here on the kernel sees no more writes to this page
        launch = processes.launch_identity(["./tool"], [], str(tmp_path), {})
        before = path.stat()
        assert processes.still_leads_to(launch, {})
        memory[10:19] = b"exec evil"
        assert path.stat().st_ctime_ns == before.st_ctime_ns
        assert not processes.still_leads_to(launch, {})
        # What was read then is what the next connection is told.
        again = processes.launch_identity(["./tool"], [], str(tmp_path), {})
        assert again.launch_hash != launch.launch_hash


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what runs")
@pytest.mark.requirement("AGENT-PROGRAM")
def test_a_program_is_what_runs_and_not_what_took_its_place(
    processes: SystemProcesses, tmp_path: Path
) -> None:
    program = tmp_path / "host"
    shutil.copy(shutil.which("cat") or "cat", program)
    content = hashlib.sha256(program.read_bytes()).hexdigest()
    with subprocess.Popen([program], stdin=subprocess.PIPE) as child:
        seen = observe_process(child.pid)
        assert seen is not None
        assert processes.program_sha256(seen) == content
        program.unlink()
        program.write_bytes(b"another")
        assert processes.program_sha256(seen) == content
