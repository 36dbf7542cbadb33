"""One server process: how it is started, what it gets, and that it never outlives the broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from keyturn.application.ports.milestones import Milestone
from keyturn.application.ports.secret_store import Secret
from keyturn.application.ports.upstream import Answered, AnsweredError, Lost, Ready
from keyturn.broker.envelope import RequestId, ServerFrame
from keyturn.broker.server_environment import server_environment
from keyturn.broker.server_start import ServerStart
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.configuration import Limits, ServerConfig
from keyturn.domain.errors import SecretStoreUnavailable, ServerUnavailable
from tests.integration.link_rig import World, launch_of
from tests.integration.stories import tell


class Events:
    """Keeps what a link would be told."""

    def __init__(self) -> None:
        self.frames: list[ServerFrame] = []
        self.too_long: list[RequestId] = []
        self.slow: list[bool] = []
        self.ended = asyncio.Event()

    def from_server(self, frame: ServerFrame) -> None:
        self.frames.append(frame)

    def answer_too_long(self, request_id: RequestId) -> None:
        self.too_long.append(request_id)

    def server_paused(self, request_id: str | int, retry: float | None, *, ended: bool) -> None:
        """Ignore it."""

    def server_slow(self, slow: bool) -> None:
        self.slow.append(slow)

    def server_ended(self, reason: str) -> None:
        self.ended.set()

    def schema_of(self, tool: str) -> None:
        """Know none."""


def upstream_of(world: World, server: ServerConfig) -> tuple[StdioUpstream, Events]:
    environment = server_environment(server, os.environ, {})
    start = ServerStart(
        server=server, launch=launch_of(server, environment), environment=environment
    )
    events = Events()
    return StdioUpstream(start, world.means, events, world.server_log.append), events


def python_server(world: World, code: str, **changes: Any) -> ServerConfig:
    return world.raw_server(command=(sys.executable, "-u", "-c", code), **changes)


def test_a_request_is_written_in_the_step_that_sends_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        upstream, _ = upstream_of(world, world.raw_server())
        with pytest.raises(ServerUnavailable):
            upstream.send(1, "ping", {})
        await upstream.start()
        assert await upstream.ready() is Ready.READY
        reply = upstream.send(1, "ping", {"b": 1.0, "a": "\u20ac"})
        assert world.milestones.seen == [Milestone.FIRST_BYTE, Milestone.WRITTEN]
        answer = await asyncio.wait_for(reply, 10)
        assert isinstance(answer, Answered)
        assert json.loads(answer.result) == {"a": "\u20ac", "b": 1}
        assert answer.line == b'{"jsonrpc":"2.0","id":1,"result":%b}\n' % answer.result
        await upstream.end()
        assert await upstream.ready() is Ready.GONE

    tell(tmp_path, story)


def test_errors_and_unusable_answers_are_told_apart(tmp_path: Path) -> None:
    code = (
        "import sys,json\n"
        "for line in sys.stdin:\n"
        "  i=json.loads(line)['id']\n"
        '  print({1:\'{"id":1,"error":{"code":-5,"message":"no"}}\','
        '2:\'{"id":2,"error":{},"result":{}}\',3:\'{"id":3,"error":7}\'}[i])\n'
    )

    async def story(world: World) -> None:
        upstream, _ = upstream_of(world, python_server(world, code))
        await upstream.start()
        replies = [await asyncio.wait_for(upstream.send(n, "x", {}), 10) for n in (1, 2, 3)]
        assert isinstance(replies[0], AnsweredError)
        assert (replies[0].code, replies[0].message) == (-5, "no")
        assert isinstance(replies[1], Lost)
        assert isinstance(replies[2], Lost)
        await upstream.end()

    tell(tmp_path, story)


def test_the_death_of_a_server_answers_all_that_is_awaited(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        upstream, events = upstream_of(world, world.raw_server())
        await upstream.start()
        replies = [upstream.send(n, "x/never", {}) for n in range(5)]
        os.kill(upstream.pid, signal.SIGKILL)
        for reply in replies:
            assert isinstance(await asyncio.wait_for(reply, 10), Lost)
        await asyncio.wait_for(events.ended.wait(), 10)
        assert not upstream.running
        with pytest.raises(ServerUnavailable):
            upstream.send(9, "ping", {})
        await upstream.end()

    tell(tmp_path, story)


def test_a_server_gets_its_secret_and_nothing_tells_it_elsewhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        server = world.raw_server(env={"TOKEN": "keychain:ship"})
        upstream, _ = upstream_of(world, server)
        with pytest.raises(SecretStoreUnavailable, match="no value named ship"):
            await upstream.start()
        assert await upstream.ready() is Ready.KEYCHAIN
        await world.secrets.put("raw", "ship", Secret("a-secret-of-this-test"))
        upstream, _ = upstream_of(world, server)
        await upstream.start()
        answer = await asyncio.wait_for(upstream.send(1, "x/environment", {}), 10)
        assert isinstance(answer, Answered)
        assert json.loads(answer.result)["TOKEN"] == "a-secret-of-this-test"
        assert "a-secret-of-this-test" not in caplog.text
        assert Milestone.CREDENTIAL in world.milestones.seen
        await upstream.end()

    caplog.set_level(0)
    tell(tmp_path, story)


@pytest.mark.requirement("LAW-8")
def test_a_program_that_was_rewritten_since_it_was_agreed_to_gets_nothing(tmp_path: Path) -> None:
    program, mark = tmp_path / "server", tmp_path / "ran"
    program.write_text("#!/bin/sh\nexec cat # as agreed\n")
    program.chmod(0o755)

    async def story(world: World) -> None:
        server = world.raw_server(command=(str(program),), env={"TOKEN": "keychain:ship"})
        await world.secrets.put("raw", "ship", Secret("a-secret-of-this-test"))
        upstream, _ = upstream_of(world, server)
        with program.open("r+") as file:
            file.write(f'#!/bin/sh\necho "$TOKEN" > {mark}\n')
        with pytest.raises(ServerUnavailable, match="not the one agreed to") as raised:
            await upstream.start()
        assert raised.value.mend == "Reconnect, so that it is reviewed."
        assert await upstream.ready() is Ready.GONE
        assert not mark.exists()

    tell(tmp_path, story)


def test_stderr_goes_to_the_servers_log_line_by_line(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('one\\n\\ntwo\\n' + 'x' * 99999 + '\\n'); sys.stdin.read()"

    async def story(world: World) -> None:
        upstream, _ = upstream_of(world, python_server(world, code))
        await upstream.start()
        await upstream.end()
        assert world.server_log[:2] == [b"one\n", b"two\n"]
        assert world.server_log[2].endswith(b" [cut]\n")

    tell(tmp_path, story)


def test_what_a_server_writes_while_it_ends_is_read(tmp_path: Path) -> None:
    code = (
        "import sys; sys.stdin.read();"
        'line = \'{"jsonrpc":"2.0","method":"notifications/x","params":{"a":"\' + "y" * 1000;'
        "[print(line + '\"}}') for _ in range(500)]"
    )

    async def story(world: World) -> None:
        upstream, events = upstream_of(world, python_server(world, code))
        await upstream.start()
        await upstream.end()
        assert len(events.frames) == 500

    tell(tmp_path, story)


def test_a_server_that_ignores_all_but_sigkill_is_ended(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('{}', flush=True);\nwhile True: time.sleep(60)"
    )

    async def story(world: World) -> None:
        upstream, _ = upstream_of(world, python_server(world, code))
        await upstream.start()
        pid = upstream.pid
        await asyncio.wait_for(upstream.end(), 20)
        assert not psutil.pid_exists(pid)

    tell(tmp_path, story)


def test_a_server_that_reads_nothing_makes_the_client_wait(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        upstream, events = upstream_of(world, python_server(world, "import time; time.sleep(60)"))
        await upstream.start()
        for _ in range(30):
            upstream.write(b"x" * 100_000 + b"\n")
        assert events.slow == [True]
        await upstream.end()
        assert events.slow == [True, False]

    tell(tmp_path, story)


def test_an_answer_beyond_the_limit_ends_only_its_own_request(tmp_path: Path) -> None:
    code = (
        "import sys,json\n"
        "for line in sys.stdin:\n"
        "  i=json.loads(line)['id']\n"
        "  print(json.dumps({'id':i,'result':'x'*(9000 if i in (1,'p') else 1)}))\n"
    )

    async def story(world: World) -> None:
        upstream, events = upstream_of(world, python_server(world, code))
        await upstream.start()
        assert isinstance(await asyncio.wait_for(upstream.send(1, "x", {}), 10), Lost)
        upstream.write(b'{"id":"p","method":"x"}\n')
        assert isinstance(await asyncio.wait_for(upstream.send(2, "x", {}), 10), Answered)
        assert events.too_long == ["p"]
        await upstream.end()

    tell(tmp_path, story, limits=Limits(frame_bytes=4096))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the parent death signal")
def test_a_killed_broker_takes_its_servers_along(tmp_path: Path) -> None:
    code = (
        "import asyncio, psutil, sys\n"
        "from pathlib import Path\n"
        "from tests.integration.link_rig import World\n"
        "from tests.integration.test_upstream_stdio import python_server, upstream_of\n"
        "async def main():\n"
        "    world = World(Path(sys.argv[1]))\n"
        "    sleeper = python_server(world, 'import time; time.sleep(60)')\n"
        "    upstream, _ = upstream_of(world, sleeper)\n"
        "    await upstream.start()\n"
        # Until setpriv has asked the kernel for it, nothing ends with the broker.
        "    server = psutil.Process(upstream.pid)\n"
        "    while server.name() == 'setpriv':\n"
        "        await asyncio.sleep(0.01)\n"
        "    print(upstream.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=root
    ) as broker:
        assert broker.stdout is not None
        server = psutil.Process(int(broker.stdout.readline()))
        assert server.is_running()
        broker.kill()
    _gone, left = psutil.wait_procs([server], timeout=10)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in left)
