"""The settings' list of what protects less than as Keyturn comes, and the way back of each."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from keyturn.application.agent_messages import SetAgentHttp
from keyturn.application.console_protocol import Intent, StateChanged
from keyturn.application.environment_messages import SetReach
from keyturn.application.result_messages import SetControls
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import OutcomeLine, telling
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.rows import RowFrame
from keyturn.gui.theme import Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import clear, column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.settings import WeakenedRow
from keyturn.presentation.weakened import Weak, Weakened, WeakHttp, WeakReach, weakened
from keyturn.presentation.words import Words


class WeakenedLine(RowFrame):
    """A sentence and a button each; where there are none it says so."""

    back_wanted = Signal(object)
    """A `Weak`."""

    def __init__(self, look: Look, said: WeakenedRow, parent: QWidget | None = None) -> None:
        super().__init__(look, name=f"setting_{said.key}", parent=parent)
        self.title.say(said.title)
        self.note.say(said.note)
        self._shown: tuple[Weakened, ...] | None = None
        self._wants: dict[str, Weak] = {}
        self.buttons: list[Button] = []
        self._items = column(gap=8)
        self.outcome = OutcomeLine(look, name="weakened_outcome")
        inside = column(self.trailing, gap=8)
        inside.addLayout(self._items)
        inside.addWidget(self.outcome)
        inside.addStretch()
        self.show_items(())

    def show_items(self, items: tuple[Weakened, ...]) -> None:
        """Show what is weakened; the same as before keeps its buttons."""
        if items == self._shown:
            return
        self._shown = items
        clear(self._items)
        self._wants, self.buttons = {}, []
        if not items:
            self._say(self.look.words("weakened.none"))
        for number, item in enumerate(items):
            button = Button(self.look, Kind.PLAIN, name=f"put_back_{number}")
            button.say(item.back, item.spoken)
            button.clicked.connect(self._on_pressed)
            self._wants[button.objectName()] = item.what
            self.buttons.append(button)
            self._say(item.text, button)

    def _say(self, text: str, button: Button | None = None) -> None:
        line, words = QWidget(), Text(self.look, Type.NOTE, wrap=True)
        words.say(text)
        beside = row(line, gap=12)
        beside.addWidget(words, 1)
        if button is not None:
            beside.addWidget(button)
        self._items.addWidget(line)
        line.show()

    def _on_pressed(self) -> None:
        self.back_wanted.emit(self._wants[self.sender().objectName()])


class WeakenedPresenter(QObject):
    """Between the broker's state and the list; putting back takes one press."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        line: WeakenedLine,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender, self._line, self._words = sender, line, words
        self._state = StateChanged(servers=(), reach=(), agents=())
        bridge.state_changed.connect(self._on_state)
        line.back_wanted.connect(self._on_back)

    def _on_state(self, state: StateChanged) -> None:
        if state.servers is None and state.reach is None and state.agents is None:
            return
        told = StateChanged(servers=state.servers, reach=state.reach, agents=state.agents)
        self._state = now = self._state.followed_by(told)
        items = weakened(now.servers or (), now.reach or (), now.agents or (), self._words)
        self._line.show_items(items)

    def _on_back(self, what: Weak) -> None:
        heard = telling(self._line.outcome, self._words("weakened.done"))
        self._sender.send(lambda n: _intent(n, what), heard)


def _intent(n: int, what: Weak) -> Intent:
    if isinstance(what, WeakReach):
        return SetReach(n=n, agent=what.agent, other=what.other, on=False)
    if isinstance(what, WeakHttp):
        return SetAgentHttp(n=n, name=what.agent, on=False)
    return SetControls(n=n, server=what.server, tool=what.tool, controls=what.back)
