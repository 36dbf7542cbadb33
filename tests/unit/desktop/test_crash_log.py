"""What a crash leaves behind: the line that it was at, in a private file that stays small."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyturn.desktop.crash_log import CRASH_LOG, LARGEST

_CRASH = """
import faulthandler, os
from keyturn.desktop.crash_log import keep_crashes
def show_tree():
    faulthandler._sigsegv()
keep_crashes(os.environ)
show_tree()
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def crash(env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a process into a crash."""
    return subprocess.run(
        [sys.executable, "-c", _CRASH],
        env={**os.environ, **env},
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_a_crash_names_its_line_in_a_private_file(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    ended = crash({CRASH_LOG: str(log)})
    assert ended.returncode == -signal.SIGSEGV
    assert b"show_tree" in log.read_bytes()
    assert log.stat().st_mode & 0o777 == 0o600
    assert b"show_tree" not in ended.stderr


def test_a_full_file_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"x" * (LARGEST + 1))
    crash({CRASH_LOG: str(log)})
    assert b"show_tree" in log.read_bytes()
    assert log.stat().st_size < LARGEST


def test_without_a_file_it_goes_to_stderr(tmp_path: Path) -> None:
    assert b"show_tree" in crash({CRASH_LOG: str(tmp_path / "none" / "console.log")}).stderr
    assert b"show_tree" in crash({CRASH_LOG: ""}).stderr
