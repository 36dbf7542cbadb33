"""Where a profile's files, its socket and the user's stop are; makes folders only when asked.

Windows and macOS have the user's application data folder instead of the XDG folders; untested.
"""

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keyturn.desktop.private_files import make_private_folder
from keyturn.domain.errors import ConfigurationError

LONGEST_SOCKET_PATH = 103
"""Bytes of a Unix socket's path that every system takes (macOS: 104 with the closing zero)."""

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One folder with all that Keyturn keeps, the per-user stop and the keychain excepted."""

    folder: Path
    """Absolute; mode 0700."""
    name: str = ""
    """As given to --profile; empty for the default one."""

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "keyturn.db"

    @property
    def lock(self) -> Path:
        """The lock of the one broker that owns the profile."""
        return self.folder / "lock"

    @property
    def log(self) -> Path:
        """The broker's log; tracebacks go there."""
        return self.folder / "logs" / "keyturn.log"

    @property
    def console_log(self) -> Path:
        """Where the window's process was when it crashed."""
        return self.folder / "logs" / "console-crash.log"

    @property
    def key(self) -> str:
        """16 hexadecimal digits that stand for this folder in names outside it."""
        return profile_key(self.folder)

    def token(self, agent: str) -> Path:
        """The token file of an agent; raises ConfigurationError for a name that is no file name."""
        return self.folder / "agents" / f"{safe_name(agent)}.token"

    def server_log(self, server: str) -> Path:
        """What a server wrote on stderr; raises ConfigurationError as `token` does."""
        return self.folder / "logs" / "servers" / f"{safe_name(server)}.log"

    def create(self) -> None:
        """Make the folders, or check those that are there; raises ConfigurationError."""
        for folder in (self.folder, self.folder / "agents", self.folder / "logs" / "servers"):
            make_private_folder(folder)


def locate_profile(env: Mapping[str, str], *, name: str = "", home: str = "") -> Profile:
    """Find a profile's folder; makes nothing.

    `name` is --profile, `home` is --home and wins over KEYTURN_HOME. Raises ConfigurationError.
    """
    chosen = home or env.get("KEYTURN_HOME", "")
    root = Path(os.path.abspath(chosen)) if chosen else _data_folder(env)  # noqa: PTH100 - links stay
    if name:
        root = root / "profiles" / safe_name(name)
    return Profile(folder=root, name=name)


def profile_key(profile: Path) -> str:
    """Return 16 hexadecimal digits of the folder's path; the shim computes the same."""
    absolute = os.path.abspath(profile)  # noqa: PTH100 - resolve() would follow links
    return hashlib.sha256(os.fsencode(absolute)).hexdigest()[:16]


def socket_path(profile: Path, runtime_dir: str | None, temp_dir: str, uid: int) -> Path:
    """Return the path of the broker's socket; touches nothing, so that anybody can compute it.

    `runtime_dir` is XDG_RUNTIME_DIR or None; `temp_dir` is used where there is none.
    """
    key = profile_key(profile)
    if runtime_dir:
        return Path(runtime_dir, f"keyturn-{key}", "s")
    return Path(temp_dir, f"keyturn-{uid}-{key}", "s")


def make_socket_folder(socket: Path) -> None:
    """Make the folder of a socket path with mode 0700, or check it; raises ConfigurationError."""
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise ConfigurationError(
            f"The socket's path {socket} is too long.",
            cause=f"The system takes {LONGEST_SOCKET_PATH} bytes.",
            mend="Set XDG_RUNTIME_DIR to a shorter folder.",
        )
    make_private_folder(socket.parent)


def stop_path(env: Mapping[str, str]) -> Path:
    """Return the file that engages the user's stop: one for all profiles."""
    if sys.platform in ("win32", "darwin"):
        return _data_folder(env) / "stop"
    return _xdg_folder(env, "XDG_STATE_HOME", ".local/state") / "keyturn" / "stop"


def safe_name(name: str) -> str:
    """Return the name if it can be a file name on every system, else raise ConfigurationError."""
    if _SAFE_NAME.fullmatch(name):
        return name
    raise ConfigurationError(
        f"The name {name[:80]!r} cannot be used.",
        cause="It would have to name a file.",
        mend="Use letters, digits, dot, dash and underscore, 64 at most, and no dot first.",
    )


def _data_folder(env: Mapping[str, str]) -> Path:
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA") or _home(env) / "AppData" / "Local") / "Keyturn"
    if sys.platform == "darwin":
        return _home(env) / "Library" / "Application Support" / "Keyturn"
    return _xdg_folder(env, "XDG_DATA_HOME", ".local/share") / "keyturn"


def _xdg_folder(env: Mapping[str, str], variable: str, below_home: str) -> Path:
    # Relative values are invalid, says the XDG base directory specification: they would move the
    # folder with the working directory.
    named = env.get(variable, "")
    return Path(named) if Path(named).is_absolute() else _home(env) / below_home


def _home(env: Mapping[str, str]) -> Path:
    named = env.get("HOME", "")
    if Path(named).is_absolute():
        return Path(named)
    try:
        return Path.home()
    except RuntimeError as error:
        raise ConfigurationError(
            "There is no home folder.", cause="HOME is not set.", mend="Set HOME or KEYTURN_HOME."
        ) from error
