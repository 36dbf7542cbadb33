"""The profile that this process owns while it is its broker: made, locked, hardened, logged to.

Little is imported here, so that a second broker is refused before it has loaded what one needs.
"""

import logging
import logging.handlers
from collections.abc import Generator
from contextlib import contextmanager

from keyturn.bootstrap import ProfileChoice
from keyturn.desktop.hardening import (
    keep_large_blocks_apart,
    make_undumpable,
    prefer_the_loop,
    raise_descriptor_limit,
    set_process_name,
)
from keyturn.desktop.paths import Profile, locate_profile
from keyturn.desktop.single_instance import InstanceLock

LOG_BYTES = 5 * 1024 * 1024
LOG_FILES = 3


@contextmanager
def owned_profile(choice: ProfileChoice) -> Generator[Profile]:
    """Own the chosen profile, making it where none is.

    Raises AlreadyRunning when another process owns it, ConfigurationError when it cannot be used.
    """
    profile = locate_profile(choice.env, name=choice.name, home=choice.home)
    profile.create()
    make_undumpable()
    raise_descriptor_limit()
    prefer_the_loop()
    keep_large_blocks_apart()
    set_process_name(f"keyturn {profile.name}".strip())
    with InstanceLock(profile.lock):
        _log_to_file(profile)
        yield profile


def _log_to_file(profile: Profile) -> None:
    """Send the program's log, tracebacks included, to the profile's log file."""
    handler = logging.handlers.RotatingFileHandler(
        profile.log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
