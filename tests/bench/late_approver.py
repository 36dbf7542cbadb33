"""An approver program that allows what it is first asked after a while; part of `late_answer`.

Run: python late_approver.py SECONDS  (started by the broker)

What it is asked again after it allowed it, it denies at once.
"""

import json
import sys
import threading
from typing import Any


def say(request: dict[str, Any], verdict: str) -> None:
    """Answer in one write, so that two timers never mix their lines."""
    answer = {"id": request["id"], "digest": request["digest"], "verdict": verdict}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main(seconds: float) -> None:
    """Serve until stdin ends."""
    seen: set[str] = set()
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] != "request":
            continue
        if message["arguments"] in seen:
            say(message, "deny")
            continue
        seen.add(message["arguments"])
        timer = threading.Timer(seconds, say, (message, "allow_once"))
        timer.daemon = True
        timer.start()


if __name__ == "__main__":
    main(float(sys.argv[1]))
