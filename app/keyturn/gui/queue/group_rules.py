"""Opens the sheet that makes a rule for the group that is open, and has the rule saved.

While it is open nothing of the group can be allowed beside it and the queue's shortcuts rest; what
joins or leaves the group meanwhile changes how many the rule decides, and never the rule.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QShortcut

from keyturn.application.console_protocol import IntentDone
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.rule_sheet import RuleSheetPane
from keyturn.gui.queue.sheet import use_keys
from keyturn.gui.queue.view import QueueView
from keyturn.gui.rules.study import RuleStudy
from keyturn.gui.sending import IntentSender
from keyturn.presentation.group_rule import decides_text, group_sheet, owed_for, witness
from keyturn.presentation.group_table import GroupView
from keyturn.presentation.queue_builder import RowState
from keyturn.presentation.rule_sheet import RuleDraft, save_intent


class GroupRules(QObject):
    """One sheet, for the group on screen."""

    def __init__(
        self,
        *,
        look: Look,
        model: QueueModel,
        view: QueueView,
        sender: IntentSender,
        queue: QueuePresenter,
        now_ms: Callable[[], int],
        study: RuleStudy | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._words, self._model, self._view, self._sender = look.words, model, view, sender
        self._queue, self._kept, self._study = queue, queue.kept, study
        self._group = ""
        """Of the group that the sheet is open for."""
        self._unlike: set[str] = set()
        """Ids of what was flagged in it at any time since."""
        self._draft: RuleDraft | None = None
        self.sheet = RuleSheetPane(look, view.group, view.group.headline, now_ms)
        view.group.block.rule_pressed.connect(self.open)
        if (key := view.findChild(QShortcut, "key_Ctrl+Shift+Return")) is not None:
            # The card's own key for a rule: where a group is open it is the group's.
            key.activated.connect(self.open)
        view.triage.rule_wanted.connect(self._on_wanted)
        model.group_changed.connect(self._on_group)
        self.sheet.save_requested.connect(self._on_save)
        self.sheet.draft_changed.connect(self._on_draft)
        self.sheet.closed.connect(self._on_closed)
        if study is not None:
            study.studied.connect(self.sheet.show_study)

    @property
    def is_open(self) -> bool:
        """Tell whether the sheet covers the group."""
        return bool(self._group)

    def open(self) -> None:
        """Open it at the narrowest choice, for the calls that are in the table now."""
        group = self._model.group
        if group is None or self.is_open:
            return
        requests = self._kept.requests(group.group_id)
        if not requests:
            return
        self._group = group.group_id
        use_keys(self._view, use=False)
        self._view.group.cover(True)
        self._unlike = unlike = _unlike(group)
        held = group.fault if group.fault == self._words("burst.held") else ""
        waits = self._kept.units(self._group)[0][0].state is not RowState.STOPPED_WAITING
        sheet = group_sheet(requests, unlike, self._words, fault=held, waits=waits)
        self.sheet.begin(sheet, group.tool_short_name, "")

    # ---------------------------------------------------------------- what changes

    def _on_wanted(self) -> None:
        """Open it for the group that is open, or for the one with most calls."""
        groups = self._kept.groups()
        if groups and self._model.group is None:
            self._queue.open_card(groups[0])
        self.open()

    def _on_group(self, group: GroupView | None) -> None:
        """Close over another group; over the same one say anew how many the rule decides."""
        if self.is_open and (group is None or group.group_id != self._group):
            self._close()
        elif self.is_open:
            self._say_decides()

    def _on_draft(self, made: RuleDraft | None) -> None:
        self._draft = made
        self._say_decides()
        if self._study is not None:
            self._study.ask(made.rule if made is not None and not made.fault else None, ())

    def _say_decides(self) -> None:
        made = self._draft
        if made is not None and self._group:
            requests = self._kept.requests(self._group)
            group = self._model.group
            # Once flagged stays flagged: a second odd call makes the first one less odd.
            self._unlike |= _unlike(group) if group is not None else set()
            self.sheet.say_decides(
                decides_text(made.rule, requests, self._words),
                owed_for(made.rule, requests, self._unlike, self._words),
            )

    def _on_closed(self) -> None:
        if not self._group:
            return
        self._group, self._draft = "", None
        use_keys(self._view, use=True)
        self._view.group.cover(False)

    def _close(self) -> None:
        self.sheet.close_sheet()
        # A sheet on a page that is not shown has nothing to hide, and closes all the same.
        self._on_closed()

    # ---------------------------------------------------------------- saving

    def _on_save(self, made: RuleDraft) -> None:
        sheet, group = self.sheet.sheet, self._group
        if sheet is None or not group:
            return
        self.sheet.say(Outcome.WAITING, self._words("sheets.saving"))

        def heard(done: IntentDone) -> None:
            if self._group != group:
                return
            if done.ok:
                self._close()
            else:
                self.sheet.say(Outcome.FAILED, done.sentence)

        requests = self._kept.requests(group)
        id_, digest = witness(made.rule, sheet, requests, self._words)
        self._sender.send(lambda n: save_intent(n, made, id_, digest), heard)


def _unlike(group: GroupView) -> set[str]:
    """Return the ids of what is flagged in a table."""
    flagged = (call for call in group.calls if call.unlike)
    return {id_ for call in flagged for id_ in (call.request_id, *call.repeats)}
