"""Removes rules, all that a search shows after a question, and offers to undo it for a while."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout

from keyturn.application.console_protocol import IntentDone, RemoveRule
from keyturn.application.rule_removals import RemoveRules, RestoreRules
from keyturn.gui.forms.list_page import NoticeBar
from keyturn.gui.forms.outcome import PageNote, telling
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.notices import Toast
from keyturn.presentation.cells import Notice
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.rules import RulesPage


class Removal:
    """What stands around the list for removing many: a button, a question, a toast."""

    def __init__(self, look: Look, above: QVBoxLayout, below: QVBoxLayout) -> None:
        self.look = look
        self.button = Button(look, Kind.PLAIN, "", Icon.CROSS, name="remove_shown_rules")
        self.question = NoticeBar(look, name="remove_shown_question")
        self.toast: Toast | None = None
        self._below = below
        above.addWidget(self.question)
        self.button.hide()

    def show_toast(self, text: str) -> Toast:
        """Say what was done, in the place of what was said before."""
        self.end_toast()
        self.toast = Toast(self.look, text)
        self.toast.ended.connect(self.end_toast)
        self._below.addWidget(self.toast)
        return self.toast

    def end_toast(self) -> None:
        """Take the toast away."""
        if self.toast is not None:
            self.toast.hide()
            self.toast.deleteLater()
            self.toast = None


class RemovalPresenter(QObject):
    """Knows which rules are shown; only those that were when the question was asked go."""

    def __init__(
        self,
        sender: IntentSender,
        removal: Removal,
        note: PageNote,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._removal = removal
        self._note = note
        self._words = removal.look.words
        self._shown: tuple[str, ...] = ()
        self._asked: tuple[str, ...] = ()
        removal.button.clicked.connect(self._on_wanted)
        removal.question.action_pressed.connect(self._on_agreed)

    def show_page(self, page: RulesPage, searched: str) -> None:
        """Take which rules are shown; they can be removed together where a search picked them."""
        ids = tuple(row.row_id for row in page.rows) if searched.strip() else ()
        if ids != self._shown:
            self._drop_question()
        self._shown = ids
        self._removal.button.setVisible(len(ids) > 1)
        self._removal.button.say(self._words("rules.remove_shown", n=len(ids)))

    def remove_one(self, rule_id: str) -> None:
        """Remove a rule that was asked about in its own pane."""
        said = self._words("rules.removed")
        self._sender.send(lambda n: RemoveRule(n=n, id=rule_id), self._hearing((rule_id,), said))

    def _on_wanted(self) -> None:
        self._asked = self._shown
        words, count = self._words, len(self._asked)
        notice = Notice(
            strong=words("rules.remove_question", n=count),
            rest=words("rules.remove_question_rest"),
            role=Role.WARNING,
            action=words("rules.remove_go_many", n=count),
        )
        self._removal.question.show_notice(notice)

    def _on_agreed(self) -> None:
        ids = self._asked
        self._drop_question()
        if ids:
            said = self._words("rules.removed_many", n=len(ids))
            self._sender.send(lambda n: RemoveRules(n=n, ids=ids), self._hearing(ids, said))

    def _hearing(self, ids: tuple[str, ...], said: str) -> Callable[[IntentDone], None]:
        """Return what says that rules are removed, and offers them back."""
        tell = telling(self._note, said)

        def heard(done: IntentDone) -> None:
            tell(done)
            if done.ok:
                toast = self._removal.show_toast(self._words("rules.removed_many", n=len(ids)))
                toast.undo_pressed.connect(partial(self._undo, ids))

        return heard

    def _undo(self, ids: tuple[str, ...]) -> None:
        self._removal.end_toast()
        said = self._words("rules.restored", n=len(ids))
        self._sender.send(lambda n: RestoreRules(n=n, ids=ids), telling(self._note, said))

    def _drop_question(self) -> None:
        self._asked = ()
        self._removal.question.show_notice(None)
