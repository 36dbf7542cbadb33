"""Keeps what gives access as the broker tells it, and sends what a person decides of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from keyturn.application.access_messages import AccessState, EndGrant, KeepAccess
from keyturn.application.agent_messages import RevokeAgent
from keyturn.application.console_protocol import (
    Intent,
    RemoveCredential,
    RemoveRule,
    StateChanged,
    Welcome,
)
from keyturn.application.sight_intents import RemoveProfile, SetSight
from keyturn.domain.access import AccessKind
from keyturn.gui.access.used import UsedReader
from keyturn.gui.access.view import AccessView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.outcome import Outcome, telling
from keyturn.gui.local_time import local_now
from keyturn.gui.pages import Page
from keyturn.gui.sending import IntentSender
from keyturn.presentation.access import AccessBuilder, row_id
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import UsedNames


class AccessPresenter(QObject):
    """Between the broker's state and the access review's screen."""

    page_wanted = Signal(object)
    """The `Page` on which something is changed."""
    sight_narrowing = Signal(str, object)
    """Agent, and the `UsedNames` that its list is to be narrowed to."""
    rule_narrowing = Signal(str, object)
    """Id of a rule, and the `UsedNames` that it is to be narrowed to."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: AccessView,
        words: Words,
        used: UsedReader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._words = words
        self._used = used
        self._builder = AccessBuilder(words)
        self._states: tuple[AccessState, ...] = ()
        self._open = ""
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        view.entry_chosen.connect(self._on_chosen)
        view.side_closed.connect(self._on_closed)
        view.back_requested.connect(self._on_back)
        view.detail.keep_requested.connect(self._on_keep)
        view.detail.narrow_requested.connect(self._on_narrow)
        view.detail.revoke_agreed.connect(self._on_revoke)
        self._show()

    def close(self) -> None:
        """Read nothing any more."""
        self._used.close()

    # ---------------------------------------------------------------- from the broker

    def _on_welcome(self, message: Welcome) -> None:
        self._used.database = Path(message.database)

    def _on_state(self, message: StateChanged) -> None:
        if message.access is not None:
            self._states = message.access
            self._show()

    # ---------------------------------------------------------------- from the person

    def _on_chosen(self, chosen: str) -> None:
        self._open = chosen
        self._show()

    def _on_closed(self) -> None:
        self._open = ""
        self._view.show_detail(None)
        self._view.table.setFocus()

    def _on_back(self) -> None:
        self.page_wanted.emit(Page.AGENTS)

    def _on_keep(self, chosen: str) -> None:
        state = self._find(chosen)
        if state is None:
            return
        outcome = self._view.detail.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        # Exactly what is on screen: it may be another one by the time that this arrives.
        kept = partial(KeepAccess, kind=state.kind, name=state.name, digest=state.digest)
        self._sender.send(lambda n: kept(n=n), telling(outcome, self._words("access.kept")))

    def _on_revoke(self, chosen: str) -> None:
        state = self._find(chosen)
        made = _revoking(state) if state is not None else None
        if made is not None:
            self._sender.send(made, telling(self._view.note, self._words("access.revoked")))

    def _on_narrow(self, chosen: str) -> None:
        state = self._find(chosen)
        if state is None:
            return
        match state.kind:
            case AccessKind.AGENT | AccessKind.SIGHT:
                self._look(partial(self._narrow_sight, state.agent), agent=state.agent)
            case AccessKind.RULE:
                self._look(partial(self._narrow_rule, state.name), rule=state.name)
            case AccessKind.CREDENTIAL:
                self.page_wanted.emit(Page.CREDENTIALS)
            case _:
                self.page_wanted.emit(Page.AGENTS)

    def _look(
        self, answer: Callable[[UsedNames], None], *, agent: str = "", rule: str = ""
    ) -> None:
        self._view.detail.outcome.say(Outcome.WAITING, self._words("access.narrowing"))
        self._used.ask(answer, agent=agent, rule=rule)

    def _narrow_sight(self, agent: str, used: UsedNames) -> None:
        if self._heard(used):
            self.sight_narrowing.emit(agent, used)

    def _narrow_rule(self, rule_id: str, used: UsedNames) -> None:
        if self._heard(used):
            self.rule_narrowing.emit(rule_id, used)

    def _heard(self, used: UsedNames) -> bool:
        """Tell whether all was read: of a part of it nothing may be concluded."""
        outcome = self._view.detail.outcome
        if used.complete:
            outcome.say(None)
        else:
            outcome.say(Outcome.FAILED, self._words("access.unreadable"))
        return used.complete

    # ---------------------------------------------------------------- showing

    def _find(self, chosen: str) -> AccessState | None:
        return next((state for state in self._states if row_id(state) == chosen), None)

    def _show(self) -> None:
        self._view.show_page(self._builder.page(self._states))
        if not self._open:
            return
        state = self._find(self._open)
        if state is None:
            # A person goes on with the next one: its keys are those of the list.
            leave(self._view.detail, self._view.table)
            self._open = ""
            self._view.show_detail(None)
            return
        self._view.show_detail(self._builder.detail(state, local_now()))


def _revoking(state: AccessState) -> Callable[[int], Intent] | None:
    """Return the intent that takes a thing away: the same that its own page sends."""
    name = state.name
    match state.kind:
        case AccessKind.AGENT:
            return lambda n: RevokeAgent(n=n, name=name)
        case AccessKind.SIGHT:
            return lambda n: SetSight(n=n, agent=name, rows=())
        case AccessKind.CREDENTIAL:
            server, _, credential = name.partition("/")
            return lambda n: RemoveCredential(n=n, server=server, name=credential)
        case AccessKind.RULE:
            return lambda n: RemoveRule(n=n, id=name)
        case AccessKind.PROFILE:
            return lambda n: RemoveProfile(n=n, name=name)
        case AccessKind.GRANT:
            return lambda n: EndGrant(n=n, id=name)
        case _:
            return None
