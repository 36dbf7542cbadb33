"""The console adapter with a child process that stands in for its window.

The child tells what it hears through intents, so that every wait here is for a message.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.approvals import Resolution
from keyturn.application.console_protocol import (
    Intent,
    Quit,
    SaveRule,
    Welcome,
    encode_line,
)
from keyturn.application.intents import Intents
from keyturn.application.pins import Pins
from keyturn.application.presence_checks import PresenceChecks
from keyturn.approvers.console import ConsoleApprover, ConsolePace
from keyturn.approvers.console_dialog import Dialog
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.fakes.presence import FakeAuthority
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.application.broker_world import BrokerWorld

CHILD = Path(__file__).with_name("window_child.py")
CATALOGUE = Path(__file__).resolve().parents[3] / "resources" / "translations"
HALF = os.fsdecode(b"ag\xffent")
"""A name that is no text, as Python gives it."""
QUICK = ConsolePace(ping_seconds=0.02, silence_seconds=20.0, coalesce_seconds=0.05)
IMPATIENT = ConsolePace(
    ping_seconds=0.02, silence_seconds=0.5, start_seconds=20.0, coalesce_seconds=0.05
)


class Ears:
    """Intents as the broker carries them out, but what the child reports goes to the test."""

    def __init__(self, intents: Intents) -> None:
        self._intents = intents
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def carry_out(self, intent: Intent, *, pin: bool = False, both: bool = False) -> None:
        if isinstance(intent, SaveRule) and intent.n == 0:
            self.heard.put_nowait(json.loads(intent.data))
        elif isinstance(intent, Quit):
            raise ZeroDivisionError("a surprise in a use case")
        else:
            await self._intents.carry_out(intent, pin=pin, both=both)


class SlowSecrets(FakeSecretStore):
    """A keychain that waits for a person before it says anything."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = asyncio.Event()

    async def status(self) -> str:
        await self.unlocked.wait()
        return await super().status()


def child_command(mode: str = "") -> tuple[str, ...]:
    """Return the command line of the window's stand-in."""
    return (sys.executable, "-I", "-S", str(CHILD), mode)


def _said(request: ApprovalRequest) -> dict[str, str]:
    return {"id": request.id}


class Rig:
    """A broker's world with a console adapter and its child."""

    def __init__(
        self,
        mode: str = "",
        pace: ConsolePace = QUICK,
        secrets: FakeSecretStore | None = None,
        pipe: ConsolePipe | None = None,
        authority: FakeAuthority | None = None,
    ) -> None:
        self.world = BrokerWorld(secrets=secrets)
        self.ears = Ears(self.world.intents)
        self.pins = Pins(
            keychain=self.world.secrets,
            settings=self.world.setting_store,
            log=self.world.log,
            clock=self.world.clock,
            observers=self.world.observers,
        )
        self.checks = PresenceChecks(
            authority=authority or FakeAuthority(),
            approvals=self.world.approvals,
            observers=self.world.observers,
            pins=self.pins,
        )
        said = Dialog(self.checks, _said)
        self.given_up: asyncio.Queue[str] = asyncio.Queue()
        self.words = Words(CATALOGUE)
        self.console = ConsoleApprover(
            argv=child_command(mode),
            env={},
            welcome=lambda: Welcome(version="1", profile="", database="/db", settings={}),
            approvals=self.world.approvals,
            overview=self.world.overview,
            observers=self.world.observers,
            words=self.words,
            gave_up=self.given_up.put_nowait,
            pace=pace,
            pipe=pipe,
            pins=self.pins,
            dialog=None if authority is None else said,
        )
        self.world.approvals.attach(self.console)

    def start(self) -> None:
        """Start the child."""
        self.console.start(self.ears)  # type: ignore[arg-type]  # it only carries intents out

    async def heard(self, kind: str) -> dict[str, Any]:
        """Wait until the child has heard a message of a kind and return it."""
        while True:
            message = await self.ears.heard.get()
            if message["type"] == kind:
                return message

    async def started(self) -> int:
        """Start the child, wait until it knows everything, return its process id."""
        self.start()
        return await self.known()

    async def known(self) -> int:
        """Wait until a child has been told the whole state, return its process id."""
        while (await self.heard("state")).get("credentials") is None:
            pass
        assert self.console.pid is not None
        return self.console.pid

    def order(self, **order: object) -> None:
        """Tell the child to do something."""
        self.console.alert(json.dumps(order))

    def say(self, message: Any) -> None:
        """Have the child say a message."""
        self.order(say=encode_line(message).decode().rstrip("\n"))

    def ask(self, id_: str = "call-1") -> "asyncio.Future[Resolution]":
        """Let a call ask."""
        return self.world.approvals.ask(make_request(id_), hold_seconds=50)


def play(rig: Callable[[], Rig], story: Callable[[Rig], Awaitable[None]]) -> None:
    """Run one story within a bound, and end the child whatever happens."""

    async def bounded() -> None:
        made = rig()
        try:
            async with asyncio.timeout(60):
                await story(made)
        finally:
            await made.console.close()
            assert made.console.pid is None

    asyncio.run(bounded())


def gone(pid: int) -> bool:
    """Tell whether a process has ended and been waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
