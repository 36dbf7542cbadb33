"""Builds the history's screen with its model and presenter."""

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.history.filter_memory import FilterMemory
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.presenter import HistoryPresenter
from keyturn.gui.history.saved import SavedFilters
from keyturn.gui.history.view import HistoryView
from keyturn.gui.means import Means
from keyturn.presentation.history_builder import HistoryBuilder


def history_page(means: Means, events: BrokerEvents) -> tuple[HistoryView, HistoryPresenter]:
    """Return the screen and who feeds it."""
    model = HistoryModel(means.parent)
    view = HistoryView(means.look, model)
    # Before the presenter, which shows what was kept.
    FilterMemory(events, model, view, means.sender, means.look.words, view)
    presenter = HistoryPresenter(
        bridge=events,
        model=model,
        view=view,
        builder=HistoryBuilder(means.look.words, means.cards),
        parent=means.parent,
    )
    SavedFilters(
        look=means.look,
        events=events,
        model=model,
        view=view,
        sender=means.sender,
        show=presenter.show_filters,
        parent=view,
    )
    return view, presenter
