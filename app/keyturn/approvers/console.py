"""The console as an approver: a child process behind a private pipe pair, watched and restarted.

The pipes are inherited and have no name, so an approval interface exists nowhere (architecture.md
law 4). While the window is dead, stopped or silent nothing that needs asking is sent: requests
wait inside their deadline for the restarted window, and the stop and the rules work without it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keyturn.application.approval_request import (
    ApprovalRequest,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.console_protocol import (
    AlertShown,
    Decide,
    FromWindow,
    Intent,
    IntentDone,
    Ping,
    Pong,
    RaiseWindow,
    RequestDetached,
    RequestShown,
    RequestWithdrawn,
    StateChanged,
    ToWindow,
    Welcome,
    decode_from_window,
)
from keyturn.application.edit_messages import EditCall
from keyturn.application.events import Observers, Topic
from keyturn.application.intents import Intents
from keyturn.application.overview import ALL_TOPICS, Overview
from keyturn.application.pin_messages import WithPin
from keyturn.application.pins import Pins
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.second_person import SecondPerson
from keyturn.application.tasks import TaskOwner
from keyturn.application.window_messages import BeginAnew, DropDialog, LookForDialog
from keyturn.approvers.asked_pins import carried_by
from keyturn.approvers.console_answers import ConsoleAnswers
from keyturn.approvers.console_dialog import ConsoleDialog, Dialog
from keyturn.approvers.console_edits import ConsoleEdits
from keyturn.approvers.console_pipe import ConsolePipe, Starts
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import BothWanted, KeyturnError, PinWanted
from keyturn.presentation.errors import error_text
from keyturn.presentation.words import Words

_log = logging.getLogger(__name__)

PING_SECONDS = 1.0
SILENCE_SECONDS = 5.0
"""A window that has not answered for so long is ended by its id and started again."""
START_SECONDS = 20.0
"""The same before its first answer: a cold start reads all of Qt from the disk."""
RESTARTS = 3
RESTART_WINDOW_SECONDS = 60.0
COALESCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePace:
    """How patient the broker is with its window; a test may be quicker."""

    ping_seconds: float = PING_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    start_seconds: float = START_SECONDS
    restarts: int = RESTARTS
    restart_window_seconds: float = RESTART_WINDOW_SECONDS
    coalesce_seconds: float = COALESCE_SECONDS


class ConsoleApprover:
    """Owns the console process and speaks the console protocol with it."""

    def __init__(
        self,
        *,
        argv: Sequence[str],
        env: Mapping[str, str],
        welcome: Callable[[], Welcome],
        approvals: Approvals,
        overview: Overview,
        observers: Observers,
        words: Words,
        gave_up: Callable[[str], None],
        pace: ConsolePace | None = None,
        pipe: ConsolePipe | None = None,
        pins: Pins | None = None,
        second: SecondPerson | None = None,
        dialog: Dialog | None = None,
    ) -> None:
        self._argv, self._env = tuple(argv), dict(env)
        self._welcome = welcome
        self._approvals, self._words = approvals, words
        self._answers = ConsoleAnswers(
            approvals, words, pins, second, overview.rule, overview.floods
        )
        self._edits = ConsoleEdits(approvals, words)
        self._gave_up, self._pace = gave_up, pace or ConsolePace()
        self._pipe = pipe or ConsolePipe()
        self._write = self._pipe.write
        self._dialog = ConsoleDialog(dialog, self._answers, self._pipe, words)
        self._intents: Intents | None = None
        self._tasks = TaskOwner()
        self._feed = _StateFeed(overview, self._tasks, self._write, self._pace.coalesce_seconds)
        self._starts = Starts(self._pace.restarts, self._pace.restart_window_seconds)
        self._heard, self._answered = 0.0, False
        self._wanted, self._closing = asyncio.Event(), False
        self._unsubscribe = observers.subscribe(self._feed.changed)

    def start(self, intents: Intents) -> None:
        """Start the window and keep it alive."""
        self._intents = intents
        self._wanted.set()
        self._tasks.start(self._keep_alive(), "console keep alive")

    async def close(self) -> None:
        """End the window with the broker."""
        if self._closing:
            return
        self._closing = True
        self._unsubscribe()
        process = self._pipe.process
        self._pipe.end()
        await self._tasks.close()
        if process is not None:
            await process.wait()

    def raise_window(self) -> bool:
        """Bring the window to the front, or start it again after it was given up on."""
        if self._pipe.process is None:
            self._starts.forget()
            self._wanted.set()
        else:
            self._write(RaiseWindow())
        return True

    def reopen(self) -> None:
        """Begin the window anew, because it is to speak another language: that is no failure."""
        self._starts.forget()
        self._pipe.end()

    @property
    def pid(self) -> int | None:
        """Return the console's process id while it runs."""
        return self._pipe.pid

    # ---------------------------------------------------------------- the port

    @property
    def route(self) -> Route:
        """Name how its answers come."""
        return Route.WINDOW

    @property
    def present(self) -> bool:
        """A window can always come back; until then requests wait inside their deadline."""
        return not self._closing

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        """Show a request; one that no window could read is refused instead."""
        if not self._write(_shown(request, deadline_ms, waited)):
            # Later, because Approvals may be walking its queue just now.
            asyncio.get_running_loop().call_soon(self._refuse, request.id)

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        """Show that the agent stopped waiting."""
        self._write(RequestDetached(id=request_id, cause=cause, ago_ms=ago))

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        """Take a request away."""
        self._write(RequestWithdrawn(id=request_id, cause=cause.value, outcome=outcome))

    def alert(self, text: str) -> None:
        """Tell the person something."""
        self._write(AlertShown(text=text))

    def stopped(self, facts: StopFacts) -> None:
        """Tell that the stop is engaged, ahead of everything that is coalesced."""
        self._feed.show_stop()

    # ---------------------------------------------------------------- the process

    async def _keep_alive(self) -> None:
        while not self._closing:
            await self._wanted.wait()
            if self._starts.too_many(asyncio.get_running_loop().time()):
                self._wanted.clear()
                self._gave_up(self._words("console.gave_up"))
                continue
            try:
                await self._run_once()
            except OSError as error:
                _log.error("console could not be started error=%s", error)
            except Exception:  # noqa: BLE001 -- the pipe's edge: whatever it was, a new window comes
                _log.exception("console ended by an error")

    async def _run_once(self) -> None:
        loop = asyncio.get_running_loop()
        self._starts.begin(loop.time())
        process = await self._pipe.launch(self._argv, self._env)
        self._heard = loop.time()
        self._answered = False
        try:
            self._greet()
            async with asyncio.TaskGroup() as group:
                heart = group.create_task(self._heartbeat(), name="console heartbeat")
                await self._read(process)
                heart.cancel()
        finally:
            self._pipe.end()
            self._dialog.window_gone()
            try:
                code = await process.wait()
            finally:
                self._pipe.process = None
            if not self._closing:
                _log.warning("console ended code=%s", code)

    def _greet(self) -> None:
        """Show what waits at once, and all the rest as soon as the keychain has spoken.

        Nothing waits for that: a stop pressed meanwhile is read, a silent window is noticed.
        """
        self._write(self._welcome())
        self._feed.show_stop()
        for waiting in self._approvals.waiting():
            self._approvals.show(waiting, self)
        self._tasks.start(self._feed.show_all(), "console state")
        self._tasks.start(self._dialog.look(), "presence readiness")

    async def _heartbeat(self) -> None:
        loop, number = asyncio.get_running_loop(), 0
        while True:
            number += 1
            patience = self._pace.silence_seconds if self._answered else self._pace.start_seconds
            if loop.time() - self._heard > patience:
                _log.warning("console silent, ended pid=%s", self.pid)
                self._pipe.end()
                return
            self._write(Ping(n=number))
            await asyncio.sleep(self._pace.ping_seconds)

    # ---------------------------------------------------------------- reading and writing

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        stdout = process.stdout
        if stdout is None:
            return
        while True:
            try:
                line = await stdout.readline()
            except ValueError:
                _log.error("console sent an overlong line and was ended")
                return
            if not line:
                return
            message = decode_from_window(line)
            if message is None:
                _log.error("console sent an unreadable line bytes=%d", len(line))
                continue
            self._take(message)

    def _take(self, message: FromWindow) -> None:
        match message:
            case Pong():
                self._answered = True
                self._heard = asyncio.get_running_loop().time()
            case Decide(pin="", dialog=True) | DropDialog() | LookForDialog():
                self._tasks.start(self._dialog.take(message), "system's dialog")
            case Decide() if message.pin:
                self._tasks.start(self._answer_with_pin(message), "answer with PIN")
            case Decide():
                self._write(self._answers.without_pin(message))
            case EditCall():
                self._tasks.start(self._edits.answer(message, self._write), "edit")
            case WithPin():
                self._tasks.start(self._carry_out_with_pin(message), "intent with PIN")
            case BeginAnew():
                self.reopen()
            case _:
                self._tasks.start(self._carry_out(message), f"intent {type(message).__name__}")

    async def _answer_with_pin(self, decide: Decide) -> None:
        self._write(await self._answers.with_pin(decide))

    async def _carry_out_with_pin(self, message: WithPin) -> None:
        carried = carried_by(message)
        pin = self._answers.asked.holds(carried)
        if (first := await self._answers.first_of(message, carried)) is not None:
            self._write(first)
            return
        both = pin and bool(message.second)
        for intent in carried:
            if isinstance(intent, Decide):
                self._write(self._answers.given(intent, pin=pin, both=both))
            else:
                await self._carry_out(intent, pin=pin, both=both)

    async def _carry_out(self, intent: Intent, *, pin: bool = False, both: bool = False) -> None:
        if self._intents is None:
            return
        try:
            await self._intents.carry_out(intent, pin=pin, both=both)
        except PinWanted as wanted:
            both = isinstance(wanted, BothWanted)
            self._write(self._answers.wanted(intent.n, (intent,), both=both))
        except KeyturnError as error:
            self._write(_failed(intent.n, error_text(error, self._words)))
        except Exception:  # noqa: BLE001 -- the pipe's edge: the person must hear that it failed
            _log.exception("intent failed type=%s", type(intent).__name__)
            self._write(_failed(intent.n, self._words("console.failed")))
        else:
            self._write(IntentDone(n=intent.n, ok=True))

    def _refuse(self, request_id: str) -> None:
        self._approvals.refuse(
            lambda request: request.id == request_id, Outcome.ERROR_BROKER, WithdrawCause.DECIDED
        )


