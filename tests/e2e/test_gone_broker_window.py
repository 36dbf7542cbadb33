"""A window whose broker was killed says so, decides nothing, and starts the next one."""

import os
import signal

import psutil
import pytest

from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

GONE = "Not running"


@pytest.fixture(autouse=True)
def only_thorough(thorough: int) -> None:
    """Skip before a screen and a broker are started for it."""
    if thorough < 2:
        pytest.skip("the window's own tests hold the same; this one starts two brokers")


@pytest.mark.requirement("E1", "E3")
def test_the_window_of_a_killed_broker_leads_to_the_next(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    broker, console = keyturn.process, keyturn.console
    assert broker is not None
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        asked = {"name": "echo", "arguments": {"text": "waits"}}
        client.say({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked})
        keyturn.wait_for_waiting(1)
        person.sees_card()
        broker.send_signal(signal.SIGKILL)
        broker.wait()
        screen = person.screen

        def look() -> str:
            titled = (one for one in screen.windows() if screen.title(one).startswith(GONE))
            return next(titled, "")

        gone = wait_until(look, "the window that says so")
        person.picture("gone-broker")
        screen.focus(gone)
        screen.key("ctrl+Return", "ctrl+Return", "ctrl+1")
        assert keyturn.run("status").returncode == 3
        screen.key("Tab", "space")
        wait_until(lambda: keyturn.status() is not None, "the next broker")
        wait_until(lambda: not psutil.pid_exists(console), "the end of the window before")
    pid = int(folders.profile.lock.read_text())
    assert pid not in (broker.pid, console)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not psutil.pid_exists(pid), "the end of the next broker")
    assert calls_seen(folders) == []
