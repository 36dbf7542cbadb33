"""What Keyturn and its tests need from the system, and what of it this machine lacks."""

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("system-packages.txt")
PLUGINS = ("libqoffscreen.so", "libqxcb.so")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A shared library or a program, and the Debian package that has it."""

    section: str
    package: str
    provides: str


def read_table(text: str) -> list[Need]:
    """Parse the table of packages: `[section]` lines, then `package provides` lines."""
    section = ""
    needs: list[Need] = []
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            package, provides = line.split()
            needs.append(Need(section=section, package=package, provides=provides))
    return needs


def missing(*sections: str) -> list[Need]:
    """Return the needs of these sections that this machine does not meet; Linux only."""
    if not sys.platform.startswith("linux"):
        return []
    needs = read_table(TABLE.read_text())
    return [need for need in needs if need.section in sections and not _is_met(need)]


def sentence(needs: Sequence[Need]) -> str:
    """Say what is missing and the exact line that installs it."""
    names = ", ".join(need.provides for need in needs)
    packages = " ".join(dict.fromkeys(need.package for need in needs))
    return (
        f"Missing on this machine: {names}\n"
        f"  apt-get install -y --no-install-recommends {packages}\n"
    )


def unresolved_by_qt(python: str) -> list[str]:
    """Return the shared libraries that Qt's platform plug-ins ask for and the loader cannot find.

    Qt itself names the wrong one, or aborts.
    """
    ldd = shutil.which("ldd")
    if ldd is None or not sys.platform.startswith("linux"):
        return []
    found: set[str] = set()
    packages = Path(python).parent.parent.glob("lib/python3*/site-packages")
    for folder in packages:
        for name in PLUGINS:
            plugin = folder / "PySide6/Qt/plugins/platforms" / name
            listing = subprocess.run([ldd, plugin], capture_output=True, text=True, check=False)
            lines = listing.stdout.splitlines()
            found.update(line.split()[0] for line in lines if line.endswith("not found"))
    return sorted(found)


def _is_met(need: Need) -> bool:
    if ".so." not in need.provides:
        return shutil.which(need.provides) is not None
    try:
        ctypes.CDLL(need.provides)
    except OSError:
        return False
    return True
