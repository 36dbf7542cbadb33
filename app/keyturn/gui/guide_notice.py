"""The quiet line over a page that says what to try on a practice call, and leads back."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.notices import Banner
from keyturn.presentation.marks import Icon, Role


class GuideNotice(Banner):
    """Shown only while a person practises; it answers nothing and never takes the keyboard."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Role.INFO, Icon.NOTICE, parent)
        self._words = look.words
        self.setObjectName("guide_notice")
        self.add_action("guide_back", look.words("first_steps.guide_back"))
        self.hide()

    def tell(self, text: str) -> None:
        """Say what to try; nothing takes the line away."""
        if text:
            said = self._words("first_steps.guide", text=text)
            self.say(said, "")
            self.setAccessibleName(said)
        self.setVisible(bool(text))
