"""One application for all window tests, dressed like the real one, with a theme to set."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import getCppPointer

from keyturn.gui.collecting import collect_what_is_due
from keyturn.gui.fonts import load_fonts
from keyturn.gui.icons import Icons
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.readers import WindowRole
from keyturn.gui.rules import study
from keyturn.gui.style import dress
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import Run
from keyturn.gui.theme import Appearance, Theme, TypeStyle
from keyturn.gui.widgets.allow_button import AccessibleAllow
from keyturn.presentation.words import Words

PLAIN = (Qt.WindowType.Widget, Qt.WindowType.Window)
RESOURCES = Path(__file__).parents[2] / "resources"


class Clock:
    """A monotonic clock in milliseconds that the test turns."""

    def __init__(self) -> None:
        self.now_ms = 1_000

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now_ms += milliseconds


class Dresser:
    """What is made once for all tests and must live as long as the application."""

    def __init__(self, application: QApplication) -> None:
        load_fonts(RESOURCES)
        self.theme = Theme(Appearance.LIGHT)
        words = Words(RESOURCES / "translations")
        self.look = Look(self.theme, Icons(RESOURCES), words)
        self.accessible = (AccessibleAllow(), WindowRole(MainWindow))
        dress(application, self.theme)


class IdleWorker:
    """Runs nothing: these tests have no loop of asyncio that a job could come back on."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, job: object, done: object) -> None:
        """Forget the job."""

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def unstudied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold no rule that is being made against a history; test_rule_study.py does."""
    monkeypatch.setattr(study, "Worker", IdleWorker)


@pytest.fixture(autouse=True)
def collected(qapp: QApplication) -> Iterator[None]:
    """Collect garbage on this thread only, as the window's process does."""
    gc.disable()
    before = places_of(qapp.topLevelWidgets())
    yield
    # What is still in no window, and in a circle that Python cannot see: a change of the theme
    # polishes each, and what one test leaves behind would make all others slower.
    for left in qapp.topLevelWidgets():
        new = left.parent() is None and places_of([left]).isdisjoint(before)
        # A popup or tip is another's, who deletes it.
        if new and left.windowType() in PLAIN:
            left.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    collect_what_is_due()


def places_of(widgets: Iterable[QWidget]) -> set[int]:
    """Return where they are in memory: to hold what Qt may delete would outlive it."""
    return {place for widget in widgets for place in getCppPointer(widget)}


@pytest.fixture(scope="session")
def dresser(qapp: QApplication) -> Dresser:
    """Return the dressed application."""
    return Dresser(qapp)


@pytest.fixture
def look(dresser: Dresser) -> Iterator[Look]:
    """Return theme, icons and words; the theme is light again afterwards."""
    yield dresser.look
    theme = dresser.theme
    if theme.appearance is not Appearance.LIGHT or theme.tall(100) != 100 or theme.reduced_motion:
        theme.use(Appearance.LIGHT, text_percent=100, reduced_motion=False)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many characters each flow has that is made from now on."""
    lengths: list[int] = []
    made = TextFlow.__init__

    def counted(self: TextFlow, runs: Sequence[Run], style: TypeStyle, theme: Theme) -> None:
        lengths.append(sum(len(run.shown) for run in runs))
        made(self, runs, style, theme)

    monkeypatch.setattr(TextFlow, "__init__", counted)
    return lengths
