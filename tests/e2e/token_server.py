"""A server that got a secret: it tells its fingerprint, never itself.

Run as `python token_server.py`; it looks at the variable TOKEN. By hand, in both eras: the SDK
takes a second or two to load, and what is tested is what a process is started with.
"""

import hashlib
import json
import os
import sys
from typing import Any

DECLARED: dict[str, Any] = {
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "shop", "version": "1"},
}
TOOL: dict[str, Any] = {
    "name": "fingerprint",
    "description": "Return the SHA-256 of TOKEN, or of nothing.",
    "inputSchema": {"type": "object", "properties": {}},
}


def answer(method: str) -> dict[str, Any]:
    """Return the result of a request."""
    match method:
        case "initialize":
            return {"protocolVersion": "2025-11-25", **DECLARED}
        case "server/discover":
            complete = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
            return {**complete, "supportedVersions": ["2026-07-28"], **DECLARED}
        case "tools/list":
            return {"resultType": "complete", "tools": [TOOL], "ttlMs": 0, "cacheScope": "private"}
        case "tools/call":
            told = hashlib.sha256(os.environ.get("TOKEN", "").encode()).hexdigest()
            return {"resultType": "complete", "content": [{"type": "text", "text": told}]}
        case _:
            return {}


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            body = {"jsonrpc": "2.0", "id": request["id"], "result": answer(request["method"])}
            sys.stdout.write(json.dumps(body) + "\n")
            sys.stdout.flush()
