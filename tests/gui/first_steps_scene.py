"""The scenes of the first steps for the pages' gallery."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from keyturn.gui.first_steps.presenter import FirstStepsPresenter
from keyturn.gui.first_steps.view import FirstStepsView
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.sending import IntentSender
from tests.gui import gallery_pages_scenes as pages
from tests.gui import pages_data as data
from tests.gui.gallery_scenes import Studio
from tests.gui.spy_bridge import SpyBridge


def _at(screen: int, studio: Studio) -> MainWindow:
    bridge = SpyBridge()
    view = FirstStepsView(studio.look)
    bridge.setParent(view)
    FirstStepsPresenter(
        events=bridge,
        sender=IntentSender(bridge, view),
        view=view,
        words=studio.look.words,
        parent=view,
    )
    bridge.tell(data.STATE)
    for _ in range(screen):
        view.next_wanted.emit()
    shown: QWidget = view
    return pages.framed(Page.FIRST_STEPS, shown, studio)


def _scene(screen: int) -> Callable[[Studio], MainWindow]:
    return lambda studio: _at(screen, studio)


FIRST_STEPS_SCENES = {f"first-steps-{number + 1}": _scene(number) for number in range(4)}
