"""Builds the page on how a person decides with its presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.attention.presenter import AttentionPresenter
from keyturn.gui.attention.reader import AttentionReader
from keyturn.gui.attention.view import AttentionView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.means import Means


def attention_page(means: Means, events: BrokerEvents) -> tuple[QWidget, AttentionPresenter]:
    """Return the page and who feeds it."""
    view = AttentionView(means.look)
    presenter = AttentionPresenter(
        bridge=events,
        view=view,
        words=means.look.words,
        reader=AttentionReader(),
        parent=means.parent,
    )
    return view, presenter
