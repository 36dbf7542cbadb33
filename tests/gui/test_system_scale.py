"""Where the system draws all larger, or from the right, no word is cut and none is beyond."""

import os
import subprocess
import sys

import pytest

from tests.sources import ROOT

pytestmark = [pytest.mark.gui, pytest.mark.requirement("A1")]
WALKS = ((1.5, False), (2, False), (3, False), (1, True))
"""How large, and whether mirrored. As it comes the gallery is walked in test_gallery_walk.py."""
PARTS = 24
"""Each goes through another part of the gallery, through all of it with `--thorough 2`."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scale", "mirrored"), WALKS)
def test_no_words_are_cut_however_the_system_draws(
    scale: float, thorough: int, *, mirrored: bool
) -> None:
    part = WALKS.index((scale, mirrored)) * PARTS // len(WALKS)
    words = ["--of", str(PARTS), "--part", str(part)] if thorough == 1 else []
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.scaled_walk", *words, *(["--mirrored"] * mirrored)],
        env={**os.environ, "QT_SCALE_FACTOR": str(scale), "PYTHONPATH": f"{ROOT}:{ROOT / 'app'}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    taken, *faults = done.stdout.splitlines()
    assert float(taken) == scale
    assert faults == []
    assert done.returncode == 0, done.stderr
