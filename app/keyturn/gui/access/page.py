"""Builds the access review's screen with its presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.access.presenter import AccessPresenter
from keyturn.gui.access.used import UsedReader
from keyturn.gui.access.view import AccessView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.means import Means


def access_page(means: Means, events: BrokerEvents) -> tuple[QWidget, AccessPresenter]:
    """Return the screen and who feeds it."""
    view = AccessView(means.look)
    presenter = AccessPresenter(
        bridge=events,
        sender=means.sender,
        view=view,
        words=means.look.words,
        used=UsedReader(),
        parent=means.parent,
    )
    return view, presenter
