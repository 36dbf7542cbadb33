"""What every process table promises, asked of the fake and of the system's."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from keyturn.application.ports.processes import ObservedProcess, Processes
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.processes import SystemProcesses
from keyturn.desktop.resources import find_resources
from tests.fakes.processes import FakeProcesses

CONTENT = b"#!/bin/sh\nexit 0\n"
ENDED = 4_194_303
"""A process id at the kernel's limit, which no process of a test run has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A process table with one peer that runs, and one program called `server`."""

    processes: Processes
    pid: int
    cwd: str
    search: Mapping[str, str]
    rewrite: Callable[[bytes], object]
    """Replaces the program's content."""


@pytest.fixture(params=["fake", "system"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    if request.param == "fake":
        fake = FakeProcesses(executables={"server": CONTENT})
        fake.add(7, host=5)
        yield Scene(
            processes=fake,
            pid=7,
            cwd=str(tmp_path),
            search={},
            rewrite=lambda content: fake.executables.update(server=content),
        )
        return
    program = tmp_path / "server"
    program.write_bytes(CONTENT)
    program.chmod(0o755)
    launchers = load_launchers(find_resources() / "launchers.toml")
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        yield Scene(
            processes=SystemProcesses(launchers),
            pid=child.pid,
            cwd=str(tmp_path),
            search={"PATH": str(tmp_path)},
            rewrite=program.write_bytes,
        )


class TestProcesses:
    """Observing peers and resolving commands."""

    def test_a_peer_has_a_process_and_a_host_above_it(self, scene: Scene) -> None:
        peer = scene.processes.observe(scene.pid)
        assert peer.process is not None
        assert peer.process.pid == scene.pid
        assert peer.host in peer.parents

    def test_who_runs_is_alive(self, scene: Scene) -> None:
        peer = scene.processes.observe(scene.pid)
        assert peer.process is not None
        assert scene.processes.alive(peer.process)

    def test_another_process_under_the_same_number_is_not_alive(self, scene: Scene) -> None:
        peer = scene.processes.observe(scene.pid)
        assert peer.process is not None
        earlier = type(peer.process)(
            pid=peer.process.pid,
            started=peer.process.started - 1,
            executable=peer.process.executable,
            name=peer.process.name,
            command=peer.process.command,
        )
        assert not scene.processes.alive(earlier)

    def test_who_does_not_run_is_unknown(self, scene: Scene) -> None:
        peer = scene.processes.observe(ENDED)
        assert (peer.process, peer.parents, peer.host) == (None, (), None)

    def test_a_command_is_its_words_its_file_and_the_hash_of_that(self, scene: Scene) -> None:
        identity = scene.processes.launch_identity(
            ["server", "--fast"], ["TOKEN=keychain:ship"], scene.cwd, scene.search
        )
        assert identity.argv == ("server", "--fast")
        assert identity.env == ("TOKEN=keychain:ship",)
        assert identity.cwd == scene.cwd
        assert Path(identity.executable).name == "server"
        assert identity.sha256 == hashlib.sha256(CONTENT).hexdigest()

    def test_a_command_leads_to_what_it_did_until_its_file_changes(self, scene: Scene) -> None:
        identity = scene.processes.launch_identity(["server"], [], scene.cwd, scene.search)
        assert scene.processes.still_leads_to(identity, scene.search)
        scene.rewrite(CONTENT.replace(b"0", b"1"))
        assert not scene.processes.still_leads_to(identity, scene.search)

    @pytest.mark.parametrize("argv", [["missing"], []])
    def test_a_command_that_is_not_there_has_no_file(self, scene: Scene, argv: list[str]) -> None:
        identity = scene.processes.launch_identity(argv, [], scene.cwd, scene.search)
        assert (identity.executable, identity.sha256) == ("", "")

    @pytest.mark.requirement("AGENT-PROGRAM")
    def test_a_program_has_one_hash_until_another_runs(self, scene: Scene) -> None:
        peer = scene.processes.observe(scene.pid)
        assert peer.process is not None
        found = scene.processes.program_sha256(peer.process)
        assert found == scene.processes.program_sha256(peer.process)
        gone = ObservedProcess(pid=ENDED, started=1.0, executable="/missing", name="missing")
        assert scene.processes.program_sha256(gone) == ""
