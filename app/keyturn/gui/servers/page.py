"""Builds the servers' screen with its model and presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.local_time import local_now
from keyturn.gui.means import Means
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.presenter import ServersPresenter
from keyturn.gui.servers.view import ServersView


def servers_page(means: Means, events: BrokerEvents) -> tuple[QWidget, ServersPresenter]:
    """Return the screen and who feeds it."""
    model = ServersModel(means.parent)
    view = ServersView(means.look, model, means.now_ms)
    presenter = ServersPresenter(
        bridge=events,
        sender=means.sender,
        model=model,
        view=view,
        words=means.look.words,
        cards=means.cards,
        now=local_now,
        parent=means.parent,
    )
    return view, presenter
