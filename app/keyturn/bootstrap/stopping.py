"""The stop by command: writes the file, then tells the broker; loads next to nothing.

Whoever presses it waits for these imports while agents go on, so that neither asyncio nor msgspec
nor anything of rules is among them (console.md K1).
"""

import time

from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.bootstrap import ProfileChoice
from keyturn.desktop.paths import locate_profile, stop_path
from keyturn.desktop.stop_sentinel import FileStopSentinel
from keyturn.desktop.wall_time import utc_text


def sentinel_exists(choice: ProfileChoice) -> bool:
    """Look at the user's stop file."""
    return FileStopSentinel(stop_path(choice.env)).exists()


def engage(choice: ProfileChoice, reason: str) -> bool:
    """Write the stop file, which alone is enough, then tell the broker so that it acts at once."""
    sentinel = FileStopSentinel(stop_path(choice.env))
    if not sentinel.exists():
        now = utc_text(time.time_ns())
        sentinel.write(StopFacts(since_utc=now, trigger="command", reason=reason))
    # Only now: nothing is sent any more, and nobody waits.
    from keyturn.desktop.control_client import ask_broker
    from keyturn.desktop.places import broker_socket

    profile = locate_profile(choice.env, name=choice.name, home=choice.home)
    answer = ask_broker(broker_socket(profile, choice.env), {"control": "stop", "reason": reason})
    return answer is not None and answer.get("ok") is True
