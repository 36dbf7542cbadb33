"""An MCP server with as little cost of its own as Python allows: `echo`, a batch a write.

Run: python echo_server.py [STAMPS]  (on stdio). Of each call STAMPS gets a line: the moment it was
read, in nanoseconds of the monotonic clock, and its text.
"""

import os
import sys
import time
from typing import Any

import msgspec

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOLS = [
    {"name": name, "description": "Echoes the text.", "inputSchema": TEXT}
    for name in ("echo", *(f"write_{n}" for n in range(5)))
]
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def answer(frame: dict[str, Any]) -> bytes:
    """Answer one frame; a notification gets nothing."""
    if "id" not in frame:
        return b""
    match frame["method"]:
        case "tools/call":
            text = frame["params"]["arguments"]["text"]
            result: dict[str, Any] = {"content": [{"type": "text", "text": text}]}
        case "tools/list":
            result = {"tools": TOOLS}
        case _:
            result = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "echo", "version": "1"},
            }
    return _encode({"jsonrpc": "2.0", "id": frame["id"], "result": result}) + b"\n"


def stamped(line: bytes) -> bytes:
    """Return the line of the stamps for a frame; none for what is no call."""
    if b'"tools/call"' not in line:
        return b""
    frame = _decode(line)
    if frame["method"] != "tools/call":
        return b""
    text = frame["params"]["arguments"]["text"]
    return f"{time.monotonic_ns()} {text}\n".encode()


def main() -> None:
    """Answer until stdin ends."""
    rest = b""
    stamps = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND) if sys.argv[1:] else -1
    while data := os.read(0, 65536):
        *lines, rest = (rest + data).split(b"\n")
        if stamps >= 0:
            os.write(stamps, b"".join(map(stamped, lines)))
        answers = memoryview(b"".join([answer(_decode(line)) for line in lines if line]))
        while answers:
            answers = answers[os.write(1, answers) :]


if __name__ == "__main__":
    main()
