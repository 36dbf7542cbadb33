"""Shows what becomes of each frame of the corpus on its way through the whole of Keyturn.

Run: python -m tests.bench.fidelity

Client -> shim -> socket -> broker -> server, all real processes; the corpus is
`tests/integration/frames.json`, and `test_link_fidelity.py` has it in every run of the tests. Exit
code 0: each frame arrived as it must.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from tests.conformance.rig import broker
from tests.conformance.table import table
from tests.e2e.desk import wait_until
from tests.e2e.raw_client import RawClient, raw_client
from tests.e2e.servers import RAW_SERVER
from tests.integration.frame_corpus import ANSWERED, Frame, Way, frames, text_of_line

ARRIVES = {
    Way.TO_SERVER: "same bytes",
    Way.TO_CLIENT: "same bytes",
    Way.ANSWER: "same bytes",
    Way.CONTROLLED: "the rest the same",
    Way.JUDGED: "canonical",
    Way.REFUSED: "refused, not sent",
}
WRONG = "NOT AS IT MUST"


@dataclass(slots=True)
class Wire:
    """A client behind the shim, and what the server behind the broker has read."""

    client: RawClient
    seen: Path

    def carries(self, frame: Frame) -> bool:
        """Write a frame at its end and tell whether it came out as it must."""
        match frame.way:
            case Way.TO_SERVER:
                return self._reaches_server(frame)
            case Way.TO_CLIENT:
                return self._reaches_client(frame)
            case Way.ANSWER | Way.CONTROLLED:
                self._ask(ANSWERED, "tools/call", {"name": "silent"})
                wait_until(lambda: b'"silent"' in self._read(), "the call at the server")
                return self._reaches_client(frame, asked="say")
            case Way.JUDGED:
                self.client.send(frame.written)
                return self._arrives(frame)
            case Way.REFUSED:
                self.client.send(frame.written)
                return self._refusal() == frame.code and not self._calls()
            case _:
                assert_never(frame.way)

    def _arrives(self, frame: Frame) -> bool:
        try:
            return wait_until(lambda: (frame.arrives or b"") in self._read(), frame.name)
        except AssertionError:
            return False

    def _reaches_server(self, frame: Frame) -> bool:
        self.client.send(frame.written)
        self._ask("after", "ping", {})
        self.client.answer_to("after")
        return frame.arrives is not None and frame.arrives in self._read()

    def _reaches_client(self, frame: Frame, asked: "int | str" = ANSWERED) -> bool:
        self._ask(asked, "x/say", {"lines": [text_of_line(frame.written)]})
        try:
            while not frame.arrives_as(self.client.line()):
                pass
        except AssertionError:
            return False
        return True

    def _refusal(self) -> int:
        while "error" not in (answer := self.client.next()):
            pass
        return answer["error"]["code"]

    def _ask(self, request_id: "int | str", method: str, params: object) -> None:
        frame = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        self.client.say(frame)

    def _read(self) -> bytes:
        return self.seen.read_bytes()

    def _calls(self) -> list[bytes]:
        return [line for line in self._read().splitlines(keepends=True) if b"tools/call" in line]


def main() -> int:
    """Send every frame, on a connection of its own, and print what became of it."""
    rows = [["frame", "is", "bytes", "arrives as"]]
    with tempfile.TemporaryDirectory(prefix="kt-fidelity-") as folder:
        seen = Path(folder, "seen")
        # A prompt that a server does not list was reviewed by nobody, and is refused.
        program = (sys.executable, str(RAW_SERVER), str(seen), '{"prompts":[{"name":"p"}]}')
        with broker(programs={"raw": program}) as behind:
            for frame in frames(*Way):
                with raw_client(behind.keyturn.env, "raw", Path(folder, "log")) as client:
                    client.shake()
                    seen.write_bytes(b"")
                    verdict = ARRIVES[frame.way] if Wire(client, seen).carries(frame) else WRONG
                rows.append([frame.name, frame.way, f"{len(frame.written):,}", verdict])
    sys.stdout.write(table(rows))
    wrong = sum(row[-1] == WRONG for row in rows)
    sys.stdout.write(f"{len(rows) - 1} frames, {wrong} not as they must be\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
