"""`keyturn` starts its window before it loads the broker, and takes it along when that fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from keyturn.storage.read_only import DATABASE_NAME

BROKERS = {"keyturn.application.gate", "keyturn.bootstrap.windowed", "msgspec", "sqlite3"}
"""What the broker takes half a second to load, by some of its modules."""
_NOTES_LAUNCH = """
import sys
from keyturn.approvers import window_process
launch = window_process.launch
async def noted(argv, env):
    print(*sys.modules)
    window = await launch((sys.executable, '-I', '-c', 'input()'), env)
    print(window.pid, flush=True)
    return window
window_process.launch = noted
from keyturn.cli import run
code = run(sys.argv[1:])
import os
try:
    os.kill(WINDOW, 0)
except ProcessLookupError:
    print('gone')
sys.exit(code)
""".replace("WINDOW", "int(open('out').read().split()[-1])")


@pytest.mark.requirement("W2")
def test_the_window_is_started_before_the_broker_is_loaded_and_goes_with_it(
    tmp_path: Path,
) -> None:
    profile = tmp_path / "p"
    profile.mkdir(mode=0o700)
    # What no broker starts from.
    (profile / DATABASE_NAME).write_bytes(b"SQLite format 3" + bytes(5_000))
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    with (tmp_path / "out").open("wb") as out:
        ran = subprocess.run(
            [sys.executable, "-I", "-c", _NOTES_LAUNCH, "--home", str(profile)],
            env=env,
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 1
    assert b"damaged" in ran.stderr
    modules, _window, gone = (tmp_path / "out").read_text().splitlines()
    assert not BROKERS & set(modules.split())
    assert gone == "gone"
