"""kill -9 of a writing process: nothing that was acknowledged is lost, and the chain is whole."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.verification import Finding, verify

_ROOT = Path(__file__).parents[2]
_KILLS = 8


def test_kills_lose_no_acknowledged_record(tmp_path: Path, thorough: int) -> None:
    chance = random.Random(20931)
    acknowledged: dict[int, str] = {}
    for kill in range(_KILLS * thorough):
        acknowledged |= _write_and_kill(tmp_path, f"k{kill}", chance.randint(1, 120))
        found = verify(tmp_path / DATABASE_NAME, deep=True)
        assert found.code is Finding.SOUND, found.sentence
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        kept = dict(connection.execute("SELECT seq, id FROM calls"))
    assert {seq: kept.get(seq) for seq in acknowledged} == acknowledged
    assert len(acknowledged) > _KILLS * thorough


def _write_and_kill(folder: Path, prefix: str, lines: int) -> dict[int, str]:
    """Let a child write until it has acknowledged so many, kill it, return all that it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.storage_child", str(folder), prefix],
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        text=True,
    )
    assert child.stdout is not None
    said: list[str] = []
    try:
        said.extend(child.stdout.readline() for _ in range(lines))
    finally:
        child.kill()
        said.extend(child.stdout.read().splitlines(keepends=True))
        child.stdout.close()
        child.wait(timeout=10)
    # The last line may have been cut by the kill; it was then never read as acknowledged.
    whole = [line.split() for line in said if line.endswith("\n")]
    return {int(seq): call for seq, call in whole}
