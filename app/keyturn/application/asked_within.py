"""Judges what a server asks for within a result: each request as if it had come by itself.

Nothing of such a result reaches the agent before all of it was allowed.
"""

import json

from keyturn.application.call import Forwarded, IncomingCall, Judged, Refused, Replaced, Reply
from keyturn.application.inputs import Inputs, ServerInput
from keyturn.application.ports.ids import Ids
from keyturn.application.recording import Recorder
from keyturn.domain.answer import REQUESTS, STATE, asking, asking_in
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.client_request import kind_of
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.rule import Kind
from keyturn.domain.server_input import KINDS

_UNREADABLE = "what the server asks for could not be read"
_NOT_ALLOWED = "the user did not allow what the server asks for"


class AskedWithin:
    """Looks into the answers of calls."""

    def __init__(self, inputs: Inputs, recorder: Recorder, ids: Ids) -> None:
        self._inputs = inputs
        self._recorder = recorder
        self._ids = ids

    async def admit(self, incoming: IncomingCall, judged: Judged, reply: Reply) -> Reply:
        """Return the reply, or what the agent is told in its place."""
        result = _asking(reply)
        if result is None:
            return reply
        why = await self._fault_of(incoming, judged.call, result)
        if why:
            self._recorder.delivery(
                call_id=incoming.id,
                connection=incoming.connection,
                tool=self._recorder.name_of(judged.call),
                delivery=Delivery.RESULT_WITHHELD,
                details={"withheld": why},
            )
            return Refused(outcome=Outcome.ERROR_BROKER, withheld=why)
        state = result.get(STATE)
        if isinstance(state, str):
            requests = result.get(REQUESTS)
            asked = requests if isinstance(requests, dict) else ()
            edited = judged.asked.call if judged.asked is not None else None
            incoming.connection.session.continuations.issued(state, judged.call, asked, edited)
        return reply

    async def _fault_of(self, incoming: IncomingCall, call: ToolCall, result: JsonObject) -> str:
        """Ask about one after another; say why the result is kept back, or nothing."""
        requests = result.get(REQUESTS, {})
        if not isinstance(requests, dict):
            return _UNREADABLE
        for key, request in requests.items():
            allowed = await self._allows(incoming, call, key, request)
            if allowed is None:
                return _UNREADABLE
            if not allowed or incoming.cancelled:
                return _NOT_ALLOWED
        return ""

    async def _allows(
        self, incoming: IncomingCall, call: ToolCall, key: str, request: JsonValue
    ) -> bool | None:
        """Have one request decided; None for what nobody could be shown.

        A task says what it waits for whenever it is looked at, and is not asked about each time.
        """
        asked = self._input_of(incoming, request)
        if asked is None:
            return None
        of_task = kind_of(call.method) is Kind.TASK
        open_asked = incoming.connection.session.continuations
        known = open_asked.decided(call, key, request) if of_task else None
        if known is not None:
            return known
        allowed = (await self._inputs.decide(asked)).allows
        if of_task and not incoming.cancelled:
            open_asked.task_asked(call, key, request, allowed=allowed)
        return allowed

    def _input_of(self, incoming: IncomingCall, request: JsonValue) -> ServerInput | None:
        if not isinstance(request, dict):
            return None
        method, params = request.get("method"), request.get("params", {})
        if not isinstance(method, str) or method not in KINDS or not isinstance(params, dict):
            return None
        return ServerInput(
            id=self._ids.new("c"), connection=incoming.connection, method=method, params=params
        )


def _asking(reply: Reply) -> JsonObject | None:
    """Return a result that asks for something; None for all others."""
    match reply:
        case Replaced() if reply.asks:
            return asking(json.loads(bytes(reply.encoded)))
        case Forwarded() if reply.asks:
            return asking_in(reply.line)
        case _:
            return None
