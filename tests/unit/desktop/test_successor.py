"""What a window starts once its broker is gone is the same profile's next one, and is watched."""

import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from keyturn.bootstrap.next_broker import next_broker
from keyturn.bootstrap.own_processes import window_environment
from keyturn.desktop.crash_log import CRASH_LOG
from keyturn.desktop.paths import Profile, locate_profile
from keyturn.desktop.places import broker_socket
from keyturn.desktop.successor import BrokerSuccessor

pytestmark = [pytest.mark.requirement("E1")]


def successor(folder: Path, *command: str) -> BrokerSuccessor:
    return BrokerSuccessor(
        command=command, env={"PATH": os.defpath}, door=folder / "s", log=folder / "log"
    )


def test_it_answers_as_soon_as_somebody_listens_and_no_longer(tmp_path: Path) -> None:
    made = successor(tmp_path, sys.executable)
    assert not made.answers()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "s"))
        assert not made.answers(), "it is there, and nobody listens"
        door.listen(1)
        assert made.answers()
        # A crowded door is one all the same, and nobody waits before it.
        assert all(made.answers() for _ in range(8))
    assert not made.answers(), "what a killed broker leaves behind answers nothing"


def test_what_cannot_be_started_or_ends_by_itself_has_failed(tmp_path: Path) -> None:
    missing = successor(tmp_path, str(tmp_path / "nothing"))
    assert not missing.start()
    assert not missing.failed()
    before = set(psutil.Process().children())
    made = successor(tmp_path, sys.executable, "-I", "-c", "")
    assert not made.failed()
    assert made.start()
    (child,) = set(psutil.Process().children()) - before
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert made.failed()


@pytest.mark.parametrize("name", ["", "work"])
def test_it_is_of_the_same_profile_with_nothing_of_the_window(name: str, tmp_path: Path) -> None:
    profile = locate_profile({"KEYTURN_HOME": str(tmp_path)}, name=name)
    told = window_environment({"XDG_RUNTIME_DIR": str(tmp_path), "LANG": "de"}, profile)
    made = next_broker(told, "xcb")
    assert made is not None
    assert made.log == profile.log
    command, env = made.command, made.env
    assert command[-2:] == ("--platform", "xcb")
    home = command[command.index("--home") + 1]
    assert locate_profile({}, home=home, name=name) == profile
    assert ("--profile" in command) is bool(name)
    assert made.door == broker_socket(profile, told)
    assert CRASH_LOG not in env
    assert env == {"XDG_RUNTIME_DIR": str(tmp_path), "LANG": "de"}


def test_a_window_that_nobody_told_whose_it_is_starts_nothing() -> None:
    assert next_broker({"PATH": os.defpath}, "") is None
    assert Profile(folder=Path("/x")).name == ""
