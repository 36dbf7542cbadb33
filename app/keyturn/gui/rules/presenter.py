"""Keeps the rules as the broker tells them, and sends what a person wants of them."""

from dataclasses import replace

from PySide6.QtCore import QObject

from keyturn.application.console_protocol import (
    IntentDone,
    SaveRule,
    SetPosture,
    StateChanged,
    UseRules,
)
from keyturn.domain.access import REVIEW_DAYS
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Rule
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import Outcome, telling
from keyturn.gui.rules.environments import EnvironmentsPresenter
from keyturn.gui.rules.proposals import ProposedRulesPresenter
from keyturn.gui.rules.questions import QuestionsPresenter
from keyturn.gui.rules.removing import RemovalPresenter
from keyturn.gui.rules.seals import SealsPresenter
from keyturn.gui.rules.study import RuleStudy
from keyturn.gui.rules.view import RulesView
from keyturn.gui.rules.ways import RuleFilesPresenter
from keyturn.gui.sending import IntentSender
from keyturn.gui.worker import Worker
from keyturn.presentation.rule_drafts import (
    RuleDraft,
    data_of,
    draft_of,
    draft_of_rule,
    narrowed,
    rule_of,
)
from keyturn.presentation.rule_findings import RuleFindings
from keyturn.presentation.rules_builder import (
    RulesBuilder,
    RulesState,
    state_after,
)
from keyturn.presentation.used_names import UsedNames
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import HistoryItem


