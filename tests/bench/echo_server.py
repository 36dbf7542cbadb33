"""An MCP server with as little cost of its own as Python allows: `echo`, a batch a write.

Run: python echo_server.py  (on stdio)
"""

import os
from typing import Any

import msgspec

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOLS = [{"name": "echo", "description": "Echoes the text.", "inputSchema": TEXT}]
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


def main() -> None:
    """Answer until stdin ends."""
    rest = b""
    while data := os.read(0, 65536):
        *lines, rest = (rest + data).split(b"\n")
        answers = memoryview(b"".join([answer(_decode(line)) for line in lines if line]))
        while answers:
            answers = answers[os.write(1, answers) :]


if __name__ == "__main__":
    main()
