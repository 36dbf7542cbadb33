"""An approver program that allows whatever it is asked, once."""

import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "request":
        answer = {"id": message["id"], "digest": message["digest"], "verdict": "allow_once"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
