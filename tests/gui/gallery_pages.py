"""Fills rules, agents, credentials and settings with a profile's state and writes their pictures.

python tests/gui/gallery_pages.py OUTDIR [--only NAME] [--language de]
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "app"), str(ROOT)]


def main() -> int:
    """Write every picture, or those whose name holds what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    # Qt reads the platform when imported.
    from tests.gui.first_steps_scene import FIRST_STEPS_SCENES
    from tests.gui.gallery_pages_scenes import SCENES, draw_all
    from tests.gui.gallery_scenes import Studio
    from tests.gui.gone_scene import GONE_SCENES
    from tests.gui.help_scene import HELP_SCENES
    from tests.gui.queue_bursts import BURST_SCENES
    from tests.gui.queue_scenes import QUEUE_SCENES
    from tests.gui.rules_scene import RULES_SCENES

    scenes = {
        **QUEUE_SCENES,
        **BURST_SCENES,
        **SCENES,
        **RULES_SCENES,
        **FIRST_STEPS_SCENES,
        **GONE_SCENES,
        **HELP_SCENES,
    }
    studio = Studio(ROOT / "resources", folder, options.language)
    draw_all(studio, options.only, scenes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
