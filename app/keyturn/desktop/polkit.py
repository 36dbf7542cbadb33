"""Implements the presence port by polkit's authority, where Keyturn's action file is installed.

The system bus is found by its own path, never by the environment, which a program of the same user
may have written. The subject is a process id with its start time and user: polkit compares all
three, and they are read again at the end. What would say yes without asking a person is no
presence, and is found by asking without a dialog, before the one that opens it and after a yes:
a yes itself does not say whether anybody was asked. Nor is one that an empty password gives. polkit
0.114 and later.
"""

import asyncio
import logging
import os
import secrets
import shlex
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from keyturn.desktop.login_password import PASSWD, is_without_password
from keyturn.desktop.session_bus import (
    BusMessage,
    BusObject,
    BusUnavailable,
    SessionBus,
    StartTask,
    open_bus,
)
from keyturn.domain.presence import PresenceAnswer, Readiness

ACTION: Final = "org.keyturn.allow-call"
SYSTEM_BUS: Final = "/run/dbus/system_bus_socket"
ANSWER_SECONDS: Final = 3.0
"""For all that asks nobody."""
PERSON_SECONDS: Final = 90.0
"""A dialog that nobody answers is taken away after this."""

_NAME: Final = "org.freedesktop.PolicyKit1"
_AUTHORITY = BusObject(
    name=_NAME, path="/org/freedesktop/PolicyKit1/Authority", interface=f"{_NAME}.Authority"
)
_BUS = BusObject(
    name="org.freedesktop.DBus", path="/org/freedesktop/DBus", interface="org.freedesktop.DBus"
)
_REGISTER: Final = "(sa{sv})ssa{sv}"
_AGENT_PATH: Final = "/org/keyturn/agent"
_BEGIN: Final = "BeginAuthentication"
_CHECK: Final = "(sa{sv})sa{ss}us"
_NOBODY_ASKED, _MAY_ASK = 0, 1
_NOT_TRUSTED: Final = f"{_NAME}.Error.NotAuthorized"
_FAILED: Final = f"{_NAME}.Error.Failed"
_RETAINS: Final = "polkit.retains_authorization_after_challenge"
_RETAINED: Final = "polkit.temporary_authorization_id"
_DISMISSED: Final = "polkit.dismissed"
_ENDED: Final = frozenset("ZXx")
"""States of a process that nobody has waited for yet, or that is about to go (proc(5))."""
_START_FIELD: Final = 19
"""Of `/proc/PID/stat` after the name, counted from 0; in clock ticks since boot (proc(5))."""

INSTALLED: Final = Path("/usr/share/polkit-1/actions")
"""Where polkit looks for action files, which only root writes."""
_log = logging.getLogger(__name__)


def installing(resources: Path) -> str:
    """Return the command that installs the action file for this user; empty where there is none.

    It names the user by number: a name may hold what a shell or sed reads as something else.
    """
    file = resources / "polkit" / f"{ACTION}.policy"
    if not hasattr(os, "getuid") or not file.is_file():
        return ""
    target = INSTALLED / file.name
    return f"sed s/OWNER/{os.getuid()}/ {shlex.quote(str(file))} | sudo tee {target}"


class _Process(NamedTuple):
    """Tells one process from every other that has its id later."""

    pid: int
    started: int
    uid: int


class _Checked(NamedTuple):
    authorized: bool
    challenge: bool
    details: dict[str, str]


class PolkitAuthority:
    """Implements the PresenceAuthority port; each question has a connection of its own."""

    def __init__(
        self,
        *,
        start: StartTask,
        bus: str = SYSTEM_BUS,
        action: str = ACTION,
        person_seconds: float = PERSON_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        processes: Path = Path("/proc"),
        passwd: Path = PASSWD,
    ) -> None:
        """`bus` is a socket's path: of another one than the system's only in tests."""
        self._start, self._bus, self._action = start, bus, action
        self._person_seconds, self._answer_seconds = person_seconds, answer_seconds
        self._processes, self._passwd = processes, passwd

    async def readiness(self, pid: int) -> Readiness:
        """Tell whether a person would be asked."""
        process = self._process(pid)
        if process is None:
            # Of another system than Linux, or gone already.
            return Readiness.NO_AUTHORITY
        try:
            async with self._asking(process) as question:
                return await self._ready(question, {})
        except (BusUnavailable, TimeoutError) as error:
            _log.info("no authority answers cause=%s", error)
            return Readiness.NO_AUTHORITY

    async def ask(self, pid: int, said: Mapping[str, str]) -> PresenceAnswer:
        """Have a person confirm what is said."""
        process = self._process(pid)
        if process is None:
            return PresenceAnswer.VOID
        try:
            async with self._asking(process) as question:
                answer = PresenceAnswer.UNAVAILABLE
                if await self._ready(question, said) is Readiness.READY:
                    answer = await self._ask(question, said)
                if answer is PresenceAnswer.CONFIRMED:
                    ready = await self._ready(question, said)
                    answer = answer if ready is Readiness.READY else PresenceAnswer.UNAVAILABLE
        except (BusUnavailable, TimeoutError) as error:
            _log.warning("the authority did not answer cause=%s", error)
            return PresenceAnswer.UNAVAILABLE
        return answer if self._process(pid) == process else PresenceAnswer.VOID

    async def _ask(self, question: "_Question", said: Mapping[str, str]) -> PresenceAnswer:
        async with asyncio.timeout(self._answer_seconds):
            leaves_it = await question.leave_it_to_the_desktop()
        if not leaves_it:
            return PresenceAnswer.TAKEN
        return await question.of_a_person(said, self._person_seconds)

    async def _ready(self, question: "_Question", said: Mapping[str, str]) -> Readiness:
        async with asyncio.timeout(self._answer_seconds):
            ready = await question.readiness(said)
        if ready is Readiness.READY and await is_without_password(self._passwd):
            return Readiness.ASKS_NOBODY
        return ready

    def _process(self, pid: int) -> _Process | None:
        """Read which process has an id now; None where none has, or one that has ended."""
        folder = self._processes / str(pid)
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            status = (folder / "status").read_text(encoding="utf-8", errors="replace")
            # The name stands in brackets and may hold any of them.
            fields = stat.rpartition(")")[2].split()
            uids = next(line for line in status.splitlines() if line.startswith("Uid:"))
            process = _Process(pid, int(fields[_START_FIELD]), int(uids.split()[1]))
            return None if fields[0] in _ENDED else process
        except (OSError, ValueError, IndexError, StopIteration):
            return None

    @asynccontextmanager
    async def _asking(self, process: _Process) -> AsyncGenerator["_Question"]:
        """Connect for one question, within its time; raises BusUnavailable or TimeoutError."""
        async with asyncio.timeout(self._answer_seconds):
            bus = await open_bus(self._bus, self._start, lambda _signal: None)
        try:
            yield _Question(bus, self._action, process)
        finally:
            await bus.close()


