"""Brings the order and the filter that a person chose from the list's header to its rows."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from keyturn.gui.queue.view import QueueView
from keyturn.gui.queue.waiting_rows import WaitingRows
from keyturn.gui.readers import announce
from keyturn.presentation.queue_order import QueueLook, QueueOrder


class QueueChoices(QObject):
    """Sorts when that is asked for, and only then: the order stands still until the next time."""

    def __init__(
        self,
        rows: WaitingRows,
        view: QueueView,
        show: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._rows, self._pane, self._show = rows, view.pane, show
        view.pane.order_wanted.connect(self._on_order)
        view.pane.high_risk_only_changed.connect(self._on_high_risk_only)

    def start_with(self, look: QueueLook) -> None:
        """Have what waits this way as soon as there is anything; nothing is open by then."""
        self._sort_by(look.order)
        self._pane.show_filter(high_risk_only=look.high_risk_only)

    def offer_sorting(self) -> None:
        """Offer to sort again while something came behind rows that it belongs before."""
        self._pane.offer_sorting(not self._rows.is_sorted)

    def _sort_by(self, order: QueueOrder) -> None:
        self._rows.order, self._rows.sorted_anew = order, True
        self._pane.show_order(order)

    def _on_order(self, order: QueueOrder) -> None:
        self._sort_by(order)
        self._show()
        announce(self._pane, self._pane.order.accessibleName())

    def _on_high_risk_only(self, only: bool) -> None:
        self._rows.high_risk_only = only
        self._show()
