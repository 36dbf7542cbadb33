"""The desk of an end-to-end test: folders, a display, hands, and the real broker as a process.

Nothing here reaches into the product: the window is seen by pictures, pressed by xdotool, and what
became of it is read from the command line, the socket and the log.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil

from keyturn.desktop.control_client import ask_broker
from keyturn.desktop.paths import Profile
from keyturn.desktop.places import broker_socket
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import KeyturnError
from keyturn.storage.queries.history import HistoryQuery
from tests.private_session import end

ROOT = Path(__file__).parents[2]
SHIM = ROOT / "app" / "keyturn" / "shim.py"
SECONDS = 60.0
"""No wait of a test is longer, unless it says so."""
STEP_SECONDS = 0.02
SCREEN = (1600, 1000)
_NO_BUS = "unix:path=/nonexistent/bus"

T = TypeVar("T")


def wait_until(look: Callable[[], T | None], what: str, seconds: float = SECONDS) -> T:
    """Look until something true is seen and return it; fails, naming `what`, after so long."""
    last = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < last, f"not within {seconds:.0f} s: {what}"
        time.sleep(STEP_SECONDS)


def promised(seconds: float) -> float:
    """Return how long a promised time may take: thrice as long where others use the machine.

    A machine with much more to do than processors proves nothing about time, only that it ends.
    """
    busy = os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)
    return 3 * seconds if busy else seconds


# ---------------------------------------------------------------- folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """A user's own folders; short, because a socket's path may have 103 bytes."""

    root: Path

    @property
    def home(self) -> Path:
        """HOME."""
        return self.root / "home"

    @property
    def run(self) -> Path:
        """XDG_RUNTIME_DIR."""
        return self.root / "run"

    @property
    def work(self) -> Path:
        """What servers write to."""
        return self.root / "work"

    @property
    def profile(self) -> Profile:
        """KEYTURN_HOME."""
        return Profile(folder=self.root / "p")

    @property
    def stop_file(self) -> Path:
        """The user's stop."""
        return self.home / ".local" / "state" / "keyturn" / "stop"

    def env(self, **more: str) -> dict[str, str]:
        """Return an environment with nothing else in it; `more` is added."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.run),
            "KEYTURN_HOME": str(self.profile.folder),
            "DBUS_SESSION_BUS_ADDRESS": _NO_BUS,
            **more,
        }


@contextmanager
def own_folders() -> Generator[Folders]:
    """Make the folders and take them away again."""
    root = Path(tempfile.mkdtemp(prefix="kt-"))
    folders = Folders(root=root)
    for folder in (folders.home, folders.run, folders.work):
        folder.mkdir(mode=0o700)
    try:
        yield folders
    finally:
        shutil.rmtree(root, ignore_errors=True)


# ---------------------------------------------------------------- display


class Screen:
    """An X display with a window manager, a keyboard, a mouse and a camera."""

    def __init__(self, name: str, pictures: Path) -> None:
        """`name` is the display's, such as `:7`; pictures go to the folder `pictures`."""
        self.name = name
        self._env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DISPLAY": name}
        self._pictures = pictures

    def xdotool(self, *words: str, check: bool = True) -> str:
        """Run xdotool and return what it printed."""
        done = subprocess.run(
            ["xdotool", *words],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, f"xdotool {words}: {done.stderr}"
        return done.stdout.strip()

    def key(self, *keys: str) -> None:
        """Press and let go of keys, such as `ctrl+Return`, one after the other."""
        self.xdotool("key", "--delay", "20", *keys)

    def type(self, text: str) -> None:
        """Type text."""
        self.xdotool("type", "--delay", "20", text)

    def click(self, window: str, x: int, y: int) -> None:
        """Click with the left button at a place in a window; from the right if x is negative."""
        if x < 0:
            x += self.size(window)[0]
        self.xdotool("mousemove", "--sync", "--window", window, str(x), str(y), "click", "1")

    def scroll(self, window: str, x: int, y: int, *, steps: int) -> None:
        """Turn the wheel over a place in a window: down, or up by a negative number of steps."""
        self.xdotool("mousemove", "--window", window, str(x), str(y))
        button = "5" if steps > 0 else "4"
        self.xdotool("click", "--repeat", str(abs(steps)), "--delay", "50", button)

    @contextmanager
    def held(self, key: str) -> Generator[None]:
        """Hold a key down, which the X server repeats."""
        self.xdotool("keydown", key)
        try:
            yield
        finally:
            self.xdotool("keyup", key)

    def windows(self) -> list[str]:
        """Return the ids of Keyturn's visible windows."""
        found = self.xdotool("search", "--onlyvisible", "--class", "keyturn", check=False)
        return found.split()

    def window(self, seconds: float = SECONDS) -> str:
        """Wait for Keyturn's window to be visible and return its id."""
        return wait_until(self.windows, "Keyturn's window", seconds)[0]

    def title(self, window: str) -> str:
        """Return a window's title."""
        return self.xdotool("getwindowname", window, check=False)

    def active(self) -> str:
        """Return the id of the window that has the keyboard, or nothing."""
        return self.xdotool("getactivewindow", check=False)

    def focus(self, window: str) -> None:
        """Give a window the keyboard, as a person's click on its title would."""
        self.xdotool("windowactivate", "--sync", window)

    def size(self, window: str) -> tuple[int, int]:
        """Return a window's width and height in pixels."""
        text = self.xdotool("getwindowgeometry", "--shell", window)
        values = dict(re.findall(r"(\w+)=(-?\d+)", text))
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def picture(self, name: str, window: str = "root") -> Path:
        """Take a picture of the whole screen, or of one window, and return its file."""
        file = self._pictures / f"{name}.png"
        subprocess.run(
            ["import", "-window", window, str(file)], env=self._env, timeout=SECONDS, check=True
        )
        return file


@contextmanager
def own_screen(pictures: Path) -> Generator[Screen]:
    """Start an X server and openbox, and end both."""
    reading, writing = os.pipe()
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    # A key that is held is repeated 30 times a second, after a fifth of one.
    repeat = ["-ardelay", "200", "-arinterval", "33"]
    argv = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, *repeat, "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, stdout=quiet, stderr=quiet, pass_fds=[writing]) as server:
        os.close(writing)
        try:
            with os.fdopen(reading, encoding="ascii") as answer:
                screen = Screen(f":{answer.readline().strip()}", pictures)
            env = {
                "PATH": os.environ["PATH"],
                "DISPLAY": screen.name,
                "HOME": tempfile.gettempdir(),
            }
            with subprocess.Popen(["openbox"], env=env, stdout=quiet, stderr=quiet) as manager:
                try:
                    wait_until(
                        lambda: screen.xdotool("get_desktop", check=False), "a window manager"
                    )
                    yield screen
                finally:
                    end(manager)
        finally:
            end(server)


# ---------------------------------------------------------------- Keyturn


@dataclass(slots=True)
class Keyturn:
    """One user's Keyturn: its broker, started and ended here, and its command line."""

    folders: Folders
    env: Mapping[str, str]
    profile: Profile
    process: "subprocess.Popen[bytes] | None" = None
    _log: list[Path] = field(default_factory=list[Path])

    def start(self, *words: str, wait: bool = True) -> "subprocess.Popen[bytes]":
        """Start `keyturn WORDS` in the background; with `wait` until its broker answers."""
        log = self.folders.root / f"out-{len(self._log)}"
        self._log.append(log)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                self.argv(*words),
                env=self.env,
                cwd=self.folders.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if wait:
            self.wait_for_broker()
        return self.process

    def wait_for_broker(self) -> JsonObject:
        """Wait until the broker answers and return its status; fails when it ended."""

        def look() -> JsonObject | None:
            assert self.process is not None
            assert self.process.poll() is None, f"Keyturn ended: {self.output()}"
            return self.status()

        return wait_until(look, "an answering broker")

    def argv(self, *words: str) -> list[str]:
        """Return the command line of `keyturn WORDS`."""
        return [sys.executable, "-I", "-m", "keyturn", *words]

    def run(
        self, *words: str, stdin: str = "", seconds: float = SECONDS
    ) -> "subprocess.CompletedProcess[str]":
        """Run `keyturn WORDS` on the profile to its end."""
        return subprocess.run(
            self.argv(*words),
            env={**self.env, "KEYTURN_HOME": str(self.profile.folder)},
            cwd=self.folders.home,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def status(self) -> JsonObject | None:
        """Ask the broker for its status; None when none answers."""
        try:
            return ask_broker(broker_socket(self.profile, self.env), {"control": "status"})
        except (KeyturnError, OSError):
            return None

    def waiting(self) -> int:
        """Return how many requests wait for a person."""
        status = self.status() or {}
        count = status.get("waiting", 0)
        assert isinstance(count, int)
        return count

    def wait_for_waiting(self, count: int, seconds: float = SECONDS) -> None:
        """Wait until so many requests wait."""
        wait_until(lambda: self.waiting() == count, f"{count} waiting requests", seconds)

    def history(self, *filters: str) -> list[dict[str, Any]]:
        """Return the decisions as `keyturn history --json` prints them, newest first."""
        done = self.run("history", "--json", *filters)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def decisions(self) -> int:
        """Return how many decisions the log holds."""
        query = HistoryQuery(self.profile.database)
        try:
            return query.counts().total
        finally:
            query.close()

    def verify(self) -> "subprocess.CompletedProcess[str]":
        """Run `keyturn verify`."""
        return self.run("verify")

    @property
    def console(self) -> int:
        """The process id of the window's process; 0 while there is none."""
        assert self.process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    if "_console" in child.cmdline():
                        return child.pid
        return 0

    def output(self) -> str:
        """Return what the last broker printed, and the end of its log."""
        log = self.profile.log
        ends = log.read_text(errors="replace")[-4000:] if log.exists() else ""
        return self.printed() + ends

    def printed(self) -> str:
        """Return what the last broker printed."""
        return self._log[-1].read_text(errors="replace") if self._log else ""

    def kill(self) -> None:
        """Kill the broker as a crash would, and have its window end, which outlives it."""
        assert self.process is not None
        console = self.console
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS)
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(console).kill()
        wait_until(lambda: not psutil.pid_exists(console), "the end of the window's process")

    def end(self) -> None:
        """End the broker in its orderly way; harmless when it has ended."""
        if self.process is not None:
            end(self.process)


@contextmanager
def own_keyturn(folders: Folders, **env: str) -> Generator[Keyturn]:
    """Give a Keyturn that is not started yet; whatever it starts is ended."""
    keyturn = Keyturn(folders, folders.env(**env), folders.profile)
    try:
        yield keyturn
    finally:
        keyturn.end()


def shim_argv(server: str, agent: str = "analyst") -> Sequence[str]:
    """Return what an agent host is told to launch."""
    return (sys.executable, "-I", "-S", str(SHIM), server, "--agent", agent)