class RulesPresenter(QObject):
    """Between the broker's state and the rules' screen."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: RulesView,
        builder: RulesBuilder,
        words: Words,
        study: RuleStudy | None = None,
        worker: Worker | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Without a `worker` what is asked of the rules is answered at once."""
        super().__init__(parent)
        self._study = study
        self._sender = sender
        self._view = view
        self._builder = builder
        self._words = words
        self._state = RulesState()
        self._search = ""
        self._open = ""
        self._draft: RuleDraft | None = None
        self._unread: Rule | None = None
        """A saved rule that the broker has not sent back yet as it was written."""
        bridge.state_changed.connect(self._on_state)
        _feed_beside(bridge, sender, view, words, self)
        self.removal = RemovalPresenter(sender, view.removal, view.note, self)
        self.proposals = ProposedRulesPresenter(
            bridge=bridge,
            sender=sender,
            rows=view.proposals,
            note=view.note,
            words=words,
            parent=self,
        )
        self.proposals.look_wanted.connect(self._on_proposal)
        self.questions = QuestionsPresenter(
            bridge=bridge, pane=view.questions, builder=builder, words=words, worker=worker
        )
        self.files = RuleFilesPresenter(
            bridge=bridge,
            sender=sender,
            ways=view.ways,
            note=view.note,
            words=words,
            worker=worker,
            parent=self,
        )
        self._connect(view)
        if study is not None:
            study.studied.connect(view.form.show_study)
        self._show()

    def start_rule(self, draft: RuleDraft | None = None, *, proposed: bool = False) -> None:
        """Open the form, with what is given or with the first of what is known."""
        self._open = ""
        draft = draft or self._first_draft()
        self._view.form.start(draft, proposed=proposed)
        self._draft = draft
        self._show_form()
        self._view.show_form()

    def start_rule_about(self, item: HistoryItem) -> None:
        """Open the form with whom and what a decision was about."""
        self.start_rule(draft_of(item))

    def narrow(self, rule_id: str, used: UsedNames) -> None:
        """Open the form for a rule, narrowed to what it was used for."""
        known = self._state.find(rule_id)
        if known is None:
            return
        draft = narrowed(known.rule, used)
        self.start_rule(draft)
        less = rule_of(draft) != known.rule
        key = "access.narrowed_rule" if less else "access.narrowed_rule_none"
        self._view.form.outcome.say(Outcome.OWED, self._words(key, days=REVIEW_DAYS))

    def open_rule(self, rule_id: str, *, remove: bool = False) -> None:
        """Open a rule beside the list, or ask at once to `remove` it; one that is gone is not."""
        self._on_chosen(rule_id)
        if remove:
            self._view.detail.ask_removal(rule_id)

    def close(self) -> None:
        """Stop reading what past calls say of a rule."""
        if self._study is not None:
            self._study.close()
        self.questions.close()

    def _connect(self, view: RulesView) -> None:
        view.add_requested.connect(self._on_add)
        view.search_wanted.connect(self._on_search)
        view.rule_chosen.connect(self._on_chosen)
        view.side_closed.connect(self._on_closed)
        view.use_rules_requested.connect(self._on_use_rules)
        view.environments_requested.connect(self._on_environments)
        view.questions_requested.connect(self._on_questions)
        view.posture.posture_agreed.connect(self._on_posture)
        view.form.draft_changed.connect(self._on_draft)
        view.form.save_requested.connect(self._on_save)
        view.detail.change_requested.connect(self._on_change)
        view.detail.toggle_requested.connect(self._on_toggle)
        view.detail.remove_agreed.connect(self.removal.remove_one)

    # ---------------------------------------------------------------- from the broker

    def _on_state(self, message: StateChanged) -> None:
        state = state_after(self._state, message)
        if state != self._state:
            self._state = state
            self._show()
            self._confirm_saved()

    # ---------------------------------------------------------------- from the person

    def _on_add(self) -> None:
        self.start_rule()

    def _on_proposal(self, rule: Rule) -> None:
        self.start_rule(draft_of_rule(rule), proposed=True)

    def _on_environments(self) -> None:
        self._open, self._draft = "", None
        self._view.show_environments()

    def _on_questions(self) -> None:
        self._open, self._draft = "", None
        self._view.show_questions()

    def _on_search(self, text: str) -> None:
        self._search = text
        self._show()

    def _on_chosen(self, rule_id: str) -> None:
        self._open, self._draft = rule_id, None
        self._show()

    def _on_closed(self) -> None:
        self._open, self._draft = "", None
        self._view.show_detail(None)
        self._view.table.setFocus()

    def _on_draft(self, draft: RuleDraft) -> None:
        self._draft = draft
        self._show_form()

    def _on_change(self, rule_id: str) -> None:
        known = self._state.find(rule_id)
        if known is not None:
            self.start_rule(draft_of_rule(known.rule))

    def _on_save(self, draft: RuleDraft) -> None:
        self._unread = rule = rule_of(draft)
        outcome = self._view.form.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))

        def heard(done: IntentDone) -> None:
            if done.ok:
                self._confirm_saved()
            else:
                self._unread = None
                outcome.say(Outcome.FAILED, done.sentence)

        self._sender.send(lambda n: SaveRule(n=n, data=data_of(rule)), heard)

    def _on_toggle(self, rule_id: str, enabled: bool) -> None:
        known = self._state.find(rule_id)
        if known is None:
            return
        data = data_of(replace(known.rule, enabled=enabled))
        said = self._words("rules.turned_on" if enabled else "rules.turned_off")
        self._sender.send(
            lambda n: SaveRule(n=n, data=data), telling(self._view.detail.outcome, said)
        )

    def _on_posture(self, posture: Posture) -> None:
        tell = telling(self._view.note, self._words("rules.posture_set"))

        def heard(done: IntentDone) -> None:
            tell(done)
            if not done.ok:
                self._view.posture.show_in_force()

        self._sender.send(lambda n: SetPosture(n=n, posture=posture.value), heard)

    def _on_use_rules(self) -> None:
        said = self._words("rules.used_again")
        self._sender.send(lambda n: UseRules(n=n), telling(self._view.note, said))

    # ---------------------------------------------------------------- showing

    def _confirm_saved(self) -> None:
        """Say "saved" only of a rule that came back as it was written, and matches a call."""
        known = self._state.find(self._unread.id) if self._unread is not None else None
        if known is None or known.rule != self._unread:
            return
        self._open, self._unread, self._draft = known.rule.id, None, None
        self._show()
        matches, said = RuleFindings(self._words).saved(known.rule)
        self._view.detail.outcome.say(Outcome.DONE if matches else Outcome.OWED, said)

    def _first_draft(self) -> RuleDraft:
        """Return the narrowest draft: one agent, one tool of one server, asking."""
        state = self._state
        agent = next((agent.name for agent in state.agents if agent.enrolled), "")
        server = next((server for server in state.servers if server.tools), None)
        return RuleDraft(
            agent=agent,
            server=server.name if server is not None else "",
            tool=server.tools[0].name if server is not None else "",
        )

    def _show(self) -> None:
        page = self._builder.page(self._state, self._search)
        self._view.show_page(page)
        self.removal.show_page(page, self._search)
        asks = self._state.posture is Posture.ASK_ALL
        self._view.empty.say(
            self._words("rules.empty_title"),
            self._words("rules.empty_all" if asks else "rules.empty_writes"),
            self._words("rules.add"),
        )
        if self._draft is not None:
            self._show_form()
        elif self._open:
            known = self._state.find(self._open)
            detail = self._builder.detail(known, self._state) if known is not None else None
            self._open = self._open if known is not None else ""
            self._view.show_detail(detail)

    def _show_form(self) -> None:
        """Show the form for the draft; a tool that another server does not have is not kept."""
        draft = self._draft
        if draft is None:
            return
        choices = self._builder.choices(self._state, draft.server, draft)
        self._view.form.show_choices(choices, draft)
        draft = self._view.form.draft
        self._draft = draft
        preview = self._builder.preview(draft, self._state)
        self._view.form.show_preview(preview)
        if self._study is not None:
            rule = None if preview.missing else replace(rule_of(draft), name="")
            self._study.ask(rule, self._state.all_rules)


def _feed_beside(
    bridge: BrokerEvents, sender: IntentSender, view: RulesView, words: Words, parent: QObject
) -> None:
    """Feed what stands around the rules and has a presenter of its own."""
    SealsPresenter(
        bridge=bridge, sender=sender, pane=view.seals, note=view.note, words=words, parent=parent
    )
    EnvironmentsPresenter(
        bridge=bridge,
        sender=sender,
        rule=view.environment_rule,
        pane=view.environments,
        words=words,
        parent=parent,
    )