def _failed(n: int, sentence: str) -> IntentDone:
    return IntentDone(n=n, ok=False, sentence=sentence)


class _StateFeed:
    """Sends what changed: at most ten times a second, but a stop or its end at once."""

    def __init__(
        self, overview: Overview, tasks: TaskOwner, write: Callable[[ToWindow], bool], wait: float
    ) -> None:
        self._overview = overview
        self._tasks = tasks
        self._write = write
        self._wait = wait
        self._dirty: set[Topic] = set()
        self._flushing = False
        self._stopped = False

    def changed(self, topic: Topic) -> None:
        """Be told of a topic; requests go their own way."""
        if topic is Topic.STOP and self._overview.stop_state().engaged != self._stopped:
            self.show_stop()
        elif topic is not Topic.QUEUE:
            self._dirty.add(topic)
            if not self._flushing:
                self._flushing = True
                self._tasks.start(self._flush(), "console flush")

    def show_stop(self) -> None:
        """Send the stop as it is now."""
        self._send(StateChanged(stop=self._overview.stop_state()))

    async def show_all(self) -> None:
        """Send everything, for a new window."""
        await self._tell(ALL_TOPICS)

    async def _flush(self) -> None:
        await asyncio.sleep(self._wait)
        self._flushing = False
        topics = frozenset(self._dirty)
        if Topic.HISTORY in topics:
            topics |= {Topic.AGENTS}  # calls counted, lamps lit
        self._dirty.clear()
        await self._tell(topics)

    async def _tell(self, topics: frozenset[Topic]) -> None:
        """Send the named topics; where that fails one by one, so that the sound ones arrive."""
        try:
            self._send(await self._overview.state(topics))
        except Exception:  # noqa: BLE001 -- the pipe's edge: one bad topic must not blind a person
            if len(topics) == 1:
                _log.exception("state cannot be shown topic=%s", *topics)
                return
            for topic in sorted(topics):
                await self._tell(frozenset({topic}))

    def _send(self, state: StateChanged) -> None:
        if state.stop is not None:
            self._stopped = state.stop.engaged
        self._write(state)


def _shown(request: ApprovalRequest, deadline_ms: int | None, waited: int) -> RequestShown:
    return RequestShown(request=request, remaining_ms=deadline_ms, waited_ms=waited)
