"""Where this machine puts a profile's socket, from the environment as it is."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from keyturn.desktop.paths import Profile, socket_path


def broker_socket(profile: Profile, env: Mapping[str, str]) -> Path:
    """Return the path that the profile's broker listens on."""
    uid = os.getuid() if hasattr(os, "getuid") else 0
    return socket_path(profile.folder, env.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), uid)
