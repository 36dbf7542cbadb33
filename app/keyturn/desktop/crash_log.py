"""Where a process says which line it was at when it crashed; no values, only files and lines."""

import faulthandler
import logging
import os
from collections.abc import Mapping
from typing import Final

CRASH_LOG: Final = "KEYTURN_CRASH_LOG"
"""Environment variable with the file's absolute path; only the broker sets it, for its window."""
LARGEST: Final = 256 * 1024
"""Bytes from which on the file begins anew."""

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
_log = logging.getLogger(__name__)


def keep_crashes(env: Mapping[str, str]) -> bool:
    """Have a crash written to the file of `env`, else to stderr; tells whether it is the file.

    The file's descriptor stays open as long as the process lives.
    """
    path = env.get(CRASH_LOG, "")
    if not path:
        faulthandler.enable()
        return False
    try:
        descriptor = os.open(path, _APPEND, 0o600)
        if os.fstat(descriptor).st_size > LARGEST:
            os.ftruncate(descriptor, 0)
    except OSError as error:
        _log.warning("no crash log errno=%s", error.errno)
        faulthandler.enable()
        return False
    faulthandler.enable(file=descriptor)
    return True
