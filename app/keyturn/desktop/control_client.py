"""Asks a running broker one thing over its socket: status, stop, a proposal; never an approval."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.errors import KeyturnError

ANSWER_SECONDS = 5.0
LARGEST_ANSWER = 1024 * 1024


def ask_broker(path: Path, request: Mapping[str, JsonValue]) -> JsonObject | None:
    """Send one control request and return the answer; None when no broker listens.

    Raises KeyturnError when a broker listens and does not answer within `ANSWER_SECONDS`.
    """
    line = json.dumps({"v": 1, **request}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        try:
            connection.sendall(line)
            answer = _read_line(connection)
        except (OSError, ValueError) as error:
            raise KeyturnError(
                "Keyturn's broker does not answer.",
                cause=str(error),
                mend="End it by its process id and start Keyturn again.",
            ) from error
    return answer


def _read_line(connection: socket.socket) -> JsonObject:
    received = bytearray()
    while not received.endswith(b"\n"):
        part = connection.recv(65536)
        if not part:
            raise ValueError("the connection ended before the answer")
        received += part
        if len(received) > LARGEST_ANSWER:
            raise ValueError("the answer is too long")
    value: JsonValue = json.loads(received)
    if not isinstance(value, dict):
        raise ValueError("the answer is no object")
    return value
