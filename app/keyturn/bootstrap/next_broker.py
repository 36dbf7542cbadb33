"""Puts together what a window starts once its broker is gone."""

from collections.abc import Mapping
from pathlib import Path

from keyturn.bootstrap.own_processes import WINDOW_NAME, WINDOW_OF, own_program
from keyturn.desktop.crash_log import CRASH_LOG
from keyturn.desktop.paths import Profile
from keyturn.desktop.places import broker_socket
from keyturn.desktop.successor import BrokerSuccessor


def next_broker(env: Mapping[str, str], platform: str) -> BrokerSuccessor | None:
    """Return what a window starts whose broker is gone; None where no broker said whose it is."""
    folder, name = env.get(WINDOW_OF, ""), env.get(WINDOW_NAME, "")
    if not folder:
        return None
    profile = Profile(folder=Path(folder), name=name)
    # A named profile is two folders below what --home means.
    home = profile.folder.parents[1] if name else profile.folder
    which = ("--home", str(home), *(("--profile", name) if name else ()))
    how = ("--platform", platform) if platform else ()
    ours = {CRASH_LOG, WINDOW_OF, WINDOW_NAME}
    return BrokerSuccessor(
        command=(*own_program(), *which, *how),
        env={key: value for key, value in env.items() if key not in ours},
        door=broker_socket(profile, env),
        log=profile.log,
    )
