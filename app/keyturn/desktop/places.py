"""Where this machine puts a profile's socket, from the environment as it is."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from keyturn.desktop.paths import Profile, socket_path


def broker_socket(profile: Profile, env: Mapping[str, str]) -> Path:
    """Return the path that the profile's broker listens on."""
    runtime = env.get("XDG_RUNTIME_DIR", "")
    # A relative folder is invalid (XDG base directory specification): shims elsewhere would not
    # find it.
    runtime_dir = runtime if os.path.isabs(runtime) else None  # noqa: PTH117 -- a text, not a path
    uid = os.getuid() if hasattr(os, "getuid") else 0
    return socket_path(profile.folder, runtime_dir, tempfile.gettempdir(), uid)
