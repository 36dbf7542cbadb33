"""The quiet line under the top bar: what happened beside the cards, until a person closes it."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.notices import Banner
from keyturn.presentation.marks import Icon, Role

CLOSE = "alert_close"
LEAD = "alert_lead"


class AlertNotice(Banner):
    """Shows the latest, and how many there were before it; it never takes the keyboard."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Role.WARNING, Icon.ATTENTION, parent)
        self._words = look.words
        self._unclosed = 0
        self.setObjectName("alert_notice")
        self._lead = self.add_action(LEAD, "")
        self._lead.hide()
        self.add_action(CLOSE, look.words("alert.close"))
        self.hide()

    def tell(self, text: str, lead: str = "") -> None:
        """Show one sentence, in place of what was shown; `lead` is said on a button that leads on.

        Where that leads to is known to whoever hears `LEAD`.
        """
        self._lead.say(lead)
        self._lead.setVisible(bool(lead))
        before = self._unclosed
        self.say(text, self._words("alert.others", n=before) if before else "")
        self.setAccessibleName(text)
        self._unclosed += 1
        self.show()

    def clear(self) -> None:
        """Take it away; who has it closed gives the focus to something else first."""
        self._unclosed = 0
        self.hide()
