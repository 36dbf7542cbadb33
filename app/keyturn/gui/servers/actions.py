"""Sends what a person wants of servers and tools, and says what became of it.

A confirmation is sent for exactly what was on screen: a proposal that changed meanwhile is another
one, and each tool of a batch is decided by its own digest.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, Signal

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import (
    Decide,
    IntentDone,
    KeepServer,
    PutServer,
    RemoveServer,
    ReviewServer,
    SetTier,
    SignIn,
    SignOut,
)
from keyturn.application.pin_messages import MarkTwoPersons
from keyturn.application.result_messages import SetControls
from keyturn.domain.configuration import RemoteTransport
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.sending import IntentSender, MakeIntent, heard_of_all
from keyturn.gui.servers.view import ServersView
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.result_controls import ControlsWish
from keyturn.presentation.server_form import ReadServer, TypedServer, read_server
from keyturn.presentation.servers import BatchAnswer, ServerView, TierWish, ToolWish, TwoWish
from keyturn.presentation.servers_builder import KnownServers, ServersBuilder
from keyturn.presentation.words import Words


class ServerActions(QObject):
    """From presses on the servers' screen to intents and decisions."""

    added = Signal(str)
    """Name of a server that the form added."""

    def __init__(
        self,
        *,
        sender: IntentSender,
        view: ServersView,
        builder: ServersBuilder,
        texts: RequestTexts,
        words: Words,
        known: Callable[[], KnownServers],
        now: Callable[[], datetime],
        parent: QObject | None = None,
    ) -> None:
        """`known` is what the broker said last; `now` is aware, in the reader's time zone."""
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._builder = builder
        self._texts = texts
        self._words = words
        self._known = known
        self._now = now
        self._wanted: set[str] = set()
        """Servers whose tools are to be listed once their command is agreed to."""
        self._connect(view)

    def _connect(self, view: ServersView) -> None:
        view.accept_requested.connect(self._on_accept)
        view.block_requested.connect(self._on_block)
        view.remove_requested.connect(self._on_hide)
        view.tool.wished.connect(self._on_wish)
        view.tool.two_wished.connect(self._on_two)
        view.tool.left_unsaved.connect(self._on_left_unsaved)
        view.batch.pin_requested.connect(self._on_pin_all)
        view.form.typed.connect(self._on_typed)
        view.form.add_requested.connect(self._on_add)
        view.server.confirm_requested.connect(self._on_confirm)
        view.server.remove_requested.connect(self._on_remove)
        view.server.keep_requested.connect(self._on_keep)
        view.server.review_requested.connect(self._on_review)
        view.server.sign_in_requested.connect(self._on_sign_in)
        view.server.sign_out_requested.connect(self._on_sign_out)

    def _on_accept(self, answer: Answer) -> None:
        self._decide(answer, allow=True)

    def _on_block(self, answer: Answer) -> None:
        self._decide(answer, allow=False)

    def _on_hide(self, answer: Answer) -> None:
        self._decide(answer, allow=False, hide=True)

    def _decide(self, answer: Answer, *, allow: bool, hide: bool = False) -> None:
        request = self._known().reviews.get(answer.request_id)
        if request is not None:
            self._send(*self._wish(answer, request, allow=allow, hide=hide))

    def _wish(
        self, answer: Answer, request: ApprovalRequest, *, allow: bool, hide: bool = False
    ) -> tuple[MakeIntent, str]:
        """Return the decision of a review, and what is said once it is made."""
        key = "servers.tool_was_pinned" if allow else "servers.tool_was_blocked"
        said = self._words("servers.tool_was_removed" if hide else key, tool=request.tool or "")

        def make(n: int) -> Decide:
            return Decide(
                n=n,
                id=answer.request_id,
                digest=answer.digest,
                allow=allow,
                prompt_hash=self._texts.of(request, None).prompt_hash,
                shown_ms=answer.shown_for_ms,
                accessibility=answer.route is Route.ACCESSIBILITY,
                tier=answer.tier if allow else None,
                labels=answer.labels if allow else None,
                hide=hide,
            )

        return make, said

    def _on_pin_all(self, batch: BatchAnswer) -> None:
        """Send one decision a tool, each with its own digest; there is no approval of a set."""
        wishes: list[MakeIntent] = []
        said = self._words("servers.tools_were_pinned", n=len(batch.tools))
        for tool in batch.tools:
            answer = Answer(
                request_id=tool.request_id,
                revision=1,
                digest=tool.digest,
                shown_for_ms=batch.shown_for_ms,
                route=Route.ACCESSIBILITY if batch.accessibility else Route.POINTER,
                tier=tool.tier,
                labels=tool.labels,
            )
            request = self._known().reviews.get(answer.request_id)
            if request is not None:
                make, _ = self._wish(answer, request, allow=True)
                wishes.append(make)
        self._view.note.begin()
        self._send_all(wishes, said)

    def _on_wish(self, wish: ToolWish) -> None:
        """Send a tier and what comes back as two changes; what failed of one press is said."""
        wishes: list[MakeIntent] = []
        said = ""
        if wish.tier is not None:
            wishes.append(partial(_tier_intent, wish.tier))
            said = self._words("servers.saved", tool=wish.tier.tool)
        if wish.controls is not None:
            wishes.append(partial(_controls_intent, wish.controls))
            if wish.tier is None:
                said = self._words("results.saved", tool=wish.controls.tool)
        self._send_all(wishes, said)

    def _on_two(self, wish: TwoWish) -> None:
        key = "servers.marked_two" if wish.on else "servers.marked_one"
        self._send(
            lambda n: MarkTwoPersons(n=n, server=wish.server, tool=wish.tool, on=wish.on),
            self._words(key, tool=wish.tool),
        )

    def _on_left_unsaved(self, sentence: str) -> None:
        self._view.note.say(Outcome.OWED, sentence)

    def _on_confirm(self, shown: ServerView) -> None:
        """Confirm the proposal that was on screen, not whatever stands in its place by now."""
        state = self._known().server(shown.server)
        if state is None or state.confirmed:
            return
        if self._builder.server(self._known(), state, self._now()).digest != shown.digest:
            self._view.note.say(Outcome.OWED, self._words("servers.changed_meanwhile"))
            return
        self._send(
            lambda n: PutServer(
                n=n,
                name=state.name,
                command=state.command,
                env=state.env_values,
                url=state.url,
                transport=state.transport or RemoteTransport.HTTP.value,
                headers=state.headers,
                environment=state.environment,
            ),
            self._words("servers.confirmed", server=state.name),
        )

    def _on_remove(self, server: str) -> None:
        removed = self._words("servers.removed", server=server)
        self._send(lambda n: RemoveServer(n=n, name=server), removed)

    def _on_keep(self, server: str) -> None:
        self._send(lambda n: KeepServer(n=n, name=server))

    def _on_sign_in(self, server: str) -> None:
        said = self._words("servers.signing_in", server=server)
        self._send(lambda n: SignIn(n=n, name=server), said)

    def _on_sign_out(self, server: str) -> None:
        said = self._words("servers.signed_out", server=server)
        self._send(lambda n: SignOut(n=n, name=server), said)

    def _on_review(self, server: str) -> None:
        self._wanted.discard(server)
        self._view.note.begin()
        self._view.show_busy(self._words("servers.reviewing", server=server))

        def heard(done: IntentDone) -> None:
            self._view.show_busy("")
            if not done.ok and self._known().command(server) is not None:
                self._wanted.add(server)
                self._view.note.say(Outcome.OWED, self._words("servers.agree_first"))
            else:
                self._say(done, self._words("servers.reviewed", server=server))

        self._sender.send(lambda n: ReviewServer(n=n, name=server), heard)

    def command_decided(self, server: str, *, agreed: bool) -> None:
        """List a server's tools after all, if that only waited for its command."""
        wanted = server in self._wanted
        self._wanted.discard(server)
        if wanted and agreed:
            self._on_review(server)

    # ---------------------------------------------------------------- the form

    def _on_typed(self, typed: TypedServer) -> None:
        taken = {server.name for server in self._known().servers}
        self._view.form.show_read(read_server(typed, taken, self._words))

    def _on_add(self, read: ReadServer) -> None:
        def heard(done: IntentDone) -> None:
            self._say(done, self._words("servers.added", server=read.name))
            if done.ok:
                self.added.emit(read.name)

        self._view.note.begin()
        self._sender.send(
            lambda n: PutServer(
                n=n,
                name=read.name,
                command=read.argv,
                env=dict(read.env),
                url=read.url,
                transport=read.transport.value,
                headers=dict(read.headers),
                environment=read.environment,
            ),
            heard,
        )

    # ---------------------------------------------------------------- sending

    def _send(self, make: MakeIntent, sentence: str = "") -> None:
        self._view.note.begin()
        self._sender.send(make, lambda done: self._say(done, sentence))

    def _send_all(self, wishes: list[MakeIntent], sentence: str) -> None:
        """Send what one press asks for; where any of it failed, that is what is said."""
        heard = heard_of_all(len(wishes), lambda done: self._say(done, sentence))
        self._sender.send_all([(make, heard) for make in wishes])

    def _say(self, done: IntentDone, sentence: str) -> None:
        """Tell what became of it; what failed stays on screen until it is closed."""
        if not done.ok:
            self._view.note.say(Outcome.FAILED, done.sentence)
        elif sentence:
            self._view.note.say(Outcome.DONE, sentence)


def _tier_intent(wish: TierWish, n: int) -> SetTier:
    return SetTier(
        n=n,
        server=wish.server,
        tool=wish.tool,
        launch_hash=wish.launch_hash,
        def_hash=wish.def_hash,
        tier=wish.tier,
        labels=wish.labels,
        hidden=wish.hidden,
    )


def _controls_intent(wish: ControlsWish, n: int) -> SetControls:
    return SetControls(n=n, server=wish.server, tool=wish.tool, controls=wish.controls)
