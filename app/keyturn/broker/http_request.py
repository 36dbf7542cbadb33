"""Owns the headers of requests to a server over HTTP: what the protocol asks for, in both eras."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx2
import msgspec

from keyturn.broker.envelope import ServerFrame
from keyturn.broker.eras import VERSION_KEY, modern_meta
from keyturn.broker.http_headers import (
    METHOD,
    NAME,
    SESSION,
    VERSION,
    header_value,
    name_in,
    param_headers,
)
from keyturn.broker.routes import INITIALIZE
from keyturn.domain.canonical import JsonObject, Parsed, parse_strict
from keyturn.domain.client_request import TOOLS_CALL

JSON, EVENTS = "application/json", "text/event-stream"


class _Initialized(msgspec.Struct):
    version: str = msgspec.field(name="protocolVersion", default="")


_initialized = msgspec.json.Decoder(_Initialized).decode


@dataclass(slots=True)
class Headers:
    """What a connection knows that its requests must say."""

    schema_of: Callable[[str], JsonObject | None]
    """Returns the input schema of a tool that the server is known to list."""
    session: str = ""
    version: str = ""
    """Of the older era, once the handshake has named it."""

    def of(self, frame: ServerFrame, *, modern: bool) -> dict[str, str]:
        """Return the headers of a POST of this frame."""
        headers = {
            "accept": f"{JSON}, {EVENTS}",
            "content-type": JSON,
            "content-length": str(len(body_of(frame))),
        }
        if not modern:
            return headers | self.of_session()
        meta = modern_meta(frame.params) or {}
        headers[VERSION] = str(meta.get(VERSION_KEY, ""))
        headers[METHOD] = header_value(frame.method)
        name = name_in(frame.method, frame.params)
        if name is not None:
            headers[NAME] = header_value(name)
        if frame.method == TOOLS_CALL and name is not None:
            headers |= self._of_arguments(name, frame)
        return headers

    def of_session(self) -> dict[str, str]:
        """Return what every request of the older era repeats."""
        headers: dict[str, str] = {}
        if self.session:
            headers[SESSION] = self.session
        if self.version:
            headers[VERSION] = self.version
        return headers

    def begun(self, frame: ServerFrame, response: httpx2.Response) -> None:
        """Learn the session from the response to the handshake."""
        if frame.method == INITIALIZE and SESSION in response.headers:
            self.session = response.headers[SESSION]

    def shaken(self, answer: ServerFrame) -> None:
        """Learn the version from the answer to the handshake."""
        try:
            self.version = _initialized(answer.result or b"{}").version
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.version = ""

    def _of_arguments(self, tool: str, frame: ServerFrame) -> dict[str, str]:
        schema = self.schema_of(tool)
        parsed = parse_strict(bytes(frame.params))
        params = parsed.value if isinstance(parsed, Parsed) else None
        arguments = params.get("arguments") if isinstance(params, dict) else None
        if schema is None or not isinstance(arguments, dict):
            return {}
        return param_headers(schema, arguments)


def body_of(frame: ServerFrame) -> bytes:
    """Return what is posted: the frame without the end of its line."""
    return frame.line.rstrip(b"\r\n")


def kind_of(response: httpx2.Response) -> str:
    """Return the media type of a response."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
