"""A bus with an authority on it: one that the test plays, or the real polkitd in a room of its own.

The real one reads its actions, and which process is of which session, from folders of the system,
so that it runs where root may give it others: in a mount namespace. Its dialog is played, as the
one of a desktop's session, and answers as the helper that checks passwords would; that check
itself is the system's.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jeepney  # pyright: ignore[reportMissingTypeStubs]  # it has no types and there are no stubs
import jeepney.io.asyncio as streams  # pyright: ignore[reportMissingTypeStubs]  # as above

from keyturn.application.tasks import TaskOwner
from tests.private_session import end

POLKITD = Path("/usr/lib/polkit-1/polkitd")
NOBODY = 65534
_GIVES, _TAKES = 5, 6
"""Flags of a name: another may take it, or takes it; nobody waits for it."""
_OF_CHECK = 5
_HELPER = 0
"""User of the helper that looks at passwords."""
_jeepney: Any = jeepney
_streams: Any = streams
_NAME = "org.freedesktop.PolicyKit1"
_PATH = "/org/freedesktop/PolicyKit1/Authority"
_AUTHORITY = _jeepney.DBusAddress(_PATH, _NAME, f"{_NAME}.Authority")
_AGENT_PATH = "/org/keyturn/test/agent"
_SESSION = "c1"
_CGROUP = f"0::/user.slice/user-65534.slice/session-{_SESSION}.scope\n"
# As the system's: only answers that were asked for are carried.
_CONFIGURATION = """
<busconfig>
  <type>system</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="false"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"""


def address(bus: str) -> str:
    """Return what a bus is found by."""
    return f"unix:abstract={bus.removeprefix(chr(0))}"


@contextmanager
def system_bus(folder: Path) -> Generator[str]:
    """Start a bus with the system's manners; yield its socket's name.

    It is in no folder, so that polkitd gets there without rights, whoever closes a test's folders.
    """
    socket, configuration = f"\0keyturn-{secrets.token_hex(8)}", folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(address=address(socket)), encoding="utf-8")
    argv = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile",
            "--print-address=1"]  # fmt: skip
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        try:
            assert daemon.stdout is not None
            daemon.stdout.readline()
            yield socket
        finally:
            end(daemon)


def started_of(pid: int) -> int:
    """Return when a process began, in ticks since boot."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(stat.rpartition(")")[2].split()[19])


@dataclass(slots=True)
class PlayedAuthority:
    """Owns the authority's name on a bus and answers as it is told; each check is kept."""

    bare: tuple[bool, bool] = (False, True)
    """Authorized and challenge, as it says without asking anybody."""
    details: dict[str, str] = field(default_factory=dict[str, str])
    person: tuple[bool, bool, dict[str, str]] | None = (True, False, {})
    """What comes of the dialog; None: nobody answers it."""
    error: str = ""
    """Name of the error that every check ends with."""
    replaced: bool = False
    """Somebody else has its name before a dialog is answered: nobody vouches for the answer."""
    taken: bool = False
    """Another program shows the dialogs of the window."""
    calls_back: bool = False
    """The session shows no dialogs: it asks whoever asks it to show one."""
    trusts: bool = True
    """The caller may say what the dialog is about."""
    body: tuple[str, tuple[Any, ...]] | None = None
    """Sent in the place of any result."""
    checks: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    cancelled: list[str] = field(default_factory=list[str])
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """The dialog was taken away."""
    _connection: Any = None
    _call: Any = None

    @asynccontextmanager
    async def on(self, bus: str) -> AsyncGenerator["PlayedAuthority"]:
        """Own the name for a while."""
        connection = await _streams.open_dbus_connection(address(bus))
        second = await _streams.open_dbus_connection(address(bus))
        self._connection, tasks = connection, TaskOwner()
        try:
            async with _streams.DBusRouter(connection) as router:
                request = _jeepney.message_bus.RequestName(_NAME, _GIVES)
                answer = await router.send_and_get_reply(request)
            assert answer.body == (1,)
            async with _streams.DBusRouter(second) as other:
                tasks.start(self._serve(connection, other), "played authority")
                yield self
        finally:
            await tasks.close()
            await second.close()
            await connection.close()

    async def answer(self, result: tuple[bool, bool, dict[str, str]]) -> None:
        """Answer the dialog that is open."""
        reply = _jeepney.new_method_return(self._call, "(bba{ss})", (result,))
        await self._connection.send(reply)

    async def _serve(self, connection: Any, other: Any) -> None:
        while True:
            call = await connection.receive()
            if call.header.message_type is not _jeepney.MessageType.method_call:
                continue
            asks = len(call.body) == _OF_CHECK and call.body[3]
            if self.replaced and asks:
                await other.send_and_get_reply(_jeepney.message_bus.RequestName(_NAME, _TAKES))
            if self.calls_back and asks:
                asker = call.header.fields[_jeepney.HeaderFields.sender]
                there = _jeepney.DBusAddress("/any", asker, f"{_NAME}.AuthenticationAgent")
                begin = _jeepney.new_method_call(there, "BeginAuthentication")
                refused = await other.send_and_get_reply(begin)
                assert refused.header.message_type is _jeepney.MessageType.error
            if (reply := self._reply(call)) is not None:
                await connection.send(reply)

    def _reply(self, call: Any) -> Any:
        fields = _jeepney.HeaderFields
        if call.header.fields[fields.member] == "CancelCheckAuthorization":
            self.cancelled.append(call.body[0])
            self.gone.set()
            return _jeepney.new_method_return(call)
        if call.header.fields[fields.member].startswith("RegisterAuthenticationAgent"):
            if self.taken:
                return _jeepney.new_error(call, f"{_NAME}.Error.Failed", "s", ("taken",))
            return _jeepney.new_method_return(call)
        _subject, _action, said, flags, _ticket = call.body
        self.checks.append(call.body)
        if self.error:
            return _jeepney.new_error(call, self.error, "s", ("no",))
        if said and not self.trusts:
            return _jeepney.new_error(call, f"{_NAME}.Error.NotAuthorized", "s", ("no",))
        if self.body is not None:
            return _jeepney.new_method_return(call, *self.body)
        if not flags:
            result = (*self.bare, self.details)
            return _jeepney.new_method_return(call, "(bba{ss})", (result,))
        self._call = call
        self.opened.set()
        if self.person is None:
            return None
        return _jeepney.new_method_return(call, "(bba{ss})", (self.person,))


