"""The `keyturn` entry: starts itself anew, isolated and with a cleaned environment, then commands.

Nothing else is imported before that, so that no PYTHON*, QT_* or LD_* variable from an agent's
hands is honoured by the process that holds the keys.
"""

import os
import sys

_HOSTILE = ("PYTHON", "QT_", "QML", "LD_", "DYLD_", "QSG_")


def main() -> int:
    """Run one command of the command line; the console script and `python -m keyturn` call this."""
    hostile = [name for name in os.environ if name.startswith(_HOSTILE)]
    if not sys.flags.isolated or hostile:
        clean = {name: value for name, value in os.environ.items() if name not in hostile}
        command = [sys.executable, "-I", "-m", "keyturn", *sys.argv[1:]]
        if os.name == "posix":
            os.execve(sys.executable, command, clean)
        import subprocess  # only here: `keyturn stop` would wait for it twice

        return subprocess.call(command, env=clean)
    from keyturn.cli import run  # only now: see the module's docstring

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
