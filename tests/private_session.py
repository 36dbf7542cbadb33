"""A session bus, a display and programs of a test's own, each ended by the test that started it."""

import asyncio
import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from keyturn.application.tasks import TaskOwner
from keyturn.desktop.session_bus import BusMessage, BusObject, open_session_bus

WAIT_SECONDS = 30.0
_ADDRESS = "DBUS_SESSION_BUS_ADDRESS"
_BUS = BusObject(
    name="org.freedesktop.DBus", path="/org/freedesktop/DBus", interface="org.freedesktop.DBus"
)
# Without the system's service folders: nothing may be started that the test has not started.
_CONFIGURATION = """
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def program(
    argv: Sequence[str], env: Mapping[str, str], *, stdin: bytes = b"", log: Path | None = None
) -> Generator[subprocess.Popen[bytes]]:
    """Run a program with this stdin and end it with the block; its output goes to `log`."""
    target = Path(os.devnull) if log is None else log
    with target.open("ab") as output, subprocess.Popen(
        argv, env=env, stdin=subprocess.PIPE, stdout=output, stderr=output
    ) as process:  # fmt: skip
        try:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.close()
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End one process that the test started; harmless when it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@contextmanager
def session_bus(folder: Path) -> Generator[dict[str, str]]:
    """Start a bus that activates nothing; yield an environment with its address and own folders."""
    env = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")}
    for name in ("config", "data", "state", "cache"):
        env[f"XDG_{name.upper()}_HOME"] = str(folder / name)
    for name in ("run", "config", "data", "state", "cache"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    env.pop("DISPLAY", None)
    socket = folder / "bus"
    configuration = folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(socket=socket), encoding="utf-8")
    argv = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile",
            "--print-address=1"]  # fmt: skip
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE) as daemon:
        try:
            assert daemon.stdout is not None
            env[_ADDRESS] = daemon.stdout.readline().decode("ascii").strip()
            yield env
        finally:
            end(daemon)


@contextmanager
def display(folder: Path) -> Generator[str]:
    """Start an X server without a screen on a free number; yield its name, such as `:7`."""
    reading, writing = os.pipe()
    argv = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with (folder / "xvfb.log").open("wb") as log, subprocess.Popen(
        argv, stdout=log, stderr=log, pass_fds=[writing]
    ) as server:  # fmt: skip
        os.close(writing)
        try:
            with os.fdopen(reading, encoding="ascii") as answer:
                yield f":{answer.readline().strip()}"
        finally:
            end(server)


async def wait_for_owner(name: str, *, owned: bool = True) -> None:
    """Wait until somebody, or nobody, owns a name on the bus of this process's environment."""
    changed = asyncio.Event()

    def on_signal(signal: BusMessage) -> None:
        if signal.member == "NameOwnerChanged":
            changed.set()

    tasks = TaskOwner()
    bus = await open_session_bus(tasks.start, on_signal)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await bus.add_match(f"type='signal',member='NameOwnerChanged',arg0='{name}'")
            while (await bus.call(_BUS, "NameHasOwner", "s", name)).body != (int(owned),):
                await changed.wait()
                changed.clear()
    finally:
        await bus.close()
        await tasks.close()
