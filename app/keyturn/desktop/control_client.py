"""Asks a running broker one thing over its socket: status, stop, a proposal; never an approval."""

import json
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from keyturn.domain.errors import KeyturnError

if TYPE_CHECKING:
    # What `keyturn stop` need not load.
    from keyturn.domain.canonical import JsonObject, JsonValue

ANSWER_SECONDS = 5.0
LARGEST_ANSWER = 1024 * 1024


def ask_broker(path: Path, request: "Mapping[str, JsonValue]") -> "JsonObject | None":
    """Send one control request and return the answer; None when no broker listens.

    Raises KeyturnError when a broker listens and does not answer within `ANSWER_SECONDS`.
    """
    line = json.dumps({"v": 1, **request}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX) as connection:
        _wait_for_room(connection)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:
            raise _no_answer(error) from error
        try:
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(line)
            answer = _read_line(connection)
        except (OSError, ValueError) as error:
            raise _no_answer(error) from error
    return answer


def _wait_for_room(connection: socket.socket) -> None:
    """Let connecting wait while others crowd the broker's door, but not for ever (unix(7)).

    With Python's own time-out a full backlog is an error at once.
    """
    option = getattr(socket, "SO_SNDTIMEO", None)
    if option is not None and sys.platform == "linux":
        seconds = struct.pack("ll", int(ANSWER_SECONDS), 0)
        connection.setsockopt(socket.SOL_SOCKET, option, seconds)
    else:
        connection.settimeout(ANSWER_SECONDS)


def _no_answer(error: Exception) -> KeyturnError:
    return KeyturnError(
        "Keyturn's broker does not answer.",
        cause=str(error),
        mend="End it by its process id and start Keyturn again.",
    )


def _read_line(connection: socket.socket) -> "JsonObject":
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
