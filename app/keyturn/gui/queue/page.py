"""Builds the queue's screen with its model and presenter: the one page that is never late."""

from dataclasses import dataclass

from keyturn.gui.means import Means
from keyturn.gui.queue.group_rules import GroupRules
from keyturn.gui.queue.look_memory import QueueLookMemory
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.reviewing import CardReviews
from keyturn.gui.queue.sheets import CardSheets
from keyturn.gui.queue.triage import Triage
from keyturn.gui.queue.view import QueueView
from keyturn.gui.queue.ways import QueueWays
from keyturn.gui.rules.study import RuleStudy


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """The queue's screen, who feeds it, and what stands over or leads out of its card."""

    view: QueueView
    presenter: QueuePresenter
    sheets: CardSheets
    reviews: CardReviews
    ways: QueueWays
    triage: Triage
    group_rules: GroupRules


def queue_page(means: Means) -> QueuePage:
    """Build the queue's screen."""
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
    study = RuleStudy(means.bridge, means.look.words, means.parent)
    QueueLookMemory(means.bridge, presenter.choices, view, means.sender, view)
    sheets = CardSheets(
        look=means.look,
        model=model,
        view=view,
        sender=means.sender,
        open_request=lambda: presenter.open_request,
        now_ms=means.now_ms,
        study=study,
        parent=means.parent,
    )
    reviews = CardReviews(
        model=model,
        view=view,
        queue=presenter,
        new_tools=means.said.new_tools,
        parent=means.parent,
    )
    ways = QueueWays(
        bridge=means.bridge,
        view=view,
        open_request=lambda: presenter.open_request,
        words=means.look.words,
        parent=means.parent,
    )
    triage = Triage(
        bridge=means.bridge,
        view=view,
        queue=presenter,
        sender=means.sender,
        words=means.look.words,
        cards=means.cards,
        parent=means.parent,
    )
    return QueuePage(
        view=view,
        presenter=presenter,
        sheets=sheets,
        reviews=reviews,
        ways=ways,
        triage=triage,
        group_rules=_group_rules(means, model, view, presenter, study),
    )


def _group_rules(
    means: Means, model: QueueModel, view: QueueView, queue: QueuePresenter, study: RuleStudy
) -> GroupRules:
    return GroupRules(
        look=means.look,
        model=model,
        view=view,
        queue=queue,
        sender=means.sender,
        now_ms=means.now_ms,
        study=study,
        parent=means.parent,
    )
