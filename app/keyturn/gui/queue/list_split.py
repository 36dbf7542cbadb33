"""The line between the queue's list and its card, and how wide the list is beside it."""

from typing import Final

from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.pane_split import PaneSplit

_USUAL: Final = 432
_LEAST: Final = 288
_SHARE: Final = 0.36
"""Of the page, for a list that nobody made wider or narrower."""
_LEAST_CARD: Final = 528


class ListSplit(PaneSplit):
    """Leaves the card the room that its decision row needs."""

    def __init__(self, look: Look, page: QWidget) -> None:
        spoken = look.words("forms.list_width")
        super().__init__(look, page, name="queue_split", spoken=spoken, leading=True)

    def list_width(self, pane: QWidget, page: int) -> int:
        """Return how wide the list is on a page that is so wide, in px."""
        usual = min(_USUAL, max(_LEAST, round(page * _SHARE)))
        return self.width_of(pane, usual=usual, least=_LEAST, most=page - _LEAST_CARD)
