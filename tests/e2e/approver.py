"""An operator's approver program for tests: answers as its rules say, and writes down what it read.

Run as `python approver.py LOG ANSWERS`; ANSWERS is a JSON object from tool name, or kind, or "*",
to a verdict; "wait" leaves a request without an answer.
"""

import json
import sys
from pathlib import Path
from typing import Any, cast


def main(log: Path, answers: dict[str, str]) -> None:
    """Serve until stdin ends."""
    with log.open("a", encoding="utf-8") as written:
        for line in sys.stdin:
            written.write(line)
            written.flush()
            message = cast(dict[str, Any], json.loads(line))
            if message["type"] != "request":
                continue
            names = (message["tool"], message["kind"], "*")
            verdict = next((answers[name] for name in names if name in answers), "deny")
            if verdict != "wait":
                answer = {"id": message["id"], "digest": message["digest"], "verdict": verdict}
                sys.stdout.write(json.dumps(answer) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
