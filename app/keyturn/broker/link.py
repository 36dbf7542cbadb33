"""Owns one agent's connection to one server from its first frame to its clean end.

Nothing starts before the client's first frame, and no server before a person agreed to its command.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from keyturn.application.connection import Connection
from keyturn.application.events import Topic
from keyturn.application.tasks import TaskOwner
from keyturn.broker.batches import Batches
from keyturn.broker.early_frames import EarlyFrames
from keyturn.broker.ends import Downstream, LinkServices
from keyturn.broker.envelope import (
    RequestId,
    ServerFrame,
)
from keyturn.broker.frames import Oversize
from keyturn.broker.judged_calls import JudgedCalls
from keyturn.broker.large_calls import ReadClient, read_here, reading_for
from keyturn.broker.listing import Listing
from keyturn.broker.loaded_files import LoadedFiles
from keyturn.broker.ordered_lines import OrderedLines
from keyturn.broker.passing import PassedRequests
from keyturn.broker.patience import Patience
from keyturn.broker.refusals import (
    INTERNAL_ERROR,
    REFUSED,
    SERVER_ENDED,
    WAITING_FOR_REVIEW,
)
from keyturn.broker.refusing import Refusing
from keyturn.broker.relay import Relay, RelayParts
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.broker.starting import Starting
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ReviewMode

IN_FLIGHT_SECONDS = 30.0
"""How long a sent call is still awaited, for the record, after its client left."""
LOST_CALLS_SECONDS = 5.0
"""How long answering a dead server's calls may take before the client's end is closed."""


class Link:
    """Takes what both ends say; the relay routes it while the server runs."""

    def __init__(
        self,
        *,
        connection: Connection,
        downstream: Downstream,
        start: ServerStart,
        means: ServerMeans,
        services: LinkServices,
        log_line: Callable[[bytes], None],
        closed: "Callable[[Link], None]",
    ) -> None:
        self.connection = connection
        self._services = services
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner()
        self._upstream = StdioUpstream(start, means, self, log_line)
        self._files = LoadedFiles(
            services, means, connection, start, tasks=self._tasks, end=self.end, log_line=log_line
        )
        self._listing = Listing(self._upstream, self._files.listed, self._tasks)
        passed, batches = PassedRequests(), Batches(downstream)
        self._downstream = batches
        self._judged = JudgedCalls(
            services, connection, self._upstream, self._listing, batches, passed
        )
        self._patience = Patience(batches)
        self._relay = Relay(
            RelayParts(
                services=services,
                connection=connection,
                upstream=self._upstream,
                listing=self._listing,
                judged=self._judged,
                passed=passed,
                batches=batches,
                patience=self._patience,
            )
        )
        self.server_paused, self.takes_batches = batches.server_paused, batches.takes_batches
        batches.attach(self._relay.from_client, self._relay.refuse_bad)
        self._server = Starting(
            services=services,
            connection=connection,
            upstream=self._upstream,
            judged=self._judged,
            answer=batches.send,
            log_line=log_line,
        )
        self._forget = _on_visible_change(services, connection, self._relay.tools_changed)
        self._receive: Callable[[bytes], None] = self._first
        self._early = EarlyFrames(downstream)
        elsewhere = reading_for(services.large, connection.shares_as)
        self._lines = OrderedLines(self._take, downstream, read_here, elsewhere, self._tasks)
        self._starting: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def server_running(self) -> bool:
        """Whether its server process runs."""
        return self._upstream.running

    @property
    def server_pid(self) -> int:
        """Process id of the server; 0 when it never ran."""
        return self._upstream.pid

    @property
    def _is_starting(self) -> bool:
        return self._receive == self._early.keep

    # ---------------------------------------------------------------- from the client's end

    def from_client(self, line: bytes) -> None:
        """Take one line."""
        self._receive(line)

    def oversize_from_client(self, line: Oversize) -> None:
        """Refuse a line that was too long."""
        self._lines.afterwards(lambda: self._relay.oversize_from_client(line))

    def client_slow(self, slow: bool) -> None:
        """Read nothing from the server while the client does not keep up."""
        _hold(self._upstream, "client", slow=slow)

    def schema_of(self, tool: str) -> JsonObject | None:
        """Return the input schema of a tool, once the server's list is known."""
        definition = self.connection.catalogue.get(tool)
        return definition.input_schema if definition is not None else None

    def abandoned(self, request_id: RequestId) -> None:
        """Withdraw a call that nobody waits for any more, as soon as it is known."""
        abandon = partial(self._judged.abandoned, request_id)
        self._early.afterwards(lambda: self._lines.afterwards(abandon))

    def client_left(self) -> None:
        """Withdraw what waits, await what was sent, then end the server."""
        leave = partial(self._finish, IN_FLIGHT_SECONDS, client_left=True)
        self._lines.afterwards(leave)

    def end(self) -> "asyncio.Task[None]":
        """End the connection from the broker's side; the task is done when nothing is left."""
        self._receive = _drop
        self._give_up_start()
        self._judged.refuse_unsent()
        self._relay.leave()
        if self._ending is not None and not self._ending.done():
            # Whatever is still awaited for a client that left is not waited for any longer.
            self._tasks.start(self._upstream.end(), "end of the server")
        return self._finish(0.0)

    # ---------------------------------------------------------------- from the server's end

    def from_server(self, frame: ServerFrame) -> None:
        """Route a frame of the server."""
        self._files.heard()
        self._relay.from_server(frame)

    def answer_too_long(self, request_id: RequestId) -> None:
        """Answer a request whose answer was discarded."""
        self._relay.answer_too_long(request_id)

    def server_slow(self, slow: bool) -> None:
        """Read nothing from the client while the server does not keep up."""
        _hold(self._downstream, "server", slow=slow)

    def server_ended(self, reason: str) -> None:
        """Answer everything that is open, then close, so that the host sees it."""
        self._relay.refuse_open(INTERNAL_ERROR, SERVER_ENDED, keyturn=SERVER_ENDED)
        refusing = Refusing(
            self._downstream.send, INTERNAL_ERROR, SERVER_ENDED, keyturn=SERVER_ENDED
        )
        self._receive = refusing.from_client
        self._judged.refuse_unsent()
        self._relay.leave()
        self._finish(LOST_CALLS_SECONDS, server_gone=True)

    # ---------------------------------------------------------------- from the use cases

    def stop_engaged(self) -> None:
        """Ask the server to give up what it works on; what it has not taken yet is dropped."""
        if self._upstream.discard_unwritten():
            self.end()
        else:
            self._relay.cancel_sent("stopped by the user in Keyturn")

    # ---------------------------------------------------------------- start

    def _take(self, line: bytes, read: ReadClient) -> None:
        """Route a frame, unless who takes the client's lines has changed since it came."""
        if self._receive in (self._lines.line, self._early.keep):
            self._downstream.from_client(read, line)
        else:
            self._receive(line)

    def _first(self, line: bytes) -> None:
        self._receive = self._early.keep
        self._early.keep(line)
        self._starting = self._tasks.start(self._start(), "start")

    async def _start(self) -> None:
        """Get consent, start, then let go in order what waited."""
        due = self._loop.time() + self._services.limits.review_seconds
        asks = (
            self.connection.server.review is ReviewMode.ASK
            and not self._services.agreements.consented(self.connection)
        )
        refusing = await self._server.start()
        receive: Callable[[bytes], None] = self._lines.line
        if refusing is None:
            self._files.started()
        else:
            receive = refusing.within(self._patience).from_client
        if self._receive is _drop:
            return
        first = self._early.first_id()
        # The server or the connection may end meanwhile.
        await self._early.hand_on(lambda: receive if self._is_starting else self._receive)
        if self._is_starting:
            self._receive = receive
        self._services.observers.changed(Topic.SERVERS)
        if refusing is None and asks and first is not None:
            self._tasks.start(self._bound_first_answer(first, due), "first answer")

    async def _bound_first_answer(self, first: RequestId, due: float) -> None:
        """Give consent, start and answer 8 s together.

        Clients' probes give up at 10 s and would fall back to the older era (architecture.md
        section 7).
        """
        await asyncio.sleep(due - self._loop.time())
        if self._relay.is_open(first):
            self._receive = self._server.refuse_for_review().within(self._patience).from_client
            self._relay.refuse_open(REFUSED, WAITING_FOR_REVIEW)
            await self._upstream.end()

    # ---------------------------------------------------------------- end

    def _finish(
        self, seconds: float, *, server_gone: bool = False, client_left: bool = False
    ) -> "asyncio.Task[None]":
        if self._ending is None:
            self._ending = self._tasks.start(
                self._run_to_end(seconds, server_gone=server_gone, client_left=client_left), "end"
            )
        return self._ending

    async def _run_to_end(self, seconds: float, *, server_gone: bool, client_left: bool) -> None:
        """Withdraw what waits, await what was sent, end the server, close the client's end."""
        try:
            await _settle(self._starting, self._services.limits.review_seconds)
            await self._lines.settle(LOST_CALLS_SECONDS)  # what is still in a worker
            if client_left:
                self._relay.leave()
                await self._withdraw()
            await self._judged.drain(seconds)
            if server_gone:
                # The host is told at once; reaping what the server left behind takes longer.
                self._downstream.close()
            await self._upstream.end()
            await self._judged.drain(LOST_CALLS_SECONDS)
        finally:
            self._forget()
            await self._judged.close()
            await self._relay.close()
            await self._tasks.close()
            self._downstream.close()
            self._closed(self)

    async def _withdraw(self) -> None:
        """Give up what was not sent, for good if its host has exited."""
        host = self.connection.peer.host
        gone = host is not None and not await asyncio.to_thread(
            self._services.processes.alive, host
        )
        self._judged.leave(host_gone=gone)

    def _give_up_start(self) -> None:
        """Start nothing any more, and wait for nobody's consent to it."""
        self._upstream.forbid_start()
        if self._starting is not None and not self._upstream.starting:
            self._starting.cancel()


def _hold(end: Batches | StdioUpstream, reason: str, *, slow: bool) -> None:
    """Read nothing from one end while the other does not keep up."""
    if slow:
        end.hold_reading(reason)
    else:
        end.release_reading(reason)


async def _settle(starting: "asyncio.Task[None] | None", seconds: float) -> None:
    """Let a start that is under way come to its end, so that no process is left behind.

    A client may close its end right after its last frame and still read the answers.
    """
    if starting is not None and not starting.done():
        await asyncio.wait([starting], timeout=seconds)
        starting.cancel()
        await asyncio.wait([starting])


def _drop(_line: bytes) -> None:
    """Take a line of a connection that is being ended."""


def _on_visible_change(
    services: LinkServices, connection: Connection, changed: Callable[[], None]
) -> Callable[[], None]:
    """Call back when a connection may be shown another part; returns the call that ends it."""

    def agreed(server: str, launch_hash: str) -> None:
        if (server, launch_hash) == connection.launched:
            changed()

    def seen(agent: str) -> None:
        if agent in ("", connection.agent) or not connection.agent_enrolled:
            changed()

    ends = services.agreements.on_change(agreed), services.sights.on_change(seen)

    def end() -> None:
        for one in ends:
            one()

    return end
