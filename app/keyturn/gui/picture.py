"""Paints one request's card into a file without a display, for the demo where no window is."""

from pathlib import Path

from PySide6.QtWidgets import QApplication

from keyturn.application.console_protocol import RequestShown, decode_to_window
from keyturn.application.console_state import StopState
from keyturn.domain.errors import KeyturnError
from keyturn.gui.fonts import load_fonts
from keyturn.gui.icons import Icons
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.view import QueueView
from keyturn.gui.style import dress
from keyturn.gui.theme import Appearance, Theme
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.queue import QueueCounts
from keyturn.presentation.queue_builder import QueueBuilder
from keyturn.presentation.topbar_builder import top_bar_view
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words

_LAYOUT_ROUNDS = 4
"""Layouts in layouts come to rest in so many rounds; no event loop runs here that would."""


def paint_request(resources: Path, line: bytes, target: Path, *, dark: bool = False) -> None:
    """Write the window with this request's card as a PNG; raises KeyturnError when it cannot.

    `line` is a `request` message of the console protocol.
    """
    message = decode_to_window(line)
    if not isinstance(message, RequestShown):
        raise KeyturnError("There is no request to paint.")
    application = QApplication(["keyturn", "-platform", "offscreen"])
    load_fonts(resources)
    theme = Theme(Appearance.DARK if dark else Appearance.LIGHT)
    look = Look(theme, Icons(resources), Words(resources / "translations"))
    dress(application, theme)
    cards = CardBuilder(look.words, read_verbs(resources / "verbs.toml"))
    model = QueueModel()
    view = QueueView(look, model, lambda: 0)
    window = MainWindow(look, {Page.QUEUE: view})
    row = QueueBuilder(look.words, cards).row(message.request, age_seconds=1)
    model.show_rows([row], QueueCounts(waiting=1, high_risk=1))
    model.show_card(cards.card(message.request))
    window.show_top_bar(
        top_bar_view(
            look.words,
            stop=StopState(engaged=False),
            health=None,
            agents=(),
            waiting=1,
            oldest_ms=1000,
        )
    )
    window.show()
    for _ in range(_LAYOUT_ROUNDS):
        QApplication.sendPostedEvents()
    # Once for the lines that count as seen when they are painted, and say so above them.
    window.grab()
    QApplication.sendPostedEvents()
    if not window.grab().save(str(target)):
        raise KeyturnError(
            f"The picture {target.name} could not be written.",
            mend="Choose a folder that you can write to, with --picture FILE.",
        )
