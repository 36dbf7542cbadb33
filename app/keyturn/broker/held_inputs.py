"""Owns what a server asks of its client, until a person or a rule has decided it.

What is allowed goes on, without the secrets and the unseen characters in it; what is not is
answered with the protocol's own refusal. An answer to an elicitation that is a stored credential
does not reach the server either.
"""

import asyncio
import json
from collections.abc import Callable

from keyturn.application.connection import Connection
from keyturn.application.inputs import ServerInput
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import Answer, LinkServices
from keyturn.broker.envelope import (
    ClientFrame,
    RequestId,
    ServerFrame,
    cancelled_id,
    result_line,
)
from keyturn.broker.members import BOM, NOTHING
from keyturn.broker.refusals import REFUSED, error_line
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict
from keyturn.domain.decision import Outcome
from keyturn.domain.server_input import KINDS

MOST_UNANSWERED = 1_000
"""Requests that the client has and did not answer; further ones are refused."""
LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer to an elicitation, which are the few fields of a form."""
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
        services: LinkServices,
        connection: Connection,
        *,
        to_client: Answer,
        to_server: Callable[[bytes], None],
    ) -> None:
        self._inputs = services.inputs
        self._inspector = services.notices
        self._ids = services.ids
        self._connection = connection
        self._to_client = to_client
        self._to_server = to_server
        self._tasks = TaskOwner()
        self._held: dict[RequestId, ServerInput] = {}
        self._asked: dict[RequestId, ServerInput] = {}
        """What the client has and did not answer."""
        self._elicited: ServerInput | None = None
        """The last elicitation that the client was given."""
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
        in_use = request_id in self._held or request_id in self._asked
        many = len(self._held) >= MOST_HELD or len(self._asked) >= MOST_UNANSWERED
        if params is None or in_use or many:
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
        request_id = cancelled_id(frame.params)
        if request_id is None:
            return False
        self._asked.pop(request_id, None)
        asked = self._held.get(request_id)
        if asked is None:
            return False
        self._inputs.withdraw(asked)
        return True

    def keeps_back(self, frame: ClientFrame) -> bool:
        """Answer an elicitation in the client's place, where its answer must not be passed on.

        Once there was one, an answer to nothing that is known may be to it: servers read ids in
        more than one way, and some the second answer to one request.
        """
        asked = self._asked.pop(frame.answers, None) if frame.answers is not None else None
        of = self._elicited if asked is None else asked
        if of is None or of.method != _ELICITATION:
            return False
        if not self._inputs.keeps_back(of, _said_in(frame.line), freely=asked is None):
            return False
        if asked is not None and frame.answers is not None:
            self._to_server(result_line(frame.answers, {"action": "decline"}))
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
            line = None
            if outcome.allows:
                line = await self._inspector.answer(
                    self._connection, asked.method, frame.line, self._connection.session.results
                )
                if line is not None and self._inputs.overtaken(asked):
                    # The record stands, and nothing is passed.
                    outcome, line = Outcome.REFUSED_PAUSED, None
        finally:
            del self._held[request_id]
        if line is not None and not asked.withdrawn:
            self._asked[request_id] = asked
            if asked.method == _ELICITATION:
                self._elicited = asked
            self._to_client(line)
        elif not asked.withdrawn:
            self._to_server(_refusal(frame, outcome))


def _params_of(frame: ServerFrame) -> JsonObject | None:
    if frame.params == NOTHING:
        return {}
    parsed = parse_strict(bytes(frame.params))
    value: JsonValue = parsed.value if isinstance(parsed, Parsed) else None
    return value if isinstance(value, dict) else None


def _said_in(line: bytes) -> JsonValue:
    """Read an answer as laxly as any server, equal keys kept apart; None when it cannot be."""
    if len(line) > LONGEST_ANSWER:
        return None
    try:
        return json.loads(line.removeprefix(BOM), object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return None


def _pairs(members: list[tuple[str, JsonValue]]) -> list[JsonValue]:
    return [part for member in members for part in member]


def _refusal(frame: ServerFrame, outcome: Outcome) -> bytes:
    """Encode the refusal that the method itself knows."""
    request_id = frame.id if frame.id is not None else 0
    if frame.method == _ELICITATION:
        denied = outcome in (Outcome.DENIED_USER, Outcome.DENIED_RULE)
        return result_line(request_id, {"action": "decline" if denied else "cancel"})
    code = REFUSED if frame.method == "roots/list" else USER_REJECTED
    return error_line(request_id, code, "The user did not allow this request.")
