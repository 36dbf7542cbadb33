"""Where the system draws everything larger, no word is cut and nothing lies beyond the window."""

import os
import subprocess
import sys

import pytest

from tests.sources import ROOT

pytestmark = [pytest.mark.gui, pytest.mark.requirement("A1")]
SCALES = (1.5, 2, 3)
"""Without any the whole gallery is walked in test_gallery_walk.py."""
PARTS = 24
"""Each scale walks another part of the gallery, all of it with `--thorough 2`."""


@pytest.mark.parametrize("scale", SCALES)
def test_no_words_are_cut_at_the_systems_scale(scale: float, thorough: int) -> None:
    parts = ["--of", str(PARTS), "--part", str(SCALES.index(scale) * PARTS // len(SCALES))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.scaled_walk", *(parts if thorough == 1 else [])],
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
