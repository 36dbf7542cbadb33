"""A sound server of both eras, by hand: for tests of Keyturn that any server will do for.

Run as `python plain_server.py`. The SDK's takes a second or two to load, and its thousand files are
read and hashed before each start besides.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

DECLARED: dict[str, Any] = {
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "plain", "version": "1"},
}
COMPLETE: dict[str, Any] = {"resultType": "complete"}
"""What the newer era wants in a result, and the older one takes no notice of."""
FOR_A_WHILE: dict[str, Any] = {**COMPLETE, "ttlMs": 0, "cacheScope": "private"}
TEXT: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}}
TOOLS: list[dict[str, Any]] = [
    {"name": "fingerprint", "inputSchema": {"type": "object", "properties": {}}},
    {"name": "note", "inputSchema": TEXT},
]


def fingerprint() -> str:
    """Return the SHA-256 of the variable TOKEN, or of nothing: a secret is never told itself."""
    return hashlib.sha256(os.environ.get("TOKEN", "").encode()).hexdigest()


def note(text: str) -> str:
    """Write a text down in the folder that it runs in."""
    with Path("notes").open("a", encoding="utf-8") as notes:
        notes.write(f"{text}\n")
    return text


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a request."""
    match request["method"]:
        case "initialize":
            return {"protocolVersion": "2025-11-25", **DECLARED}
        case "server/discover":
            return {**FOR_A_WHILE, "supportedVersions": ["2026-07-28"], **DECLARED}
        case "tools/list":
            return {**FOR_A_WHILE, "tools": TOOLS}
        case "tools/call":
            params = request["params"]
            noted = params["name"] == "note"
            told = note(params["arguments"]["text"]) if noted else fingerprint()
            return {**COMPLETE, "content": [{"type": "text", "text": told}]}
        case _:
            return {}


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" in asked:
            body = {"jsonrpc": "2.0", "id": asked["id"], "result": answer(asked)}
            sys.stdout.write(json.dumps(body) + "\n")
            sys.stdout.flush()
