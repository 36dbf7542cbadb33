"""Reviews: a server's command before it starts, each tool at first sight, each tool that changed.

What is not agreed to is refused, never asked about as a call (architecture.md section 7).
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keyturn.application.agreed_values import values_token
from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import RequestKind, WithdrawCause
from keyturn.application.approvals import Approvals
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.noticing import Noticing
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.ids import Ids
from keyturn.application.review_request import (
    command_facts,
    command_subject,
    definition_subject,
    resting_on,
    review_request,
)
from keyturn.application.seen_changes import SeenChanges
from keyturn.application.slices import Slices
from keyturn.application.tasks import TaskOwner
from keyturn.application.waiting import Resolution
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.closure_change import ClosureChange
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.definition import (
    ReviewState,
    ToolDefinition,
    review_state,
)
from keyturn.domain.finding import Finding
from keyturn.domain.launch import LaunchIdentity, replaces

MOST_OPEN = 500
"""Reviews of one launch identity that wait at once; tools beyond stay refused, unasked."""
MOST_COMMANDS = 20
"""Commands of one server that wait at once: it may start in the folders of as many agents."""

_Key = tuple[str, str, str, str, str]
"""Server, launch hash, tool (empty for the command), digest of the subject, and what tells the
values of a command from others (empty for a tool)."""


@dataclass(frozen=True, slots=True)
class _Open:
    request_id: str
    task: asyncio.Task[None]
    launch: LaunchIdentity
    connections: set[str]
    """Those that live and would have the command started; only kept for commands."""


class Reviews:
    """Asks for agreements, once each, and takes over what is answered."""

    def __init__(
        self,
        *,
        agreements: Agreements,
        approvals: Approvals,
        clock: Clock,
        ids: Ids,
        observers: Observers,
        noticing: Noticing | None = None,
    ) -> None:
        """Without `noticing`, nothing is noticed about definitions."""
        self._agreements = agreements
        self._approvals = approvals
        self._clock = clock
        self._ids = ids
        self._observers = observers
        self.noticing = noticing or Noticing(agreements)
        self._tasks = TaskOwner()
        self._salt = secrets.token_bytes(32)
        self._open: dict[_Key, _Open] = {}
        self._refused: set[_Key] = set()
        self._on_drift: list[Callable[[str], None]] = []
        self.seen = SeenChanges(agreements)

    def on_drift(self, callback: Callable[[str], None]) -> None:
        """Call back with the name of a server that lists a tool other than it is pinned."""
        self._on_drift.append(callback)

    @property
    def agreements(self) -> Agreements:
        """Return what was agreed to so far."""
        return self._agreements

    async def close(self) -> None:
        """End what waits for answers; nothing is pinned by that."""
        await self._tasks.close()

    async def consent(self, connection: Connection, seconds: float) -> bool:
        """Get a person's agreement to a server's command, waiting at most so long.

        The request stays in the queue when time runs out, for the next connection; `left` says
        that this one has ended.
        """
        self._withdraw_replaced(connection)
        if self._agreements.consented(connection):
            # What waits of this very command is of other files, or values, than there are now.
            waiting = [key for key in self._open if key[:3] == (*connection.launched, "")]
            self._withdraw(waiting, Outcome.BLOCKED_DEFINITION_CHANGED, WithdrawCause.DRIFT)
            return True
        change = None
        if self._agreements.closure_changed(connection):
            change = await self._agreements.change_of(connection)
        self.seen.command(connection, change)
        if connection.server.review is ReviewMode.ACCEPT and change is None:
            await self._agreements.agree(connection, Actor.KEYTURN, None)
            return True
        task = self._ask_command(connection, change)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)
        return self._agreements.consented(connection)

    def left(self, connection: Connection) -> None:
        """Be told that a connection has ended, whatever it was."""
        for review in self._open.values():
            review.connections.discard(connection.id)
        self._withdraw_left(connection.server.name)

    def removed(self, server: str) -> None:
        """Take it that a server is gone: whatever has its name later is asked about."""
        self._agreements.removed(server)
        self._withdraw(self._commands(server), Outcome.CANCELLED_BY_CLIENT, WithdrawCause.CANCELLED)
        self.ask_again(server)

    def ask_again(self, server: str) -> None:
        """Forget what was refused of a server, so that its next sight is asked about again."""
        self._refused = {key for key in self._refused if key[0] != server}

    async def listed(self, connection: Connection, tools: Iterable[ToolDefinition]) -> None:
        """Take over what a server lists now: pin, ask about or block each tool, in slices."""
        connection.catalogue = {tool.name: tool for tool in tools}
        accepted: list[ToolDefinition] = []
        slices, reviewed = Slices(), self.seen.was_reviewed(connection)
        known = await self.noticing.known_names(connection, slices)
        for tool in tuple(connection.catalogue.values()):
            await slices.pause()
            noticed = await self.noticing.noticed(connection, tool, known)
            self.seen.tool(connection, tool, reviewed=reviewed)
            match review_state(self._agreements.pin(connection, tool.name), tool):
                case ReviewState.UNREVIEWED if connection.server.review is ReviewMode.ACCEPT:
                    accepted.append(tool)
                case ReviewState.UNREVIEWED:
                    self._ask_definition(connection, tool, noticed)
                case ReviewState.CHANGED:
                    self._block_changed(connection, tool, noticed)
                case ReviewState.PINNED | ReviewState.HIDDEN:
                    pass
        if accepted:
            await self._agreements.pin_all(connection, accepted, Actor.KEYTURN, None)
        self._observers.changed(Topic.SERVERS)

    async def settle(self, connection: Connection, seconds: float) -> None:
        """Wait until no review of this server is open, at most so long."""
        tasks = [r.task for key, r in self._open.items() if key[:2] == connection.launched]
        if tasks and self._approvals.somebody_answers:
            await asyncio.wait(tasks, timeout=seconds)

    def _ask_command(
        self, connection: Connection, change: ClosureChange | None
    ) -> "asyncio.Task[None] | None":
        subject = command_subject(connection, self._agreements)
        facts = command_facts(connection, change, self._agreements)
        noticed = self.noticing.of_command(connection)
        task = self._ask_once(connection, RequestKind.COMMAND, "", subject, None, noticed, facts)
        key = self._key(connection, "", canonical(subject))
        if (review := self._open.pop(key, None)) is not None:
            self._open[key] = review
            review.connections.add(connection.id)
            self._withdraw_left(connection.server.name)
        return task

    def _commands(self, server: str) -> list[_Key]:
        """Return the commands that wait, the one that was seen last at the end."""
        return [key for key in self._open if (key[0], key[2]) == (server, "")]

    def _withdraw_replaced(self, connection: Connection) -> None:
        """Take away what would not start any more, whatever is answered of it."""
        commands = self._commands(connection.server.name)
        older = [key for key in commands if replaces(connection.launch, self._open[key].launch)]
        self._withdraw(older, Outcome.BLOCKED_DEFINITION_CHANGED, WithdrawCause.DRIFT)

    def _withdraw_left(self, server: str) -> None:
        """Take away commands that no live connection would start, but for the last.

        That one stays: a person answers it, then the agent reconnects.
        """
        left = [key for key in self._commands(server)[:-1] if not self._open[key].connections]
        self._withdraw(left, Outcome.CANCELLED_BY_CLIENT, WithdrawCause.CANCELLED)

    def _ask_definition(
        self, connection: Connection, tool: ToolDefinition, noticed: tuple[Finding, ...]
    ) -> None:
        standing = self._agreements.standing(connection, tool.name)
        subject = definition_subject(tool, standing.labels)
        self._ask_once(connection, RequestKind.DEFINITION, tool.name, subject, tool, noticed)

    def _block_changed(
        self, connection: Connection, tool: ToolDefinition, noticed: tuple[Finding, ...]
    ) -> None:
        for callback in self._on_drift:
            callback(connection.server.name)
        rests_on = resting_on(connection.server.name, tool)
        self._approvals.refuse(rests_on, Outcome.BLOCKED_DEFINITION_CHANGED, WithdrawCause.DRIFT)
        pin = self._agreements.pin(connection, tool.name)
        before: JsonObject = pin.definition.body if pin is not None else {}
        subject: JsonObject = {"before": before, "after": tool.body}
        self._ask_once(connection, RequestKind.CHANGE, tool.name, subject, tool, noticed)

    def _ask_once(
        self,
        connection: Connection,
        kind: RequestKind,
        name: str,
        subject: JsonObject,
        tool: ToolDefinition | None,
        noticed: tuple[Finding, ...] = (),
        facts: str = "",
    ) -> "asyncio.Task[None] | None":
        """Ask about one subject once, however many connections would ask for it.

        None when nobody answers, or when a person refused this very subject before.
        """
        text = canonical(subject)
        key = self._key(connection, name, text)
        running = self._open.get(key)
        if running is not None:
            return running.task
        if key in self._refused or not self._approvals.somebody_answers:
            return None
        self._withdraw_older(key)
        if self._too_many(key):
            return None
        request = review_request(
            connection,
            kind,
            name,
            text,
            agreements=self._agreements,
            facts=facts,
            id_=self._ids.new("v"),
            created_utc=self._clock.now_utc(),
            findings=noticed,
        )
        # Asked in this very step, so that a tool that changes at once finds it to withdraw.
        resolved = self._approvals.ask(request, hold_seconds=None)
        task = self._tasks.start(
            self._follow(connection, resolved, tool, key),
            f"review {connection.server.name} {name or 'command'}",
        )
        review = self._open[key] = _Open(request.id, task, connection.launch, set())
        task.add_done_callback(lambda _task: self._forget(key, review))
        return task

    def _withdraw_older(self, key: _Key) -> None:
        """A tool that changed again while its review waits is asked about as it is now.

        Only for the same launch identity: another one of the same server is another program.
        """
        older = [k for k in self._open if k[:3] == key[:3]]
        self._withdraw(older, Outcome.BLOCKED_DEFINITION_CHANGED, WithdrawCause.DRIFT)

    def _withdraw(self, keys: list[_Key], outcome: Outcome, cause: WithdrawCause) -> None:
        ids = {self._open.pop(key).request_id for key in keys}
        self._approvals.refuse(lambda r: r.id in ids, outcome, cause)

    def _too_many(self, key: _Key) -> bool:
        server, launch_hash, name, *_ = key
        if name:
            return sum(1 for k in self._open if k[:2] == (server, launch_hash)) >= MOST_OPEN
        return len(self._commands(server)) >= MOST_COMMANDS

    def _key(self, connection: Connection, name: str, text: bytes) -> _Key:
        values = "" if name else values_token(connection.server, self._salt)
        return (*connection.launched, name, digest_of(text), values)

    def _forget(self, key: _Key, review: _Open) -> None:
        if self._open.get(key) is review:
            del self._open[key]

    async def _follow(
        self,
        connection: Connection,
        resolved: "asyncio.Future[Resolution]",
        tool: ToolDefinition | None,
        key: _Key,
    ) -> None:
        resolution = await resolved
        answer = resolution.answer
        approved = resolution.state is State.APPROVED
        if tool is None and approved and answer is not None:
            await self._agreements.agree(connection, Actor.HUMAN, answer)
            return
        if tool is not None and answer is not None and (approved or answer.hide):
            await self._agreements.pin_all(connection, [tool], Actor.HUMAN, answer)
            return
        if resolution.state is State.DENIED:
            self._refused.add(key)
        await self._agreements.refuse(connection, tool, answer, key[3])