@cache
def why_no_polkitd() -> str:
    """Say why the real authority cannot be run here; empty where it can."""
    if not POLKITD.exists():
        return "polkitd is not installed"
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "polkitd needs root and a mount namespace"
    argv = ["unshare", "-m", "mount", "--bind", "/dev/null", "/proc/self/cgroup"]
    tried = subprocess.run(argv, check=False, capture_output=True)
    return "" if tried.returncode == 0 else "mount namespaces are forbidden here"


@contextmanager
def real_polkitd(
    folder: Path, bus: str, actions: Path, pid: int, rule: str = "", *, active: bool = True
) -> Generator[None]:
    """Run polkitd on a bus with these actions and this rule, and nothing else of the system's.

    A window's process and this one, which shows the dialogs, are of nobody's session on a seat;
    `active`: it is the one in front.
    """
    mounts = {
        "/usr/share/polkit-1/actions": actions,
        "/etc/polkit-1/rules.d": _put(folder / "rules", {"50-test.rules": rule}),
        "/run/systemd": _session_files(folder / "systemd", active=active),
    }
    for process in (pid, os.getpid()):
        mounts[f"/proc/{process}/cgroup"] = folder / "systemd" / "cgroup"
    binds = [f"mount --bind '{source}' {target}" for target, source in mounts.items()]
    script = " && ".join([*binds, f"exec {POLKITD} --no-debug"])
    argv = ["unshare", "-m", "sh", "-c", script]
    env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address(bus)}
    with subprocess.Popen(
        argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as daemon:
        try:
            yield
        finally:
            end(daemon)


def _session_files(folder: Path, *, active: bool) -> Path:
    """Play what logind would have written of it, as sd-login reads that."""
    state = "active" if active else "online"
    session = f"UID={NOBODY}\nACTIVE={int(active)}\nSTATE={state}\nCLASS=user\nSEAT=seat0\n"
    files = {
        f"users/{NOBODY}": f"NAME=nobody\nSTATE={state}\nDISPLAY={_SESSION}\n",
        f"sessions/{_SESSION}": session,
        "seats/seat0": f"ACTIVE={_SESSION}\nACTIVE_UID={NOBODY}\nSESSIONS={_SESSION}\n",
        "machines/none": "",
        "cgroup": _CGROUP,
    }
    return _put(folder, files)


def _put(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files that polkitd can read without rights."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.parent.chmod(0o755)
    folder.chmod(0o755)
    return folder


@dataclass(slots=True)
class Dialogs:
    """What a person saw of them, and what they say from now on."""

    says: str
    messages: list[str] = field(default_factory=list[str])
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """One was taken away unanswered."""


@contextmanager
def rights_of(user: int) -> Generator[None]:
    """Give up root's rights for a while."""
    os.setresuid(user, user, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@contextmanager
def window_of(user: int | None) -> Generator[int]:
    """Run a process that stands for the window; yield its id."""
    with subprocess.Popen(["sleep", "60"], user=user) as process:
        try:
            yield process.pid
        finally:
            end(process)


def install(folder: Path, text: str) -> Path:
    """Put an action file where only polkitd looks, for the user of the window."""
    actions = folder / "actions"
    actions.mkdir()
    text = text.replace("unix-user:OWNER", "unix-user:nobody")
    return _put(actions, {"test.policy": text} if text else {})


@asynccontextmanager
async def dialog(bus: str, *, says: str, user: int = 0, pid: int = 0) -> AsyncGenerator[Dialogs]:
    """Show the dialogs of the session, as a desktop would; yield what stood in them.

    `says`: "yes" as after the right password, "no", "close", or "" to leave it open. Of another
    user than root's "yes" is that of a program that never had the password looked at. With a
    `pid` it shows those of that process alone, as a program may that wants them for itself.
    """
    with rights_of(user):
        connection = await _streams.open_dbus_connection(address(bus))
    tasks, shown = TaskOwner(), Dialogs(says)
    session = ("unix-session", {"session-id": ("s", _SESSION)})
    subject = _process(pid) if pid else session
    register = _jeepney.new_method_call(
        _AUTHORITY, "RegisterAuthenticationAgent", "(sa{sv})ss", (subject, "C", _AGENT_PATH)
    )
    try:
        async with _streams.DBusRouter(connection) as router:
            answer = await router.send_and_get_reply(register)
        assert answer.header.message_type is _jeepney.MessageType.method_return, answer.body
        tasks.start(_show(connection, shown), "dialog")
        yield shown
    finally:
        await tasks.close()
        await connection.close()


def _process(pid: int) -> tuple[str, dict[str, tuple[str, int]]]:
    """Name a process of nobody's as polkit does."""
    of_it = {"pid": ("u", pid), "start-time": ("t", started_of(pid)), "uid": ("i", NOBODY)}
    return "unix-process", of_it


async def another_question(bus: str, pid: int, action: str, said: Mapping[str, str]) -> bool:
    """Ask about a window as any program of its user may; tell whether that was confirmed."""
    with rights_of(NOBODY):
        connection = await _streams.open_dbus_connection(address(bus))
    arguments = (_process(pid), action, dict(said), 1, "")
    check = _jeepney.new_method_call(
        _AUTHORITY, "CheckAuthorization", "(sa{sv})sa{ss}us", arguments
    )
    try:
        async with _streams.DBusRouter(connection) as router:
            return (await router.send_and_get_reply(check)).body[0][0]
    finally:
        await connection.close()


async def _show(connection: Any, shown: Dialogs) -> None:
    while True:
        call = await connection.receive()
        member = call.header.fields.get(_jeepney.HeaderFields.member)
        if member == "CancelAuthentication":
            shown.gone.set()
            await connection.send(_jeepney.new_method_return(call))
        if member != "BeginAuthentication":
            continue
        _action, message, _icon, _details, cookie, identities = call.body
        shown.messages.append(message)
        shown.opened.set()
        says = shown.says
        if says == "close":
            error = f"{_NAME}.Error.Cancelled"
            await connection.send(_jeepney.new_error(call, error, "s", ("closed",)))
            continue
        if says == "yes":
            body = (_HELPER, cookie, identities[0])
            confirm = _jeepney.new_method_call(
                _AUTHORITY, "AuthenticationAgentResponse2", "us(sa{sv})", body
            )
            await connection.send(confirm)
        if says:
            await connection.send(_jeepney.new_method_return(call))


async def until_owned(bus: str) -> None:
    """Wait until the authority's name has an owner on a bus."""
    connection = await _streams.open_dbus_connection(address(bus))
    try:
        async with _streams.DBusRouter(connection) as router:
            rule = _jeepney.MatchRule(
                type="signal", member="NameOwnerChanged", interface="org.freedesktop.DBus"
            )
            with router.filter(rule) as changes:
                bus_calls = _jeepney.message_bus
                await router.send_and_get_reply(bus_calls.AddMatch(rule))
                owned = await router.send_and_get_reply(bus_calls.NameHasOwner(_NAME))
                while owned.body[0] != 1:
                    await changes.get()
                    owned = await router.send_and_get_reply(bus_calls.NameHasOwner(_NAME))
    finally:
        await connection.close()
