"""Builds the help's screen with its presenter; its texts are read when it is first shown."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.help.presenter import HelpPresenter
from keyturn.gui.help.view import HelpView
from keyturn.gui.means import Means
from keyturn.presentation.help_pages import HelpPages


def help_page(means: Means, events: BrokerEvents) -> tuple[QWidget, HelpPresenter]:
    """Return the screen and who feeds it."""
    words = means.look.words
    view = HelpView(means.look)
    presenter = HelpPresenter(
        events=events,
        view=view,
        pages=HelpPages(words.folder.parent / "help", words),
        words=words,
        parent=means.parent,
    )
    return view, presenter
