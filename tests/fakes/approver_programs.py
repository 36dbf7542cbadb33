"""Approver programs for tests: real child processes that answer by a script of Python."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

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

RELAY = """
import os, sys, threading
def forward():
    while data := os.read(requests, 65536):
        os.write(1, data)
    os._exit(0)
requests = os.open(sys.argv[1], os.O_RDONLY)
heard = open(sys.argv[2], "ab", buffering=0)
threading.Thread(target=forward, daemon=True).start()
for line in sys.stdin.buffer:
    heard.write(line)
"""
"""Writes what it is told into one file and says what comes out of a fifo, until that closes."""


@dataclass(slots=True)
class Errors:
    """What the program wrote to its stderr."""

    text: bytearray = field(default_factory=bytearray)

    def __call__(self, data: bytes) -> None:
        """Take a piece."""
        self.text += data


@asynccontextmanager
async def program(
    approvals: Approvals,
    clock: FakeClock,
    script: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    errors: Errors | None = None,
) -> AsyncGenerator[ExecApprover]:
    """Run a script as the approver of `approvals`, which it is attached to."""
    approver = ExecApprover(
        program=Program(
            command=(sys.executable, "-I", "-S", "-c", script, *arguments),
            cwd="/",
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
