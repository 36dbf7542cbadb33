"""`keyturn doctor`: probes of this machine, each with what to install when it fails."""

import asyncio
import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from keyturn.application.seals import ENTRY, read_entry
from keyturn.bootstrap import Finding, ProfileChoice, ask_broker
from keyturn.bootstrap.keychains import profile_keychain, seals_keychain
from keyturn.desktop.paths import Profile, locate_profile
from keyturn.domain.errors import KeyturnError
from keyturn.storage.read_only import connect_read_only
from keyturn.storage.sealing import what_changed

QT_PACKAGES = (
    "libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0 "
    "libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)


def examine(choice: ProfileChoice) -> list[Finding]:
    """Probe everything that Keyturn uses; nothing is changed."""
    return [
        _python(),
        *_window(),
        _profile(choice),
        _sqlite(),
        _keychain(choice),
        *_seals(choice),
        *access_review(choice),
        _session_bus(),
        Finding(
            what="bubblewrap",
            ok=shutil.which("bwrap") is not None,
            needed=False,
            mend="" if shutil.which("bwrap") else "apt install bubblewrap",
        ),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding(
        what=f"Python {version}", ok=ok, mend="" if ok else "Use Python 3.11, 3.12 or 3.13."
    )


def _window() -> list[Finding]:
    """Look for what Qt's window needs without loading Qt, whose failure would abort."""
    spec = importlib.util.find_spec("PySide6")
    if spec is None or spec.origin is None:
        return [Finding(what="Qt (PySide6)", ok=False, mend="Install Keyturn again.")]
    missing = _missing_libraries(Path(spec.origin).parent)
    display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return [
        Finding(
            what="Qt's window system",
            ok=not missing,
            mend=f"apt install {QT_PACKAGES} (lacks {', '.join(missing)})" if missing else "",
        ),
        Finding(
            what="a display",
            ok=display,
            needed=False,
            mend="" if display else "Without one use `keyturn serve --headless`.",
        ),
    ]


def _missing_libraries(folder: Path) -> list[str]:
    """Name the shared libraries that Qt's xcb plug-in lacks; its own message is misleading."""
    plugin = folder / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if sys.platform != "linux" or not plugin.exists() or shutil.which("ldd") is None:
        return []
    listing = subprocess.run(
        ["ldd", str(plugin)], capture_output=True, text=True, check=False, timeout=30
    ).stdout
    return sorted({line.split()[0] for line in listing.splitlines() if "not found" in line})


def _profile(choice: ProfileChoice) -> Finding:
    try:
        profile = locate_profile(choice.env, name=choice.name, home=choice.home)
        profile.create()
    except KeyturnError as error:
        return Finding(what="the profile's folder", ok=False, mend=str(error))
    return Finding(what=f"the profile's folder {profile.folder}", ok=True)


def _sqlite() -> Finding:
    ok = sqlite3.sqlite_version_info >= (3, 35)
    mend = "" if ok else "Use a Python with SQLite 3.35 or newer."
    return Finding(what=f"SQLite {sqlite3.sqlite_version}", ok=ok, mend=mend)


def _keychain(choice: ProfileChoice) -> Finding:
    profile = locate_profile(choice.env, name=choice.name, home=choice.home)
    status = asyncio.run(profile_keychain(profile).status())
    mends = {
        "locked": "Unlock your keychain; calls that need a credential wait until then.",
        "missing": "apt install gnome-keyring, or use KWallet or KeePassXC's Secret Service.",
    }
    return Finding(
        what=f"the OS keychain ({status})",
        ok=status == "ready",
        needed=False,
        mend=mends.get(status, ""),
    )


def _seals(choice: ProfileChoice) -> list[Finding]:
    """Compare what the profile agreed to with its seals, where the keychain gives their key."""
    profile = locate_profile(choice.env, name=choice.name, home=choice.home)
    if not profile.database.exists():
        return []
    try:
        entry = asyncio.run(_seal_entry(profile))
        if entry is None:
            return []
        with closing(connect_read_only(profile.database)) as connection:
            changed = what_changed(connection, *entry)
    except (KeyturnError, sqlite3.Error):
        return [Finding(what="the seals (not looked at)", ok=False, needed=False)]
    names = ", ".join(change.table for change in changed)
    mend = f"Another program changed: {names}. Look at them in Rules." if changed else ""
    return [Finding(what="the seals of what you agreed to", ok=not changed, mend=mend)]


def access_review(choice: ProfileChoice) -> list[Finding]:
    """Ask a running broker how much nobody looked at for too long in its access review."""
    answer = ask_broker(choice, {"control": "status"})
    overdue = answer.get("access_overdue") if answer is not None else None
    if not isinstance(overdue, int):
        return []
    mend = f"{overdue} overdue. Press Review access under Agents in the window." if overdue else ""
    return [Finding(what="the access review", ok=not overdue, needed=False, mend=mend)]


async def _seal_entry(profile: Profile) -> tuple[bytes, dict[str, int]] | None:
    keychain = seals_keychain(profile)
    if await keychain.status() != "ready":
        return None
    kept = await keychain.get(*ENTRY)
    return read_entry(kept.value) if kept is not None else None


def _session_bus() -> Finding:
    ok = bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS")) or sys.platform != "linux"
    mend = "" if ok else "Notifications need a D-Bus session; the window works without them."
    return Finding(what="a session bus for notifications", ok=ok, needed=False, mend=mend)
