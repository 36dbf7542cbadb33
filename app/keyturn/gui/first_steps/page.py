"""Builds the first steps' screen with its presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.first_steps.presenter import FirstStepsPresenter
from keyturn.gui.first_steps.view import FirstStepsView
from keyturn.gui.means import Means


def first_steps_page(means: Means, events: BrokerEvents) -> tuple[QWidget, FirstStepsPresenter]:
    """Return the screen and who feeds it."""
    view = FirstStepsView(means.look)
    presenter = FirstStepsPresenter(
        events=events,
        sender=means.sender,
        view=view,
        words=means.look.words,
        parent=means.parent,
    )
    return view, presenter
