"""Approver programs for tests: real child processes, and a wire to what they hear and say."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyturn.application.approvals import Approvals
from keyturn.approvers.exec import ExecApprover, Program
from keyturn.desktop import process_tree
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.clock import FakeClock

RESOURCES = Path(__file__).parents[2] / "resources"
WORDS = Words(RESOURCES / "translations")
CARDS = CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml"))
PATIENCE = 20.0
"""Seconds that any wait may take before the test fails."""

RELAY = """
import os, sys, threading
said = os.open(sys.argv[1], os.O_RDONLY)
heard = os.open(sys.argv[2], os.O_WRONLY)
def forward():
    while data := os.read(said, 65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=forward, daemon=True).start()
while data := os.read(0, 65536):
    while data:
        data = data[os.write(heard, data):]
"""
"""Passes on what it hears to a fifo, and says what comes out of another."""


@dataclass(slots=True)
class Errors:
    """What a program wrote to its stderr."""

    text: bytearray = field(default_factory=bytearray)
    some: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, data: bytes) -> None:
        """Take a piece."""
        self.text += data
        self.some.set()

    async def read(self) -> str:
        """Wait for something and return all of it."""
        await asyncio.wait_for(self.some.wait(), PATIENCE)
        return self.text.decode()


class Wire:
    """The test's end of a relay program."""

    def __init__(self, approver: ExecApprover, reader: asyncio.StreamReader, said: int) -> None:
        self.approver = approver
        self._reader = reader
        self._said = said

    async def hear(self) -> dict[str, Any]:
        """Return the next message that the program was sent."""
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self._reader.readline())

    def say(self, text: bytes) -> None:
        """Let the program say this."""
        os.write(self._said, text)

    def answer(self, asked: Mapping[str, Any], verdict: str, **fields: object) -> None:
        """Let the program answer a request that it was sent."""
        answer = {"id": asked["id"], "digest": asked["digest"], "verdict": verdict, **fields}
        self.say(json.dumps(answer).encode() + b"\n")


@asynccontextmanager
async def program(
    approvals: Approvals,
    clock: FakeClock,
    script: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: str = "/",
    errors: Errors | None = None,
) -> AsyncGenerator[ExecApprover]:
    """Run a script as the approver of `approvals`, which it is attached to."""
    approver = ExecApprover(
        program=Program(
            command=(sys.executable, "-I", "-S", "-c", script, *arguments),
            cwd=cwd,
            env=env or {"PATH": "/usr/bin:/bin"},
        ),
        approvals=approvals,
        clock=clock,
        phrases=CARDS.phrases,
        texts=RequestTexts(WORDS, CARDS),
        tree=process_tree,
        stderr=errors or Errors(),
    )
    try:
        await approver.start()
        approvals.attach(approver)
        yield approver
    finally:
        await approver.close()


@asynccontextmanager
async def relay(folder: Path, approvals: Approvals, clock: FakeClock) -> AsyncGenerator[Wire]:
    """Run a relay program as the approver."""
    said, heard = folder / "said", folder / "heard"
    os.mkfifo(said)
    os.mkfifo(heard)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    pipe = os.fdopen(os.open(heard, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
    writing = os.open(said, os.O_RDWR)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        async with program(approvals, clock, RELAY, str(said), str(heard)) as approver:
            yield Wire(approver, reader, writing)
    finally:
        os.close(writing)
        transport.close()
