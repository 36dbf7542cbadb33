"""The window after its broker: it says that agents are refused, and leads to the next broker.

Nothing can be decided here: every page is out of reach, and no pipe leads anywhere any more.
"""

from pathlib import Path
from typing import Final, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.desk import Desk
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.local_time import local_now
from keyturn.gui.look import Look
from keyturn.gui.readers import announce
from keyturn.gui.theme import Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import WrapLayout, column
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation.gone import GoneBroker, gone_broker, gone_top_bar
from keyturn.presentation.marks import Icon, Role

LOOK_MS: Final = 1_000


class Successor(Protocol):
    """The next broker of the profile."""

    log: Path

    def start(self) -> bool:
        """Start it; False where that is not possible."""
        ...

    def failed(self) -> bool:
        """Tell whether what was started has ended by itself."""
        ...

    def answers(self) -> bool:
        """Tell whether one runs, whoever started it."""
        ...


class GoneScreen(QFrame):
    """Shows a `GoneBroker`."""

    def __init__(self, look: Look, said: GoneBroker) -> None:
        super().__init__()
        self.setObjectName("gone_page")
        self.setProperty("surface", "panel")
        # The keyboard comes in here, to no button of it.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{said.title}. {said.body}")
        title = Text(look, Type.DISPLAY, wrap=True)
        body = Text(look, Type.BODY, wrap=True)
        log = ValueText(look, Type.VALUE)
        self.restart = Button(
            look, Kind.PRIMARY, said.restart, name="gone_restart", height=DECISION
        )
        self.open_log = Button(look, Kind.PLAIN, said.open_log, name="gone_log", height=DECISION)
        self.leave = Button(look, Kind.PLAIN, said.close, name="gone_close", height=DECISION)
        self.outcome = OutcomeLine(look, name="gone_outcome")
        title.say(said.title)
        body.say(said.body)
        log.say(said.log)
        scroll = ScrollPane("panel", (32, 32, 32, 24))
        inside = scroll.body
        mark = IconLabel(look, Icon.PROBLEM, look.theme.role_token(Role.WARNING), 24)
        buttons = QWidget()
        line = WrapLayout(buttons, gap=12)
        for button in (self.restart, self.open_log, self.leave):
            line.addWidget(button)
        for part in (mark, title, body, buttons, self.outcome, log):
            inside.addWidget(part)
            inside.addSpacing(12)
        inside.addStretch()
        column(self).addWidget(scroll, 1)


class AfterBroker(QObject):
    """Stands in the window until a person closes it or another broker runs."""

    over = Signal()
    """The window is of no use any more."""

    def __init__(self, look: Look, desk: Desk, successor: Successor) -> None:
        """Say it everywhere where a state is said; no keyboard is taken for it."""
        super().__init__(desk)
        window, standing = desk.window, desk.standing
        for timer in desk.findChildren(QTimer):
            # What they would show is the state of a broker that is no more.
            timer.stop()
        self._look, self._successor = look, successor
        self._starting = False
        said = gone_broker(local_now(), str(successor.log), look.words)
        self.screen = GoneScreen(look, said)
        window.show_top_bar(top_bar := gone_top_bar(look.words))
        window.show_last(self.screen)
        standing.show_top_bar(top_bar)
        standing.tell(f"{said.title}. {said.body}")
        self.screen.restart.clicked.connect(self._on_restart)
        self.screen.open_log.clicked.connect(self._on_log)
        self.screen.leave.clicked.connect(self.over)
        self._tray = tray = standing.tray
        tray.stop.setVisible(False)
        # It would ask on a page that is out of reach.
        tray.quit_requested.disconnect()
        tray.quit_requested.connect(self.over)
        window.closed.connect(self._on_closed)
        self.clock = QTimer(self)
        self.clock.setInterval(LOOK_MS)
        self.clock.timeout.connect(self._look_for_one)
        self.clock.start()

    def _on_closed(self) -> None:
        """Go on saying it beside the clock; where nothing can there is nothing left to say it."""
        if not self._tray.available:
            self.over.emit()

    def _on_restart(self) -> None:
        if self._starting:
            return
        self._starting = self._successor.start()
        if self._starting:
            self.screen.outcome.say(Outcome.WAITING, self._look.words("gone.starting"))
        else:
            self._say_failed()

    def _look_for_one(self) -> None:
        if self._successor.answers():
            self.clock.stop()
            self.over.emit()
        elif self._starting and self._successor.failed():
            self._starting = False
            self._say_failed()

    def _say_failed(self) -> None:
        self.screen.outcome.say(Outcome.FAILED, self._look.words("gone.failed"))

    def _on_log(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._successor.log))):
            announce(self.screen, self._look.words("gone.no_opener"))
            self.screen.outcome.say(Outcome.FAILED, self._look.words("gone.no_opener"))
