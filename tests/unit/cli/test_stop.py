"""`keyturn stop` loads next to nothing: agents go on for as long as it takes to start."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio",
    "keyturn.domain.canonical",
    "keyturn.domain.rule",
    "logging",
    "msgspec",
    "sqlite3",
    "ssl",
    "subprocess",
}
"""Of these each is 2 to 20 ms; with them the command took twice its time."""


@pytest.mark.requirement("K1")
@pytest.mark.parametrize("words", [("stop",), ("--profile", "work", "stop"), ("pause",)])
def test_it_has_stopped_everything_and_loaded_nothing_heavy(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = {[*words, '--reason', 'tried by a test']}\n"
        "try:\n    runpy.run_module('keyturn', run_name='__main__')\n"
        "finally:\n    print(*sys.modules)\n"
    )
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code], env=env, capture_output=True, timeout=30, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said, modules = ran.stdout.decode().splitlines()
    assert said == "The stop is engaged; no broker is running. Resume in Keyturn's window."
    assert (tmp_path / ".local" / "state" / "keyturn" / "stop").is_file()
    assert not HEAVY & set(modules.split())
