"""A server that breaks every rule of the wire, each by the tool of that name, then answers.

Run as `python unruly_server.py`. A tool that ends the server, or wedges it, does not answer.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

MANY = 20_000
DAEMON = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
print(os.getpid(), flush=True)
sys.stdout.close()
os.close(1)
time.sleep(120)
"""
"""Leaves the session, and loses its parent: what daemons do."""


def main() -> None:
    """Serve until stdin ends."""
    for line in sys.stdin.buffer:
        frame = json.loads(line)
        match frame.get("method"):
            case "initialize":
                result: dict[str, Any] = {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "unruly", "version": "1"},
                }
                answer(frame, result)
            case "tools/list":
                schema = {"type": "object"}
                answer(
                    frame,
                    {"tools": [{"name": n, "inputSchema": schema} for n in ("echo", *TRICKS)]},
                )
            case "tools/call":
                call(frame, frame["params"]["name"])
            case "ping":
                answer(frame, {})
            case _:
                pass


def call(frame: dict[str, Any], tool: str) -> None:
    """Misbehave, then answer, unless that was it."""
    text = str(frame["params"]["arguments"].get("text", ""))
    said_instead = TRICKS[tool](frame, text) if tool in TRICKS else text
    if said_instead is not None:
        answer(frame, said(said_instead))
    if tool == "detached_and_die":
        os._exit(1)


def strangers(frame: dict[str, Any], text: str) -> str:
    """Answer what others asked, or nobody."""
    own = frame["id"]
    for other in (own + 1, own - 1, str(own), 10**30, "keyturn:1"):
        answer({"id": other}, said("a stranger's"))
    say(b'{"jsonrpc":"2.0","id":%d.0,"result":{"content":[]}}\n' % own)
    return text


def twice(frame: dict[str, Any], text: str) -> str:
    """Answer two times."""
    answer(frame, said(text))
    return "again"


def flood(_frame: dict[str, Any], text: str) -> str:
    """Say what is junk, or for nobody."""
    say(b'{"jsonrpc":"2.0","id":"x","result":{}}\njunk\n[]\n' * MANY)
    return text


def progress(frame: dict[str, Any], text: str) -> str:
    """Say on and on how far it is."""
    token = json.dumps(frame["params"]["_meta"]["progressToken"]).encode()
    line = b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%b,'
    say(b"".join(line % token + b'"progress":%d}}\n' % number for number in range(MANY)))
    return text


def invalid(frame: dict[str, Any], _text: str) -> str:
    """Answer in what is no UTF-8, twice."""
    say(b'\xff\xfe{"jsonrpc":"2.0","id":%d,"result":{"content":[]}}\n' % frame["id"])
    return "\udcff"


def nested(frame: dict[str, Any], _text: str) -> None:
    """Answer deeper than anybody reads."""
    deep = b"[" * MANY + b"]" * MANY
    say(b'{"jsonrpc":"2.0","id":%d,"result":{"x":%b}}\n' % (frame["id"], deep))


def broken(frame: dict[str, Any], _text: str) -> None:
    """Answer in what is not quite JSON."""
    say(b'{"result":{"content":[],},"jsonrpc":"2.0","id":%d}\n' % frame["id"])


def half(frame: dict[str, Any], _text: str) -> None:
    """Begin to answer, and stall."""
    say(b'{"jsonrpc":"2.0","id":%d,"resu' % frame["id"])
    time.sleep(120)


def half_and_die(frame: dict[str, Any], _text: str) -> None:
    """Begin to answer, and die."""
    say(b'{"jsonrpc":"2.0","id":%d,"result":{"content":[' % frame["id"])
    os._exit(1)


def detached(_frame: dict[str, Any], _text: str) -> str:
    """Start what nobody knows for its own any more."""
    daemon = [sys.executable, "-I", "-S", "-c", DAEMON]
    started = subprocess.run(daemon, stdout=subprocess.PIPE, check=True)
    return started.stdout.decode().strip()


def deaf(frame: dict[str, Any], text: str) -> None:
    """Answer, and read no more."""
    answer(frame, said(text))
    time.sleep(120)


def said(text: str) -> dict[str, Any]:
    """Return a result of one text."""
    return {"content": [{"type": "text", "text": text}]}


def answer(frame: dict[str, Any], result: dict[str, Any]) -> None:
    """Answer one request."""
    body = {"jsonrpc": "2.0", "id": frame["id"], "result": result}
    say(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n")


def say(line: bytes) -> None:
    """Write bytes."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


TRICKS: dict[str, Callable[[dict[str, Any], str], str | None]] = {
    "strangers": strangers,
    "twice": twice,
    "flood": flood,
    "progress": progress,
    "invalid": invalid,
    "nested": nested,
    "broken": broken,
    "half": half,
    "half_and_die": half_and_die,
    "detached": detached,
    "detached_and_die": detached,
    "deaf": deaf,
    "endless": lambda _, text: say(b"x" * 3_000_000 + b"\n") or text,
    "returns": lambda _, text: say(b'{"id":"x",\r"result":{}}\r\n\r\n\r') or text,
    "blank": lambda _, text: say(b"\n \t\n" * MANY) or text,
    "large": lambda _, text: "x" * int(text),
}

if __name__ == "__main__":
    main()
