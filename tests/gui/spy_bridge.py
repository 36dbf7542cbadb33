"""A bridge without a broker: tests read what was sent and play what comes back."""

from keyturn.application.console_protocol import Decide, Intent, IntentDone, StateChanged
from keyturn.application.edit_messages import EditCall
from keyturn.application.pin_messages import WithPin
from keyturn.application.window_messages import BeginAnew, DropDialog, LookForDialog, OfWindow
from keyturn.gui.bridge import Bridge


class SpyBridge(Bridge):
    """Keeps every message instead of writing it."""

    def __init__(self) -> None:
        super().__init__(-1, -1)
        self.sent: list[Decide | EditCall | WithPin | BeginAnew | DropDialog | Intent] = []
        self.looks = 0
        """How often it was asked whether the system's dialog is there, which changes nothing."""

    def send(self, message: Intent | Decide | EditCall | WithPin | OfWindow) -> None:
        """Keep the message."""
        if isinstance(message, LookForDialog):
            self.looks += 1
        else:
            self.sent.append(message)

    def answer(self, *, ok: bool = True, sentence: str = "") -> None:
        """Report the last message as carried out, or not."""
        self.intent_done.emit(IntentDone(n=self.sent[-1].n, ok=ok, sentence=sentence))

    def tell(self, state: StateChanged) -> None:
        """Play a part of the broker's state."""
        self.state_changed.emit(state)
