"""Owns connections that lead nowhere: every request is answered with one and the same error."""

from keyturn.broker.ends import Answer, Downstream
from keyturn.broker.envelope import BadFrame, read_client, strict_params
from keyturn.broker.frames import Oversize
from keyturn.broker.judged_calls import JudgedCalls
from keyturn.broker.refusals import REFUSED, error_line, invalid_line
from keyturn.broker.routes import Route, route_of


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
        self._judged = judged
        """Where tool calls are recorded all the same, because the gate has its own refusal."""

    def from_client(self, line: bytes) -> None:
        """Refuse one line."""
        frame = read_client(line)
        if isinstance(frame, BadFrame):
            self._answer(invalid_line(frame.id, frame.reason, frame.code))
        elif frame.id is None:
            return
        elif self._judged is not None and route_of(frame.method) is Route.JUDGED:
            if frame.id not in self._judged:
                self._judged.take(frame.id, strict_params(frame))
        else:
            self._answer(error_line(frame.id, self._code, self._message, keyturn=self._keyturn))


class RefusedClient:
    """A client whose connection leads to no server at all."""

    def __init__(self, downstream: Downstream, message: str) -> None:
        self._downstream = downstream
        self._refusing = Refusing(downstream.send, REFUSED, message)

    def from_client(self, line: bytes) -> None:
        """Refuse one line."""
        self._refusing.from_client(line)

    def oversize_from_client(self, line: Oversize) -> None:
        """Refuse a line that was too long."""
        self._downstream.send(invalid_line(None, "the frame is too long"))

    def client_slow(self, slow: bool) -> None:
        """Its own reading is held back already."""

    def client_left(self) -> None:
        """Close."""
        self._downstream.close()
