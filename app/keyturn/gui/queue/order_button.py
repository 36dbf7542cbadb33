"""The small button over the queue that opens the orders; a press on one sorts by it, once."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.presentation.marks import Icon
from keyturn.presentation.queue_order import ORDER_TEXTS, QueueOrder


class OrderButton(Button):
    """Says which order holds; the one that holds can be pressed again, for what came since."""

    order_wanted = Signal(object)
    """`QueueOrder`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(
            look, Kind.GHOST, "", Icon.SORT, name="queue_order", height=24, parent=parent
        )
        self._menu = QMenu(self)
        self._menu.setObjectName("queue_order_menu")
        self._group = QActionGroup(self)
        self._orders: dict[QueueOrder, QAction] = {}
        for order, key in ORDER_TEXTS.items():
            action = QAction(look.words(key), self._menu)
            action.setObjectName(f"order_{order.value}")
            action.setCheckable(True)
            action.setData(order)
            self._group.addAction(action)
            self._menu.addAction(action)
            self._orders[order] = action
        self._group.triggered.connect(self._on_triggered)
        self.clicked.connect(self._open)
        self.show_order(QueueOrder.ARRIVAL)

    def show_order(self, order: QueueOrder) -> None:
        """Mark the order that holds."""
        self._orders[order].setChecked(True)
        words = self._look.words
        spoken = words("queue.order", order=words(ORDER_TEXTS[order]))
        self.setAccessibleName(spoken)
        self.setToolTip(spoken)

    def _open(self) -> None:
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _on_triggered(self, action: QAction) -> None:
        order: QueueOrder = action.data()
        self.order_wanted.emit(order)
