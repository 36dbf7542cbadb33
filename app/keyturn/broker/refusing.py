"""Owns connections that lead nowhere: every request is answered with one and the same error."""

from keyturn.broker.ends import Answer, Downstream
from keyturn.broker.envelope import (
    INVALID_REQUEST,
    BadFrame,
    ClientFrame,
    RequestId,
    read_client,
    strict_params,
)
from keyturn.broker.frames import Oversize
from keyturn.broker.judged_calls import JudgedCalls, fault_of_call_id
from keyturn.broker.patience import Patience
from keyturn.broker.refusals import (
    ID_IN_USE,
    REFUSED,
    error_line,
    invalid_line,
    overload_line,
)
from keyturn.broker.routes import Route, route_of
from keyturn.domain.canonical import JsonObject


class Refusing:
    """Answers requests and drops all else; a closed connection would make hosts start over."""

    def __init__(
        self,
        answer: Answer,
        code: int,
        message: str,
        *,
        keyturn: str = "",
        judged: JudgedCalls | None = None,
    ) -> None:
        self._answer = answer
        self._code = code
        self._message = message
        self._keyturn = keyturn
        self._patience: Patience | None = None
        self._judged = judged
        """Where tool calls are recorded all the same, because the gate has its own refusal."""

    def within(self, patience: Patience) -> "Refusing":
        """Count against this what is malformed."""
        self._patience = patience
        return self

    def from_client(self, line: bytes) -> None:
        """Refuse one line."""
        frame = read_client(line)
        if isinstance(frame, BadFrame):
            self.invalid(frame)
        elif frame.id is None:
            return
        elif self._judged is not None and route_of(frame.method, frame.line) is Route.JUDGED:
            self._judge(self._judged, frame.id, frame)
        else:
            self._answer(error_line(frame.id, self._code, self._message, keyturn=self._keyturn))

    def invalid(self, frame: BadFrame) -> None:
        """Refuse what is no frame."""
        self._answer(invalid_line(frame.id, frame.reason, frame.code))
        if self._patience is not None:
            self._patience.try_on()

    def _judge(self, judged: JudgedCalls, request_id: RequestId, frame: ClientFrame) -> None:
        fault = fault_of_call_id(request_id)
        if fault:
            self.invalid(BadFrame(code=INVALID_REQUEST, reason=fault, id=request_id))
        elif request_id in judged:
            self._answer(invalid_line(request_id, ID_IN_USE))
        elif judged.full(frame):
            self._answer(overload_line(request_id, frame.method))
        else:
            judged.take(request_id, frame, strict_params(frame))


class RefusedClient:
    """A client whose connection leads to no server at all."""

    def __init__(self, downstream: Downstream, message: str) -> None:
        self._downstream = downstream
        self._refusing = Refusing(downstream.send, REFUSED, message).within(Patience(downstream))

    def from_client(self, line: bytes) -> None:
        """Refuse one line."""
        self._refusing.from_client(line)

    def oversize_from_client(self, line: Oversize) -> None:
        """Refuse a line that was too long."""
        self._refusing.invalid(BadFrame(code=INVALID_REQUEST, reason="the frame is too long"))

    def client_slow(self, slow: bool) -> None:
        """Its own reading is held back already."""

    def schema_of(self, tool: str) -> JsonObject | None:
        """There is no server, and no tool."""
        return None

    def takes_batches(self) -> bool:
        """There is no server, and no version."""
        return False

    def abandoned(self, request_id: RequestId) -> None:
        """It is answered already."""

    def client_left(self) -> None:
        """Close."""
        self._downstream.close()
