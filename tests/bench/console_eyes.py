"""Starts Keyturn for `console_times`, with a window that can be watched and spoken with.

Run by console_rig in place of `keyturn`, and by the broker that this starts in place of `keyturn
_console`. Nothing of the product is left out: between the broker and the window stands what always
stands there.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve()


def broker(eyes: str, began: str, words: list[str]) -> int:
    """Be `keyturn WORDS`, its own start anew included; its window is the one that is watched."""
    if not sys.flags.isolated:
        argv = [sys.executable, "-I", str(_HERE), "broker", eyes, began, *words]
        os.execve(sys.executable, argv, dict(os.environ))
    from keyturn.bootstrap import own_processes
    from keyturn.cli import run

    def watched(platform: str) -> tuple[str, ...]:
        return (sys.executable, "-I", str(_HERE), "window", eyes, began, platform, "_console")

    own_processes.window_command = watched
    return run(words)


def window(eyes: str, began: str, platform: str) -> None:
    """Be the console, and tell what happens in it."""
    # Here, because only this process may load Qt.
    from keyturn import bootstrap

    with bootstrap.loading():
        from keyturn.bootstrap import window
        from keyturn.gui import app

        class Desk(app.Desk):
            """Is watched once it is built."""

            def __init__(self, *given: Any) -> None:
                loaded = time.process_time()
                super().__init__(*given)
                sys.path.append(str(_HERE.parents[2]))
                from tests.bench.console_watch import Watch

                self.watch = Watch(self, given[2], eyes, float(began), loaded)

        app.Desk = Desk
        console = window.build_console(platform)
    console.run()


if __name__ == "__main__":
    if sys.argv[1] == "broker":
        sys.exit(broker(sys.argv[2], sys.argv[3], sys.argv[4:]))
    window(*sys.argv[2:5])
