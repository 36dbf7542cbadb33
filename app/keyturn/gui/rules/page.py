"""Builds the rules' screen with its presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.means import Means
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.study import RuleStudy
from keyturn.gui.rules.view import RulesView
from keyturn.gui.worker import Worker
from keyturn.presentation.rules_builder import RulesBuilder


def rules_page(means: Means, events: BrokerEvents) -> tuple[QWidget, RulesPresenter]:
    """Return the screen and who feeds it."""
    words = means.look.words
    builder = RulesBuilder(words)
    view = RulesView(means.look, builder.effects())
    presenter = RulesPresenter(
        bridge=events,
        sender=means.sender,
        view=view,
        builder=builder,
        words=words,
        study=RuleStudy(events, words, means.parent),
        worker=Worker("rule proof"),
        parent=means.parent,
    )
    return view, presenter
