"""Hides the secrets on a card, and shows them in every view of its arguments while one is held."""

from collections.abc import Sequence
from typing import Protocol

from keyturn.gui.look import Look
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.reveal_row import RevealRow
from keyturn.presentation.card import CardView
from keyturn.presentation.concealed import Concealed


class Revealing(Protocol):
    """A view of arguments."""

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden, or hide it again."""
        ...


class CardReveal:
    """The row of one card, and the views that it is about."""

    def __init__(
        self, look: Look, raw: LongText, meta: LongText, others: Sequence[Revealing]
    ) -> None:
        self._raw, self._meta = raw, meta
        self._views = (raw, meta, *others)
        self.row = RevealRow(look)
        self.row.looking.connect(self._on_looking)

    def show_card(self, card: CardView, *, anew: bool) -> None:
        """Show the exact text of a card with what is hidden of it."""
        self._raw.say_concealed(card.raw_masked or Concealed(card.raw_json))
        self._meta.say_concealed(card.meta_masked or Concealed(card.raw_meta))
        self.row.show_hidden(card.hidden, anew=anew)

    def may_edit(self) -> bool:
        """Tell whether the exact arguments may be written in a field; else ask for a look."""
        if self.row.isHidden() or self.row.looked:
            return True
        self.row.ask_to_look()
        return False

    def _on_looking(self, looking: bool) -> None:
        for view in self._views:
            view.reveal(looking)
