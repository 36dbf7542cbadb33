"""Owns how answers that are only passed reach the client: without what no agent gets.

Small ones in the very step in which they come; large ones are looked through by a worker, and their
requests stay open until then.
"""

from keyturn.application.connection import Connection
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import Answer, LinkServices
from keyturn.broker.passing import Passed, PassedRequests
from keyturn.broker.refusals import ANSWER_WITHHELD, INTERNAL_ERROR, error_line

UNASKED = "answer"
"""Stands for the method of what answers no request."""


class CleanAnswers:
    """Writes the answers of one server to its client."""

    def __init__(
        self,
        services: LinkServices,
        connection: Connection,
        passed: PassedRequests,
        answer: Answer,
    ) -> None:
        self._inspector = services.notices
        self._connection = connection
        self._passed = passed
        self._answer = answer
        self._tasks = TaskOwner()

    def send(self, request: Passed, line: bytes) -> None:
        """Answer a request; it is closed once its answer is written."""
        later = self._tasks.start
        cleaned = self._inspector.answer_at_once(self._connection, request.method, line, later)
        if cleaned is not None:
            self._passed.close(request.id)
            self._answer(cleaned)
            return
        request.held = True
        self._tasks.start(self._send_large(request, line), request.method)

    def send_unasked(self, line: bytes) -> None:
        """Pass on what answers no open request, where it can be looked at here."""
        cleaned = self._inspector.cleaned(self._connection, UNASKED, line, self._tasks.start)
        if cleaned is not None:
            self._answer(cleaned)

    async def close(self) -> None:
        """End what is left."""
        await self._tasks.close()

    async def _send_large(self, request: Passed, line: bytes) -> None:
        cleaned = await self._inspector.answer(self._connection, request.method, line)
        if request.id not in self._passed:
            return
        self._passed.close(request.id)
        if not request.cancelled:
            refused = error_line(request.id, INTERNAL_ERROR, ANSWER_WITHHELD)
            self._answer(refused if cleaned is None else cleaned)
