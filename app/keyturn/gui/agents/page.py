"""Builds the agents' screen with its presenter."""

import sys
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QWidget

from keyturn.gui.agents.presenter import AgentsPresenter
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.means import Means

_SHIM: Final = Path(__file__).parents[2] / "shim.py"


def agents_page(means: Means, events: BrokerEvents) -> tuple[QWidget, AgentsPresenter]:
    """Return the screen and who feeds it."""
    view = AgentsView(means.look)
    presenter = AgentsPresenter(
        bridge=events,
        sender=means.sender,
        view=view,
        words=means.look.words,
        python=sys.executable,
        shim=str(_SHIM),
        parent=means.parent,
    )
    return view, presenter
