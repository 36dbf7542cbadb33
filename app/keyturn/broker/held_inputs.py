"""Owns what a server asks of its client, until a person or a rule has decided it.

What is allowed goes on byte for byte; what is not is answered with the protocol's own refusal.
"""

import asyncio
from collections.abc import Callable

from keyturn.application.connection import Connection
from keyturn.application.inputs import Inputs, ServerInput
from keyturn.application.ports.ids import Ids
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import Answer
from keyturn.broker.envelope import RequestId, ServerFrame, cancelled_id, result_line
from keyturn.broker.members import NOTHING
from keyturn.broker.refusals import REFUSED, error_line
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict
from keyturn.domain.decision import Outcome
from keyturn.domain.server_input import KINDS

MOST_HELD = 20
"""Requests of one server that wait for a decision; further ones are refused."""
RECORD_SECONDS = 5.0
"""How long the end of a connection waits for the records of what it withdrew."""
USER_REJECTED = -1
"""Code of a sampling request that the user turned down (MCP, sampling, "Error handling")."""
_ELICITATION = "elicitation/create"


class HeldInputs:
    """Holds the requests of one server."""

    def __init__(
        self,
        inputs: Inputs,
        ids: Ids,
        connection: Connection,
        *,
        to_client: Answer,
        to_server: Callable[[bytes], None],
    ) -> None:
        self._inputs = inputs
        self._ids = ids
        self._connection = connection
        self._to_client = to_client
        self._to_server = to_server
        self._tasks = TaskOwner()
        self._held: dict[RequestId, ServerInput] = {}
        self._deciding: set[asyncio.Task[None]] = set()

    @staticmethod
    def judges(frame: ServerFrame) -> bool:
        """Tell whether a frame of a server is held for a decision."""
        return frame.asks and frame.method in KINDS

    def take(self, frame: ServerFrame) -> None:
        """Hold one request; one without an id that can be answered is dropped."""
        request_id = frame.id
        if request_id is None:
            return
        params = _params_of(frame)
        if params is None or request_id in self._held or len(self._held) >= MOST_HELD:
            self._to_server(_refusal(frame, Outcome.REFUSED_MALFORMED))
            return
        asked = ServerInput(
            id=self._ids.new("c"), connection=self._connection, method=frame.method, params=params
        )
        self._held[request_id] = asked
        task = self._tasks.start(self._decide(frame, request_id, asked), "input of a server")
        self._deciding.add(task)
        task.add_done_callback(self._deciding.discard)

    def cancelled(self, frame: ServerFrame) -> bool:
        """Withdraw what the server gives up; False for what the client has, or never had."""
        asked = self._held.get(cancelled_id(frame.params) or "")
        if asked is None:
            return False
        self._inputs.withdraw(asked)
        return True

    def leave(self) -> None:
        """Withdraw all, because one of the two ends is gone."""
        for asked in tuple(self._held.values()):
            self._inputs.withdraw(asked)

    async def close(self) -> None:
        """Withdraw all, and wait until it is recorded."""
        self.leave()
        if self._deciding:
            await asyncio.wait(self._deciding, timeout=RECORD_SECONDS)
        await self._tasks.close()

    async def _decide(self, frame: ServerFrame, request_id: RequestId, asked: ServerInput) -> None:
        try:
            outcome = await self._inputs.decide(asked)
        finally:
            del self._held[request_id]
        if outcome.allows:
            self._to_client(frame.line)
        elif not asked.withdrawn:
            self._to_server(_refusal(frame, outcome))


def _params_of(frame: ServerFrame) -> JsonObject | None:
    if frame.params == NOTHING:
        return {}
    parsed = parse_strict(bytes(frame.params))
    value: JsonValue = parsed.value if isinstance(parsed, Parsed) else None
    return value if isinstance(value, dict) else None


def _refusal(frame: ServerFrame, outcome: Outcome) -> bytes:
    """Encode the refusal that the method itself knows."""
    request_id = frame.id if frame.id is not None else 0
    if frame.method == _ELICITATION:
        denied = outcome in (Outcome.DENIED_USER, Outcome.DENIED_RULE)
        return result_line(request_id, {"action": "decline" if denied else "cancel"})
    code = REFUSED if frame.method == "roots/list" else USER_REJECTED
    return error_line(request_id, code, "The user did not allow this request.")
