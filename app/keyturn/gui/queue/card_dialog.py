"""The system's dialog of the open card: whether it stands for the PIN, and whether it is open."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import IntentDone
from keyturn.application.pin_messages import PinState
from keyturn.application.window_messages import DropDialog
from keyturn.domain.step_up import Takes
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.dialog_row import DialogRow
from keyturn.presentation.card import CardView
from keyturn.presentation.words import Words


class CardDialog(QObject):
    """Knows for which calls one was asked for; the broker opens one, and says what came of each."""

    changed = Signal()
    """A card takes something else than before."""

    def __init__(
        self, bridge: Bridge, row: DialogRow, words: Words, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._row = row
        self._words = words
        self._chosen = False
        self._open: dict[int, str] = {}
        """Request of each answer that nothing was heard of, by its number; one is open at most."""
        self._shown = ""
        self._by_pin = ""
        """Request whose PIN a person would rather type."""
        row.pin_wanted.connect(self._on_pin_wanted)
        row.drop_wanted.connect(self._on_drop_wanted)

    def use(self, state: PinState) -> None:
        """Go by what was chosen in the settings."""
        self._chosen = state.is_set and state.dialog

    def stands_for(self, request: ApprovalRequest, level: Takes) -> bool:
        """Tell whether it is asked in place of the PIN; the broker decides it again."""
        of_call = request.kind is RequestKind.CALL and level is Takes.PIN
        return self._chosen and of_call and request.id != self._by_pin

    def on_card(self, card: CardView, request: ApprovalRequest, level: Takes) -> CardView:
        """Return the card with the dialog's row in place of the PIN's, where it asks."""
        self._shown = request.id
        if not self.stands_for(request, level):
            return card
        said = self._words("card.dialog_allow")
        hint = self._words("card.dialog_hint")
        actions = replace(card.actions, allow=said, armed_hint=hint, goes_on=True)
        is_open = request.id in self._open.values()
        return replace(card, actions=actions, pin=False, dialog=True, dialog_open=is_open)

    def opened(self, number: int, request: ApprovalRequest) -> None:
        """Note that an answer was sent which opens it."""
        self._open[number] = request.id
        self.changed.emit()

    def done(self, done: IntentDone) -> bool:
        """Take what became of it; False where that is of something else."""
        request = self._open.pop(done.n, None)
        if request is None:
            return False
        self.changed.emit()
        if not done.ok and self._shown == request:
            self._row.refused(done.sentence)
        return True

    def _on_pin_wanted(self) -> None:
        self._by_pin = self._shown
        self.changed.emit()

    def _on_drop_wanted(self) -> None:
        self._bridge.send(DropDialog(n=self._bridge.next_number(), id=self._shown))
