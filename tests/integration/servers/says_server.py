"""A server that says what it is told to: its tools, and of each the results, one after the other.

Run as `python says_server.py FILE`: JSON of `tools` (definitions) and `results` (by tool a list of
results; the last is said again and again). What a tool was called with stands in FILE.called.
"""

import json
import sys
from pathlib import Path
from typing import Any

DECLARED: dict[str, Any] = {
    "capabilities": {"tools": {}, "logging": {}},
    "serverInfo": {"name": "says", "version": "1"},
}


def answer(request: dict[str, Any], told: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return the result of a request."""
    match request["method"]:
        case "initialize":
            return {"protocolVersion": "2025-11-25", **DECLARED}
        case "tools/list":
            return {"tools": told["tools"]}
        case "tools/call":
            with file.with_suffix(".called").open("a", encoding="utf-8") as called:
                called.write(json.dumps(request["params"]) + "\n")
            results = told["results"][request["params"]["name"]]
            return results.pop(0) if len(results) > 1 else results[0]
        case _:
            return {}


def main() -> None:
    """Answer until the client is gone."""
    file = Path(sys.argv[1])
    told = json.loads(file.read_text(encoding="utf-8"))
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        result = answer(asked, told, file)
        for notice in result.pop("notices_before", []):
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", **notice}) + "\n")
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
