"""A window without a screen, in plain Python: it says back what it hears and does what it is told.

Every line from the broker but pings is sent back as the data of a `save_rule` intent. The text of
an alert is an order, as JSON: `say` (a raw line), `silent`, `exit`. Its one argument is a mode:
`crash` ends at once, `mute` never answers a ping.
"""

import json
import sys
from typing import Any


def say(line: str) -> None:
    """Write one line to the broker."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(mode: str) -> int:
    """Run until the broker closes the pipe or an order says so."""
    if mode == "crash":
        return 3
    silent = mode == "mute"
    for line in sys.stdin:
        message = json.loads(line)
        kind = message["type"]
        if kind == "ping":
            if not silent:
                say(json.dumps({"type": "pong", "n": message["n"]}))
            continue
        if kind == "done" and message["n"] == 0:
            continue
        order: dict[str, Any] = json.loads(message["text"]) if kind == "alert" else {}
        if "say" in order:
            say(order["say"])
        elif "silent" in order:
            silent = True
        elif "exit" in order:
            return int(order["exit"])
        else:
            say(json.dumps({"type": "save_rule", "n": 0, "data": line}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
