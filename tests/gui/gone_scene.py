"""The window after its broker, as a picture; and a next broker that does what a test says."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtWidgets import QWidget

from keyturn.gui.gone import GoneScreen
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.presentation.gone import gone_broker, gone_top_bar
from tests.gui.gallery_pages_scenes import Scene
from tests.gui.gallery_scenes import Studio

LOG = Path("/home/ada/.local/share/keyturn/logs/keyturn.log")


@dataclass
class FakeSuccessor:
    """Implements the port of the window."""

    log: Path = LOG
    starts: bool = True
    started: int = 0
    ended: bool = False
    runs: bool = False

    def start(self) -> bool:
        """Count it."""
        self.started += 1
        self.ended = False
        return self.starts

    def failed(self) -> bool:
        """Tell whether it ended by itself."""
        return self.started > 0 and self.ended

    def answers(self) -> bool:
        """Tell whether it runs."""
        return self.runs


def gone(studio: Studio) -> MainWindow:
    """The broker ended, and nothing was pressed yet."""
    words = studio.look.words
    window = MainWindow(studio.look, {page: QWidget() for page in Page})
    window.show_top_bar(gone_top_bar(words))
    said = gone_broker(datetime.fromisoformat("2026-11-23T14:07:41"), str(LOG), words)
    window.show_last(GoneScreen(studio.look, said))
    return window


GONE_SCENES: dict[str, Scene] = {"gone": gone}
