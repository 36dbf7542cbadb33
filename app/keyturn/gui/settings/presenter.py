"""Keeps the settings as the broker stores them, and makes each act at once."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import (
    IntentDone,
    PutSetting,
    Quit,
    StateChanged,
    Welcome,
)
from keyturn.domain.policy import Posture
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.pin_line import PinPresenter
from keyturn.gui.settings.second_line import SecondPresenter
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.settings.weakened_line import WeakenedPresenter
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.presentation.settings_builder import (
    FIRST_STEPS,
    POSTURE,
    QUIT,
    About,
    SettingsBuilder,
)
from keyturn.presentation.window_settings import WindowSettings, read_window_settings
from keyturn.presentation.words import Words

_POSTURES: Final = {posture.value: posture for posture in Posture}


class SettingsPresenter(QObject):
    """Between the broker's state and the settings' screen."""

    rules_wanted = Signal()
    """A person wants to see the rules' page."""
    first_steps_wanted = Signal()
    """A person wants to go through the first steps again."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: SettingsView,
        in_force: SettingsInForce,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._in_force = in_force
        self._words = words
        self._builder = SettingsBuilder(words)
        self._stored: Mapping[str, str] = {}
        self._settings = WindowSettings()
        self._posture = Posture.ASK_ALL
        self._about = About()
        self._search = ""
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        view.search_wanted.connect(self._on_search)
        view.setting_changed.connect(self._on_changed)
        view.action_wanted.connect(self._on_action)
        PinPresenter(bridge=bridge, sender=sender, line=view.pin, words=words, parent=self)
        SecondPresenter(bridge=bridge, sender=sender, line=view.second, words=words, parent=self)
        WeakenedPresenter(
            bridge=bridge, sender=sender, line=view.weakened, words=words, parent=self
        )
        self._show()

    # ---------------------------------------------------------------- from the broker

    def _on_welcome(self, message: Welcome) -> None:
        self._about = About(
            version=message.version, profile=message.profile, database=message.database
        )
        self._take(message.settings)

    def _on_state(self, message: StateChanged) -> None:
        if message.posture is not None:
            self._posture = _POSTURES.get(message.posture, Posture.ASK_ALL)
        if message.settings is not None:
            self._take(message.settings)
        elif message.posture is not None:
            self._show()

    # ---------------------------------------------------------------- from the person

    def ask_quit(self) -> None:
        """Ask whether Keyturn is to end; only the answer ends it."""
        self._view.ask_quit()

    def _on_search(self, text: str) -> None:
        self._search = text
        self._show()

    def _on_changed(self, name: str, value: str) -> None:
        """Act at once; what could not be stored is taken back."""
        before = self._stored
        self._view.note.begin()
        self._try({**before, name: value})

        def heard(done: IntentDone) -> None:
            if done.ok:
                self._view.note.say(Outcome.DONE, self._words("settings.saved"))
                return
            self._try(before)
            self._view.note.say(Outcome.FAILED, done.sentence)

        self._sender.send(lambda n: PutSetting(n=n, name=name, value=value), heard)

    def _on_action(self, key: str) -> None:
        if key == POSTURE:
            self.rules_wanted.emit()
        elif key == FIRST_STEPS:
            self.first_steps_wanted.emit()
        elif key == QUIT:
            self._quit()

    def _quit(self) -> None:
        outcome = self._view.action(QUIT).outcome

        def heard(done: IntentDone) -> None:
            if not done.ok:
                outcome.say(Outcome.FAILED, done.sentence)

        outcome.say(Outcome.WAITING, self._words("settings.quitting"))
        self._sender.send(lambda n: Quit(n=n), heard)

    # ---------------------------------------------------------------- showing

    def _try(self, stored: Mapping[str, str]) -> None:
        self._in_force.use(stored)
        self._take(stored)

    def _take(self, stored: Mapping[str, str]) -> None:
        self._stored = dict(stored)
        self._settings = read_window_settings(stored)
        self._show()

    def _show(self) -> None:
        page = self._builder.page(self._settings, self._posture, self._about, self._search)
        self._view.show_page(page)
