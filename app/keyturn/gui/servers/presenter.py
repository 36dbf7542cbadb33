"""Keeps servers, tools and their reviews as the broker tells them, and shows what is chosen.

What is open changes by a person's choice only, or by the end of what was open.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath

from PySide6.QtCore import QObject, Signal

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import (
    RequestShown,
    RequestWithdrawn,
    StateChanged,
    Welcome,
)
from keyturn.application.console_state import ServerState
from keyturn.domain.decision import Outcome
from keyturn.domain.pattern import name_matches
from keyturn.domain.rule import Kind, Rule
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.sending import IntentSender
from keyturn.gui.servers.actions import ServerActions
from keyturn.gui.servers.model import NewServer, ServersModel
from keyturn.gui.servers.view import ServersView
from keyturn.presentation.batch_review import batch_review
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.review_builder import ReviewBuilder
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.rules_builder import read_rules
from keyturn.presentation.servers_builder import KnownServers, ServersBuilder
from keyturn.presentation.words import Words

_REVIEWED = (RequestKind.COMMAND, RequestKind.DEFINITION, RequestKind.CHANGE)


class ServersPresenter(QObject):
    """Between the broker's messages and the servers' screen."""

    request_wanted = Signal(str)
    """Id of a request that is answered in the queue."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        model: ServersModel,
        view: ServersView,
        words: Words,
        cards: CardBuilder,
        now: Callable[[], datetime],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._now = now
        self._model = model
        self._view = view
        self._words = words
        self._builder = ServersBuilder(words)
        self._reviews = ReviewBuilder(words, cards)
        self._sentences = RuleSentences(words)
        self._known = KnownServers()
        self._rules: tuple[Rule, ...] = ()
        self._search = ""
        self._chosen: tuple[str, str] | None = None
        """Server and tool; the tool is empty for the server itself."""
        self._together = False
        """The list of all new tools of the chosen server is open."""
        self._actions = ServerActions(
            sender=sender,
            view=view,
            builder=self._builder,
            texts=RequestTexts(words, cards),
            words=words,
            known=lambda: self._known,
            now=now,
            parent=self,
        )
        self._connect()
        self._show()

    def open_tool(self, server: str, tool: str) -> None:
        """Show a tool, or the server when `tool` is empty."""
        if (server, tool) != self._chosen:
            self._view.note.say(None)
        self._together = False
        self._chosen = (server, tool)
        self._show()

    def open_review(self, request: ApprovalRequest) -> None:
        """Show the review of a tool, or the list of all new tools where there are several."""
        together = len(self._known.unreviewed(request.server)) > 1
        if request.kind is RequestKind.DEFINITION and together:
            self.open_together(request.server)
        else:
            self.open_tool(request.server, request.tool or "")

    def open_together(self, server: str) -> None:
        """Show all tools of a server that were never reviewed."""
        self._chosen = (server, "")
        self._together = True
        self._show()

    def _connect(self) -> None:
        bridge, view = self._bridge, self._view
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        bridge.request_shown.connect(self._on_request)
        bridge.request_withdrawn.connect(self._on_withdrawn)
        view.tool_chosen.connect(self.open_tool)
        view.search_wanted.connect(self._on_search)
        view.add_wanted.connect(self._on_add_wanted)
        view.batch.tool_opened.connect(self.open_tool)
        view.batch.closed.connect(self._on_batch_closed)
        view.form.cancelled.connect(self._on_cancelled)
        view.closed.connect(self._on_closed)
        self._actions.added.connect(self._on_added)
        view.server.batch_requested.connect(self.open_together)
        view.server.opened.connect(self.request_wanted)

    # ---------------------------------------------------------------- from the broker

    def _on_welcome(self, message: Welcome) -> None:
        self._known = replace(
            self._known, logs=str(PurePath(message.database).parent / "logs" / "servers")
        )

    def _on_state(self, state: StateChanged) -> None:
        if state.rules is not None:
            self._rules = tuple(known.rule for known in read_rules(state.rules))
        if state.servers is not None:
            self._known = replace(self._known, servers=state.servers)
        if state.servers is not None or state.rules is not None:
            self._show()

    def _on_request(self, message: RequestShown) -> None:
        request = message.request
        if request.kind in _REVIEWED:
            self._use({**self._known.reviews, request.id: request})

    def _on_withdrawn(self, message: RequestWithdrawn) -> None:
        reviews = dict(self._known.reviews)
        ended = reviews.pop(message.id, None)
        if ended is None:
            return
        self._use(reviews)
        if ended.kind is RequestKind.COMMAND:
            agreed = message.outcome == Outcome.ALLOWED_ONCE.value
            self._actions.command_decided(ended.server, agreed=agreed)

    def _use(self, reviews: dict[str, ApprovalRequest]) -> None:
        self._known = replace(self._known, reviews=reviews)
        self._show()

    # ---------------------------------------------------------------- showing

    def _show(self) -> None:
        self._model.show_tree(self._builder.tree(self._known, self._search))
        if isinstance(self._model.detail, NewServer) and self._chosen is None:
            return
        server, tool = self._chosen or ("", "")
        state = self._known.server(server)
        if state is None:
            self._chosen = None
            self._model.show_review(None)
            self._model.show_detail(None)
            return
        self._view.tree.choose(server, tool)
        if tool:
            self._show_tool(state, tool)
        elif self._together and self._known.unreviewed(server):
            new = self._known.unreviewed(server)
            self._model.show_detail(batch_review(server, new, self._words))
        else:
            self._together = False
            self._show_server(state)

    def _show_server(self, state: ServerState) -> None:
        self._model.show_detail(self._builder.server(self._known, state, self._now()))

    def _show_tool(self, state: ServerState, name: str) -> None:
        request = self._known.review(state.name, name)
        if request is not None:
            self._model.show_review(
                self._reviews.review(
                    request, now=self._now(), suspended_rules=self._suspended(state.name, name)
                )
            )
            return
        tool = next((tool for tool in state.tools if tool.name == name), None)
        if tool is not None:
            self._model.show_detail(self._builder.tool(state, tool, self._now()))
        else:
            # Refused, or pinned a moment ago: what the broker says next may list it.
            self._view.tree.choose(state.name, "")
            self._show_server(state)

    def _suspended(self, server: str, tool: str) -> tuple[str, ...]:
        """Return the rules that name this tool; they rest while it is blocked."""
        return tuple(
            self._sentences.title(rule)
            for rule in self._rules
            if rule.enabled
            and rule.kind is Kind.CALL
            and rule.tool != "*"
            and name_matches(rule.server, server)
            and name_matches(rule.tool, tool)
        )

    # ---------------------------------------------------------------- from the person

    def _on_search(self, text: str) -> None:
        self._search = text
        self._show()

    def _on_batch_closed(self, server: str) -> None:
        self.open_tool(server, "")

    def _on_add_wanted(self) -> None:
        self._chosen = None
        self._together = False
        self._view.tree.choose("", "")
        self._model.show_detail(NewServer())

    def _on_closed(self) -> None:
        self._chosen = None
        self._together = False
        self._model.show_review(None)
        self._model.show_detail(None)
        self._view.tree.choose("", "")

    def _on_cancelled(self) -> None:
        self._model.show_detail(None)

    def _on_added(self, server: str) -> None:
        self.open_tool(server, "")
