"""The operator's own program as the approver: a child process, asked and heard by JSON lines.

It can allow once or deny what it was shown, nothing else: it cannot resume, confirm a tier or
enrol an agent. Once it has ended it is not started again, and whatever asks is refused: a program
that died is no answer, and no answer is no (architecture.md law 3).
"""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.slices import Slices
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.program_pipes import ProgramPipes, start_program
from keyturn.approvers.request_message import (
    ProgramAnswer,
    RequestMessage,
    alert_message,
    read_answer,
    request_message,
    stopped_message,
    withdrawn_message,
)
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ConfigurationError
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.request_text import RequestTexts, size_of

_log = logging.getLogger(__name__)

MOST_OUTSTANDING = 64
"""Requests that the program holds while their agents wait; later ones wait in the queue."""
MOST_REVIEWS = 32
"""Of these, reviews at most: the rest is for calls."""
GRACE_SECONDS = 2.0
_MOST_ALERTS = 100
_LARGE = 4 * 1024
_MILLISECOND = 1_000_000


class ProcessTree(Protocol):
    """How this system starts processes that die with their parent, and ends whole trees."""

    def with_parent_death_signal(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return the command line to start, on the event loop's thread."""
        ...

    async def end_process_tree(self, pid: int, grace_seconds: float) -> bool:
        """End a session leader and all its descendants."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The operator's command, as FILE names it."""

    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    """Whole and cleaned: the program gets nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queued:
    request: ApprovalRequest
    deadline_ns: int | None


@dataclass(slots=True, kw_only=True)
class _Shown:
    request: ApprovalRequest
    message: RequestMessage
    shown_ns: int
    is_review: bool
    """No agent waits for it, so that it has no deadline."""
    detached: bool = False


class ExecApprover:
    """Asks the program in arrival order, at most 64 requests at a time."""

    def __init__(
        self,
        *,
        program: Program,
        approvals: Approvals,
        clock: Clock,
        phrases: Phrases,
        texts: RequestTexts,
        tree: ProcessTree,
        stderr: Callable[[bytes], None],
    ) -> None:
        """Prepare the approver; `stderr` takes what the program writes there, piece by piece."""
        self._program = program
        self._approvals = approvals
        self._clock = clock
        self._phrases = phrases
        self._texts = texts
        self._tree = tree
        self._stderr = stderr
        self._queue: dict[str, _Queued] = {}
        self._shown: dict[str, _Shown] = {}
        self._control: deque[bytes] = deque()
        self._alerts: deque[str] = deque(maxlen=_MOST_ALERTS)
        self._wake = asyncio.Event()
        self._tasks = TaskOwner(lambda name, _error: self._ended(f"the task {name} failed"))
        self._pipes: ProgramPipes | None = None
        self._ending: asyncio.Task[None] | None = None
        self._gone = False

    async def start(self) -> None:
        """Start the program; raises ConfigurationError when that is impossible."""
        command = self._program.command
        path = self._program.env.get("PATH")
        if not command or shutil.which(command[0], path=path) is None:
            raise ConfigurationError(
                "The approver program was not found.",
                cause=f"There is no program {command[0]!r}." if command else "",
                mend="Correct `[approver] command`.",
            )
        try:
            self._pipes = await start_program(
                self._tree.with_parent_death_signal(command),
                cwd=self._program.cwd,
                env=self._program.env,
                line=self._heard,
                stderr=self._stderr,
                ended=self._ended,
            )
        except OSError as error:
            raise ConfigurationError(
                "The approver program could not be started.",
                cause=str(error),
                mend="Correct `[approver] command`.",
            ) from error
        if self._gone:
            self._end_tree(self._pipes)
        else:
            self._tasks.start(self._send(self._pipes), "exec approver send")

    async def close(self) -> None:
        """End the program and everything it started; answers count no more."""
        self._gone = True
        if self._pipes is not None:
            await self._end_tree(self._pipes)
        await self._tasks.close()

    @property
    def pid(self) -> int | None:
        """The program's process id, which is also its group's."""
        return self._pipes.pid if self._pipes is not None else None

    # ---------------------------------------------------------------- the port

    @property
    def route(self) -> Route:
        """Name how its answers come."""
        return Route.EXEC

    @property
    def present(self) -> bool:
        """False once the program has ended: it is not started again."""
        return not self._gone

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        """Send a request, or queue it behind those that the program still holds."""
        if self._gone or request.kind is RequestKind.AGENT:
            # Later, because Approvals may be walking its queue just now.
            asyncio.get_running_loop().call_soon(self._refuse, request.id, "nobody can answer it")
            return
        if request.id in self._queue or request.id in self._shown:
            return
        deadline = None
        if deadline_ms is not None:
            deadline = self._clock.monotonic_ns() + deadline_ms * _MILLISECOND
        self._queue[request.id] = _Queued(request=request, deadline_ns=deadline)
        self._wake.set()

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        """Keep a shown request answerable; one that waited in vain for its turn is dropped."""
        self._queue.pop(request_id, None)
        shown = self._shown.get(request_id)
        if shown is not None:
            shown.detached = True
        self._wake.set()

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        """Say that no answer to a shown request can have an effect any more."""
        self._queue.pop(request_id, None)
        if self._shown.pop(request_id, None) is not None:
            message = withdrawn_message(request_id, cause)
            if message:
                self._control.append(message)
        self._wake.set()

    def alert(self, text: str) -> None:
        """Tell the program something; the oldest are dropped when it does not read."""
        self._alerts.append(text)
        self._wake.set()

    def stopped(self, facts: StopFacts) -> None:
        """Tell that the stop is engaged."""
        self._control.append(stopped_message(facts))
        self._wake.set()

    # ---------------------------------------------------------------- to the program

    async def _send(self, pipes: ProgramPipes) -> None:
        """Write line by line at the program's own pace, so that nothing piles up in memory."""
        slices = Slices()
        while True:
            line = await self._next_line()
            if line:
                pipes.write(line)
                await pipes.writable()
                # While the program keeps up, nothing above waits.
                await slices.pause()
            else:
                self._wake.clear()
                await self._wake.wait()

    async def _next_line(self) -> bytes:
        """Return what to say next: what ended, then what is asked; empty for nothing."""
        if self._control:
            return self._control.popleft()
        if self._alerts:
            return alert_message(self._alerts.popleft())
        queued = _next_queued(self._queue.values(), self._shown.values())
        if queued is None:
            return b""
        message = await self._message(queued)
        if self._queue.pop(queued.request.id, None) is None:
            # It ended while its text was written.
            return await self._next_line()
        self._shown[queued.request.id] = _Shown(
            request=queued.request,
            message=message,
            shown_ns=self._clock.monotonic_ns(),
            is_review=queued.deadline_ns is None,
        )
        return message.line

    async def _message(self, queued: _Queued) -> RequestMessage:
        remaining = _remaining_ms(queued, self._clock.monotonic_ns())

        def write() -> RequestMessage:
            return request_message(
                queued.request, remaining, phrases=self._phrases, texts=self._texts
            )

        if size_of(queued.request) > _LARGE:
            return await asyncio.to_thread(write)
        return write()

    # ---------------------------------------------------------------- from the program

    def _heard(self, line: bytes) -> None:
        if self._gone:
            return
        answer = read_answer(line)
        if answer is None:
            _log.warning("approver program: line ignored, it is no answer bytes=%s", len(line))
            return
        shown = self._shown.pop(answer.id, None)
        if shown is None:
            _log.info("approver program: answer to nothing that it holds")
            return
        self._apply(answer, shown)
        self._wake.set()

    def _apply(self, answer: ProgramAnswer, shown: _Shown) -> None:
        request = shown.request
        if answer.digest != shown.message.digest:
            # No, but nobody's denial: it did not look at what would be sent.
            self._refuse(request.id, "its answer named another digest")
            return
        effect = self._approvals.answer(
            Answer(
                id=request.id,
                digest=request.digest,
                verdict=AnswerVerdict.ALLOW_ONCE if answer.allow else AnswerVerdict.DENY,
                route=Route.EXEC,
                message="" if answer.allow else answer.message,
                prompt_hash=shown.message.prompt_hash,
                shown_ms=(self._clock.monotonic_ns() - shown.shown_ns) // _MILLISECOND,
            )
        )
        if effect not in (AnswerEffect.APPLIED, AnswerEffect.RETRY_GRANTED):
            self._refuse(request.id, effect.value)

    def _refuse(self, request_id: str, why: str) -> None:
        _log.warning("approver program: request refused id=%s, %s", request_id, why)
        self._approvals.refuse(
            lambda request: request.id == request_id,
            Outcome.REFUSED_NO_APPROVER,
            WithdrawCause.DECIDED,
        )

    # ---------------------------------------------------------------- its end

    def _ended(self, why: str) -> None:
        """Refuse everything that waits: nobody can ever answer it."""
        if self._gone:
            return
        self._gone = True
        self._queue.clear()
        self._shown.clear()
        refused = self._approvals.refuse(
            lambda _request: True, Outcome.REFUSED_NO_APPROVER, WithdrawCause.DECIDED
        )
        _log.error("approver program: %s; it is not started again refused=%s", why, refused)
        if self._pipes is not None:
            self._end_tree(self._pipes)

    def _end_tree(self, pipes: ProgramPipes) -> "asyncio.Task[None]":
        """End it once and at once: later its process id may be somebody else's."""
        if self._ending is None:
            self._ending = self._tasks.start(self._end(pipes), "exec approver end")
        return self._ending

    async def _end(self, pipes: ProgramPipes) -> None:
        pipes.close_stdin()
        await pipes.wait(GRACE_SECONDS)
        # Also after an exit of its own, for what it started and left behind.
        await self._tree.end_process_tree(pipes.pid, GRACE_SECONDS)
        await pipes.close()


def _remaining_ms(queued: _Queued, now_ns: int) -> int | None:
    if queued.deadline_ns is None:
        return None
    return max(0, (queued.deadline_ns - now_ns) // _MILLISECOND)


def _next_queued(queue: Iterable[_Queued], shown: Iterable[_Shown]) -> _Queued | None:
    """Return what has its turn: the oldest, but a call where reviews hold their share.

    Reviews wait for ever; a server that lists many tools must not keep calls from being asked.
    """
    held = [one for one in shown if not one.detached]
    if len(held) >= MOST_OUTSTANDING:
        return None
    calls_only = sum(one.is_review for one in held) >= MOST_REVIEWS
    return next((one for one in queue if one.deadline_ns is not None or not calls_only), None)
