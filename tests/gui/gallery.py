"""Fills the real screens with the mock-ups' data and writes their pictures.

python tests/gui/gallery.py OUTDIR [--platform offscreen|xcb] [--only NAME]
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "app"), str(ROOT)]


def main() -> int:
    """Write every picture, or the one that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--platform", default="offscreen", choices=("offscreen", "xcb"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = options.platform
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    from tests.gui.gallery_scenes import SCENES, Studio  # Qt reads the platform when imported

    studio = Studio(ROOT / "resources", folder)
    scenes: dict[str, Callable[[Studio], None]] = SCENES
    for name, draw in scenes.items():
        if options.only in name:
            draw(studio)
    return 0


if __name__ == "__main__":
    sys.exit(main())
