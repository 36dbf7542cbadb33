"""One broker a profile, also after one was killed."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keyturn.desktop.single_instance import InstanceLock
from keyturn.domain.errors import AlreadyRunning, ConfigurationError

HOLDER = """
import sys, time
from pathlib import Path
from keyturn.desktop.single_instance import InstanceLock
InstanceLock(Path(sys.argv[1])).acquire()
sys.stdout.write("held\\n")
sys.stdout.flush()
time.sleep(60)
"""


def test_a_second_one_is_told_who_runs_and_at_once(tmp_path: Path) -> None:
    with InstanceLock(tmp_path / "lock"):
        started = time.monotonic()
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}") as caught:
            InstanceLock(tmp_path / "lock").acquire()
        assert time.monotonic() - started < 1
        assert "--profile" in caught.value.mend


def test_released_it_can_be_taken_again(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "lock")
    for _ in range(2):
        lock.acquire()
        lock.release()
    lock.release()


def test_the_file_is_private_and_holds_the_process_id_only(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("9" * 100)
    path.chmod(0o600)
    with InstanceLock(path):
        assert path.read_text() == f"{os.getpid()}\n"
    fresh = tmp_path / "fresh"
    with InstanceLock(fresh):
        assert stat.S_IMODE(fresh.stat().st_mode) == 0o600


def test_a_lock_left_by_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
            InstanceLock(path).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    assert path.read_text() == f"{holder.pid}\n"
    with InstanceLock(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for path in (tmp_path / "none" / "lock", tmp_path / "link"):
        with pytest.raises(ConfigurationError, match="cannot be taken"):
            InstanceLock(path).acquire()
    assert not (tmp_path / "target").exists()


def test_garbage_in_the_file_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with InstanceLock(path):
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(AlreadyRunning, match="another process"):
            InstanceLock(path).acquire()
