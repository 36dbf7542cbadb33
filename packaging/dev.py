"""The commands of the README, for a machine that has only python3: `demo`, `test`, `setup`.

This file finds a Python that Keyturn runs on and hands over to `commands.py` beside it. It is
written for any python3 from 3.8, so that an old one ends in a sentence and not in a traceback.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from handing_over import hand_over

USABLE = ((3, 11), (3, 12), (3, 13))
"""The versions that Keyturn is shown to work on, as (major, minor)."""


def main(arguments: list[str]) -> int:
    """Run one command under a usable Python and return its exit code."""
    if sys.version_info[:2] in USABLE:
        import commands  # its syntax is newer than this file's

        return commands.main(arguments)
    found = find_interpreter()
    if found is None:
        running = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write(
            f"Keyturn needs Python 3.11, 3.12 or 3.13; this is {running} and no other was found.\n"
            "Install one, for example: apt install python3.11 python3.11-venv\n"
        )
        return 2
    return hand_over([found, str(Path(__file__).resolve()), *arguments])


def find_interpreter() -> str | None:
    """Return the path of the first usable Python that answers, or None."""
    for major, minor in USABLE:
        name = f"python{major}.{minor}"
        path = shutil.which(name)
        if path is not None and answers(path, (major, minor)):
            return path
    return None


def answers(path: str, version: tuple[int, int]) -> bool:
    """Say whether the program really is that Python: a version manager's stand-in may refuse."""
    script = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [path, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.decode() == "{}.{}".format(*version)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
