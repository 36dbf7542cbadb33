"""Builds pages with their models and presenters; the desk joins them in one window."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from keyturn.gui.bridge import Bridge
from keyturn.gui.local_time import local_now
from keyturn.gui.look import Look
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.reviewing import CardReviews
from keyturn.gui.queue.sheets import CardSheets
from keyturn.gui.queue.view import QueueView
from keyturn.gui.queue.ways import QueueWays
from keyturn.gui.rules.study import RuleStudy
from keyturn.gui.sending import IntentSender
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.presenter import ServersPresenter
from keyturn.gui.servers.view import ServersView
from keyturn.presentation.card_builder import CardBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every page is built from."""

    look: Look
    bridge: Bridge
    sender: IntentSender
    cards: CardBuilder
    now_ms: Callable[[], int]
    parent: QObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ServersPage:
    """The servers' screen and who feeds it."""

    view: ServersView
    presenter: ServersPresenter


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """The queue's screen, who feeds it, and what stands over or leads out of its card."""

    view: QueueView
    presenter: QueuePresenter
    sheets: CardSheets
    reviews: CardReviews
    ways: QueueWays


def servers_page(means: Means) -> ServersPage:
    """Build the servers' screen."""
    model = ServersModel(means.parent)
    view = ServersView(means.look, model, means.now_ms)
    presenter = ServersPresenter(
        bridge=means.bridge,
        sender=means.sender,
        model=model,
        view=view,
        words=means.look.words,
        cards=means.cards,
        now=local_now,
        parent=means.parent,
    )
    return ServersPage(view=view, presenter=presenter)


def queue_page(means: Means, servers: ServersPresenter) -> QueuePage:
    """Build the queue's screen; its reviews lead to the servers' one."""
    model = QueueModel(means.parent)
    view = QueueView(means.look, model, means.now_ms)
    presenter = QueuePresenter(
        bridge=means.bridge,
        model=model,
        view=view,
        words=means.look.words,
        cards=means.cards,
        now_ms=means.now_ms,
        parent=means.parent,
    )
    sheets = CardSheets(
        look=means.look,
        model=model,
        view=view,
        sender=means.sender,
        open_request=lambda: presenter.open_request,
        now_ms=means.now_ms,
        study=RuleStudy(means.bridge, means.look.words, means.parent),
        parent=means.parent,
    )
    reviews = CardReviews(
        model=model, view=view, queue=presenter, servers=servers, parent=means.parent
    )
    ways = QueueWays(
        bridge=means.bridge,
        view=view,
        open_request=lambda: presenter.open_request,
        words=means.look.words,
        parent=means.parent,
    )
    return QueuePage(view=view, presenter=presenter, sheets=sheets, reviews=reviews, ways=ways)
