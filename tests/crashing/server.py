"""A stdio server that writes down every call before it answers, and outlives a killed broker.

Run as `python server.py SEEN DATABASE`. For each call it also says whether the database held an
allowing decision on just these arguments when the call arrived. All that was written into its pipe
is read to the end, whoever died meanwhile, so nothing that was sent goes unseen.
"""

import ctypes
import hashlib
import json
import os
import sqlite3
import sys
import time
from contextlib import closing
from typing import Any
from urllib.parse import quote

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOLS = [
    {"name": name, "description": f"Does {name}.", "inputSchema": TEXT}
    for name in ("read_page", "send_page")
]
_PR_SET_PDEATHSIG = 1
_RECORDED = """
    SELECT count(*) FROM arguments JOIN calls ON calls.seq = arguments.seq
    WHERE arguments.value = ? AND calls.outcome LIKE 'allowed%'
"""


def main(seen: str, database: str) -> None:
    """Answer until nobody can send any more."""
    # The broker started us so that we die with it; then calls in the pipe would die unseen.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0)
    file = os.open(seen, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    note(file, {"pid": os.getpid()})
    for line in sys.stdin.buffer:
        frame: dict[str, Any] = json.loads(line)
        if frame.get("method") == "tools/call":
            note(file, call_of(frame, database))
        if "id" in frame:
            answer(frame)


def call_of(frame: dict[str, Any], database: str) -> dict[str, Any]:
    """Describe a call as it arrived, and what the log said of it at that moment."""
    stamp = time.monotonic_ns()
    arguments = json.dumps(
        frame["params"]["arguments"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    with closing(sqlite3.connect(f"file:{quote(database)}?mode=ro", uri=True)) as connection:
        recorded = connection.execute(_RECORDED, (arguments,)).fetchone()[0]
    return {
        "id": frame["id"],
        "arguments_sha256": hashlib.sha256(arguments).hexdigest(),
        "stamp": stamp,
        "recorded": bool(recorded),
        "params": frame["params"],
    }


def note(file: int, row: dict[str, Any]) -> None:
    """Append one line in one write, so that no kill can tear it."""
    os.write(file, json.dumps(row).encode() + b"\n")


def answer(frame: dict[str, Any]) -> None:
    """Answer one request, if anybody still listens."""
    match frame["method"]:
        case "initialize":
            result: dict[str, Any] = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "scripted", "version": "1"},
            }
        case "tools/list":
            result = {"tools": TOOLS}
        case _:
            text = frame["params"]["arguments"]["text"]
            result = {"content": [{"type": "text", "text": f"did {text}"}]}
    line = json.dumps({"jsonrpc": "2.0", "id": frame["id"], "result": result}).encode() + b"\n"
    try:
        os.write(sys.stdout.fileno(), line)
    except BrokenPipeError:
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