class _Question:
    """One question to one authority, about one process."""

    def __init__(self, bus: SessionBus, action: str, process: _Process) -> None:
        self._bus, self._action = bus, action
        self._subject = (
            "unix-process",
            {
                "pid": ("u", process.pid),
                "start-time": ("t", process.started),
                "uid": ("i", process.uid),
            },
        )

    async def readiness(self, said: Mapping[str, str]) -> Readiness:
        """Ask once as if nobody were there."""
        try:
            bare = await self._check({}, _NOBODY_ASKED)
        except BusUnavailable as error:
            if error.name == _FAILED:
                return Readiness.NO_ACTION
            raise
        try:
            named = await self._check({"tool": "", **said}, _NOBODY_ASKED)
        except BusUnavailable as error:
            if error.name == _NOT_TRUSTED:
                return Readiness.NOT_OWNER
            raise
        if bare.authorized or named.authorized:
            return Readiness.ASKS_NOBODY
        if not named.challenge:
            return Readiness.REFUSES
        return Readiness.KEEPS if _RETAINS in named.details else Readiness.READY

    async def leave_it_to_the_desktop(self) -> bool:
        """See to it that nobody shows this process its dialogs but who does for the session.

        Any program of the user may ask for those of one process, and a person would not see them:
        a finger on the reader could answer one. That place is for one program only, so it is taken
        here, as one that is asked where the session has none. False where another one has it.
        """
        fallback = {"fallback": ("b", True)}
        arguments = (self._subject, "C", _AGENT_PATH, fallback)
        try:
            await self._bus.call(
                _AUTHORITY, "RegisterAuthenticationAgentWithOptions", _REGISTER, *arguments
            )
        except BusUnavailable as error:
            if error.name == _FAILED:
                return False
            raise
        return True

    async def of_a_person(self, said: Mapping[str, str], seconds: float) -> PresenceAnswer:
        """Open the dialog, and take it away when the time is over or the caller gives up."""
        ticket = secrets.token_hex(16)
        done = False
        try:
            async with asyncio.timeout(seconds):
                checked = await self._check(said, _MAY_ASK, ticket)
            done = True
        except TimeoutError:
            return PresenceAnswer.TIMED_OUT
        finally:
            if not done:
                self._bus.send(_AUTHORITY, "CancelCheckAuthorization", "s", ticket)
        if checked.authorized:
            kept = _RETAINED in checked.details
            return PresenceAnswer.UNAVAILABLE if kept else PresenceAnswer.CONFIRMED
        if _DISMISSED in checked.details:
            return PresenceAnswer.DISMISSED
        nobody_shows = checked.challenge or _BEGIN in self._bus.refused
        return PresenceAnswer.NO_DIALOG if nobody_shows else PresenceAnswer.DENIED

    async def _check(self, said: Mapping[str, str], flags: int, ticket: str = "") -> _Checked:
        arguments = (self._subject, self._action, dict(said), flags, ticket)
        answer = await self._bus.call(_AUTHORITY, "CheckAuthorization", _CHECK, *arguments)
        await self._vouch(answer)
        return _checked(answer.body)

    async def _vouch(self, answer: BusMessage) -> None:
        """Have the bus say that an answer is the authority's; raises BusUnavailable."""
        owner = await self._bus.call(_BUS, "GetNameOwner", "s", _NAME)
        if owner.sender != _BUS.name or owner.body != (answer.sender,) or not answer.sender:
            raise BusUnavailable("somebody else answered, or the authority was started anew")


def _checked(body: tuple[Any, ...]) -> _Checked:
    """Read an answer; anything else than the documented shape is no answer."""
    match body:
        case ((bool(authorized), bool(challenge), details),) if isinstance(details, dict):
            return _Checked(authorized, challenge, cast("dict[str, str]", details))
        case _:
            raise BusUnavailable("what was answered is no authorization result")
