"""Builds the credentials' screen with its presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.credentials.presenter import CredentialsPresenter
from keyturn.gui.credentials.view import CredentialsView
from keyturn.gui.means import Means


def credentials_page(means: Means, events: BrokerEvents) -> tuple[QWidget, CredentialsPresenter]:
    """Return the screen and who feeds it."""
    view = CredentialsView(means.look)
    presenter = CredentialsPresenter(
        bridge=events,
        sender=means.sender,
        view=view,
        words=means.look.words,
        parent=means.parent,
    )
    return view, presenter
