"""Walks the gallery in a process of its own, as large as the system has windows drawn.

Run: QT_SCALE_FACTOR=1.5 python -m tests.gui.scaled_walk [--of PARTS --part PART]
Prints the scale that Qt took, then a line for each fault; exit code 1 when there is any.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing

WIDE = (1280, 720)
LEAST = (640, 480)
WALKS = ((100, WIDE), (200, WIDE), (200, LEAST))
"""Text in per cent, and the window's size in the system's own units."""


def main() -> int:
    """Walk all scenes, or each so many-th of them, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", type=int, default=1)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--mirrored", action="store_true", help="as where one reads from the right")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # Qt reads its environment when imported.
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from tests.gui import gallery_walk as walk

    application = QApplication(["keyturn"])
    if options.mirrored:
        application.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    sys.stdout.write(f"{application.devicePixelRatio():g}\n")
    names = list(walk.WALKED)[options.part :: options.of]
    faults = list(faults_of(application, names))
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def faults_of(application: object, names: list[str]) -> Iterator[str]:
    """Yield what is cut or beyond the window, scene by scene."""
    from PySide6.QtWidgets import QApplication

    from keyturn.gui.theme import Appearance
    from tests.gui import gallery_walk as walk
    from tests.gui.conftest import Dresser

    assert isinstance(application, QApplication)
    dresser = Dresser(application)
    for name in names:
        with closing(walk.Hall(dresser, dresser.look)) as hall:
            window = hall.show(name)
            for percent, size in WALKS:
                hall.theme.use(Appearance.LIGHT, text_percent=percent)
                window.resize(*size)
                walk.rest()
                if window.size().toTuple() != size:
                    yield f"{name} {percent} {size}: it is {window.size().toTuple()}"
                wrong = walk.cut(window) + walk.beyond(window)
                yield from (f"{name} {percent} {size}: {one}" for one in wrong)


if __name__ == "__main__":
    sys.exit(main())
