"""The line under the list that leads to what asks the rules, and to them as text in a file."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.application.proposed_rules import ProposeRules
from keyturn.domain.errors import ConfigurationError
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import Outcome, PageNote, telling
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import row
from keyturn.gui.widgets.text import Text
from keyturn.gui.worker import Worker
from keyturn.presentation.errors import error_text
from keyturn.presentation.rule_text import proposal_of_text, rules_text
from keyturn.presentation.rules_builder import RulesState, state_after
from keyturn.presentation.words import Words

_Found = TypeVar("_Found")
_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileRead:
    data: str = ""
    """Rules for the intent that proposes them."""
    fault: str = ""
    """What is wrong with the file, for a person."""


class RuleWays(QFrame):
    """A sentence and its buttons; each of the dialogs is the desktop's own."""

    file_chosen = Signal(str)
    """The path of a file to be read."""
    place_chosen = Signal(str)
    """The path of a file to be written."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = self._words = look.words
        self.setObjectName("rule_ways")
        self.setProperty("surface", "raised")
        self.setProperty("edge", "top")
        text = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        text.say(words("rules.ways"))
        self.take_in = Button(look, Kind.PLAIN, words("rules.import"), name="import_rules")
        self.write_out = Button(look, Kind.PLAIN, words("rules.export"), name="export_rules")
        self.ask = Button(look, Kind.PLAIN, words("rules.ask_open"), name="ask_rules")
        layout = row(self, (16, 8, 16, 8), gap=8)
        layout.addWidget(text, 1)
        for button in (self.take_in, self.write_out, self.ask):
            layout.addWidget(button)
        self.take_in.clicked.connect(self._on_import)
        self.write_out.clicked.connect(self._on_export)

    def _on_import(self) -> None:
        dialog = QFileDialog(self, self._words("rules.import_title"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_export(self) -> None:
        dialog = QFileDialog(self, self._words("rules.export_title"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.fileSelected.connect(self.place_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


class RuleFilesPresenter(QObject):
    """Between files of rules and the page: what is read is proposed only, for the form to save."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        ways: RuleWays,
        note: PageNote,
        words: Words,
        worker: Worker | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._note = note
        self._words = words
        self._worker = worker
        self._state = RulesState()
        bridge.state_changed.connect(self._on_state)
        ways.file_chosen.connect(self._on_file)
        ways.place_chosen.connect(self._on_place)

    def _on_state(self, message: StateChanged) -> None:
        self._state = state_after(self._state, message)

    def _on_file(self, path: str) -> None:
        self._run(partial(_read, Path(path), self._words), self._on_read)

    def _on_read(self, read: _FileRead) -> None:
        if read.fault:
            self._note.say(Outcome.FAILED, read.fault)
            return
        said = self._words("rules.imported")
        self._sender.send(lambda n: ProposeRules(n=n, data=read.data), telling(self._note, said))

    def _on_place(self, path: str) -> None:
        job = partial(_write, Path(path), self._state, self._words)
        self._run(job, self._on_written)

    def _on_written(self, fault: str) -> None:
        if fault:
            self._note.say(Outcome.FAILED, fault)
        else:
            self._note.say(Outcome.DONE, self._words("rules.exported"))

    def _run(self, job: Callable[[], _Found], done: Callable[[_Found], None]) -> None:
        if self._worker is None:
            done(job())
        else:
            self._worker.run(job, done)


def _read(path: Path, words: Words) -> _FileRead:
    """Read and check on the worker; what is wrong with the file is a value."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            return _FileRead(fault=words("rules.file_long"))
        return _FileRead(data=proposal_of_text(data.decode("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        return _FileRead(fault=words("rules.file_unread", cause=str(error)))
    except ConfigurationError as error:
        return _FileRead(fault=error_text(error, words))


def _write(path: Path, state: RulesState, words: Words) -> str:
    """Write on the worker; return what went wrong, "" for nothing."""
    try:
        path.write_text(rules_text(state.all_rules, words), encoding="utf-8")
    except OSError as error:
        return words("rules.file_unwritten", cause=str(error))
    except ConfigurationError as error:
        return error_text(error, words)
    return ""
