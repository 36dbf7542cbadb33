"""The pictures of the screens can be made at any time, so that they cannot go stale."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

pytestmark = pytest.mark.gui
GALLERY = Path(__file__).parent / "gallery.py"


@pytest.mark.timeout(180)
def test_the_gallery_writes_every_screen(tmp_path: Path) -> None:
    # Every screen, not every screen in every theme: that is what the gallery itself is for.
    command = [sys.executable, str(GALLERY), str(tmp_path), "--only", "light"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert made.returncode == 0, made.stderr
    for name in ("queue-light", "history-light", "review-light", "stopped-light"):
        picture = QImage(str(tmp_path / f"{name}.png"))
        assert (picture.width(), picture.height()) == (1280, 800), name
    narrow = QImage(str(tmp_path / "narrow-light.png"))
    assert (narrow.width(), narrow.height()) == (640, 800)
