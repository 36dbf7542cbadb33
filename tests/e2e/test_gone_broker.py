"""Without a broker agents are refused, which the window and the command line say; one goes on."""

import os
import signal

import psutil
import pytest

from keyturn.domain.rule import Effect, Rule
from tests.e2e.agent_host import connected
from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

ALLOW_ECHO = Rule(id="echo", effect=Effect.ALLOW, server="raw", tool="echo")
GONE = "Not running"


@pytest.mark.requirement("E1", "E3", "E4")
def test_a_broker_that_is_gone_refuses_everything_until_its_window_starts_the_next(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders), rules=(ALLOW_ECHO,))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    broker, console, screen = keyturn.process, keyturn.console, person.screen
    assert broker is not None
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        assert client.call(1, "echo", "before")["result"].get("isError") is not True
        broker.send_signal(signal.SIGKILL)
        broker.wait()
        # The host sees its server end, and no answer that could be taken for one.
        assert client.ended() == 1

    def says_so() -> str:
        titled = (one for one in screen.windows() if screen.title(one).startswith(GONE))
        return next(titled, "")

    screen.focus(wait_until(says_so, "the window that says so"))
    screen.key("ctrl+Return", "ctrl+1")
    status = keyturn.run("status")
    assert status.returncode == 3
    assert status.stdout + status.stderr == "Keyturn is not running; agents are refused.\n"
    screen.key("Tab", "space")
    wait_until(lambda: keyturn.status() is not None, "the next broker")
    wait_until(lambda: not psutil.pid_exists(console), "the end of the window before")
    with connected(keyturn.env, "raw", mode="legacy") as host:
        assert not host.call("echo", {"text": "again"}).result(20).is_error
    assert [call["params"]["arguments"]["text"] for call in calls_seen(folders)] == [
        "before",
        "again",
    ]
    assert keyturn.verify().returncode == 0
    pid = int(folders.profile.lock.read_text())
    assert pid not in (broker.pid, console)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not psutil.pid_exists(pid), "the end of the next broker")
