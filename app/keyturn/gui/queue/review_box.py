"""What the card of a tool's review has more: the tier, the labels, the other ways out."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import WrapLayout, column
from keyturn.gui.widgets.tier_box import TierBox
from keyturn.presentation.card import CardView


class ReviewBox(QFrame):
    """Shown only on the card of a new or changed tool."""

    remove_pressed = Signal()
    """Refuse the tool and keep it from agents."""
    elsewhere_pressed = Signal()
    """Go on under Servers, where the whole definition and all its sisters are."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._request_id = ""
        self.tiers = TierBox(look, name="card_tiers")
        self.remove = Button(look, Kind.PLAIN, name="card_remove_tool")
        self.elsewhere = Button(look, Kind.PLAIN, name="card_elsewhere")
        ways = QWidget()
        line = WrapLayout(ways)
        line.addWidget(self.elsewhere)
        line.addWidget(self.remove)
        layout = column(self, (0, 8, 0, 4), gap=8)
        layout.addWidget(self.tiers)
        layout.addWidget(ways)
        self.remove.clicked.connect(self.remove_pressed)
        self.elsewhere.clicked.connect(self.elsewhere_pressed)
        self.hide()

    def show_card(self, card: CardView) -> None:
        """Show the choice of a review; on every other card nothing."""
        self.setVisible(card.review is not None)
        if card.review is None:
            return
        if card.request_id != self._request_id:
            self._request_id = card.request_id
            self.tiers.start_over()
        self.tiers.show_choice(card.review)
        words = self._look.words
        remove = words("servers.remove_tool")
        self.remove.say(remove, words("card.named", action=remove, object=card.tool_short_name))
        self.say_together(1)

    def say_together(self, count: int) -> None:
        """Say how many tools can be reviewed in one list."""
        words = self._look.words
        text = words("servers.open_page")
        if count > 1:
            text = words("servers.review_together", n=count)
        self.elsewhere.say(text)
