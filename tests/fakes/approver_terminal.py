"""A terminal approver on a real pseudo terminal, and a person's hands and eyes at its other end."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from keyturn.application.approvals import Approvals
from keyturn.approvers.terminal import TerminalApprover
from keyturn.approvers.terminal_lines import TerminalLines
from keyturn.approvers.terminal_stop import Resume
from tests.fakes.approver_programs import CARDS, PATIENCE, WORDS
from tests.fakes.clock import FakeClock

_PROMPT = r"Type: .*\n|type RESUME\.\n"


class Person:
    """Types and reads at the terminal."""

    def __init__(self, approver: TerminalApprover, clock: FakeClock, master: int) -> None:
        self.approver = approver
        self.master = master
        self.text = ""
        """What was read so far and not looked for yet."""
        self._clock = clock
        self._more = asyncio.Event()

    def readable(self) -> None:
        """Read what is there."""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self.master)
        self.text += data.decode().replace("\r\n", "\n")
        self._more.set()

    def hangs_up(self) -> None:
        """Close the terminal's window."""
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)
        self.master = -1

    def types(self, line: str) -> None:
        """Type a line and Enter."""
        os.write(self.master, line.encode() + b"\n")

    async def reads(self, pattern: str) -> str:
        """Wait until the pattern is on the terminal; return what stood before it, and it."""
        async with asyncio.timeout(PATIENCE):
            while (found := re.search(pattern, self.text)) is None:
                self._more.clear()
                await self._more.wait()
        seen, self.text = self.text[: found.end()], self.text[found.end() :]
        return seen

    async def waits_for_prompt(self) -> None:
        """Read what is shown for as long as it takes to be armed."""
        await self.reads(r"No answer means no\.\n|cannot be undone\.\n(?:.*\n)*")
        await self.armed()

    async def armed(self) -> None:
        """Let the arming time pass, once the approver knows that its text is out."""
        async with asyncio.timeout(PATIENCE):
            while not re.search(_PROMPT, self.text):
                await asyncio.sleep(0.005)
                self._clock.advance(0.2)
        await self.reads(_PROMPT)


@asynccontextmanager
async def at_a_terminal(
    approvals: Approvals, clock: FakeClock, *, resume: Resume | None = None
) -> AsyncGenerator[Person]:
    """Open a pseudo terminal with an approver at one end, attached to `approvals`."""
    master, slave = os.openpty()
    approver = TerminalApprover(
        approvals=approvals, clock=clock, words=WORDS, cards=CARDS, resume=resume
    )
    lines = TerminalLines(stdin=slave, stdout=slave, typed=approver.typed, closed=approver.closed)
    person = Person(approver, clock, master)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, person.readable)
    try:
        approver.open(lines)
        approvals.attach(approver)
        yield person
    finally:
        await approver.close()
        os.close(slave)
        if person.master >= 0:
            loop.remove_reader(master)
            os.close(master)
