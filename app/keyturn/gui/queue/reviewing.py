"""The other ways out of a review's card: to the servers' screen, or the tool taken from agents."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from keyturn.application.approval_request import RequestKind
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.answer import Route
from keyturn.presentation.card import CardKind, CardView


class CardReviews(QObject):
    """Joins the queue's card with the servers' screen, which may not be built yet."""

    review_wanted = Signal(object)
    """`ApprovalRequest`: the servers' screen is to show its review."""

    def __init__(
        self,
        *,
        model: QueueModel,
        view: QueueView,
        queue: QueuePresenter,
        new_tools: Callable[[str], int],
        parent: QObject | None = None,
    ) -> None:
        """`new_tools` tells how many tools of a server wait for their first review."""
        super().__init__(parent)
        self._view = view
        self._queue = queue
        self._new_tools = new_tools
        model.card_changed.connect(self._on_card)
        view.card.review.remove_pressed.connect(self._on_remove)
        view.card.review.elsewhere_pressed.connect(self._on_elsewhere)

    def _on_card(self, card: CardView | None) -> None:
        request = self._queue.open_request
        if card is None or card.kind is not CardKind.DEFINITION or request is None:
            return
        self._view.card.review.say_together(self._new_tools(request.server))

    def _on_remove(self) -> None:
        """Refuse the tool on screen and keep it from agents; that needs no more than a denial."""
        answer = self._view.watch.answer(Route.POINTER)
        if answer is not None:
            self._queue.answers.send(answer, allow=False, hide=True)

    def _on_elsewhere(self) -> None:
        request = self._queue.open_request
        if request is not None and request.kind in (RequestKind.DEFINITION, RequestKind.CHANGE):
            self.review_wanted.emit(request)
