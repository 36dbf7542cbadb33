"""A server that keeps the bytes it reads in a file, and misbehaves when a tool call says so.

Run as `python raw_server.py SEEN [SAYS]`; each line read is appended to SEEN. SAYS is JSON, or `@`
and a file with it: an object of `tools`, `instructions`, `prompts`, `resourceTemplates`, of which
`x/says` changes all but the first.
`x/say` makes it write the lines of `params.lines` as they are, `x/answers` has it answer methods
that its params name.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

TOOLS: list[dict[str, Any]] = [
    {
        "name": name,
        "description": f"Does {name}.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
    }
    for name in ("echo", "die", "twice", "silent", "late", "big", "junk", "unclear", "slow")
]


LISTS = {"prompts/list": "prompts", "resources/templates/list": "resourceTemplates"}


class RawServer:
    """Answers by hand."""

    def __init__(self, seen: Path, says: dict[str, Any]) -> None:
        self.seen = seen.open("ab", buffering=0)
        self.tools = [dict(tool) for tool in says.get("tools", TOOLS)]
        self.says = says
        self.waiting: list[Any] = []
        self.answers: dict[str, Any] = {}
        """By method, what is answered to what is no tool's call."""

    def run(self) -> None:
        """Serve until stdin ends."""
        for line in sys.stdin.buffer:
            self.seen.write(line)
            frame = read(line)
            if frame is not None:
                self.take(frame)

    def take(self, frame: dict[str, Any]) -> None:
        """Act on one frame."""
        match frame.get("method"):
            case "initialize":
                self.result(
                    frame,
                    {
                        "protocolVersion": negotiated(frame),
                        **self.declared(),
                    },
                )
            case "server/discover":
                self.result(
                    frame,
                    {
                        "resultType": "complete",
                        "supportedVersions": ["2026-07-28"],
                        **self.declared(),
                    },
                )
            case "tools/list":
                self.list_tools(frame)
            case "tools/call":
                self.call(frame, frame["params"]["name"], frame["params"].get("arguments", {}))
            case "x/say":
                for text in frame["params"]["lines"]:
                    self.say(text.encode("utf-8", "surrogateescape") + b"\n")
            case "x/tools":
                self.tools = frame["params"]["tools"]
                self.result(frame, {})
            case "x/environment":
                self.result(frame, dict(os.environ))
            case "ping" | "x/echo":
                self.result(frame, frame.get("params", {}))
            case method:
                self.answer(frame, method)

    def declared(self) -> dict[str, Any]:
        """Return what it says of itself."""
        capabilities: dict[str, Any] = {"tools": {"listChanged": True}}
        if "prompts" in self.says:
            capabilities["prompts"] = {"listChanged": True}
        if "resourceTemplates" in self.says:
            capabilities["resources"] = {}
        said: dict[str, Any] = {
            "capabilities": capabilities,
            "serverInfo": {"name": "raw", "version": "1"},
        }
        if "instructions" in self.says:
            said["instructions"] = self.says["instructions"]
        return said

    def answer(self, frame: dict[str, Any], method: Any) -> None:
        """Answer what a test has set an answer for."""
        listed = LISTS.get(method, "")
        if listed in self.says:
            self.result(frame, {listed: self.says[listed]})
        elif listed:
            error = {"code": -32601, "message": "Method not found"}
            body = {"jsonrpc": "2.0", "id": frame.get("id"), "error": error}
            self.say(json.dumps(body, separators=(",", ":")).encode() + b"\n")
        elif method == "x/says":
            self.says = {**self.says, **frame["params"]}
            self.result(frame, {})
        elif method == "x/answers":
            self.answers = frame["params"]
            self.result(frame, {})
        elif method in self.answers:
            self.result(frame, self.answers[method])

    def list_tools(self, frame: dict[str, Any]) -> None:
        """List in pages of four."""
        params: dict[str, Any] = frame.get("params", {})
        start = int(params.get("cursor", "0"))
        result: dict[str, Any] = {"tools": self.tools[start : start + 4]}
        if start + 4 < len(self.tools):
            result["nextCursor"] = str(start + 4)
        self.result(frame, result)

    def call(self, frame: dict[str, Any], tool: str, arguments: dict[str, Any]) -> None:
        """Run a tool."""
        answer = {"content": [{"type": "text", "text": arguments.get("text", "")}]}
        match tool:
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "twice":
                self.result(frame, answer)
                self.result(frame, {"content": [{"type": "text", "text": "second"}]})
            case "silent":
                pass
            case "slow":
                time.sleep(float(arguments.get("seconds", 0.3)))
                self.result(frame, answer)
            case "big":
                self.result(frame, big(arguments))
            case "junk":
                self.say(b'junk\n\n[]\n{"x":1}\n\xff\xfe\n')
                self.result(frame, answer)
            case "unclear":
                self.say(
                    b'{"jsonrpc":"2.0","id":%b,"result":{"a":1},"result":{"content":[]}}\n'
                    % json.dumps(frame["id"]).encode()
                )
            case "late":
                self.waiting.append(frame)
            case "child":
                # Keeps our stdout open and ignores the gentle signals.
                code = "import signal,time;signal.signal(15,signal.SIG_IGN);time.sleep(60)"
                child = subprocess.Popen([sys.executable, "-c", code])
                self.result(frame, {"content": [{"type": "text", "text": str(child.pid)}]})
            case _:
                self.result(frame, answer)

    def result(self, frame: dict[str, Any], result: Any) -> None:
        """Answer one request."""
        body = {"jsonrpc": "2.0", "id": frame.get("id"), "result": result}
        self.say(json.dumps(body, separators=(",", ":")).encode() + b"\n")

    def say(self, line: bytes) -> None:
        """Write bytes."""
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def big(arguments: dict[str, Any]) -> Any:
    """Return a result of about so many bytes as `text` says, of one of several kinds."""
    size, unit = int(arguments["text"]), arguments.get("unit", "x")
    text = (unit * (size // len(unit) + 1))[:size]
    match arguments.get("kind", "text"):
        case "structured":
            rows = [{"id": n, "name": unit.strip(), "sent": True} for n in range(size // 100)]
            return {"content": [], "structuredContent": {"rows": rows}}
        case "binary":
            image = {"type": "image", "data": base64.b64encode(text.encode()).decode()}
            return {"content": [{**image, "mimeType": "image/png"}]}
        case "deep":
            deep: Any = text
            for _ in range(400):
                deep = [deep]
            return {"content": [], "structuredContent": {"deep": deep}}
        case "wrong":
            return [text]
        case _:
            return {"content": [{"type": "text", "text": text}]}


def negotiated(frame: dict[str, Any]) -> str:
    """Return the version that has batches to who asks for it, else the last of that era."""
    wanted = frame.get("params", {}).get("protocolVersion")
    return "2025-03-26" if wanted == "2025-03-26" else "2025-11-25"


def said_in(text: str) -> dict[str, Any]:
    """Read what it is to say; `@FILE` has it in a file."""
    return json.loads(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)


def read(line: bytes) -> dict[str, Any] | None:
    """Decode a frame as laxly as many servers do; None for what is no object."""
    try:
        frame: Any = json.loads(line)
    except ValueError:
        return None
    return cast(dict[str, Any], frame) if isinstance(frame, dict) else None


if __name__ == "__main__":
    RawServer(Path(sys.argv[1]), said_in("".join(sys.argv[2:]) or "{}")).run()
