"""The help's screen, as a picture and for tests: the real pages, and a bridge without a broker."""

from collections.abc import Callable

from keyturn.gui.help.presenter import HelpPresenter
from keyturn.gui.help.view import HelpView
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.presentation.help_pages import HelpPages, HelpPlace
from tests.gui.gallery_pages_scenes import Scene, framed
from tests.gui.gallery_scenes import Studio
from tests.gui.spy_bridge import SpyBridge
from tests.sources import ROOT

HELP = ROOT / "resources" / "help"


def help_screen(look: Look) -> tuple[HelpView, HelpPresenter, SpyBridge]:
    """Return the screen as it is before anybody asked for it."""
    view, bridge = HelpView(look), SpyBridge()
    bridge.setParent(view)
    presenter = HelpPresenter(
        events=bridge,
        view=view,
        pages=HelpPages(HELP, look.words),
        words=look.words,
        parent=view,
    )
    return view, presenter, bridge


def read(place: HelpPlace | None = None, typed: str = "") -> Scene:
    """Return the scene of a person who reads there, and looks for something."""

    def scene(studio: Studio) -> MainWindow:
        view, presenter, _ = help_screen(studio.look)
        presenter.open_from(Page.QUEUE)
        if typed:
            view.search.line.setText(typed)
        if place is not None:
            presenter.open(place)
        return framed(Page.HELP, view, studio)

    return scene


HELP_SCENES: dict[str, Callable[[Studio], MainWindow]] = {
    "help": read(),
    "help-first": read(HelpPlace("first-approval")),
    "help-long": read(HelpPlace("security-model", "a-pin-of-yours")),
    "help-code": read(HelpPlace("environments")),
    "help-found": read(typed="denied PIN"),
}
