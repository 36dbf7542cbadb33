"""Prints what cleaning a result costs (`python -m tests.bench.clean_cost`): CPU of one frame.

Small plain results are what nearly all calls bring; the others are as large and as hostile as is
still looked at on the broker's loop, or given up there for a worker.
"""

import json
import random
import sys
import time
from collections.abc import Mapping

from keyturn.application.ports.inspection import ControlOrder
from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.domain.result_controls import STRICTEST
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.schema import JsonSchemaValidator

TIMES = 200
_WORDS = ("order", "pallet", "lorry", "north", "yard", "depot", "week", "dock", "permit")
_ROOM = LARGE_BYTES - 200
HOSTILE = {
    "escape sequences": "\x1b[31m",
    "zero-width": "a\u200b",
    "emoji": "👍",
    "pwd=": "pwd=abcd1234 ",
    "links": "![a](https://a.b/c?d=e) ",
    "quotes": '"\\',
    "base64": "QUJD",
}


def main() -> None:
    """Measure frames of one text block."""
    chance = random.Random(7)
    words = " ".join(chance.choices(_WORDS, k=40)) + "\n"
    texts = {
        "ok": "ok",
        "300 bytes": words,
        "4 KiB": words * 16,
        "64 KiB": (words * 300)[:_ROOM],
        **{f"hostile: {name}": _filled(unit) for name, unit in HOSTILE.items()},
    }
    control = FrameControl(JsonSchemaValidator())
    for name, text in texts.items():
        result = {"content": [{"type": "text", "text": text}], "isError": False}
        _measure(control, name, {"jsonrpc": "2.0", "id": 1, "result": result})
    many = {"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": ["\u200b"] * 7_000}}
    _measure(control, "hostile: texts", many)


def _filled(unit: str) -> str:
    return unit * (_ROOM // (len(json.dumps(unit)) - 2))


def _measure(control: FrameControl, name: str, frame: Mapping[str, object]) -> None:
    line = json.dumps(frame).encode() + b"\n"
    order = ControlOrder(controls=STRICTEST)
    costs: list[float] = []
    found = control.control(line, order)
    for _ in range(TIMES):
        start = time.process_time()
        control.control(line, order)
        costs.append(time.process_time() - start)
    costs.sort()
    said = "left to a worker" if found is None else f"{len(found.findings)} findings"
    median, worst = costs[len(costs) // 2] * 1e6, costs[-1] * 1e6
    sys.stdout.write(
        f"{name:26} {len(line):7} bytes {median:9.0f} us  most {worst:9.0f} us  {said}\n"
    )


if __name__ == "__main__":
    main()
