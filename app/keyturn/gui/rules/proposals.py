"""Keeps the rules that the command line proposed, and opens or drops one as a person wants."""

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import StateChanged
from keyturn.application.proposed_rules import DropProposedRule
from keyturn.domain.rule import Rule
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import PageNote, telling
from keyturn.gui.forms.proposals import ProposalList
from keyturn.gui.sending import IntentSender
from keyturn.presentation.rule_proposals import read_proposed, rule_proposals
from keyturn.presentation.words import Words


class ProposedRulesPresenter(QObject):
    """Between what waits at the broker and the rows above the list; saving is the form's."""

    look_wanted = Signal(object)
    """`Rule` that a person wants to see in the form."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        rows: ProposalList,
        note: PageNote,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._rows = rows
        self._note = note
        self._words = words
        self._rules: tuple[Rule, ...] = ()
        bridge.state_changed.connect(self._on_state)
        rows.accepted.connect(self._on_accepted)
        rows.dropped.connect(self._on_dropped)

    def _on_state(self, message: StateChanged) -> None:
        if message.proposed_rules is not None:
            self._rules = read_proposed(message.proposed_rules)
            self._rows.show_proposals(rule_proposals(self._rules, self._words))

    def _on_accepted(self, rule_id: str) -> None:
        rule = next((rule for rule in self._rules if rule.id == rule_id), None)
        if rule is not None:
            self.look_wanted.emit(rule)

    def _on_dropped(self, rule_id: str) -> None:
        said = self._words("rules.proposal_dropped")
        self._sender.send(lambda n: DropProposedRule(n=n, id=rule_id), telling(self._note, said))
