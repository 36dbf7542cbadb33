"""Opens the sheets over the open card and carries out what is written there.

While a sheet is open the card's own way to allow is shut, its shortcuts rest, and Esc closes the
sheet instead of the window.
"""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer

from keyturn.application.agent_messages import FloodChoice
from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import IntentDone
from keyturn.application.edit_messages import EditCall
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.queue.deny_sheet import DenySheet
from keyturn.gui.queue.edit_sheet import EditSheet
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.rule_sheet import RuleSheetPane
from keyturn.gui.queue.sheet import Sheet, use_keys
from keyturn.gui.queue.view import QueueView, add_keys
from keyturn.gui.rules.study import RuleStudy
from keyturn.gui.sending import IntentSender
from keyturn.presentation.answer import Route
from keyturn.presentation.arming import Owed, Subject
from keyturn.presentation.arming_text import reason_text
from keyturn.presentation.card import CardView, DeadlineText, deadline_text
from keyturn.presentation.rule_sheet import RuleDraft, rule_sheet, save_intent

_CARD_OWES = frozenset({Owed.CONFIRM, Owed.LOOK, Owed.TYPE_NAME})


class CardSheets(QObject):
    """At most one sheet at a time, always for the card that is open."""

    def __init__(
        self,
        *,
        look: Look,
        model: QueueModel,
        view: QueueView,
        sender: IntentSender,
        open_request: Callable[[], ApprovalRequest | None],
        now_ms: Callable[[], int],
        study: RuleStudy | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._view = view
        self._sender = sender
        self._open_request = open_request
        self._now_ms = now_ms
        self._card: CardView | None = None
        card = view.card
        self.deny = DenySheet(look, card, card.headline)
        self.rule = RuleSheetPane(look, card, card.headline, now_ms)
        self.edit = EditSheet(look, card, card.headline)
        card.edit.clicked.connect(self._on_edit_wanted)
        add_keys(view, {"Ctrl+E": self._on_edit_wanted})
        self.edit.send_requested.connect(self._on_edited)
        view.deny_with_message_requested.connect(self._on_deny_wanted)
        view.rule_requested.connect(self._on_rule_wanted)
        model.card_changed.connect(self._on_card)
        self.deny.sent.connect(self._on_sent)
        self.deny.pause_wanted.connect(self._on_pause)
        self.rule.save_requested.connect(self._on_save)
        self._study = study
        if study is not None:
            study.studied.connect(self.rule.show_study)
            self.rule.draft_changed.connect(self._on_draft)
        for sheet in (self.deny, self.rule, self.edit):
            sheet.closed.connect(self._on_closed)
            sheet.out_of_sight.connect(self._on_out_of_sight)

    @property
    def is_open(self) -> bool:
        """Tell whether a sheet covers the card."""
        return self._card is not None

    # ---------------------------------------------------------------- opening and closing

    def _on_deny_wanted(self, request_id: str, digest: str) -> None:
        card = self._shown(request_id, digest)
        request = self._open_request()
        if card is None or request is None:
            return
        self._begin(card)
        self.deny.begin(request.agent, card.action)

    def _on_rule_wanted(self, request_id: str, digest: str) -> None:
        card = self._shown(request_id, digest)
        request = self._open_request()
        if card is None or request is None:
            return
        # Asked before the card is shut, which would be the first thing it owes.
        owed = self._owed(card)
        self._begin(card)
        sheet = rule_sheet(
            request, self._look.words, revision=card.revision, waits=self._agent_waits(card)
        )
        self.rule.begin(sheet, card.action, owed)

    def _on_edit_wanted(self) -> None:
        request, shown = self._open_request(), self._view.card.card
        if request is None or shown is None or not shown.actions.edit:
            return
        card = self._shown(request.id, request.digest)
        if card is None or not self._view.card.reveal.may_edit():
            return
        self._begin(card)
        asked = request.arguments if request.edited is None else request.edited.arguments
        self.edit.begin(request.agent, card.action, request.arguments, asked)

    def _shown(self, request_id: str, digest: str) -> CardView | None:
        card = self._view.card.card
        if card is None or self.is_open or (card.request_id, card.digest) != (request_id, digest):
            return None
        return card

    def _begin(self, card: CardView) -> None:
        self._card = card
        self._view.cover_card(True)
        use_keys(self._view, use=False)

    def _on_closed(self) -> None:
        if self._card is None:
            return
        self._card = None
        use_keys(self._view, use=True)
        self._view.cover_card(False, pending=self._open_request() is not None)
        if self._view.isVisible():
            self._view.card.rest_focus()

    def _on_out_of_sight(self, out: bool) -> None:
        """Let keys do what they do elsewhere while the page of a sheet is not shown."""
        if self._card is None:
            return
        use_keys(self._view, use=out)
        written = self._written()
        if not out and written is not None:
            # Once the page has taken the keyboard: the sentence that it rests on is covered.
            QTimer.singleShot(0, written, written.field.setFocus)

    def _written(self) -> DenySheet | EditSheet | None:
        """Return the sheet that is open and holds a person's words."""
        return next((one for one in (self.deny, self.edit) if not one.isHidden()), None)

    def _on_card(self, card: CardView | None) -> None:
        """Close over another card, and over the same one when it is not what it was.

        Where its agent alone stopped waiting, what a person has written stays before them.
        """
        open_for = self._card
        if open_for is None or (card is not None and _subject(card) == _subject(open_for)):
            return
        written = self._written()
        if card is None or written is None or not _same_call(card, open_for):
            self._close()
            return
        self._card = card
        if written is self.edit and not card.actions.edit:
            self.edit.end()
        if written.isVisible():
            # What is shown of the card anew took the focus.
            written.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close(self) -> None:
        sheets: tuple[Sheet, ...] = (self.deny, self.rule, self.edit)
        for sheet in sheets:
            sheet.close_sheet()
        # A sheet on a page that is not shown has nothing to hide, and closes all the same.
        self._on_closed()

    def _owed(self, card: CardView) -> str:
        """Return what the card demands before anything may be allowed, in the button's words."""
        state = self._view.watch.arming.state(self._now_ms())
        return reason_text(state, card, self._look.words) if state.owed in _CARD_OWES else ""

    def _agent_waits(self, card: CardView) -> bool:
        if card.deadline is None:
            return False
        text: DeadlineText = deadline_text(card.deadline, self._now_ms(), self._look.words)
        return text.share_left > 0

    # ---------------------------------------------------------------- what is written there

    def _on_sent(self, message: str) -> None:
        card = self._card
        answer = self._view.watch.answer(Route.POINTER)
        if card is None or answer is None or answer.request_id != card.request_id:
            return
        self._close()
        self._view.deny_requested.emit(replace(answer, message=message))

    def _on_edited(self, text: str) -> None:
        card = self._card
        if card is None:
            return
        self.edit.say(Outcome.WAITING, self._look.words("edit.checking"))
        self._sender.send(
            lambda n: EditCall(n=n, id=card.request_id, digest=card.digest, arguments=text),
            lambda done: self._on_judged(card, done),
        )

    def _on_judged(self, card: CardView, done: IntentDone) -> None:
        """Say why it changed nothing; where it did, the card that came instead closed the sheet."""
        if self._card is not None and _subject(self._card) == _subject(card) and not done.ok:
            self.edit.say(Outcome.FAILED, done.sentence)

    def _on_pause(self) -> None:
        """Pause who asks, by what the card says; the bar above says what became of it."""
        request = self._open_request()
        if request is None or self._card is None or request.id != self._card.request_id:
            return
        self._close()
        known = request.asked_by.agent_enrolled
        self._view.triage.flood_settled.emit(request.agent, known, FloodChoice.PAUSE.value)

    def _on_draft(self, made: RuleDraft) -> None:
        """Ask what past calls say of the rule that stands in the sheet, of it alone."""
        if self._study is not None:
            self._study.ask(None if made.fault else made.rule, ())

    def _on_save(self, made: RuleDraft) -> None:
        card = self._card
        if card is None:
            return
        self.rule.say(Outcome.WAITING, self._look.words("sheets.saving"))
        self._sender.send(
            lambda n: save_intent(n, made, card.request_id, card.digest),
            lambda done: self._on_saved(card, done),
        )

    def _on_saved(self, card: CardView, done: IntentDone) -> None:
        """Close, unless it failed or decided nothing: the person must hear either."""
        open_for = self._card
        if open_for is None or _subject(open_for) != _subject(card):
            return
        request = self._open_request()
        if not done.ok:
            self.rule.say(Outcome.FAILED, done.sentence)
        elif request is not None and request.id == card.request_id and self._agent_waits(card):
            self.rule.say(Outcome.OWED, self._look.words("sheets.rule_saved_waits"))
        else:
            self._close()


def _same_call(card: CardView, other: CardView) -> bool:
    return (card.request_id, card.digest) == (other.request_id, other.digest)


def _subject(card: CardView) -> Subject:
    return Subject(card.request_id, card.revision, card.digest)
