"""Files that are swapped around the start of a server, and an agent that is another program."""

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.broker import loaded_files
from keyturn.broker.server_start import ServerStart, server_command
from keyturn.domain.closure import NO_CLOSURE, Closure, ClosureFile, sorted_files
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.launch import LaunchIdentity
from tests.integration.link_rig import World, line_of
from tests.integration.stories import tell
from tests.integration.test_link_socket import ANALYST, Broker, Peers, Talk, broker

pytestmark = pytest.mark.requirement("LAUNCH-CLOSURE")


def files(text: str) -> Closure:
    return Closure(files=(ClosureFile("index.js", 1, text),))


INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}

INITIALIZED = line_of({"jsonrpc": "2.0", "method": "notifications/initialized"})


async def initialized(talk: Talk) -> None:
    """Do the handshake, after which the broker lists on its own."""
    await talk.ask(1, "initialize", INITIALIZE)
    talk.writer.write(INITIALIZED)


FETCHED = Closure(fetches="registry.npmjs.org", fetched_into=("index.js",))


class Swapping(Peers):
    """Each look at what the server loads finds what a test has lined up; the last one stays."""

    def __init__(self, *looks: Closure) -> None:
        super().__init__()
        self.lined_up = list(looks)
        self.anew: list[bool] = []

    def closure(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        self.anew.append(anew)
        return self.lined_up.pop(0) if len(self.lined_up) > 1 else self.lined_up[0]


def swapping(world: World, processes: Swapping) -> AbstractAsyncContextManager[Broker]:
    """Listen, with everything looking at the same disk."""
    world.processes = processes
    return broker(world, processes=processes)


def told(world: World) -> str:
    return b"".join(world.server_log).decode()


async def listed(talk: Talk) -> None:
    """Do the handshake and wait for the tools, which come after the look at the files."""
    await initialized(talk)
    await talk.ask(2, "tools/list")


async def ended(talk: Talk) -> None:
    """Read to the end of a connection that the broker ends."""
    while await talk.line():
        pass
    await talk.close()


def test_it_is_looked_at_when_it_connects_before_and_after_the_start(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        processes = Swapping(files("a"))
        async with swapping(world, processes) as b:
            talk = await b.greet()
            await listed(talk)
            # What gets the secrets is read from the disk, whatever is remembered.
            assert processes.anew == [False, True, False]
            assert b.hub.running("raw") == 1
            await talk.close()

    tell(tmp_path, story)


def test_a_file_swapped_after_the_look_is_not_started(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with swapping(world, Swapping(files("a"), files("b"))) as b:
            talk = await b.greet()
            answer = await talk.ask(1, "initialize", INITIALIZE)
            assert "error" in answer
            assert b.hub.running("raw") == 0
            assert "files were changed since the agent connected" in told(world)
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.parametrize("when", [1, 2], ids=["before", "after"])
@pytest.mark.parametrize("sha256", ["", "c" * 64], ids=["gone", "changed"])
def test_a_compiled_file_that_is_covered_is_never_taken_over(
    tmp_path: Path, sha256: str, when: int
) -> None:
    async def story(world: World) -> None:
        compiled = ClosureFile("pkg/__pycache__/a.cpython-311.pyc", 8, "b" * 64)
        before = Closure(files=sorted_files((*files("a").files, compiled)))
        planted = [compiled._replace(sha256=sha256)] if sha256 else []
        after = Closure(files=sorted_files((*files("a").files, *planted)))
        async with swapping(world, Swapping(*[before] * when, after)) as b:
            talk = await b.greet()
            answer = await talk.ask(1, "initialize", INITIALIZE)
            if when == 1:
                assert "error" in answer
                await talk.close()
            else:
                talk.writer.write(INITIALIZED)
                await ended(talk)
            assert "files were changed" in told(world).lower()
            assert b.hub.running("raw") == 0

    tell(tmp_path, story)


def test_python_is_started_with_no_compiled_file_to_read(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        server, elsewhere = world.raw_server(), {"PYTHONPYCACHEPREFIX": str(tmp_path)}
        processes = Swapping(NO_CLOSURE)
        start = ServerStart(
            server=server,
            launch=processes.launch_identity(server.command, (), "/", elsewhere),
            closure=replace(NO_CLOSURE, python=True),
            environment=elsewhere,
        )
        means = replace(world.means, processes=processes)
        none_read = {
            "PYTHONPYCACHEPREFIX": f"{os.devnull}/keyturn",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = await server_command(start, means)
        assert command.environment == none_read
        agreed = replace(start, reads_compiled="".__eq__)
        # In a folder that the configuration names nobody has looked.
        assert (await server_command(agreed, means)).environment == none_read
        beside = await server_command(replace(agreed, environment={}), means)
        assert beside.environment == {"PYTHONDONTWRITEBYTECODE": "1"}
        other = await server_command(replace(start, closure=NO_CLOSURE), means)
        assert other.environment == elsewhere

    tell(tmp_path, story)


@pytest.mark.parametrize("when", ["before", "after"])
def test_compiled_files_that_changed_are_not_read(tmp_path: Path, when: str) -> None:
    """Before the start Python is kept from them; after it nobody knows what was loaded."""

    async def story(world: World) -> None:
        first = replace(files("a"), python=True, compiled="c", compiled_stamps=(1,))
        other = replace(first, compiled="d")
        looks = (first, other) if when == "before" else (first, first, other)
        async with swapping(world, Swapping(*looks)) as b:
            talk = await b.greet()
            await talk.ask(1, "initialize", INITIALIZE)
            (connection,) = b.hub.connections()
            assert connection.reads_compiled is (when == "after")
            if when == "after":
                await ended(talk)
                assert "changed while it started" in told(world)
            else:
                talk.writer.write(INITIALIZED)
                await talk.ask(2, "tools/list")
                assert b.hub.running("raw") == 1
                await talk.close()

    tell(tmp_path, story)


def test_a_file_swapped_while_it_starts_ends_the_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        looks = (files("a"), files("a"), files("b"))
        async with swapping(world, Swapping(*looks)) as b:
            talk = await b.greet()
            await initialized(talk)
            await ended(talk)
            assert "changed while it started" in told(world)
            assert all(not pin for pin in world.services.agreements.pins())

    tell(tmp_path, story)


def test_a_file_put_back_after_it_was_loaded_ends_the_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        before = replace(files("a"), stamps=(1,))
        looks = (before, before, replace(before, stamps=(2,)))
        async with swapping(world, Swapping(*looks)) as b:
            talk = await b.greet()
            await talk.ask(1, "initialize", INITIALIZE)
            await ended(talk)
            assert "changed while it started" in told(world)

    tell(tmp_path, story)


def test_an_agent_that_asks_no_further_puts_the_look_off_no_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with swapping(world, Swapping(files("a"), files("a"), files("b"))) as b:
            talk = await b.greet()
            await talk.ask(1, "initialize", INITIALIZE)
            await ended(talk)
            assert "changed while it started" in told(world)

    tell(tmp_path, story)


def test_a_server_that_says_nothing_is_looked_at_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded_files, "SILENT_SECONDS", 0.05)

    async def story(world: World) -> None:
        async with swapping(world, Swapping(files("a"), files("a"), files("b"))) as b:
            talk = await b.greet()
            talk.writer.write(INITIALIZED)
            await ended(talk)
            assert "changed while it started" in told(world)

    tell(tmp_path, story)


def test_a_file_swapped_while_code_is_fetched_ends_the_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        first = replace(FETCHED, files=(ClosureFile("home/.npmrc", 1, "a"),))
        then = (ClosureFile("home/.npmrc", 1, "b"), ClosureFile("index.js", 1, "a"))
        async with swapping(world, Swapping(first, first, Closure(files=then))) as b:
            talk = await b.greet()
            await talk.ask(1, "initialize", INITIALIZE)
            await ended(talk)
            assert "changed while it started" in told(world)

    tell(tmp_path, story)


def test_a_look_that_fails_ends_the_connection(tmp_path: Path) -> None:
    """Its process has its secrets; whether it is what was agreed to nobody can say."""

    class Failing(Swapping):
        def closure(
            self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
        ) -> Closure:
            if len(self.anew) == 2:
                raise ServerUnavailable("The disk is full.")
            return super().closure(launch, search, anew=anew)

    async def story(world: World) -> None:
        async with swapping(world, Failing(files("a"))) as b:
            talk = await b.greet()
            await initialized(talk)
            await ended(talk)
            assert "could not be told" in told(world)
            assert b.hub.running("raw") == 0

    tell(tmp_path, story)


def test_a_review_without_an_agent_looks_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with swapping(world, Swapping(files("a"), files("a"), files("b"))) as b:
            with pytest.raises(ServerUnavailable, match="were changed while it started"):
                await b.hub.review("raw")
            assert world.services.agreements.pins() == ()

    tell(tmp_path, story)


def test_what_the_start_fetched_is_agreed_to_and_its_change_is_asked_about(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        world.approver.decide = lambda _request: AnswerVerdict.DENY
        looks = (FETCHED, FETCHED, files("a"), files("a"), files("a"), files("a"), files("b"))
        async with swapping(world, Swapping(*looks)) as b:
            for _ in range(2):
                talk = await b.greet()
                await listed(talk)
                await talk.close()
            talk = await b.greet()
            answer = await talk.ask(1, "initialize", INITIALIZE)
            assert "review" in answer["error"]["message"]
            await talk.close()

    tell(tmp_path, story)


HOST = ObservedProcess(pid=5, started=1.0, executable="/programs/host", name="host")


class Hosted(Peers):
    """Whoever connects works for one host program, whose content a test can change."""

    def observe(self, pid: int) -> ObservedPeer:
        me = ObservedProcess(pid=pid, started=1.0, executable="", name="shim")
        return ObservedPeer(process=me, parents=(HOST,), host=HOST)

    def alive(self, process: ObservedProcess) -> bool:
        return True


def enrolled_in(processes: Hosted, executable: str = HOST.executable) -> AgentConfig:
    sha256 = processes.program_sha256(HOST)
    return replace(ANALYST, executable=executable, executable_sha256=sha256)


class Detached(Hosted):
    """Whoever connects has left its parents behind, as after a double fork."""

    def observe(self, pid: int) -> ObservedPeer:
        return replace(super().observe(pid), parents=(), host=None)


@pytest.mark.requirement("AGENT-PROGRAM", "LAW-4")
def test_whoever_leaves_its_parent_behind_is_not_taken_for_the_agent(tmp_path: Path) -> None:
    """It can read the token; where no program was seen at the enrolment none is missed."""

    async def story(world: World) -> None:
        processes = Detached(executables={HOST.executable: b"one"})
        agent = enrolled_in(processes)
        async with broker(world, processes=processes, agents=(agent,)) as b:
            one = await b.greet()
            await one.ask(1, "ping")
            (connection,) = b.hub.connections()
            assert not connection.is_known
            b.hub.use((world.raw_server(),), (replace(agent, executable="", executable_sha256=""),))
            assert connection.is_known
            b.hub.use((world.raw_server(),), (agent,))
            assert not connection.is_known
            await one.close()

    tell(tmp_path, story)


@pytest.mark.requirement("AGENT-PROGRAM")
def test_an_agent_whose_program_changed_is_not_taken_for_itself(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        processes = Hosted(executables={HOST.executable: b"one"})
        agent = enrolled_in(processes)
        async with broker(world, processes=processes, agents=(agent,)) as b:
            one = await b.greet()
            await one.ask(1, "ping")
            processes.executables[HOST.executable] = b"two"
            two = await b.greet()
            await two.ask(1, "ping")
            before, after = b.hub.connections()
            assert (before.is_known, after.is_known) == (True, False)
            assert before.session is not after.session
            # A person agreed to the new program: it holds for what is connected already.
            b.hub.use((world.raw_server(),), (enrolled_in(processes),))
            assert after.is_known
            assert not before.is_known
            await one.close()
            await two.close()

    tell(tmp_path, story)
